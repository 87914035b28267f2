#pragma once

#include <string_view>

#include "pipeline/event/buffer.h"
#include "pipeline/queue/dead_letter.h"
#include "pipeline/result.h"

/// Records of the dead-letter queue as bytes. Pure functions; nothing here touches a file.
///
///     segment  header record*
///     header   "MILLDLQ" version 1                                8 bytes
///     record   length u32, checksum u32 of the payload,
///              checksum u32 of the 8 bytes before, payload
///     payload  time i64 (nanoseconds since 1970), then code, message, plugin type, plugin id,
///              details, original: each length u32 and bytes; then the event (event_bytes.h)
///
/// Little-endian; checksums are CRC-32 as zlib computes it. The length has a checksum of its own,
/// so a damaged payload costs one record, not the rest of its segment.
namespace millrace::dlq {

inline constexpr std::string_view kSegmentHeader{"MILLDLQ\x01", 8};
inline constexpr std::size_t kRecordHeaderBytes = 12;
/// A letter that needs more is not kept.
inline constexpr std::size_t kMostPayloadBytes = std::size_t{64} << 20;

/// One stored letter; views of the bytes that it was read from.
struct Record {
  Timestamp time;  ///< when it was written
  std::string_view code;
  std::string_view message;
  std::string_view plugin_type;
  std::string_view plugin_id;
  std::string_view details;   ///< a JSON object, or ""
  std::string_view original;  ///< or ""
  std::string_view event;     ///< for read_event_bytes()
};

/// Appends `letter` as a record. Errors: Errc::limit, with nothing appended, where it is larger
/// than kMostPayloadBytes.
Result<void> write_record(const DeadLetter& letter, Timestamp now, Buffer& out);

/// What bytes begin with.
struct Found {
  enum class What {
    record,      ///< of `bytes`
    incomplete,  ///< a record can only be told with `bytes` to look at
    damaged,     ///< `bytes` that stand for nothing; behind them it goes on
    lost,        ///< nothing tells where the next record would begin
  };
  What what;
  std::size_t bytes;
  Record record{};
};

Found read_record(std::string_view bytes);

}  // namespace millrace::dlq
