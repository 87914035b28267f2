#include "pipeline/observe/log.h"
#include "plugins/inputs/file/mode.h"

namespace millrace {
namespace {

/// How long a file that has no name any more is watched for last words.
constexpr std::chrono::seconds kDeletedGrace{5};
constexpr std::uint64_t kTurnBytes = std::uint64_t{4} << 20;

class TailMode : public FileMode {
 public:
  using FileMode::FileMode;

  void consider(const FoundFile& file, bool first) override {
    if (is_too_old(file)) return;
    const std::optional<FileRecord> stored = desk_.positions.find(file);
    const bool at_end = first && desk_.options.start_position == FileInputOptions::Start::end;
    std::uint64_t offset = at_end ? file.size : 0;
    if (stored) offset = stored->offset <= file.size ? stored->offset : 0;  // larger: it was cut
    desk_.files.add(file, desk_.source, offset, FilePositions::Counts::bytes,
                    stored ? &*stored : nullptr);
  }

  bool turn(Watched& watched, Emitter& emitter) override {
    WatchedFile& file = watched.file;
    struct stat about {};
    const bool there = file.is_open() ? file.about(about) : file.locate(about);
    if (!there) return give_up_gone(watched), true;
    watched.disk_size = static_cast<std::uint64_t>(about.st_size);
    if (watched.disk_size < file.offset() && !begin_anew(watched, emitter)) return false;
    if (watched.disk_size > file.offset()) {
      if (!desk_.files.open(watched)) return true;
      auto outcome = read_on(watched, emitter);
      if (!outcome) return true;  // it is tried again
      if (*outcome == WatchedFile::Outcome::stopped) return false;
    }
    return !file.is_open() || rest(watched, about, emitter);
  }

  void close(Watched& watched) override {
    struct stat about {};
    if (watched.file.is_open() && watched.file.about(about) && about.st_nlink == 0)
      desk_.positions.forget(watched.file.id());  // its inode is free now
  }

 private:
  std::uint64_t default_turn_bytes() const override { return kTurnBytes; }

  /// It was cut. False: the pipeline takes no more events.
  bool begin_anew(Watched& watched, Emitter& emitter) {
    WatchedFile& file = watched.file;
    log::info(desk_.component, "{} was cut: reading from its start", file.path());
    if (file.is_open() && !file.finish(emitter)) return false;
    desk_.files.close(watched);
    file.restart(file.path());
    return true;
  }

  /// What silence brings about. False: the pipeline takes no more events.
  bool rest(Watched& watched, const struct stat& about, Emitter& emitter) {
    WatchedFile& file = watched.file;
    if (!file.flush_if_quiet(emitter)) return false;
    const bool deleted = about.st_nlink == 0 && file.quiet_for() > kDeletedGrace;
    if (!deleted && file.quiet_for() <= desk_.options.close_older) return true;
    struct stat named {};
    if (deleted || !file.locate(named)) {  // nothing will end what is unfinished
      if (!file.finish(emitter)) return false;
      done_with(watched);
      if (deleted) desk_.positions.forget(file.id());
    }
    desk_.files.close(watched);
    return true;
  }

  /// It was closed, and now it is neither under its path nor elsewhere in its directory.
  void give_up_gone(Watched& watched) {
    const WatchedFile& file = watched.file;
    if (watched.disk_size > file.offset())
      log::warn(desk_.component, "{} is gone with {} bytes that were not read", file.path(),
                watched.disk_size - file.offset());
    done_with(watched);
  }
};

}  // namespace

std::unique_ptr<FileMode> make_tail_mode(FileDesk& desk) {
  return std::make_unique<TailMode>(desk);
}

}  // namespace millrace
