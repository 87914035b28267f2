// Segments of the dead-letter queue. The first byte chooses: bytes as they are, after a segment's
// header; a payload under checksums that agree, which fuzzing would not find; or an event. What is
// read must print, and come back the same when it is written again.

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "pipeline/event/event_bytes.h"
#include "pipeline/event/json_write.h"
#include "pipeline/queue/dead_letter_record.h"

namespace {

using namespace millrace;

void read_event(std::string_view bytes) {
  const auto batch = Batch::make();
  const auto event = read_event_bytes(bytes, *batch);
  if (!event) return;
  Buffer json;
  write_json(*event, json, true);
  Buffer once;
  write_event_bytes(*event, once);
  const auto again = read_event_bytes(once.view(), *batch);
  if (!again) std::abort();
  Buffer twice;
  write_event_bytes(*again, twice);
  if (once.view() != twice.view()) std::abort();
}

void read_records(std::string_view bytes) {
  while (!bytes.empty()) {
    const dlq::Found found = dlq::read_record(bytes);
    if (found.what == dlq::Found::What::incomplete) {
      if (found.bytes <= bytes.size()) std::abort();
      return;
    }
    if (found.bytes == 0 || found.bytes > bytes.size()) std::abort();
    if (found.what == dlq::Found::What::record) read_event(found.record.event);
    bytes.remove_prefix(found.bytes);
  }
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

std::string with_checksums(std::string_view payload) {
  std::uint32_t header[3] = {static_cast<std::uint32_t>(payload.size()), checksum(payload), 0};
  header[2] = checksum({reinterpret_cast<const char*>(header), 8});
  return std::string(reinterpret_cast<const char*>(header), sizeof header).append(payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      read_records(bytes);
      break;
    case 1:
      read_records(with_checksums(bytes));
      break;
    default:
      read_event(bytes);
  }
  return 0;
}
