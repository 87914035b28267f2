#include "pipeline/observe/log.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>
#include <memory>

#include "pipeline/event/json_write.h"

namespace millrace::log {
namespace {

std::atomic<Level> current{Level::info};
std::atomic<Format> format{Format::plain};
std::atomic<std::uint64_t> left_out{0};  // lines that failed since one could be written

/// Where standard error is the log, this is in vain.
void count_failure(const std::string& reason) {
  if (left_out.fetch_add(1) > 0) return;
  const std::string line =
      fmt::format("[ERROR][log] the log cannot be written, lines are left out: {}\n", reason);
  std::fputs(line.c_str(), stderr);
}

std::shared_ptr<spdlog::logger>& logger() {
  static std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("millrace",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::trace);  // the level is decided here, not there
    made->set_pattern("[%Y-%m-%dT%H:%M:%S,%e]%v");
    made->flush_on(spdlog::level::warn);
    made->set_error_handler(count_failure);
    return made;
  }();
  return instance;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::trace:
      return "TRACE";
    case Level::debug:
      return "DEBUG";
    case Level::info:
      return "INFO";
    case Level::warn:
      return "WARN";
    case Level::error:
      return "ERROR";
    default:
      return "FATAL";
  }
}

spdlog::level::level_enum theirs(Level level) {
  switch (level) {
    case Level::trace:
      return spdlog::level::trace;
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    default:
      return spdlog::level::err;
  }
}

std::string as_json(Level level, std::string_view component, std::string_view message) {
  Buffer line;
  line.append("\"level\":\"");
  line.append(name_of(level));
  line.append("\",\"loggerName\":");
  write_json_string(component, line);
  line.append(",\"message\":");
  write_json_string(message, line);
  line.append("}");
  return std::string(line.view());
}

}  // namespace

bool configure(const Settings& settings) {
  current = settings.level;
  format = settings.format;
  bool good = true;
  if (!settings.directory.empty()) {
    try {
      auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          settings.directory + "/millrace.log", 100u << 20, 7);
      logger()->sinks().assign(1, std::move(sink));
      logger()->flush_on(spdlog::level::info);
    } catch (const spdlog::spdlog_ex&) {
      good = false;
    }
  }
  logger()->set_pattern(settings.format == Format::json
                            ? "{\"timeMillis\":\"%Y-%m-%dT%H:%M:%S.%e\",%v"
                            : "[%Y-%m-%dT%H:%M:%S,%e]%v");
  return good;
}

void set_level(Level level) { current.store(level, std::memory_order_relaxed); }
bool enabled(Level level) { return level >= current.load(std::memory_order_relaxed); }

void write(Level level, std::string_view component, std::string_view message) {
  if (!enabled(level)) return;
  const std::string line = format.load(std::memory_order_relaxed) == Format::json
                               ? as_json(level, component, message)
                               : fmt::format("[{:<5}][{}] {}", name_of(level), component, message);
  std::uint64_t failures = left_out;
  logger()->log(theirs(level), spdlog::string_view_t(line.data(), line.size()));
  if (failures > 0 && left_out.compare_exchange_strong(failures, 0))
    warn("log", "the log can be written again; {} lines may be missing", failures);
}

void flush() { logger()->flush(); }

}  // namespace millrace::log
