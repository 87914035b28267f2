#pragma once

#include <functional>
#include <string>

#include "pipeline/plugin/input.h"
#include "plugins/inputs/file/file_set.h"
#include "plugins/inputs/file/options.h"

namespace millrace {

/// What the parts of a file input work on together. All of it on the input's thread.
struct FileDesk {
  const FileInputOptions& options;
  const std::string& component;  ///< who speaks in the log
  FilePositions& positions;
  FileSource& source;
  FileSet& files;
  std::function<void()> save_if_due;  ///< called now and then while a turn lasts
};

/// What an input does with the files that it finds: follows them, or reads each once.
class FileMode {
 public:
  explicit FileMode(FileDesk& desk) : desk_(desk) {}
  virtual ~FileMode() = default;

  /// A file that is not watched was found: watches it where it is of interest. `first`: by the
  /// first discovery.
  virtual void consider(const FoundFile& file, bool first) = 0;

  /// All that a discovery found is watched or was considered.
  virtual void discovered(bool /*first*/) {}

  /// Comes before the files have their turns.
  virtual void look_again() {}

  /// Reads what there is for the moment. False: the pipeline takes no more events.
  virtual bool turn(Watched& watched, Emitter& emitter) = 0;

  /// Everything that will be settled is.
  virtual void close(Watched& watched) = 0;

  /// Since the last call, did a turn end before its file did?
  bool take_busy() { return std::exchange(busy_, false); }

 protected:
  /// Was it last changed before `ignore_older`?
  bool is_too_old(const FoundFile& file) const;
  /// Reads on until the end, or until others shall have their turn. Errors: Errc::io; the file is
  /// closed then.
  Result<WatchedFile::Outcome> read_on(Watched& watched, Emitter& emitter);
  /// It is to be watched no longer.
  void done_with(Watched& watched);

  FileDesk& desk_;

 private:
  virtual std::uint64_t default_turn_bytes() const = 0;
  std::uint64_t turn_bytes() const;
  bool busy_ = false;
};

/// Follows files as they grow, are renamed, cut and deleted.
std::unique_ptr<FileMode> make_tail_mode(FileDesk& desk);

/// Reads each file to its end, then does file_completed_action.
std::unique_ptr<FileMode> make_read_mode(FileDesk& desk);

}  // namespace millrace
