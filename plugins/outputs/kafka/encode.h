#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "pipeline/delivery/delivery.h"
#include "plugins/outputs/kafka/options.h"

namespace millrace::kafka::out {

/// A part of a parcel's bytes.
struct Slice {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
};

/// One event as a record, and why it is none.
struct Record {
  std::uint32_t event = 0;
  Slice topic;
  Slice value;
  Slice key;
  std::uint32_t first_header = 0;  ///< in Parcel::headers; each has as many as message_headers
  bool has_key = false;
  std::string_view refused{};  ///< static: a dead letter's code; "": to be sent
};

/// The encoded share of a batch. Not changed once it is made, so that the library can read values
/// in place.
struct RecordParcel : Parcel {
  Buffer bytes;
  std::vector<Record> records;  ///< in the events' order
  std::vector<Slice> headers;   ///< values

  std::string_view view(Slice slice) const { return {bytes.data() + slice.at, slice.size}; }
  std::size_t footprint() const {
    return bytes.capacity() + records.capacity() * sizeof(Record) +
           headers.capacity() * sizeof(Slice);
  }
};

/// Events to records. Thread-safe.
class RecordEncoder {
 public:
  explicit RecordEncoder(RecordSettings settings) : settings_(std::move(settings)) {}

  std::unique_ptr<RecordParcel> encode(const Batch& batch,
                                       std::span<const std::uint32_t> events) const;

  const RecordSettings& settings() const { return settings_; }

  /// Kafka's own limit of a topic's name.
  static constexpr std::size_t kMostTopicBytes = 249;
  /// Of one parcel; what comes after is refused as too large. A batch is far from it.
  static constexpr std::size_t kMostParcelBytes = std::size_t{1} << 31;

 private:
  void append(const ConstEvent& event, RecordParcel& parcel) const;
  std::string_view check(const RecordParcel& parcel, const Record& record) const;

  const RecordSettings settings_;
};

/// Letters, digits, '.', '_' and '-', 1 to 249 of them, and neither "." nor "..".
bool is_topic_name(std::string_view name);

}  // namespace millrace::kafka::out
