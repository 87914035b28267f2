#pragma once

#include <string_view>

#include "pipeline/event/batch.h"
#include "pipeline/event/buffer.h"
#include "pipeline/result.h"

/// Events as bytes for disks, without loss: every type, bytes that are not UTF-8, `@metadata`,
/// nanoseconds, the order of fields.
///
///     event    object                    its fields
///     object   count (key value)*        key: length bytes
///     value    type payload              type: one byte, the number of the Type
///              null -, boolean 1 byte, integer/timestamp/real 8 bytes, little-endian,
///              string/number_text length bytes, array count value*, object as above
///     count, length                      LEB128, at most 5 bytes
namespace millrace {

/// Containers nested deeper than this are not read. Far more than what JSON input may have.
inline constexpr int kMostStoredDepth = 1000;

void write_event_bytes(const ConstEvent& event, Buffer& out);

/// Adds the event that all of `bytes` stands for to `batch`, with exactly the fields it had; what
/// it needs is copied. Memory is bounded by a constant times the size of `bytes`, whatever they
/// claim. Errors: Errc::invalid; the batch has no new event then.
Result<Event> read_event_bytes(std::string_view bytes, Batch& batch);

}  // namespace millrace
