#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "pipeline/result.h"
#include "plugins/mirror/fingerprint.h"

/// Compares a partition with its copy, record by record and in order, in memory that does not grow
/// with them. Pure: where records come from is the caller's.
namespace millrace::mirror {

/// A partition, from its first record to its last.
class Fingerprints {
 public:
  virtual ~Fingerprints() = default;
  /// nullopt: there are no more. Errors end the audit.
  virtual Result<std::optional<Fingerprint>> next() = 0;
};

/// What is wrong with some records that follow each other.
struct Finding {
  enum class Kind {
    altered,   ///< on both sides, not the same
    missing,   ///< on the source only
    extra,     ///< on the target only: nobody knows from where
    repeated,  ///< on the target again
  };
  Kind kind{};
  std::uint64_t records = 0;
  std::int64_t source_first = -1;  ///< offsets; -1: none of that side
  std::int64_t source_last = -1;
  std::int64_t target_first = -1;
  std::int64_t target_last = -1;
  std::string parts;    ///< of what is altered: "value"
  bool at_end = false;  ///< missing, and nothing that is there comes behind
};

/// "missing: offset 17 of the source".
std::string describe(const Finding& finding);

/// One side.
struct Side {
  std::uint64_t records = 0;
  std::int64_t first = -1;  ///< offset; -1: it is empty
  std::int64_t last = -1;
  std::uint64_t hash = 0;  ///< rolling: key, value and headers of all records in their order
};

struct Audit {
  Side source;
  Side target;
  std::uint64_t altered = 0;
  std::uint64_t missing = 0;
  std::uint64_t extra = 0;
  std::uint64_t repeated = 0;
  bool by_origin = false;  ///< copies say their offset on the source; else told by their order

  bool equal() const { return altered + missing + extra + repeated == 0; }
};

/// Records that are held on each side to find where two streams agree again: what is missing or
/// extra in one piece longer than that, by order, is told as altered too.
inline constexpr std::size_t kAuditWindow = 8192;

/// Where the first copy says its offset on the source (`source_position_header`), copies are looked
/// up by it; else the sides are aligned like two texts, by what is in the records. `report` gets
/// the findings in order, those that follow each other as one. Errors: of either side.
Result<Audit> audit(Fingerprints& source, Fingerprints& target,
                    const std::function<void(const Finding&)>& report);

}  // namespace millrace::mirror
