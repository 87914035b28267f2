#include "plugins/inputs/file/mode.h"

namespace millrace {

bool FileMode::is_too_old(const FoundFile& file) const {
  if (!desk_.options.ignore_older) return false;
  const auto age = std::chrono::system_clock::now().time_since_epoch() -
                   std::chrono::nanoseconds(file.modified_ns);
  return age > *desk_.options.ignore_older;
}

Result<WatchedFile::Outcome> FileMode::read_on(Watched& watched, Emitter& emitter) {
  const std::uint64_t begin = watched.file.offset();
  desk_.files.touch(watched);
  while (watched.file.offset() - begin < turn_bytes()) {
    auto outcome = watched.file.read(emitter);
    if (!outcome) {
      desk_.files.complain(watched.file.path(), outcome.error().message);
      desk_.files.close(watched);
      return outcome;
    }
    if (*outcome != WatchedFile::Outcome::more) return outcome;
    if (emitter.stop().requested()) return WatchedFile::Outcome::stopped;
    desk_.save_if_due();
  }
  busy_ = true;
  return WatchedFile::Outcome::more;
}

void FileMode::done_with(Watched& watched) {
  watched.done = true;
  if (!watched.gone) desk_.positions.end(watched.file.id());
}

std::uint64_t FileMode::turn_bytes() const {
  const FileInputOptions& options = desk_.options;
  if (!options.file_chunk_count) return default_turn_bytes();
  std::uint64_t bytes;
  const bool too_large =
      __builtin_mul_overflow(*options.file_chunk_count, options.file_chunk_size, &bytes);
  return too_large ? UINT64_MAX : bytes;
}

}  // namespace millrace
