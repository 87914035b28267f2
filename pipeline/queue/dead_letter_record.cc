#include "pipeline/queue/dead_letter_record.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cstring>

#include "pipeline/event/event_bytes.h"
#include "pipeline/event/utf8.h"

namespace millrace::dlq {
namespace {

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

template <typename T>
void append_number(T number, Buffer& out) {
  std::memcpy(out.reserve(sizeof number), &number, sizeof number);
  out.commit(sizeof number);
}

void append_text(std::string_view text, Buffer& out) {
  append_number(static_cast<std::uint32_t>(text.size()), out);
  out.append(text);
}

template <typename T>
bool take_number(std::string_view& bytes, T& number) {
  if (bytes.size() < sizeof number) return false;
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes.remove_prefix(sizeof number);
  return true;
}

bool take_text(std::string_view& bytes, std::string_view& text) {
  std::uint32_t size = 0;
  if (!take_number(bytes, size) || size > bytes.size()) return false;
  text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

void append_payload(const DeadLetter& letter, Timestamp now, Buffer& out) {
  using Reason = DeadLetterReason;
  const Reason& reason = letter.reason;
  append_number(now.ns, out);
  append_text(cut_utf8(reason.code, Reason::kMostCodeBytes), out);
  append_text(cut_utf8(reason.message, Reason::kMostMessageBytes), out);
  append_text(cut_utf8(reason.plugin_type, Reason::kMostCodeBytes), out);
  append_text(reason.plugin_id.substr(0, kMostPayloadBytes), out);
  append_text(reason.details.size() <= Reason::kMostDetailsBytes ? reason.details : "", out);
  append_text(reason.original.substr(0, kMostPayloadBytes), out);
  write_event_bytes(ConstEvent(letter.batch, letter.at), out);
}

bool read_payload(std::string_view bytes, Record& record) {
  if (!take_number(bytes, record.time.ns)) return false;
  for (std::string_view* text : {&record.code, &record.message, &record.plugin_type,
                                 &record.plugin_id, &record.details, &record.original})
    if (!take_text(bytes, *text)) return false;
  record.event = bytes;
  return true;
}

}  // namespace

Result<void> write_record(const DeadLetter& letter, Timestamp now, Buffer& out) {
  const std::size_t begin = out.size();
  out.reserve(kRecordHeaderBytes);
  out.commit(kRecordHeaderBytes);
  append_payload(letter, now, out);
  const std::string_view payload = out.view().substr(begin + kRecordHeaderBytes);
  if (payload.size() > kMostPayloadBytes) {
    const std::size_t size = payload.size();
    out.truncate(begin);
    return fail(Errc::limit,
                fmt::format("a dead letter of {} bytes, limit {}", size, kMostPayloadBytes));
  }
  const std::uint32_t header[] = {static_cast<std::uint32_t>(payload.size()), checksum(payload)};
  std::memcpy(out.data() + begin, header, sizeof header);
  const std::uint32_t check = checksum(out.view().substr(begin, sizeof header));
  std::memcpy(out.data() + begin + sizeof header, &check, sizeof check);
  return {};
}

Found read_record(std::string_view bytes) {
  using What = Found::What;
  if (bytes.size() < kRecordHeaderBytes) return {What::incomplete, kRecordHeaderBytes};
  std::uint32_t header[3];
  std::memcpy(header, bytes.data(), sizeof header);
  const std::size_t size = header[0];
  if (checksum(bytes.substr(0, 8)) != header[2] || size > kMostPayloadBytes)
    return {What::lost, bytes.size()};
  const std::size_t whole = kRecordHeaderBytes + size;
  if (bytes.size() < whole) return {What::incomplete, whole};
  const std::string_view payload = bytes.substr(kRecordHeaderBytes, size);
  Found found{What::record, whole};
  if (checksum(payload) != header[1] || !read_payload(payload, found.record))
    return {What::damaged, whole};
  return found;
}

}  // namespace millrace::dlq
