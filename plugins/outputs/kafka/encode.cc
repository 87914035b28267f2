#include "plugins/outputs/kafka/encode.h"

#include <algorithm>

namespace millrace::kafka::out {
namespace {

/// What `write` appends to the parcel's bytes.
template <typename Write>
Slice append_slice(Buffer& bytes, Write&& write) {
  const std::size_t at = bytes.size();
  write();
  return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(bytes.size() - at)};
}

}  // namespace

bool is_topic_name(std::string_view name) {
  const auto is_legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= RecordEncoder::kMostTopicBytes && name != "." &&
         name != ".." && std::all_of(name.begin(), name.end(), is_legal);
}

std::unique_ptr<RecordParcel> RecordEncoder::encode(const Batch& batch,
                                                    std::span<const std::uint32_t> events) const {
  auto parcel = std::make_unique<RecordParcel>();
  parcel->records.reserve(events.size());
  parcel->headers.reserve(events.size() * settings_.headers.size());
  for (const std::uint32_t at : events) append(batch[at], *parcel);
  return parcel;
}

void RecordEncoder::append(const ConstEvent& event, RecordParcel& parcel) const {
  Record record;
  record.event = event.at();
  Buffer& bytes = parcel.bytes;
  const std::size_t before = bytes.size();
  record.topic = append_slice(bytes, [&] { settings_.topic.append(event, bytes); });
  if (settings_.key) {
    record.has_key = true;
    record.key = append_slice(bytes, [&] { settings_.key->append(event, bytes); });
  }
  record.first_header = static_cast<std::uint32_t>(parcel.headers.size());
  for (const auto& [name, value] : settings_.headers)
    parcel.headers.push_back(append_slice(bytes, [&, &v = value] { v.append(event, bytes); }));
  record.value = append_slice(bytes, [&] { settings_.encoder->encode(event, bytes); });
  record.refused =
      bytes.size() > kMostParcelBytes ? std::string_view("too_large") : check(parcel, record);
  if (!record.refused.empty()) bytes.truncate(before + record.topic.size);
  parcel.records.push_back(record);
}

std::string_view RecordEncoder::check(const RecordParcel& parcel, const Record& record) const {
  if (!settings_.topic.is_constant() && !is_topic_name(parcel.view(record.topic)))
    return "invalid_topic";
  std::size_t size = std::size_t{record.key.size} + record.value.size;
  for (std::size_t i = 0; i < settings_.headers.size(); ++i)
    size += parcel.headers[record.first_header + i].size + settings_.headers[i].first.size();
  return size > settings_.most_bytes ? "too_large" : "";
}

}  // namespace millrace::kafka::out
