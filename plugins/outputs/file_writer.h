#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "pipeline/plugin/stop.h"
#include "pipeline/result.h"
#include "plugins/outputs/gzip_members.h"

namespace millrace {

/// How a file of the file output is written.
struct FileWriterSettings {
  std::string component;  ///< who speaks in the log
  std::string ending;     ///< what ends each event, so that torn ones are known; "": nothing
  bool gzip = false;
  bool overwrite = false;  ///< what is there when it is first opened goes
  int dir_mode = -1;       ///< -1: as the umask says
  int file_mode = -1;
  std::uint64_t rotate_size = 0;  ///< bytes; 0: never
  std::chrono::milliseconds rotate_interval{0};
  int rotate_keep = 10;  ///< how many old files stay
};

/// One open file. Not thread-safe. Every step may be tried again after an error and goes on where
/// it stopped: no byte is written twice.
///
/// A crash or a full disk can leave half an event at the end of a file, of which nobody was told
/// that it is there. The next writer to open the file moves it to `path.torn`, so that readers of
/// the file see whole events only and nothing is thrown away. A shared lock (flock) keeps writers
/// from doing that while another one is in the middle of an event.
class FileWriter {
 public:
  FileWriter(std::string path, const FileWriterSettings& settings);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  /// Hands `bytes` to the kernel, `done` of which are behind already and which counts on; with gzip
  /// they are in memory until sync_to(). Errors: with the path and the reason; Errc::invalid where
  /// the path can never be a file's, otherwise Errc::io.
  Result<void> write(std::string_view bytes, std::size_t& done);

  /// With gzip: ends the member and hands it to the kernel, to the end of `file`, mostly this one.
  /// From then on a reader, or the next run after a crash, finds it whole. What was written and not
  /// synced is let go with the FileWriter.
  Result<void> sync_to(FileWriter& file);

  /// The file that is open was removed, or another one has its name; write() would make it anew.
  /// What was seen up to `age` ago will do: a stat for each batch would cost more than it tells.
  bool is_gone(std::chrono::milliseconds age);

  const std::string& path() const { return path_; }
  std::chrono::steady_clock::time_point used() const { return used_; }

 private:
  Result<void> open();
  int open_descriptor() const;
  Result<void> share();
  Result<void> mend();
  Result<void> mend_members(std::uint64_t size);
  Result<void> mend_events(std::uint64_t size);
  Result<void> set_aside(std::uint64_t whole, std::uint64_t size, std::string_view ending);
  Result<void> make_ready();
  Result<void> open_if_gone(std::chrono::milliseconds age);
  Result<void> rotate_if_due();
  Result<void> rotate();
  Result<void> put(std::string_view bytes, std::size_t& done);
  Error failed(const char* what) const;

  const std::string path_;
  const FileWriterSettings& settings_;
  int fd_ = -1;
  bool regular_ = false;  // no device and no named pipe
  bool opened_before_ = false;
  bool gone_ = false;  // as of checked_
  std::uint64_t size_ = 0;
  std::chrono::steady_clock::time_point opened_at_;
  std::chrono::steady_clock::time_point used_;
  std::chrono::steady_clock::time_point checked_;
  std::unique_ptr<GzipMember> member_;  // with gzip: what sync() has not written yet
  std::size_t member_done_ = 0;         // bytes of it that are in the file
};

}  // namespace millrace
