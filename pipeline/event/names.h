#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pipeline/event/arena.h"

namespace millrace {

/// Identifies a field name. Ids below kFirstLocalName are names that the engine or a config
/// mentions; they hold for the process. Ids from there on belong to one batch, so that keys from
/// hostile data die with it.
using NameId = std::uint32_t;
inline constexpr NameId kFirstLocalName = 0x8000'0000u;
inline constexpr NameId kNoName = ~NameId{0};

/// A field name with what the hot path wants to know about it, computed once.
struct Name {
  std::string_view text;
  std::string_view json_key;  ///< `"text":`, escaped; kReadPadding bytes after it may be read
};

/// Names that have a meaning to the engine; their ids are constants.
namespace name {
inline constexpr NameId timestamp = 0;  // @timestamp
inline constexpr NameId version = 1;    // @version
inline constexpr NameId metadata = 2;   // @metadata
inline constexpr NameId message = 3;
inline constexpr NameId tags = 4;
inline constexpr NameId event = 5;
inline constexpr NameId original = 6;
inline constexpr NameId host = 7;
}  // namespace name

/// The process-wide names. Grows only while configs are loaded. Reading is lock-free; everything is
/// thread-safe.
class Names {
 public:
  /// The id of `text`, made where it is new. For load time: what is interned stays for the life of
  /// the process.
  static NameId intern(std::string_view text);
  /// The id of `text`, or kFirstLocalName where no config mentions it.
  static NameId find(std::string_view text);
  /// How many there are: ids are 0 .. count()-1.
  static std::size_t count();
  static const Name& get(NameId id) {
    return segments_[id / kSegment].load(std::memory_order_acquire)[id % kSegment];
  }

 private:
  friend class NameTable;  // adds them
  static constexpr std::size_t kSegment = 1024;
  static constexpr std::size_t kMostSegments = 4096;
  /// All names by id: segments are added, and never move. Here because get(), which is called for
  /// each field of each event that is written, must be a few instructions.
  static constinit std::atomic<Name*> segments_[kMostSegments];
};

/// The names that the events of one batch use: the process-wide ones and the batch's own.
class BatchNames {
 public:
  explicit BatchNames(Arena& arena) : arena_(arena), known_(Names::count()) {}

  /// The id of `text`, which is copied into the batch's arena where it is new.
  NameId id(std::string_view text);
  /// The id under which `text` stands in this batch, or kNoName.
  NameId find(std::string_view text) const;
  const Name& operator[](NameId id) const {
    return id < kFirstLocalName ? Names::get(id) : local_[id - kFirstLocalName];
  }

  /// Where a config was loaded after this batch was begun, a name may stand here under a local id
  /// although it has a process-wide one by now: that local id, else `id` itself.
  NameId as_known_here(NameId id) const { return id < known_ || local_.empty() ? id : renamed(id); }

  /// Forgets the local names; call before their arena is reset.
  void reset();

 private:
  NameId renamed(NameId id) const;

  Arena& arena_;
  std::size_t known_;  // process-wide names when this batch was begun
  std::vector<Name> local_;
  std::unordered_map<std::string_view, NameId> local_ids_;
};

}  // namespace millrace
