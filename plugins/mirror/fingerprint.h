#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "plugins/support/kafka/producer.h"

namespace millrace::mirror {

/// What an audit keeps of a record: whether its parts are the same can be told, not what they are.
/// 64-bit hashes; null and empty differ.
struct Fingerprint {
  std::int64_t offset = 0;
  std::int64_t time_ms = -1;  ///< -1: none
  std::uint64_t key = 0;
  std::uint64_t value = 0;
  std::uint64_t headers = 0;           ///< names, values and their order; without the mirror's own
  std::optional<std::int64_t> origin;  ///< of a copy that says so: its offset on the source
};

/// A record's parts, as a client shows them.
struct RecordView {
  std::int64_t offset = 0;
  std::optional<std::int64_t> time_ms;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::span<const kafka::Header> headers;
};

/// `origin_place`: "CLUSTER/TOPIC/PARTITION/" of the source, whose offset a copy's last
/// `millrace.src` header may tell; "" for records of the source itself.
Fingerprint fingerprint(const RecordView& record, std::string_view origin_place);

/// In what a copy differs: "value", "key and headers"; "" where it does not. A source's time of 0
/// or none cannot be carried by librdkafka and is not compared.
std::string difference(const Fingerprint& source, const Fingerprint& copy);

/// Of both, in order: what an audit prints to be compared by people.
std::uint64_t roll(std::uint64_t so_far, const Fingerprint& next);

}  // namespace millrace::mirror
