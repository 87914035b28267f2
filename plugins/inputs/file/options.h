#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/plugin/registry.h"

namespace millrace {

struct FileInputOptions {
  enum class Mode { tail, read };
  enum class Start { beginning, end };
  enum class SortBy { last_modified, path };
  enum class Direction { asc, desc };
  enum class Completed { remove, log, log_and_remove };

  std::vector<std::string> path;
  std::vector<std::string> exclude;
  Mode mode = Mode::tail;
  Start start_position = Start::end;
  std::string delimiter = "\n";
  std::chrono::milliseconds stat_interval{1000};
  std::uint32_t discover_interval = 15;
  std::optional<std::string> sincedb_path;
  std::chrono::milliseconds sincedb_write_interval{15'000};
  std::chrono::milliseconds sincedb_clean_after = std::chrono::hours(14 * 24);
  std::optional<std::chrono::milliseconds> ignore_older;
  std::chrono::milliseconds close_older = std::chrono::hours(1);
  std::uint32_t max_open_files = 4095;
  Completed file_completed_action = Completed::remove;
  std::optional<std::string> file_completed_log_path;
  bool exit_after_read = false;
  bool check_archive_validity = false;
  SortBy file_sort_by = SortBy::last_modified;
  Direction file_sort_direction = Direction::asc;
  std::uint64_t file_chunk_size = 128 * 1024;
  std::optional<std::uint64_t> file_chunk_count;

  bool logs_completed() const { return file_completed_action != Completed::remove; }
  bool removes_completed() const { return file_completed_action != Completed::log; }
};

/// The options as a config gives them.
Options<FileInputOptions> file_input_options();

/// Reports what is wrong with their meaning. False: something is.
bool check(const FileInputOptions& options, const PluginContext& context);

}  // namespace millrace
