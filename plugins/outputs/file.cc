#include "plugins/outputs/file.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "pipeline/event/template.h"
#include "pipeline/observe/log.h"
#include "plugins/outputs/file_pages.h"
#include "plugins/outputs/file_writer.h"
#include "plugins/support/persist.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

struct FileOptions {
  std::string path;
  std::chrono::milliseconds flush_interval{2000};
  bool gzip = false;
  std::string filename_failure = "_filepath_failures";
  bool create_if_deleted = true;
  std::int64_t dir_mode = -1;
  std::int64_t file_mode = -1;
  std::string write_behavior = "append";
  std::chrono::milliseconds stale_cleanup_interval{10000};
  Bytes rotate_size;
  std::chrono::milliseconds rotate_interval{0};
  int rotate_keep = 10;
};

constexpr std::size_t kMostOpenFiles = 256;

/// The directory that every path stays in: what stands before the first reference, up to its last
/// slash.
std::string base_of(const std::string& path) {
  const std::string constant = path.substr(0, path.find("%{"));
  return constant.substr(0, constant.rfind('/') + 1);
}

/// Does a path that events have filled in climb out of its base?
bool leaves_base(std::string_view path, const std::string& base) {
  if (!path.starts_with(base) || path.find('\0') != std::string_view::npos) return true;
  const std::filesystem::path rest =
      std::filesystem::path(path.substr(base.size())).lexically_normal();
  return rest.empty() || *rest.begin() == ".." || rest.is_absolute() || path.ends_with('/');
}

class FileOutput : public Output {
 public:
  FileOutput(FileOptions options, Template path, const PluginContext& context)
      : options_(std::move(options)),
        path_(std::move(path)),
        base_(base_of(options_.path)),
        failures_(base_ + options_.filename_failure),
        component_("output " + context.id),
        encoder_(context.codec->encoder()) {
    settings_.component = component_;
    settings_.ending = encoder_->ending();
    settings_.gzip = options_.gzip;
    settings_.overwrite = options_.write_behavior == "overwrite";
    settings_.dir_mode = static_cast<int>(options_.dir_mode);
    settings_.file_mode = static_cast<int>(options_.file_mode);
    settings_.rotate_size = options_.rotate_size.count;
    settings_.rotate_interval = options_.rotate_interval;
    settings_.rotate_keep = options_.rotate_keep;
  }

  static std::unique_ptr<Output> create(FileOptions options, const PluginContext& context) {
    auto path = Template::parse(options.path);
    if (!path) {
      context.error("path", path.error().message);
      return nullptr;
    }
    if (!path->is_constant() && base_of(options.path).size() <= 1) {
      context.error("path", "begins with a reference: events could write anywhere",
                    "begin it with a directory, as in /var/log/apps/%{app}.log");
      return nullptr;
    }
    return std::make_unique<FileOutput>(std::move(options), std::move(*path), context);
  }

  std::unique_ptr<Parcel> prepare(const Batch& batch,
                                  std::span<const std::uint32_t> events) const override {
    auto pages = std::make_unique<Pages>();
    if (path_.is_constant()) {
      pages->add(path_.text(), buffers_.take());
      for (std::uint32_t at : events) encoder_->encode(batch[at], pages->pages[0].bytes);
    } else {
      sort_by_path(batch, events, *pages);
    }
    return pages;
  }

  Result<void> write(Delivery delivery, const StopSignal& stop) override {
    auto& pages = static_cast<Pages&>(*delivery.parcel);
    if (pages.failures && !std::exchange(said_bad_path_, true))
      log::warn(component_, "an event's path leaves {}: it and others like it go to {}", base_,
                failures_);
    for (Pages::Page& page : pages.pages) {
      close_stale(stop);  // between pages: a file that holds half of one must stay open
      if (!persist(component_, stop, [&] { return write_page(page); })) return {};
      buffers_.give(std::move(page.bytes));
    }
    if (!options_.gzip) {
      delivery.settle(Verdict::delivered);
      return {};
    }
    delivery.parcel.reset();
    held_bytes_ += delivery.footprint();
    held_.push_back(std::move(delivery));
    if (!flush_due_) flush_due_ = Clock::now() + options_.flush_interval;
    return held_bytes_ > kMostHeldBytes ? flush(stop) : Result<void>();
  }

  std::optional<Clock::time_point> flush_due() const override { return flush_due_; }

  /// With gzip, members are finished and go to their files only now.
  Result<void> flush(const StopSignal& stop) override {
    flush_due_.reset();
    for (auto& [path, file] : files_)
      if (!sync(*file, stop)) return {};
    for (Delivery& delivery : held_) delivery.settle(Verdict::delivered);
    held_.clear();
    held_bytes_ = 0;
    return {};
  }

 private:
  static constexpr std::size_t kMostHeldBytes = std::size_t{16} << 20;

  void sort_by_path(const Batch& batch, std::span<const std::uint32_t> events, Pages& pages) const {
    std::unordered_map<std::string, std::size_t> page_of;  // by what the template gives
    Buffer path;
    for (std::uint32_t at : events) {
      path.clear();
      path_.append(batch[at], path);
      const auto [known, is_new] = page_of.try_emplace(std::string(path.view()));
      if (is_new) known->second = confined_page(known->first, pages);
      encoder_->encode(batch[at], pages.pages[known->second].bytes);
    }
  }

  std::size_t confined_page(const std::string& path, Pages& pages) const {
    if (!leaves_base(path, base_)) return pages.add(path, buffers_.take());
    if (!pages.failures) pages.failures = pages.add(failures_, buffers_.take());
    return *pages.failures;
  }

  /// A path from an event's data that can be no file's goes the way of those that leave the base.
  bool is_hopeless(const Result<void>& result, const std::string& path) const {
    return !result && result.error().code == Errc::invalid && !path_.is_constant() &&
           path != failures_;
  }

  Result<void> write_page(Pages::Page& page) {
    auto written = writer(page.path).write(page.bytes.view(), page.done);
    if (!is_hopeless(written, page.path)) return written;
    if (!std::exchange(said_bad_path_, true))
      log::warn(component_, "{}: its events and others like them go to {}", written.error().message,
                failures_);
    auto moved = file(page.path).sync_to(file(failures_));  // what came while it was a file
    if (!moved) return moved;
    files_.erase(page.path);
    return writer(page.path = failures_).write(page.bytes.view(), page.done);
  }

  FileWriter& writer(const std::string& path) {
    return if_there(file(path), std::chrono::seconds(1));
  }

  FileWriter& file(const std::string& path) {
    auto& file = files_[path];
    if (!file) file = std::make_unique<FileWriter>(path, settings_);
    return *file;
  }

  /// What goes to a file that was removed goes to the failures instead, unless it may be made
  /// again.
  FileWriter& if_there(FileWriter& wanted, std::chrono::milliseconds age) {
    const bool takes =
        options_.create_if_deleted || wanted.path() == failures_ || !wanted.is_gone(age);
    return takes ? wanted : file(failures_);
  }

  bool sync(FileWriter& wanted, const StopSignal& stop) {
    FileWriter& to = if_there(wanted, {});
    return persist(component_, stop, [&] {
      auto synced = wanted.sync_to(to);
      return is_hopeless(synced, to.path()) ? wanted.sync_to(file(failures_)) : synced;
    });
  }

  /// Files that nothing was written to for a while are closed, and of too many the one that was not
  /// used for longest.
  void close_stale(const StopSignal& stop) {
    if (path_.is_constant()) return;
    const auto now = Clock::now();
    if (files_.size() >= kMostOpenFiles)
      close_file(std::min_element(files_.begin(), files_.end(),
                                  [](const auto& a, const auto& b) {
                                    return a.second->used() < b.second->used();
                                  }),
                 stop);
    if (now - cleaned_ < options_.stale_cleanup_interval) return;
    cleaned_ = now;
    for (auto next = files_.begin(); next != files_.end();) {
      const auto file = next++;
      if (now - file->second->used() >= options_.stale_cleanup_interval) close_file(file, stop);
    }
  }

  using Files = std::map<std::string, std::unique_ptr<FileWriter>>;
  void close_file(Files::iterator file, const StopSignal& stop) {
    if (sync(*file->second, stop)) files_.erase(file);
  }

  const FileOptions options_;
  const Template path_;
  const std::string base_;
  const std::string failures_;  // the path of the file for events whose path is no good
  const std::string component_;
  const std::unique_ptr<Encoder> encoder_;
  FileWriterSettings settings_;
  mutable BufferPool buffers_;
  Files files_;
  std::vector<Delivery>
      held_;  // with gzip: written to the compressor, not yet known to be in the file
  std::size_t held_bytes_ = 0;
  std::optional<Clock::time_point> flush_due_;
  Clock::time_point cleaned_ = Clock::now();
  bool said_bad_path_ = false;
};

}  // namespace

OutputPlugin file_output() {
  using O = FileOptions;
  return output_plugin(
      "file",
      "Writes events to files. They count as delivered when the operating system has them: that "
      "outlives the process, not a power cut.",
      Options<O>()
          .add("path", &O::path,
               "The file; may hold references, whose text cannot leave the directory before the "
               "first of them. Half an event that a crash left at its end goes to path.torn.",
               required)
          .add("flush_interval", &O::flush_interval,
               "With gzip, how long a gzip member grows before it is finished and its events count "
               "as delivered: the longer, the smaller the file. Without gzip every batch goes to "
               "the file at once.")
          .add("gzip", &O::gzip, "Compress.")
          .add("filename_failure", &O::filename_failure,
               "The file in the directory of `path`, up to its first reference, for events whose "
               "path would leave that directory.")
          .add("create_if_deleted", &O::create_if_deleted,
               "Make a file again that was removed while it is written; otherwise its events go to "
               "`filename_failure`.")
          .add("dir_mode", &O::dir_mode, "Access rights of new directories; -1: as the umask says.")
          .add("file_mode", &O::file_mode, "Access rights of new files; -1: as the umask says.")
          .add("write_behavior", &O::write_behavior,
               "What happens to a file that is there already.", one_of("append", "overwrite"))
          .add("stale_cleanup_interval", &O::stale_cleanup_interval,
               "Close files that nothing was written to for this long.")
          .add("rotate_size", &O::rotate_size,
               "Start a new file at this size; the old one becomes path.1. 0: never. (millrace "
               "only)")
          .add("rotate_interval", &O::rotate_interval,
               "Start a new file at this age. 0: never. (millrace only)")
          .add("rotate_keep", &O::rotate_keep, "How many old files stay. (millrace only)",
               at_least(0), at_most(10000)),
      FileOutput::create, "json_lines");
}

}  // namespace millrace
