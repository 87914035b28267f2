#include "plugins/inputs/file/file_set.h"

#include <sys/resource.h>

#include <algorithm>

#include "pipeline/observe/log.h"

namespace millrace {
namespace {

/// Half of what the process may have open is left to others.
std::size_t may_open() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 128;
  return std::max<std::size_t>(1, limit.rlim_cur / 2);
}

}  // namespace

FileSet::FileSet(const FileInputOptions& options, std::string component)
    : component_(std::move(component)),
      max_open_(std::min<std::size_t>(options.max_open_files, may_open())) {}

Watched* FileSet::find(const FileId& file) const {
  const auto found = by_id_.find(file);
  return found == by_id_.end() ? nullptr : found->second;
}

Watched& FileSet::add(const FoundFile& found, const FileSource& source, std::uint64_t offset,
                      FilePositions::Counts counts, const FileRecord* known) {
  Watched& watched =
      *files_.emplace_back(std::make_unique<Watched>(found, source, offset, counts, known));
  by_id_[found.id] = &watched;
  return watched;
}

void FileSet::forget(Watched& watched) {
  watched.gone = true;
  by_id_.erase(watched.file.id());
}

void FileSet::go_on_in(Watched& watched, const FoundFile& copy) {
  close(watched);
  by_id_.erase(watched.file.id());
  watched.file.go_on_in(copy);
  watched.disk_size = copy.size;
  watched.modified_ns = 0;
  by_id_[copy.id] = &watched;
}

void FileSet::drop_done() {
  std::erase_if(files_, [this](const auto& watched) {
    if (!watched->done) return false;
    close(*watched);
    const auto known = by_id_.find(watched->file.id());
    if (known != by_id_.end() && known->second == watched.get()) by_id_.erase(known);
    return true;
  });
}

bool FileSet::open(Watched& watched) {
  WatchedFile& file = watched.file;
  if (file.is_open()) return true;
  while (open_.size() >= max_open_) close_one();
  auto opened = file.open();
  while (!opened && opened.error().code == Errc::limit && !open_.empty()) {
    close_one();
    opened = file.open();
  }
  if (!opened) return complain(file.path(), opened.error().message);
  works_again(file.path(), "can be read again");
  watched.opened_ = open_.insert(open_.end(), &watched);
  watched.in_open_ = true;
  return true;
}

void FileSet::close(Watched& watched) {
  watched.file.close();
  if (std::exchange(watched.in_open_, false)) open_.erase(watched.opened_);
}

void FileSet::touch(Watched& watched) {
  if (watched.in_open_) open_.splice(open_.end(), open_, watched.opened_);
}

void FileSet::close_one() {
  const auto read = std::find_if(open_.begin(), open_.end(), [](const Watched* watched) {
    return watched->file.offset() >= watched->disk_size;
  });
  close(read == open_.end() ? *open_.front() : **read);
}

bool FileSet::complain(const std::string& path, const std::string& message) {
  if (complained_.insert(path).second) log::warn(component_, "{}", message);
  return false;
}

void FileSet::works_again(const std::string& path, const char* what) {
  if (complained_.erase(path) > 0) log::info(component_, "{} {}", path, what);
}

}  // namespace millrace
