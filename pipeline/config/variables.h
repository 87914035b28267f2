#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/result.h"

namespace millrace::config {

/// What a `${NAME}` stands for.
struct Variable {
  std::string text;
  bool secret = false;  ///< from a keystore: must never be printed
};

/// Finds a variable; nullopt where there is none of that name.
using VariableLookup = std::function<std::optional<Variable>(std::string_view name)>;

/// The environment of this process.
VariableLookup environment();

/// Asks `first`, then `second`: a keystore before the environment.
VariableLookup either(VariableLookup first, VariableLookup second);

/// Replaces `${NAME}` and `${NAME:default}` in the strings of one configuration. A name is
/// [A-Za-z_.][A-Za-z0-9_.]*, a default any text without `}`; anything else that begins with `${`
/// stays as it is, and so does what a variable's own text holds.
///
/// All replaced text together is at most kMaxTextBytes: a short file must not become a huge one.
class Variables {
 public:
  static constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;

  explicit Variables(VariableLookup lookup) : lookup_(std::move(lookup)) {}

  /// Errors: Errc::not_found names a variable without value and default; Errc::limit.
  Result<Variable> replace(std::string_view text);

 private:
  Result<Variable> value_of(std::string_view name, std::optional<std::string_view> fallback);

  VariableLookup lookup_;
  std::size_t replaced_bytes_ = 0;
};

}  // namespace millrace::config
