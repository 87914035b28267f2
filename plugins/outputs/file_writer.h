#pragma once

#include <zlib.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "pipeline/plugin/stop.h"
#include "pipeline/result.h"

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
  /// they may still be in the compressor until sync(). Errors: Errc::io with the path and the
  /// reason.
  Result<void> write(std::string_view bytes, std::size_t& done);

  /// With gzip: hands over everything that the compressor holds.
  Result<void> sync();

  /// Ends a gzip member and closes.
  Result<void> close();

  /// The file that is open was removed, or another one has its name; write() would make it anew.
  /// Looked at once a second: a stat for each batch would cost more than it tells.
  bool is_gone();

  const std::string& path() const { return path_; }
  std::chrono::steady_clock::time_point used() const { return used_; }

 private:
  Result<void> open();
  int open_descriptor() const;
  Result<void> share();
  Result<void> mend();
  Result<void> set_aside(std::uint64_t whole, std::uint64_t size);
  Result<void> reopen_if_gone();
  Result<void> rotate_if_due();
  Result<void> rotate();
  Result<void> put(std::string_view bytes, std::size_t& done);
  Result<void> compress(std::string_view bytes, std::size_t& done, int flush);
  Error failed(const char* what) const;

  const std::string path_;
  const FileWriterSettings& settings_;
  int fd_ = -1;
  bool opened_before_ = false;
  bool gone_ = false;  // as of checked_
  std::uint64_t size_ = 0;
  std::chrono::steady_clock::time_point opened_at_;
  std::chrono::steady_clock::time_point used_;
  std::chrono::steady_clock::time_point checked_;
  std::unique_ptr<z_stream> gzip_;
  std::string compressed_;  // bytes of the compressor that are not written yet
  std::size_t compressed_done_ = 0;
};

}  // namespace millrace
