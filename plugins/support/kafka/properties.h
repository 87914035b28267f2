#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"

namespace millrace::kafka {

/// librdkafka's properties by name, as its CONFIGURATION.md lists them, each with the option that
/// asked for it. A later value of a name replaces an earlier one.
class Properties {
 public:
  struct Entry {
    std::string name;
    std::string value;
    std::string option;  ///< who set it: what a message about it names
    bool secret = false;
  };

  void set(std::string_view name, std::string value, std::string_view option, bool secret = false);
  const Entry* find(std::string_view name) const;
  /// All but those with these names: the library warns of what a client has no use for.
  Properties without(std::initializer_list<std::string_view> names) const;
  const std::vector<Entry>& entries() const { return entries_; }

  /// Whether the library takes each name and value. It checks combinations only when a client is
  /// made. Errors: Errc::invalid; `entry` is the one that is refused. Values of secrets are in no
  /// message.
  struct Refusal {
    const Entry* entry;
    std::string why;
  };
  std::vector<Refusal> check() const;

 private:
  std::vector<Entry> entries_;
};

/// "2.0.2": of the library that is loaded.
std::string_view library_version();
/// Whether it is at least this one.
bool library_is_at_least(int major, int minor, int patch);

}  // namespace millrace::kafka
