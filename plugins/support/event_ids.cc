#include "plugins/support/event_ids.h"

#include <array>
#include <charconv>
#include <cstring>

namespace millrace {

std::optional<EventIds> EventIds::if_mentioned() {
  if (Names::find("millrace") == kFirstLocalName) return std::nullopt;
  auto field = FieldRef::parse("[@metadata][millrace][id]");
  if (!field) return std::nullopt;
  return EventIds(std::move(*field));
}

void EventIds::put(Event event, std::string_view source, std::uint64_t position,
                   std::uint32_t part) const {
  std::array<char, 48> tail{':'};  // ":18446744073709551615.4294967295" fits
  char* at = std::to_chars(tail.data() + 1, tail.data() + 21, position).ptr;
  if (part > 0) {
    *at = '.';
    at = std::to_chars(at + 1, tail.data() + tail.size(), part).ptr;
  }
  const auto size = static_cast<std::size_t>(at - tail.data());
  char* const id = event.batch().arena().array<char>(source.size() + size);
  std::memcpy(id, source.data(), source.size());
  std::memcpy(id + source.size(), tail.data(), size);
  // False only where a codec read an @metadata that is no object out of the data.
  (void)event.set(field_, Value::of(std::string_view(id, source.size() + size)));
}

}  // namespace millrace
