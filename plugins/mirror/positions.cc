#include "plugins/mirror/positions.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <charconv>

#include "plugins/mirror/read_whole.h"

namespace millrace::mirror {
namespace {

template <typename Number>
bool read_number(std::string_view text, Number& to, int base = 10) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, to, base);
  return error == std::errc() && stop == end && !text.empty();
}

/// Up to `separator`, which is taken off `text` too.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return taken;
}

std::optional<Witness> decode_witness(std::string_view text) {
  Witness out;
  const bool good = read_number(take_until(text, ':'), out.offset) &&
                    read_number(take_until(text, ':'), out.time_ms) &&
                    read_number(text, out.hash, 16);
  return good ? std::optional(out) : std::nullopt;
}

/// Adds one record of the topic.
Result<void> take_record(const kafka::Message& message, Positions& out) {
  if (!message.key()) return {};
  if (*message.key() == PositionKey::kOwner) {
    out.owner = message.value().value_or("");
    return {};
  }
  const auto at_record = [&](Error error) {
    return fail(
        std::move(error).at(fmt::format("offset {}, `{}`", message.offset(), *message.key())));
  };
  if (*message.key() == PositionKey::kLayout) {
    auto layout = decode_layout(message.value().value_or(""));
    if (!layout) return at_record(std::move(layout).error());
    out.layout = *layout;
    return {};
  }
  const auto partition = PositionKey::decode(*message.key());
  if (!partition) return {};
  if (!message.value()) {
    out.all.erase(*partition);
    return {};
  }
  auto position = decode_position(*message.value());
  if (!position) return at_record(std::move(position).error());
  out.all[*partition] = *position;
  return {};
}

}  // namespace

Witness Witness::of(const kafka::Message& message) {
  const std::string_view key = message.key().value_or("");
  const std::string_view value = message.value().value_or("");
  const std::uint64_t of_key = XXH3_64bits(key.data(), key.size());
  return {message.offset(), message.timestamp_ms().value_or(-1),
          XXH3_64bits_withSeed(value.data(), value.size(), of_key)};
}

std::string PositionKey::encode(const kafka::TopicPartition& partition) {
  return fmt::format("{}/{}", partition.topic, partition.partition);
}

std::optional<kafka::TopicPartition> PositionKey::decode(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  kafka::TopicPartition out{std::string(key.substr(0, slash)), 0};
  if (!read_number(key.substr(slash + 1), out.partition) || out.partition < 0) return std::nullopt;
  return out;
}

std::string encode(const Position& position) {
  std::string out = fmt::format("v=1 next={} time={}", position.next, position.time_ms);
  if (position.witness)
    out += fmt::format(" witness={}:{}:{:x}", position.witness->offset, position.witness->time_ms,
                       position.witness->hash);
  return out;
}

Result<Position> decode_position(std::string_view value) {
  const std::string whole(value.substr(0, 200));
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::invalid, fmt::format("`{}` is no position: {}", whole, why));
  };
  Position out;
  bool has_version = false, has_next = false;
  while (!value.empty()) {
    std::string_view text = take_until(value, ' ');
    const std::string_view name = take_until(text, '=');
    if (name == "v") {
      if (text != "1") return refuse("a newer millrace wrote it");
      has_version = true;
    } else if (name == "next") {
      if (!read_number(text, out.next) || out.next < 0) return refuse("`next` is no offset");
      has_next = true;
    } else if (name == "time") {
      if (!read_number(text, out.time_ms)) return refuse("`time` is no number");
    } else if (name == "witness") {
      out.witness = decode_witness(text);
      if (!out.witness) return refuse("`witness` is not OFFSET:TIME:HASH");
    }
  }
  if (!has_version || !has_next) return refuse("`v` or `next` is missing");
  return out;
}

std::string encode(const Layout& layout) {
  std::string out = fmt::format("v=1 shards={}", layout.shards);
  if (layout.next > 0) out += fmt::format(" next={}", layout.next);
  return out;
}

Result<Layout> decode_layout(std::string_view value) {
  const std::string whole(value.substr(0, 200));
  Layout out;
  bool good = true, has_version = false;
  while (!value.empty() && good) {
    std::string_view text = take_until(value, ' ');
    const std::string_view name = take_until(text, '=');
    if (name == "v") good = has_version = text == "1";
    if (name == "shards") good = read_number(text, out.shards) && out.shards > 0;
    if (name == "next") good = read_number(text, out.next) && out.next > 0;
  }
  if (!good || !has_version || out.shards == 0)
    return fail(Errc::invalid, fmt::format("`{}` does not say how many shards there are, or a "
                                           "newer millrace wrote it",
                                           whole));
  return out;
}

Result<Positions> read_positions(const kafka::Properties& properties, const std::string& component,
                                 const std::string& topic, std::int32_t shard,
                                 std::chrono::milliseconds patience, const StopSignal& stop) {
  Positions out;
  const auto take = [&](const kafka::Message& message) -> Result<void> {
    auto taken = take_record(message, out);
    if (!taken) return fail(std::move(taken).error().at(fmt::format("{}/{}", topic, shard)));
    return {};
  };
  auto read = read_whole(properties, component, {topic, shard}, patience, stop, take);
  if (!read) return fail(std::move(read).error());
  return out;
}

}  // namespace millrace::mirror
