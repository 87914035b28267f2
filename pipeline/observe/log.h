#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

/// The process's own log: to stderr or to a file in path.logs, never to stdout, which carries
/// events. Thread-safe. Lines that cannot be written - the disk is full - are left out: standard
/// error says so once, the log says how many when it can be written again.
///
/// `component` says who speaks: "file input main", "pipeline main". Say once what is wrong and once
/// that it is over; per-event trouble belongs in counters.
namespace millrace::log {

enum class Level { trace, debug, info, warn, error, fatal, off };
enum class Format { plain, json };

struct Settings {
  Level level = Level::info;
  Format format = Format::plain;
  std::string directory;  ///< "": stderr; else millrace.log there, rotated at 100 MB, 7 kept
};

/// Call once before threads start. False: the directory cannot be written; stderr is used.
bool configure(const Settings& settings);

/// May change at run time.
void set_level(Level level);
bool enabled(Level level);
void write(Level level, std::string_view component, std::string_view message);
void flush();

template <typename... Args>
void write_if(Level level, std::string_view component, fmt::format_string<Args...> format,
              Args&&... args) {
  if (enabled(level)) write(level, component, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void debug(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  write_if(Level::debug, component, format, std::forward<Args>(args)...);
}
template <typename... Args>
void info(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  write_if(Level::info, component, format, std::forward<Args>(args)...);
}
template <typename... Args>
void warn(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  write_if(Level::warn, component, format, std::forward<Args>(args)...);
}
template <typename... Args>
void error(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  write_if(Level::error, component, format, std::forward<Args>(args)...);
}

}  // namespace millrace::log
