#pragma once

#include <zlib.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "pipeline/plugin/input.h"
#include "plugins/inputs/file/positions.h"
#include "plugins/support/constant_fields.h"
#include "plugins/support/event_ids.h"
#include "plugins/support/line_framer.h"

namespace millrace {

/// What all files of an input have in common.
struct FileSource {
  std::shared_ptr<const Codec> codec;
  Framing framing;
  ConstantFields fields;  ///< of text 0, the path, and text 1, the host
  std::string host_name;
  FilePositions& positions;
  std::optional<EventIds> ids;  ///< nullopt: nobody wants them
};

/// One file on its way into the pipeline: its descriptor, what it was read to, what its decoder
/// holds back.
///
/// A file that is read to its end and holds nothing unfinished needs no block of memory.
class WatchedFile {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Outcome {
    more,     ///< read some; there may be more
    end,      ///< nothing more for now
    cut,      ///< what is there is not what was read before; nothing was taken of it
    stopped,  ///< the pipeline takes no more events
  };

  /// Reading begins at `offset`, with Counts::unpacked in what the file unpacks to. `known`: what
  /// was stored of its content.
  WatchedFile(const FoundFile& found, const FileSource& source, std::uint64_t offset,
              FilePositions::Counts counts, const FileRecord* known = nullptr);
  ~WatchedFile() { close(); }
  WatchedFile(const WatchedFile&) = delete;
  WatchedFile& operator=(const WatchedFile&) = delete;

  /// Opens it where it is not open. Errors, with the path: Errc::io; Errc::not_found, also where
  /// another file stands there by now; Errc::limit where the process has too many open.
  Result<void> open();
  bool is_open() const { return fd_ >= 0 || gzip_ != nullptr; }
  /// Lets go of the descriptor and of the memory for reading; an unfinished line is read again
  /// later. What the decoder holds stays.
  void close();

  /// Reads one block and emits what is complete. Errors: Errc::io.
  Result<Outcome> read(Emitter& emitter);

  /// What is unfinished is a message, and what the decoder holds back comes out: the file has
  /// ended. False: stopped.
  bool finish(Emitter& emitter);

  /// Emits what the decoder holds back if the codec wants that after this much silence. False:
  /// stopped.
  bool flush_if_quiet(Emitter& emitter);

  /// What is there is not what was read before: begins at its start.
  void restart();
  /// What was read goes on in another file.
  void go_on_in(const FoundFile& copy);

  /// Of the open descriptor. False: the kernel does not tell.
  bool about(struct stat& about) const { return fstat(fd_, &about) == 0; }

  /// Where it is, links resolved.
  const std::string& path() const { return path_; }
  /// What the events call it: the path that matched.
  const std::string& found_path() const { return found_path_; }
  /// It was found under `path`.
  void found_at(const std::string& path);
  void set_found_path(std::string path) { found_path_ = std::move(path); }
  /// Looks for the file under its path and, where that is another one's by now, in the same
  /// directory under any name, which it goes by then. False: it is not there.
  bool locate(struct stat& about);
  const FileId& id() const { return id_; }
  std::int64_t born_ns() const { return born_ns_; }
  const Head& head() const { return head_; }
  /// What is known of a content that takes the place of the present one.
  FileRecord successor() const;
  /// Up to where it was read, in bytes of the stream.
  std::uint64_t offset() const { return offset_; }
  Clock::duration quiet_for() const { return Clock::now() - active_; }
  bool is_delivered() const { return source_.positions.delivered(id_) >= offset_; }

 private:
  FileRecord description() const;
  bool is_same_content();
  std::string content_name(const Head& distinction) const;
  ssize_t read_some(std::span<char> room);
  bool emit_messages(Emitter& emitter);
  bool emit(Batch::Ptr batch, Emitter& emitter);
  bool flush(Emitter& emitter);
  void decode(std::size_t first, std::size_t count, Batch& out);
  void give_ids(Batch& batch, std::uint32_t first) const;
  Error failed(const char* what) const;

  std::string path_;
  std::string found_path_;
  FileId id_;
  std::int64_t born_ns_;
  const FileSource& source_;
  const FilePositions::Counts counts_;
  Head head_;
  std::string name_;  // of the content, in the events' ids; "" until it is looked at
  int fd_ = -1;
  gzFile gzip_ = nullptr;  // instead of fd_
  std::uint64_t partition_;
  std::uint64_t offset_;     // read up to here; closed: up to the unfinished line
  std::uint64_t covered_;    // events were emitted for everything before
  std::uint64_t emitted_;    // the position of the latest batch
  std::uint64_t begun_ = 0;  // where the oldest message begins that the decoder holds
  std::optional<LineFramer> framer_;
  std::unique_ptr<Decoder> decoder_;
  Clock::time_point active_ = Clock::now();
};

/// Does unpacking it find no damage?
bool is_whole_archive(const std::string& path);

}  // namespace millrace
