#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "pipeline/plugin/registry.h"

namespace millrace::cli {

/// A kind of configuration that is carried out as a whole, without events: no plan is made of its
/// plugins.
struct PipelineForm {
  std::string name;
  /// nullopt: `config` is none of this kind. Else what does all of the work, as an input that emits
  /// nothing; nullptr: the maker's diagnostics say why not.
  std::function<std::optional<std::unique_ptr<Input>>(const config::Config&, const Maker&)> make;
};

}  // namespace millrace::cli
