#pragma once

#include <map>
#include <string>
#include <string_view>

#include "pipeline/observe/log.h"

namespace millrace {

/// Says once what is wrong and once that it is over, for each of a few kinds of trouble.
class Notices {
 public:
  explicit Notices(std::string component) : component_(std::move(component)) {}

  /// Said unless `trouble` goes on already.
  template <typename... Args>
  void begin(std::string_view trouble, fmt::format_string<Args...> format, Args&&... args) {
    bool& on = on_[std::string(trouble)];
    if (!std::exchange(on, true))
      log::warn(component_, "{}", fmt::format(format, std::forward<Args>(args)...));
  }
  /// Said where `trouble` went on.
  void end(std::string_view trouble, std::string_view message) {
    const auto found = on_.find(trouble);
    if (found != on_.end() && std::exchange(found->second, false))
      log::info(component_, "{}", message);
  }

 private:
  const std::string component_;
  std::map<std::string, bool, std::less<>> on_;
};

}  // namespace millrace
