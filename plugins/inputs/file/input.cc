#include "plugins/inputs/file/input.h"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/observe/log.h"
#include "plugins/inputs/file/directory_watch.h"
#include "plugins/inputs/file/mode.h"
#include "plugins/inputs/file/options.h"
#include "plugins/inputs/file/positions.h"

namespace millrace {
namespace {

using Clock = WatchedFile::Clock;
using O = FileInputOptions;

/// After changes: what comes close upon them is read with one turn.
constexpr std::chrono::milliseconds kPause{10};

/// A name for the store that is the same for the same `path` option of a pipeline: FNV-1a of it.
std::string store_name(std::vector<std::string> patterns, const std::string& pipeline) {
  patterns.push_back(pipeline);
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const std::string& pattern : patterns)
    for (const char c : pattern + '\n')
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return fmt::format(".sincedb_{:016x}", hash);
}

std::filesystem::path store_path(const FileInputOptions& options, const PluginContext& context) {
  if (options.sincedb_path) return *options.sincedb_path;
  return context.pipeline.data_directory / "plugins" / "inputs" / "file" /
         store_name(options.path, context.pipeline.id);
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

class FileInput : public Input {
 public:
  FileInput(FileInputOptions options, const PluginContext& context)
      : options_(std::move(options)),
        component_("input " + context.id),
        positions_(store_path(options_, context), options_.sincedb_clean_after),
        source_{context.codec,
                context.codec->framing(),
                origin_fields(context.ecs),
                context.pipeline.host_name,
                positions_,
                std::nullopt},
        files_(options_, component_) {
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
    if (positions_.is_incomplete())
      log::warn(component_,
                "positions are missing in the sincedb: files that it does not know are "
                "read from their beginnings");
    source_.ids = EventIds::if_mentioned();
    discover(true);
    if (positions_.is_first_run()) save();
    ends_ = reads() && (options_.exit_after_read || names_files_only());
    if (files_.size() == 0 && options_.exit_after_read)
      log::warn(component_, "no file to read matches path");
    do {
      if (!give_turns(emitter)) return {};
      if (ends_ && all_read()) return {};
      save_if_due();
    } while (mode_->take_busy() || std::exchange(found_some_, false) ? !emitter.stop().requested()
                                                                     : rest(emitter));
    return {};
  }

  void held_up() override { save_if_due(); }

  void close() override {
    for (const auto& watched : files_) {
      mode_->close(*watched);
      watched->done = true;
    }
    files_.drop_done();
    save();
  }

 private:
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

  void discover(bool first) {
    discovered_ = Clock::now();
    names_changed_ = false;
    const std::size_t known_files = files_.size();
    std::vector<FoundFile> found = find_files(options_.path, options_.exclude);
    sort(found);
    for (const FoundFile& file : found) {
      Watched* const known = files_.find(file.id);
      if (known && known->file.born_ns() == file.born_ns)
        known->file.found_at(file.path);
      else if (known)
        files_.forget(*known);
      if (!files_.find(file.id)) mode_->consider(file, first);
    }
    mode_->discovered(first);
    found_some_ = files_.size() > known_files && !first;
    watch_directories();
    discovery_took_ = Clock::now() - discovered_;
  }

  /// Of the files, and those where patterns look for more.
  void watch_directories() {
    bool all = true;
    for (const auto& watched : files_) all &= watch_.add(directory_of(watched->file.path()));
    for (const std::string& pattern : options_.path)
      if (!has_wildcards(directory_of(pattern))) watch_.add(directory_of(pattern));
    if (!all && !std::exchange(said_unwatched_, true))
      log::info(component_,
                "the kernel does not tell of changes in all directories: there files "
                "are looked at every stat_interval only");
  }

  void sort(std::vector<FoundFile>& found) const {
    if (options_.file_sort_by == O::SortBy::last_modified)
      std::stable_sort(found.begin(), found.end(),
                       [](const auto& a, const auto& b) { return a.modified_ns < b.modified_ns; });
    if (options_.file_sort_direction == O::Direction::desc)
      std::reverse(found.begin(), found.end());
  }

  /// Until all files shall have their turns again; those that grow meanwhile have theirs at once.
  /// False: the input is to end.
  bool rest(Emitter& emitter) {
    const auto end = Clock::now() + options_.stat_interval;
    for (auto now = Clock::now(); now < end; now = Clock::now()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now);
      const auto changes =
          watch_.wait(names_changed_ ? std::min(left, kPause) : left, emitter.stop());
      if (!changes) return false;
      names_changed_ |= changes->names;
      const bool in_order = names_changed_ || reads();  // what was rotated away comes first
      if (!in_order && !give_turns_to(changes->written, emitter)) return false;
      save_if_due();
      if (changes->unknown || is_discovery_due() || mode_->take_busy()) return true;
      if (!emitter.stop().wait(std::min(left, kPause))) return false;
    }
    return !emitter.stop().requested();
  }

  /// False: the pipeline takes no more events.
  bool give_turns_to(const std::set<std::string>& paths, Emitter& emitter) {
    for (const std::string& path : paths) {
      const std::optional<FoundFile> file = find_file(path);
      Watched* const watched = file ? files_.find(file->id) : nullptr;
      if (watched && !watched->done && !mode_->turn(*watched, emitter)) return false;
    }
    return true;
  }

  /// Where names have changed, as often as it takes a tenth of the time at the most.
  bool is_discovery_due() const {
    if (ends_) return false;
    const auto since = Clock::now() - discovered_;
    return since >= options_.stat_interval * options_.discover_interval ||
           (names_changed_ && since >= 10 * discovery_took_);
  }

  /// False: the pipeline takes no more events.
  bool give_turns(Emitter& emitter) {
    mode_->look_again();
    for (std::size_t at = 0; at < files_.size(); ++at)
      if (!mode_->turn(files_[at], emitter)) return false;
    files_.drop_done();
    if (is_discovery_due()) discover(false);
    return true;
  }

  void save_if_due() {
    if (Clock::now() - saved_ >= options_.sincedb_write_interval)
      save();
    else if (!said_unsaved_)
      say(positions_.save_recent());
  }

  void save() {
    saved_ = Clock::now();
    say(positions_.save());
  }

  void say(const Result<void>& saved) {
    if (!saved && !std::exchange(said_unsaved_, true))
      log::error(component_, "{}; a restart now would read lines again", saved.error().message);
    if (saved && std::exchange(said_unsaved_, false))
      log::info(component_, "the sincedb can be written again");
  }

  const FileInputOptions options_;
  const std::string component_;
  FilePositions positions_;
  FileSource source_;
  FileSet files_;
  FileDesk desk_{options_, component_, positions_, source_, files_, [this] { save_if_due(); }};
  const std::unique_ptr<FileMode> mode_ = reads() ? make_read_mode(desk_) : make_tail_mode(desk_);
  bool ends_ = false;
  bool said_unsaved_ = false;
  bool said_unwatched_ = false;
  DirectoryWatch watch_;
  bool names_changed_ = false;  // since the latest discovery
  bool found_some_ = false;     // by it; they have had no turn yet
  Clock::time_point discovered_;
  Clock::duration discovery_took_{};
  Clock::time_point saved_ = Clock::now();
};

}  // namespace

InputPlugin file_input() {
  return input_plugin("file", "Reads lines of files: follows them, or reads each once.",
                      file_input_options(), FileInput::create);
}

}  // namespace millrace
