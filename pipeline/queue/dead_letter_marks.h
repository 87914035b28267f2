#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>

#include "pipeline/event/timestamp.h"
#include "pipeline/result.h"

/// What was done with the letters of a segment after they were written. Segments themselves never
/// change; marks stand beside them in a file of records of 24 bytes, which only grows:
///
///     offset u64 of the letter, time i64 (nanoseconds since 1970), kind u8, 3 bytes 0,
///     checksum u32 of the 20 bytes before (CRC-32)
namespace millrace::dlq {

enum class MarkKind : std::uint8_t {
  replayed = 1,       ///< delivered by a replay: done with
  purged = 2,         ///< removed by an operator: done with
  refused_again = 3,  ///< a replay was refused: the letter stays
};

struct Mark {
  std::uint64_t offset;
  MarkKind kind;
};

/// The marks of one segment, as they were when they were loaded.
class Marks {
 public:
  /// None where there is no file. Records that make no sense are left out. Errors: Errc::io.
  static Result<Marks> load(const std::filesystem::path& directory, std::uint64_t segment);

  /// Readers pass over it.
  bool is_done(std::uint64_t offset) const;
  /// How often a replay of it was refused.
  std::uint32_t refusals(std::uint64_t offset) const;
  /// Letters that are done with.
  std::uint64_t done() const { return done_; }

 private:
  struct Fate {
    bool done = false;
    std::uint32_t refusals = 0;
  };
  std::map<std::uint64_t, Fate> fates_;
  std::uint64_t done_ = 0;
};

std::filesystem::path marks_path(const std::filesystem::path& directory, std::uint64_t segment);

/// They are on the disk when it returns. One process at a time: see OperatorLock. Errors: Errc::io.
Result<void> append_marks(const std::filesystem::path& directory, std::uint64_t segment,
                          std::span<const Mark> marks, Timestamp now);

}  // namespace millrace::dlq
