#include "plugins/inputs/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "pipeline/observe/log.h"
#include "plugins/inputs/completed_file.h"
#include "plugins/inputs/file_options.h"
#include "plugins/inputs/file_positions.h"
#include "plugins/inputs/watched_file.h"

namespace millrace {
namespace {

using Clock = WatchedFile::Clock;
using Counts = FilePositions::Counts;
using O = FileInputOptions;

/// How long a file that has no name any more is watched for last words.
constexpr std::chrono::seconds kDeletedGrace{5};
constexpr std::uint64_t kTailTurnBytes = std::uint64_t{4} << 20;

/// A name for the store that is the same for the same `path` option: FNV-1a of it.
std::string store_name(const std::vector<std::string>& patterns) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const std::string& pattern : patterns)
    for (const char c : pattern + '\n')
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return fmt::format(".sincedb_{:016x}", hash);
}

std::filesystem::path store_path(const FileInputOptions& options, const PluginContext& context) {
  if (options.sincedb_path) return *options.sincedb_path;
  return context.pipeline.data_directory / "plugins" / "inputs" / "file" / store_name(options.path);
}

ConstantFields origin_fields(EcsMode ecs) {
  ConstantFields fields;
  if (ecs == EcsMode::disabled)
    fields.add({"path"}, 0).add({"host"}, 1);
  else
    fields.add({"log", "file", "path"}, 0).add({"host", "name"}, 1);
  fields.add({"@metadata", "path"}, 0).add({"@metadata", "host"}, 1);
  return fields;
}

bool is_archive(const std::string& path) {
  return path.ends_with(".gz") || path.ends_with(".gzip");
}

class FileInput : public Input {
 public:
  FileInput(FileInputOptions options, const PluginContext& context)
      : options_(std::move(options)),
        component_("input " + context.id),
        positions_(store_path(options_, context), options_.sincedb_clean_after),
        source_{context.codec, context.codec->framing(), origin_fields(context.ecs),
                context.pipeline.host_name, positions_} {
    source_.framing.delimiter = options_.delimiter;
  }

  static std::unique_ptr<Input> create(FileInputOptions options, const PluginContext& context) {
    if (!check(options, context)) return nullptr;
    return std::make_unique<FileInput>(std::move(options), context);
  }

  void acknowledged(SourcePosition position) noexcept override {
    positions_.acknowledged(position);
  }

  Result<void> run(Emitter& emitter) override {
    auto loaded = positions_.load();
    if (!loaded) return loaded;
    if (positions_.malformed_lines() > 0)
      log::warn(component_, "left out {} lines of the sincedb that make no sense",
                positions_.malformed_lines());
    discover(true);
    ends_ = reads() && (options_.exit_after_read || names_files_only());
    if (files_.empty() && options_.exit_after_read)
      log::warn(component_, "no file to read matches path");
    do {
      if (!give_turns(emitter)) return {};
      if (ends_ && all_read()) return {};
      save_if_due();
    } while (busy_ ? !emitter.stop().requested() : emitter.stop().wait(options_.stat_interval));
    return {};
  }

  void close() override {
    for (auto& watched : files_) {
      struct stat about {};
      if (watched->finished)
        complete_if_delivered(*watched);
      else if (watched->file.is_open() && watched->file.about(about) && about.st_nlink == 0)
        positions_.forget(watched->file.id());  // its inode is free now
    }
    files_.clear();
    save();
  }

 private:
  struct Watched {
    Watched(const FoundFile& found, const FileSource& source, std::uint64_t offset,
            FilePositions::Counts counts)
        : file(found, source, offset, counts),
          is_archive(counts == FilePositions::Counts::unpacked),
          disk_size(found.size) {}
    WatchedFile file;
    const bool is_archive;
    std::uint64_t disk_size;  // when it was looked at last
    bool finished = false;    // in read mode: everything is emitted
    bool logged = false;      // in read mode: as completed
    bool done = false;        // to be watched no longer
  };

  bool reads() const { return options_.mode == O::Mode::read; }

  /// Is what there is to read known at the start?
  bool names_files_only() const {
    return std::all_of(options_.path.begin(), options_.path.end(), [](const std::string& path) {
      return !has_wildcards(path) && std::filesystem::is_regular_file(path);
    });
  }
  bool all_read() const {
    return std::all_of(files_.begin(), files_.end(),
                       [](const auto& file) { return file->finished; });
  }

  // Finding files.

  void discover(bool first) {
    discovered_ = Clock::now();
    std::vector<FoundFile> found = find_files(options_.path, options_.exclude);
    sort(found);
    for (const FoundFile& file : found) {
      const auto known = std::find_if(files_.begin(), files_.end(), [&](const auto& watched) {
        return watched->file.id() == file.id;
      });
      if (known == files_.end())
        consider(file, first);
      else if (!(*known)->file.is_open() && !positions_.find(file))
        (*known)->file.restart(file.path);  // another file has the inode of one that was closed
      else
        (*known)->file.renamed(file.path);
    }
  }

  void sort(std::vector<FoundFile>& found) const {
    if (options_.file_sort_by == O::SortBy::last_modified)
      std::stable_sort(found.begin(), found.end(),
                       [](const auto& a, const auto& b) { return a.modified_ns < b.modified_ns; });
    if (options_.file_sort_direction == O::Direction::desc)
      std::reverse(found.begin(), found.end());
  }

  void consider(const FoundFile& file, bool first) {
    if (is_too_old(file)) return;
    const std::optional<FileRecord> stored = positions_.find(file);
    const bool whole =
        stored && stored->offset == file.size && (file.size > 0 || stored->completed);
    if (reads() && whole) return consider_whole(file, *stored);
    if (reads() && is_archive(file.path)) {
      if (!is_damaged(file)) watch(file, stored ? stored->unpacked : 0, Counts::unpacked);
      return;
    }
    std::uint64_t offset = 0;
    if (stored)
      offset = stored->offset <= file.size ? stored->offset : 0;  // larger: it was cut
    else if (!reads() && first && options_.start_position == O::Start::end)
      offset = file.size;
    watch(file, offset, Counts::bytes);
  }

  /// A file that an earlier run delivered, and perhaps did not come to log or delete.
  void consider_whole(const FoundFile& file, const FileRecord& stored) {
    if (stored.completed && !options_.removes_completed()) return;
    watch(file, file.size, Counts::bytes).finished = true;
    files_.back()->logged = stored.completed;
  }

  Watched& watch(const FoundFile& file, std::uint64_t offset, Counts counts) {
    return *files_.emplace_back(std::make_unique<Watched>(file, source_, offset, counts));
  }

  bool is_too_old(const FoundFile& file) const {
    if (!options_.ignore_older) return false;
    const auto age = std::chrono::system_clock::now().time_since_epoch() -
                     std::chrono::nanoseconds(file.modified_ns);
    return age > *options_.ignore_older;
  }

  /// Damage is said once; the archive is looked at again when its size has changed.
  bool is_damaged(const FoundFile& file) {
    const auto damaged = damaged_.find(file.id);
    if (damaged != damaged_.end() && damaged->second == file.size) return true;
    if (!options_.check_archive_validity || is_whole_archive(file.path)) return false;
    damaged_[file.id] = file.size;
    log::warn(component_, "{} is left out: its compressed data are damaged", file.path);
    return true;
  }

  // Reading them. These return false when the pipeline takes no more events.

  bool give_turns(Emitter& emitter) {
    busy_ = false;
    for (std::size_t at = 0; at < files_.size(); ++at) {
      Watched& file = *files_[at];
      if (!(reads() ? read(file, emitter) : tail(file, emitter))) return false;
    }
    std::erase_if(files_, [](const auto& file) { return file->done; });
    if (!ends_ && Clock::now() - discovered_ >= options_.stat_interval * options_.discover_interval)
      discover(false);
    return true;
  }

  bool read(Watched& watched, Emitter& emitter) {
    WatchedFile& file = watched.file;
    if (watched.finished) return complete_if_delivered(watched), true;
    if (!open(watched)) {
      watched.done = true;  // while the input lives, it will be found again
      return true;
    }
    switch (read_turn(watched, emitter)) {
      case WatchedFile::Outcome::stopped:
        return false;
      case WatchedFile::Outcome::more:
        return true;
      case WatchedFile::Outcome::end:
        break;
    }
    if (!file.finish(emitter)) return false;
    file.close();
    watched.finished = true;
    return true;
  }

  bool tail(Watched& watched, Emitter& emitter) {
    WatchedFile& file = watched.file;
    struct stat about {};
    const bool there = file.is_open() ? file.about(about) : file.locate(about);
    if (!there) return give_up_gone(watched), true;
    watched.disk_size = static_cast<std::uint64_t>(about.st_size);
    if (static_cast<std::uint64_t>(about.st_size) < file.offset()) {
      log::info(component_, "{} was cut: reading from its start", file.path());
      if (file.is_open() && !file.finish(emitter)) return false;
      file.restart(file.path());
    }
    if (static_cast<std::uint64_t>(about.st_size) > file.offset()) {
      if (!open(watched)) return true;
      if (read_turn(watched, emitter) == WatchedFile::Outcome::stopped) return false;
    }
    return !file.is_open() || rest(watched, about, emitter);
  }

  /// What silence brings about.
  bool rest(Watched& watched, const struct stat& about, Emitter& emitter) {
    WatchedFile& file = watched.file;
    if (!file.flush_if_quiet(emitter)) return false;
    const bool deleted = about.st_nlink == 0 && file.quiet_for() > kDeletedGrace;
    if (!deleted && file.quiet_for() <= options_.close_older) return true;
    struct stat named {};
    if (deleted || !file.locate(named)) {  // nothing will end what is unfinished
      if (!file.finish(emitter)) return false;
      done_with(watched);
      if (deleted) positions_.forget(file.id());
    }
    file.close();
    return true;
  }

  /// It was closed, and now it is neither under its path nor elsewhere in its directory.
  void give_up_gone(Watched& watched) {
    const WatchedFile& file = watched.file;
    if (watched.disk_size > file.offset())
      log::warn(component_, "{} is gone with {} bytes that were not read", file.path(),
                watched.disk_size - file.offset());
    done_with(watched);
  }

  void done_with(Watched& watched) {
    watched.done = true;
    positions_.end(watched.file.id());
  }

  /// Opens it, closing the quietest other one where too many are open. False: it cannot be, which
  /// is said once.
  bool open(Watched& watched) {
    if (watched.file.is_open()) return true;
    close_surplus();
    auto opened = watched.file.open();
    if (!opened) return complain(watched.file.path(), opened.error().message);
    if (complained_.erase(watched.file.path()) > 0)
      log::info(component_, "{} can be read again", watched.file.path());
    return true;
  }

  /// Rather a file of which all is read: of what is closed the rest can be deleted unseen.
  void close_surplus() {
    std::size_t open = 0;
    Watched* best = nullptr;
    for (auto& watched : files_) {
      if (!watched->file.is_open()) continue;
      ++open;
      if (!best || closes_before(*watched, *best)) best = watched.get();
    }
    if (open >= options_.max_open_files) best->file.close();
  }

  static bool closes_before(const Watched& a, const Watched& b) {
    const bool a_read = a.file.offset() >= a.disk_size;
    const bool b_read = b.file.offset() >= b.disk_size;
    return a_read != b_read ? a_read : a.file.quiet_for() > b.file.quiet_for();
  }

  /// Says it once for each path, until that works again. Returns false.
  bool complain(const std::string& path, const std::string& message) {
    if (complained_.insert(path).second) log::warn(component_, "{}", message);
    return false;
  }

  /// Reads on until the end, or until others shall have their turn.
  WatchedFile::Outcome read_turn(Watched& watched, Emitter& emitter) {
    const std::uint64_t begin = watched.file.offset();
    while (watched.file.offset() - begin < turn_bytes()) {
      auto outcome = watched.file.read(emitter);
      if (!outcome) return give_up(watched, outcome.error().message);
      if (*outcome != WatchedFile::Outcome::more) return *outcome;
      if (emitter.stop().requested()) return WatchedFile::Outcome::stopped;
      save_if_due();
    }
    busy_ = true;
    return WatchedFile::Outcome::more;
  }

  /// Its bytes cannot be had: in tail mode it is tried again, in read mode when it has changed.
  WatchedFile::Outcome give_up(Watched& watched, const std::string& message) {
    complain(watched.file.path(), message);
    watched.file.close();
    if (reads()) {
      damaged_[watched.file.id()] = watched.disk_size;
      watched.done = true;
    }
    return WatchedFile::Outcome::more;
  }

  std::uint64_t turn_bytes() const {
    if (!options_.file_chunk_count) return reads() ? UINT64_MAX : kTailTurnBytes;
    std::uint64_t bytes;
    const bool too_large =
        __builtin_mul_overflow(*options_.file_chunk_count, options_.file_chunk_size, &bytes);
    return too_large ? UINT64_MAX : bytes;
  }

  // What becomes of files that are done with, in read mode.

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
      positions_.complete(file.id(), size);
      delete_if_wanted(watched);
      done_with(watched);
    }
  }

  /// False: the log cannot be written now. The file is kept, and this is tried again.
  bool log_if_wanted(Watched& watched) {
    if (watched.logged || !options_.logs_completed()) return true;
    const std::string& log = *options_.file_completed_log_path;
    auto logged = log_completed(log, watched.file.path());
    if (!logged) return complain(log, logged.error().message + "; files are kept until it can");
    if (complained_.erase(log) > 0) log::info(component_, "{} can be written again", log);
    return watched.logged = true;
  }

  void delete_if_wanted(const Watched& watched) {
    if (!options_.removes_completed()) return;
    auto deleted = delete_completed(watched.file.path());
    if (!deleted) complain(watched.file.path(), deleted.error().message);
    if (deleted) positions_.forget(watched.file.id());
  }

  void save_if_due() {
    if (Clock::now() - saved_ >= options_.sincedb_write_interval) save();
  }

  void save() {
    saved_ = Clock::now();
    auto saved = positions_.save();
    if (!saved && !std::exchange(said_unsaved_, true))
      log::error(component_, "{}; a restart now would read lines again", saved.error().message);
    if (saved && std::exchange(said_unsaved_, false))
      log::info(component_, "the sincedb can be written again");
  }

  const FileInputOptions options_;
  const std::string component_;
  FilePositions positions_;
  FileSource source_;
  std::vector<std::unique_ptr<Watched>> files_;  // in the order in which they have their turns
  std::map<FileId, std::uint64_t> damaged_;      // by size on disk
  std::set<std::string> complained_;             // paths, until they work again
  bool ends_ = false;
  bool busy_ = false;  // some turn ended before its file did
  bool said_unsaved_ = false;
  Clock::time_point discovered_;
  Clock::time_point saved_ = Clock::now();
};

}  // namespace

InputPlugin file_input() {
  return input_plugin("file", "Reads lines of files: follows them, or reads each once.",
                      file_input_options(), FileInput::create);
}

}  // namespace millrace
