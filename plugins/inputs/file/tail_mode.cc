#include <algorithm>
#include <map>

#include "pipeline/observe/log.h"
#include "plugins/inputs/file/mode.h"

namespace millrace {
namespace {

using Clock = WatchedFile::Clock;
using Counts = FilePositions::Counts;
using Outcome = WatchedFile::Outcome;

/// How long a file that has no name any more is watched for last words.
constexpr std::chrono::seconds kDeletedGrace{5};
/// How long what looks like a copy may wait for the original to be cut, after it has grown last.
constexpr std::chrono::seconds kCopyGrace{5};
/// The same for what is one as far as its end tells, too.
constexpr std::chrono::minutes kCertainCopyGrace{10};
constexpr std::uint64_t kTurnBytes = std::uint64_t{4} << 20;

std::int64_t modified_ns(const struct stat& about) {
  return about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec;
}

/// Follows each content, whatever file it is in: renamed, it is the same file; copied and then cut
/// ("copytruncate"), what was not read of it is read in the copy.
class TailMode : public FileMode {
 public:
  using FileMode::FileMode;

  void consider(const FoundFile& file, bool first) override {
    const std::optional<FileRecord> stored = desk_.positions.find(file);
    if (stored)
      desk_.files.add(file, desk_.source, stored->offset, Counts::bytes, &*stored);
    else if (is_too_old(file))
      ignored_[file.id] = file.size;
    else
      news_.push_back({file, first});
  }

  /// New files come last: they may be copies of those that are known.
  void discovered(bool first) override {
    if (first) find_renamed();
    const auto waited = std::exchange(waiting_, {});
    const auto news = std::exchange(news_, {});
    const auto originals = news.empty() ? Families{} : families();
    for (const auto& [file, is_first] : news) begin_or_wait(file, is_first, waited, originals);
  }

  /// What waits is looked at more often than new files are.
  void look_again() override {
    if (waiting_.empty()) return;
    for (const auto& [id, waiting] : waiting_) {
      const std::optional<FoundFile> file = find_file(waiting.path);
      if (file && file->id == id) news_.push_back({*file, waiting.first});
    }
    discovered(false);
  }

  bool turn(Watched& watched, Emitter& emitter) override {
    WatchedFile& file = watched.file;
    struct stat about {};
    const bool there = file.is_open() ? file.about(about) : file.locate(about);
    if (!there || watched.gone) return give_up_gone(watched, emitter);
    const auto size = static_cast<std::uint64_t>(about.st_size);
    if (size < file.offset()) return begin_anew(watched, about, emitter);
    watched.disk_size = size;
    if (watched.modified_ns != modified_ns(about) || watched.read_size != size) {
      if (!desk_.files.open(watched)) return true;
      auto outcome = read_on(watched, emitter);
      if (!outcome) return true;  // it is tried again
      if (*outcome == Outcome::stopped) return false;
      if (*outcome == Outcome::cut) return begin_anew(watched, about, emitter);
      if (*outcome == Outcome::end) {
        watched.modified_ns = modified_ns(about);
        watched.read_size = size;
      }
    }
    return rest(watched, about, emitter);
  }

  void close(Watched& watched) override {
    struct stat about {};
    if (watched.file.is_open() && watched.file.about(about) && about.st_nlink == 0)
      desk_.positions.forget(watched.file.id());  // its inode is free now
  }

 private:
  struct Waiting {
    std::string path;
    std::uint64_t size;
    Clock::time_point since;
    bool first;  // found by the first discovery
    bool said = false;
  };

  /// Files that are watched, by what the paths of their copies begin with.
  using Families = std::map<std::string, std::vector<const Watched*>>;

  std::uint64_t default_turn_bytes() const override { return kTurnBytes; }

  // Finding.

  void begin_or_wait(const FoundFile& file, bool first, const std::map<FileId, Waiting>& waited,
                     const Families& originals) {
    if (desk_.files.find(file.id)) return;  // a copy that its original went on in
    Waiting wait{file.path, file.size, Clock::now(), first};
    const auto before = waited.find(file.id);
    if (before != waited.end()) {
      wait.first = before->second.first;
      if (before->second.size == file.size) wait.since = before->second.since;
      wait.said = before->second.said;
    }
    const auto quiet_for = Clock::now() - wait.since;
    if (looks_like_copy(file, originals, quiet_for)) {
      if (quiet_for >= kCopyGrace && !std::exchange(wait.said, true))
        log::info(desk_.component,
                  "{} is a copy so far: it is read by itself unless the original is cut soon",
                  file.path);
      waiting_.emplace(file.id, wait);
    } else {
      desk_.files.add(file, desk_.source, begin_of(file, wait.first), Counts::bytes);
    }
  }

  std::uint64_t begin_of(const FoundFile& file, bool first) {
    const auto ignored = ignored_.extract(file.id);
    if (ignored) return std::min(ignored.mapped(), file.size);
    const auto interval = desk_.options.stat_interval * desk_.options.discover_interval;
    const bool at_end = first && desk_.options.start_position == FileInputOptions::Start::end &&
                        !desk_.positions.is_news(file, interval) &&
                        !desk_.positions.is_incomplete();
    return at_end ? file.size : 0;
  }

  Families families() const {
    Families families;
    for (const auto& watched : desk_.files)
      families[family_of(watched->file.path())].push_back(watched.get());
    return families;
  }

  /// Of a file beside it that may yet be cut; it may not be whole yet. Has not grown for
  /// `quiet_for`: the longer, the more it must look like one.
  static bool looks_like_copy(const FoundFile& file, const Families& originals,
                              Clock::duration quiet_for) {
    const auto family = originals.find(family_of(file.path));
    if (family == originals.end() || quiet_for >= kCertainCopyGrace) return false;
    const std::string content = read_head(file.path);
    return std::any_of(family->second.begin(), family->second.end(), [&](const Watched* original) {
      if (original->file.path() == file.path) return false;  // it has taken its place
      if (quiet_for >= kCopyGrace)
        return is_alike_up_to(file.size, file.path, original->file.path());
      const Head& read = original->file.head();
      return (read.bytes > 0 && read.begins(content)) ||
             read_head(original->file.path()).starts_with(content);
    });
  }

  /// Files that were renamed out of the patterns while nobody watched, and not read to their ends.
  void find_renamed() {
    std::map<std::string, std::set<std::uint64_t>> lost;  // inodes by directory
    for (const FileRecord& record : desk_.positions.not_begun())
      if (!record.path.empty() && !record.completed)
        lost[directory_of(record.path)].insert(record.id.inode);
    for (const auto& [directory, inodes] : lost)
      for (const FoundFile& file : find_in_directory(directory, inodes)) {
        const std::optional<FileRecord> stored = desk_.positions.find(file);
        if (!stored || stored->offset >= file.size || desk_.files.find(file.id)) continue;
        desk_.files.add(file, desk_.source, stored->offset, Counts::bytes, &*stored)
            .file.set_found_path(stored->path);
      }
  }

  // Reading. These return false when the pipeline takes no more events.

  /// What was read is not there any more: it goes on in a copy, or has ended.
  bool begin_anew(Watched& watched, const struct stat& about, Emitter& emitter) {
    WatchedFile& file = watched.file;
    const std::optional<FoundFile> copy = find_copy(watched);
    if (copy) {
      log::info(desk_.component, "{} was cut: reading its copy {} on, and it from its start",
                file.path(), copy->path);
      const FileRecord next = file.successor();
      const FoundFile original{file.path(), file.id(), static_cast<std::uint64_t>(about.st_size),
                               modified_ns(about), file.born_ns()};
      desk_.files.go_on_in(watched, *copy);
      desk_.files.add(original, desk_.source, 0, Counts::bytes, &next)
          .file.set_found_path(file.found_path());
      return turn(watched, emitter);  // before the new content has its turn
    }
    say_unread(watched, "was cut");
    if (!file.finish(emitter)) return false;
    desk_.files.close(watched);
    file.restart();
    watched.disk_size = 0;
    watched.modified_ns = 0;
    return true;
  }

  /// The youngest one of the same beginning, at least as long as what was read.
  std::optional<FoundFile> find_copy(const Watched& watched) const {
    const WatchedFile& file = watched.file;
    std::optional<FoundFile> youngest;
    if (file.head().bytes == 0) return youngest;
    for (FoundFile& beside : find_relatives(file.path())) {
      const bool may_be = beside.id != file.id() && beside.size >= file.offset() &&
                          !desk_.files.find(beside.id) && !desk_.positions.find(beside);
      const bool younger = !youngest || beside.modified_ns > youngest->modified_ns;
      if (may_be && younger && file.head().begins(read_head(beside.path)))
        youngest = std::move(beside);
    }
    return youngest;
  }

  /// What silence brings about.
  bool rest(Watched& watched, const struct stat& about, Emitter& emitter) {
    WatchedFile& file = watched.file;
    if (!file.flush_if_quiet(emitter)) return false;
    if (!file.is_open()) return true;
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
  bool give_up_gone(Watched& watched, Emitter& emitter) {
    say_unread(watched, "is gone");
    done_with(watched);
    return watched.file.finish(emitter);
  }

  void say_unread(const Watched& watched, const char* what) const {
    const WatchedFile& file = watched.file;
    if (watched.disk_size > file.offset())
      log::warn(desk_.component, "{} {} with {} bytes that were not read", file.path(), what,
                watched.disk_size - file.offset());
    else
      log::info(desk_.component, "{} {}", file.path(), what);
  }

  std::vector<std::pair<FoundFile, bool>> news_;  // found by this discovery; by the first one?
  std::map<FileId, Waiting> waiting_;             // what looks like copies
  std::map<FileId, std::uint64_t> ignored_;       // too old; how long they were then
};

}  // namespace

std::unique_ptr<FileMode> make_tail_mode(FileDesk& desk) {
  return std::make_unique<TailMode>(desk);
}

}  // namespace millrace
