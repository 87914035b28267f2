#include <map>

#include "pipeline/observe/log.h"
#include "plugins/inputs/file/completed.h"
#include "plugins/inputs/file/mode.h"

namespace millrace {
namespace {

using Counts = FilePositions::Counts;

bool is_archive(const std::string& path) {
  return path.ends_with(".gz") || path.ends_with(".gzip");
}

class ReadMode : public FileMode {
 public:
  using FileMode::FileMode;

  void consider(const FoundFile& file, bool) override {
    if (is_too_old(file)) return;
    const std::optional<FileRecord> stored = desk_.positions.find(file);
    const bool whole =
        stored && stored->offset == file.size && (file.size > 0 || stored->completed);
    if (whole) return consider_whole(file, *stored);
    if (is_archive(file.path)) {
      if (!is_damaged(file)) watch(file, stored ? stored->unpacked : 0, Counts::unpacked, stored);
      return;
    }
    const bool goes_on = stored && stored->offset < file.size;
    watch(file, goes_on ? stored->offset : 0, Counts::bytes, stored);
  }

  bool turn(Watched& watched, Emitter& emitter) override {
    if (watched.finished) return complete_if_delivered(watched), true;
    if (!desk_.files.open(watched)) {
      watched.done = true;  // while the input lives, it will be found again
      return true;
    }
    auto outcome = read_on(watched, emitter);
    if (!outcome) {  // it is read again when it has changed
      damaged_[watched.file.id()] = watched.disk_size;
      watched.done = true;
      return true;
    }
    if (*outcome == WatchedFile::Outcome::stopped) return false;
    if (*outcome == WatchedFile::Outcome::more) return true;
    if (*outcome == WatchedFile::Outcome::cut) return begin_anew(watched), true;
    if (!watched.file.finish(emitter)) return false;
    desk_.files.close(watched);
    watched.finished = true;
    return true;
  }

  void close(Watched& watched) override {
    if (watched.finished) complete_if_delivered(watched);
  }

 private:
  std::uint64_t default_turn_bytes() const override { return UINT64_MAX; }

  void begin_anew(Watched& watched) {
    log::info(desk_.component, "{} was written anew: reading from its start", watched.file.path());
    desk_.files.close(watched);
    watched.file.restart();
  }

  /// A file that an earlier run delivered, and perhaps did not come to log or delete.
  void consider_whole(const FoundFile& file, const FileRecord& stored) {
    if (stored.completed && !desk_.options.removes_completed()) return;
    Watched& watched = watch(file, file.size, Counts::bytes, stored);
    watched.finished = true;
    watched.logged = stored.completed;
  }

  Watched& watch(const FoundFile& file, std::uint64_t offset, Counts counts,
                 const std::optional<FileRecord>& stored) {
    return desk_.files.add(file, desk_.source, offset, counts, stored ? &*stored : nullptr);
  }

  /// Damage is said once; the archive is looked at again when its size has changed.
  bool is_damaged(const FoundFile& file) {
    const auto damaged = damaged_.find(file.id);
    if (damaged != damaged_.end() && damaged->second == file.size) return true;
    if (!desk_.options.check_archive_validity || is_whole_archive(file.path)) return false;
    damaged_[file.id] = file.size;
    log::warn(desk_.component, "{} is left out: its compressed data are damaged", file.path);
    return true;
  }

  void complete_if_delivered(Watched& watched) {
    WatchedFile& file = watched.file;
    if (!file.is_delivered()) return;
    struct stat about {};
    if (!file.locate(about)) return done_with(watched);
    const auto size = static_cast<std::uint64_t>(about.st_size);
    if (size != (watched.is_archive ? watched.disk_size : file.offset())) {
      watched.finished = false;  // it has changed meanwhile: read on, remove nothing
      watched.done = watched.is_archive || size < file.offset();
    } else if (log_if_wanted(watched)) {
      desk_.positions.complete(file.id(), size);
      delete_if_wanted(watched);
      done_with(watched);
    }
  }

  /// False: the log cannot be written now. The file is kept, and this is tried again.
  bool log_if_wanted(Watched& watched) {
    if (watched.logged || !desk_.options.logs_completed()) return true;
    const std::string& log = *desk_.options.file_completed_log_path;
    auto logged = log_completed(log, present_path(watched.file));
    if (!logged)
      return desk_.files.complain(log, logged.error().message + "; files are kept until it can");
    desk_.files.works_again(log, "can be written again");
    return watched.logged = true;
  }

  void delete_if_wanted(const Watched& watched) {
    if (!desk_.options.removes_completed()) return;
    auto deleted = delete_completed(present_path(watched.file));
    if (!deleted) desk_.files.complain(watched.file.path(), deleted.error().message);
    if (deleted) desk_.positions.forget(watched.file.id());
  }

  /// The path that was found, a link as it may be, unless the file has been renamed.
  static std::string present_path(const WatchedFile& file) {
    struct stat about {};
    const bool is_there =
        stat(file.found_path().c_str(), &about) == 0 && FileId::of(about) == file.id();
    return is_there ? file.found_path() : file.path();
  }

  std::map<FileId, std::uint64_t> damaged_;  // by size on disk
};

}  // namespace

std::unique_ptr<FileMode> make_read_mode(FileDesk& desk) {
  return std::make_unique<ReadMode>(desk);
}

}  // namespace millrace
