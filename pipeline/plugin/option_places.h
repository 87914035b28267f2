#pragma once

#include <map>
#include <string>
#include <string_view>

#include "pipeline/config/ast.h"
#include "pipeline/config/diagnostics.h"

namespace millrace {

/// Where the options of one plugin were given, for messages about what they mean.
class OptionPlaces {
 public:
  OptionPlaces() = default;
  explicit OptionPlaces(const config::Plugin& plugin) : name_(plugin.name), span_(plugin.span) {}

  bool given(std::string_view option) const { return values_.find(option) != values_.end(); }
  /// The value as given, several uses joined; nullptr when not given.
  const config::Value* value(std::string_view option) const;
  /// Of the option's value; of the plugin's name when the option was not given.
  config::Span of(std::string_view option) const;
  /// Of one item of a list (one entry's value of a hash); of the option where there is no such
  /// item.
  config::Span of(std::string_view option, std::size_t index) const;

  /// Reports `plugin: option: message` at the option, or at its item.
  void error(config::Diagnostics& to, std::string_view option, std::string message,
             std::string hint = {}) const;
  void error(config::Diagnostics& to, std::string_view option, std::size_t index,
             std::string message, std::string hint = {}) const;
  void warning(config::Diagnostics& to, std::string_view option, std::string message,
               std::string hint = {}) const;

 private:
  friend class OptionBinder;
  std::string name_;
  config::Span span_;
  std::map<std::string, config::Value, std::less<>> values_;
};

}  // namespace millrace
