#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "pipeline/plugin/registry.h"
#include "plugins/support/kafka/properties.h"

namespace millrace::kafka {

/// For classes that turn a plugin's options into properties: sets them under the option that asked
/// for them, and remembers whether something was wrong.
class PropertyWriter {
 protected:
  PropertyWriter(const PluginContext& context, Properties& to) : context_(context), to_(to) {}

  /// Reports it at the option's place in the config. The result is not good after that.
  void error(std::string_view option, std::string message, std::string hint = {}) {
    context_.error(option, std::move(message), std::move(hint));
    good_ = false;
  }
  bool given(std::string_view option) const { return context_.places.given(option); }

  void set(std::string_view property, std::string value, std::string_view option) {
    to_.set(property, std::move(value), option);
  }
  void set(std::string_view property, std::int64_t value, std::string_view option) {
    set(property, std::to_string(value), option);
  }
  /// Without a value the library's own default stays.
  void set(std::string_view property, const std::optional<std::int64_t>& value,
           std::string_view option) {
    if (value) set(property, *value, option);
  }
  void set_secret(std::string_view property, std::string value, std::string_view option) {
    to_.set(property, std::move(value), option, true);
  }

  const PluginContext& context_;
  Properties& to_;
  bool good_ = true;
};

}  // namespace millrace::kafka
