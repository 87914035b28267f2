#include "plugins/mirror/fingerprint.h"

#include <xxhash.h>

#include <array>
#include <charconv>

#include "plugins/mirror/provenance.h"

namespace millrace::mirror {
namespace {

std::uint64_t hash_of(std::optional<std::string_view> bytes, std::uint64_t seed) {
  if (!bytes) return ~seed;
  return XXH3_64bits_withSeed(bytes->data(), bytes->size(), seed);
}

std::optional<std::int64_t> offset_at(std::string_view text, std::string_view place) {
  if (!text.starts_with(place)) return std::nullopt;
  text.remove_prefix(place.size());
  std::int64_t offset = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
  if (error != std::errc() || stop != text.data() + text.size() || offset < 0) return std::nullopt;
  return offset;
}

}  // namespace

Fingerprint fingerprint(const RecordView& record, std::string_view origin_place) {
  Fingerprint out;
  out.offset = record.offset;
  out.time_ms = record.time_ms.value_or(-1);
  out.key = hash_of(record.key, 1);
  out.value = hash_of(record.value, 2);
  for (const kafka::Header& header : record.headers) {
    if (header.name == kHopHeader) continue;
    if (header.name == kSourceHeader) {
      // Of a chain of mirrors the last one tells of the source that is asked about.
      if (!origin_place.empty() && header.value)
        out.origin = offset_at(*header.value, origin_place);
      continue;
    }
    out.headers = hash_of(header.name, out.headers);
    out.headers = hash_of(header.value, out.headers);
  }
  return out;
}

std::string difference(const Fingerprint& source, const Fingerprint& copy) {
  std::string parts;
  const auto differs = [&](bool so, const char* part) {
    if (so) parts += (parts.empty() ? "" : " and ") + std::string(part);
  };
  differs(source.key != copy.key, "key");
  differs(source.value != copy.value, "value");
  differs(source.headers != copy.headers, "headers");
  differs(source.time_ms > 0 && source.time_ms != copy.time_ms, "timestamp");
  return parts;
}

std::uint64_t roll(std::uint64_t so_far, const Fingerprint& next) {
  const std::array<std::uint64_t, 4> all{so_far, next.key, next.value, next.headers};
  return XXH3_64bits(all.data(), sizeof all);
}

}  // namespace millrace::mirror
