// The lumberjack decoder: hostile bytes give the same items or the same error however they are cut,
// in bounded memory. The last byte chooses the limits, the one before it how large the pieces are;
// so a recorded stream is a seed as it is.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "plugins/inputs/beats/decoder.h"

namespace {

using namespace millrace::beats;

constexpr std::size_t kMostMemory = std::size_t{4} << 20;

std::string show(const Item& item) {
  std::string out = std::to_string(static_cast<int>(item.kind)) + item.version +
                    std::to_string(item.sequence) + '/' + std::to_string(item.count) + '/' +
                    std::to_string(item.length) + (item.ends_window ? "." : ":");
  if (item.kind != Item::Kind::pairs) return out.append(item.payload) + '\n';
  PairReader reader(item);
  while (const auto pair = reader.next()) out.append(pair->key).append("=").append(pair->value);
  return out + '\n';
}

struct Decoded {
  std::string items;
  bool failed = false;
  bool unfinished = false;
};

Decoded decode(std::string_view bytes, const Limits& limits, std::size_t step) {
  Decoder decoder(limits);
  Decoded out;
  while (!bytes.empty()) {
    const std::span<char> room = decoder.room();
    const std::size_t some = std::min({step, bytes.size(), room.size()});
    std::memcpy(room.data(), bytes.data(), some);
    bytes.remove_prefix(some);
    decoder.commit(some);
    for (;;) {
      const auto item = decoder.next();
      if (decoder.footprint() > kMostMemory) std::abort();
      if (!item) {
        out.failed = true;
        return out;
      }
      if (!*item) break;
      out.items += show(**item);
    }
    decoder.park();
  }
  out.unfinished = decoder.in_frame();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Limits limits;
  limits.inflated_bytes = std::size_t{1} << 20;
  const std::uint8_t choice = data[size - 1];
  limits.strict_windows = choice & 1;
  if (choice & 2) limits.event_bytes = 100;
  if (choice & 4) limits.frame_bytes = 1000;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size - 2);
  const Decoded whole = decode(bytes, limits, bytes.size());
  const Decoded cut = decode(bytes, limits, data[size - 2] + 1u);
  if (whole.failed != cut.failed || whole.unfinished != cut.unfinished) std::abort();
  const std::string_view common = std::string_view(cut.items).substr(0, whole.items.size());
  if (common != whole.items || (!cut.failed && cut.items != whole.items)) std::abort();
  return 0;
}
