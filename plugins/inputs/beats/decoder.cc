#include "plugins/inputs/beats/decoder.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::beats {
namespace {

constexpr std::size_t kWindowHeader = 6;
constexpr std::size_t kCompressedHeader = 6;
constexpr std::size_t kEventHeader = 10;
constexpr std::size_t kLength = 4;
constexpr std::size_t kLeastInflateRoom = 16 * 1024;
/// A compressed frame of at most so many bytes is collected and unpacked as a whole ...
constexpr std::size_t kInflatedWhole = std::size_t{1} << 20;
/// ... unless it inflates to more than this.
constexpr std::size_t kMostInflatedWhole = std::size_t{4} << 20;
constexpr std::size_t kMostRatio = 64;

std::uint32_t u32(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(bytes[at + i])};
  };
  return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{}{:02x}", out.empty() ? "" : " ", c & 0xff);
  return out;
}

/// What bytes that begin no frame probably are.
std::string_view guess(std::string_view bytes) {
  if (bytes.starts_with("\x16\x03")) return "; is this a TLS client? Then set ssl_enabled";
  for (const std::string_view method : {"GET ", "POST", "PUT ", "HEAD", "OPTI"})
    if (bytes.starts_with(method)) return "; is this an HTTP client?";
  return "";
}

}  // namespace

Decoder::Next Decoder::next() {
  for (;;) {
    const bool was_inside = inside_;
    auto item = skip_ ? skip() : parse();
    if (!item || *item) return item;
    if (!inside_) return std::optional<Item>();
    if (!was_inside) continue;  // a compressed frame has begun: what it holds comes next
    auto more = inflated_all_ ? end_compressed() : inflate_more();
    if (!more) return fail(std::move(more).error());
    if (!*more) return std::optional<Item>();
  }
}

Decoder::Next Decoder::parse() {
  const std::string_view bytes = current().unread();
  if (bytes.empty()) return std::optional<Item>();
  if (bytes[0] != '1' && bytes[0] != '2')
    return refuse(Errc::protocol,
                  fmt::format("expected a frame of version 1 or 2{}", guess(bytes)));
  if (bytes.size() < 2) return std::optional<Item>();
  switch (bytes[1]) {
    case 'W':
      return parse_window(bytes);
    case 'J':
      return parse_json(bytes);
    case 'D':
      return parse_pairs(bytes);
    case 'C':
      return begin_compressed(bytes);
    case 'A':
      return refuse(Errc::protocol, "an acknowledgement, which only a server sends");
    default:
      return refuse(Errc::protocol, "expected a frame of type W, J, D or C");
  }
}

Decoder::Next Decoder::parse_window(std::string_view bytes) {
  if (bytes.size() < kWindowHeader) return std::optional<Item>();
  const std::uint32_t count = u32(bytes, 2);
  if (window_.open)
    return refuse(Errc::protocol,
                  fmt::format("a new window although the last one has {} of its {} events",
                              window_.received, window_.announced));
  if (count > limits_.window_events)
    return refuse(Errc::limit, fmt::format("a window of {} events, the limit is {}", count,
                                           limits_.window_events));
  if (!inside_) inflated_bytes_ = 0;
  window_ = {count > 0, bytes[0], count, 0};
  current().consume(kWindowHeader);
  return std::optional(Item{
      .kind = Item::Kind::window, .version = bytes[0], .count = count, .ends_window = count == 0});
}

Decoder::Next Decoder::parse_json(std::string_view bytes) {
  if (bytes.size() < kEventHeader) return std::optional<Item>();
  if (auto begun = begin_event(bytes[0]); !begun) return fail(std::move(begun).error());
  const std::uint32_t length = u32(bytes, 6);
  Item item{
      .kind = Item::Kind::json, .version = bytes[0], .sequence = u32(bytes, 2), .length = length};
  if (length == 0) return refuse(Errc::protocol, "an event of 0 bytes");
  if (length > limits_.event_bytes) return begin_skip(item, kEventHeader, length, 0);
  return take(item, kEventHeader, length);
}

/// Follows the lengths from where the last call stopped, so that a frame which arrives byte by byte
/// costs no more than one that comes at once.
Decoder::Next Decoder::parse_pairs(std::string_view bytes) {
  if (bytes.size() < kEventHeader) return std::optional<Item>();
  const std::uint32_t count = u32(bytes, 6);
  if (pairs_.at == 0) {
    if (auto begun = begin_event(bytes[0]); !begun) return fail(std::move(begun).error());
    if (count == 0) return refuse(Errc::protocol, "an event of 0 pairs");
    if (count > limits_.pairs)
      return refuse(Errc::limit,
                    fmt::format("an event of {} pairs, the limit is {}", count, limits_.pairs));
    pairs_ = {kEventHeader, std::uint64_t{2} * count};
  }
  Item item{
      .kind = Item::Kind::pairs, .version = bytes[0], .sequence = u32(bytes, 2), .count = count};
  while (pairs_.texts_left > 0) {
    if (bytes.size() < pairs_.at + kLength) return std::optional<Item>();
    const std::uint64_t length = u32(bytes, pairs_.at);
    if (pairs_.at + kLength + length > limits_.event_bytes) {
      const std::uint64_t texts_left = pairs_.texts_left - 1;
      const std::size_t at = pairs_.at;
      pairs_ = {};
      return begin_skip(item, at + kLength, length, texts_left);
    }
    if (bytes.size() < pairs_.at + kLength + length) return std::optional<Item>();
    pairs_ = {pairs_.at + kLength + length, pairs_.texts_left - 1};
  }
  const std::size_t end = pairs_.at;
  pairs_ = {};
  return take(item, kEventHeader, end - kEventHeader);
}

Decoder::Next Decoder::begin_compressed(std::string_view bytes) {
  if (inside_) return refuse(Errc::protocol, "a compressed frame inside a compressed frame");
  if (bytes.size() < kCompressedHeader) return std::optional<Item>();
  const std::uint32_t length = u32(bytes, 2);
  if (length == 0) return refuse(Errc::protocol, "a compressed frame of 0 bytes");
  if (length > limits_.frame_bytes)
    return refuse(Errc::limit, fmt::format("a compressed frame of {} bytes, the limit is {}",
                                           length, limits_.frame_bytes));
  const bool small = collects_ && length <= kInflatedWhole;
  if (small && bytes.size() < kCompressedHeader + length) return std::optional<Item>();
  if (!window_.open) inflated_bytes_ = 0;
  raw_.consume(kCompressedHeader);
  if (small && inflate_at_once(bytes.substr(kCompressedHeader, length))) {
    raw_.consume(length);
    inside_ = inflated_all_ = true;
    return std::optional<Item>();
  }
  auto inflater = Inflater::create();
  if (!inflater) return fail(std::move(inflater).error());
  inflater_ = std::move(*inflater);
  inside_ = true;
  inflated_all_ = false;
  compressed_left_ = length;
  return std::optional<Item>();
}

/// False: it is too large for that, or damaged. How much room it needs is guessed from the last
/// one.
bool Decoder::inflate_at_once(std::string_view stream) {
  const std::size_t most =
      std::min<std::uint64_t>(kMostInflatedWhole, limits_.inflated_bytes - inflated_bytes_);
  const std::span<char> out = inflated_.room(std::min(stream.size() * ratio_ + kLeastRoom, most));
  const auto produced = inflate_whole(stream, out.first(std::min(out.size(), most)));
  if (!produced) {
    ratio_ = std::min(2 * ratio_, kMostRatio);
    return false;
  }
  inflated_.commit(*produced);
  inflated_bytes_ += *produced;
  ratio_ = std::min(*produced * 9 / 8 / stream.size() + 1, kMostRatio);
  return true;
}

Result<void> Decoder::begin_event(char version) {
  if (window_.open) return {};
  if (limits_.strict_windows) return refuse(Errc::protocol, "an event outside of a window");
  window_ = {true, version, 1, 0};
  return {};
}

/// The item of a frame that lies in the buffer from its header to the payload's end; nullopt: it
/// does not yet.
std::optional<Item> Decoder::take(Item item, std::size_t header, std::size_t payload) {
  const std::string_view bytes = current().unread();
  if (bytes.size() < header + payload) return std::nullopt;
  item.payload = bytes.substr(header, payload);
  current().consume(header + payload);
  return end_event(item);
}

std::optional<Item> Decoder::end_event(Item item) {
  ++window_.received;
  if (window_.received == window_.announced) {
    item.ends_window = true;
    item.version = window_.version;
    window_.open = false;
  }
  return item;
}

Decoder::Next Decoder::begin_skip(Item item, std::size_t consumed, std::uint64_t left,
                                  std::uint64_t texts) {
  item.kind = Item::Kind::oversized;
  item.length = consumed - kEventHeader;
  skip_ = Skip{item, left, texts, {}};
  current().consume(consumed);
  return skip();
}

/// Past the texts of an oversized event, keeping only how they begin.
Decoder::Next Decoder::skip() {
  for (;;) {
    const std::string_view bytes = current().unread();
    if (skip_->item.length + skip_->left > limits_.frame_bytes)
      return refuse(Errc::limit,
                    fmt::format("an event of at least {} bytes, the limit is {}",
                                skip_->item.length + skip_->left, limits_.frame_bytes));
    const std::size_t some = std::min<std::uint64_t>(bytes.size(), skip_->left);
    skip_->head.append(bytes.substr(0, std::min(some, kOversizedHead - skip_->head.size())));
    current().consume(some);
    skip_->left -= some;
    skip_->item.length += some;
    if (skip_->left > 0) return std::optional<Item>();
    if (skip_->texts_left == 0) break;
    if (current().unread().size() < kLength) return std::optional<Item>();
    skip_->left = u32(current().unread(), 0);
    --skip_->texts_left;
    current().consume(kLength);
    skip_->item.length += kLength;
  }
  Item item = skip_->item;
  oversized_head_ = std::move(skip_->head);
  item.payload = oversized_head_;
  skip_.reset();
  return end_event(item);
}

Result<bool> Decoder::inflate_more() {
  const std::string_view in =
      raw_.unread().substr(0, std::min<std::uint64_t>(raw_.unread().size(), compressed_left_));
  const std::span<char> out = inflated_.room(kLeastInflateRoom);
  auto step = inflater_->inflate(in, out);
  if (!step) return refuse(step.error().code, step.error().message);
  inflated_.commit(step->produced);
  raw_.consume(step->consumed);
  compressed_left_ -= step->consumed;
  inflated_bytes_ += step->produced;
  inflated_all_ = step->ended;
  if (inflated_bytes_ > limits_.inflated_bytes)
    return refuse(Errc::limit,
                  fmt::format("a window inflates to more than {} bytes", limits_.inflated_bytes));
  if (step->ended && compressed_left_ > 0)
    return refuse(
        Errc::protocol,
        fmt::format("{} bytes behind the zlib stream of a compressed frame", compressed_left_));
  const bool progress = step->produced > 0 || step->consumed > 0 || step->ended;
  if (!progress && compressed_left_ == 0)
    return refuse(Errc::protocol, "the zlib stream of a compressed frame is cut short");
  return progress;
}

/// All that was inflated has been parsed.
Result<bool> Decoder::end_compressed() {
  if (skip_ || !inflated_.unread().empty())
    return refuse(Errc::protocol, "a frame that goes on past the end of its compressed frame");
  inflater_.reset();
  inside_ = false;
  collects_ = true;
  return true;
}

Error Decoder::refuse(Errc code, std::string what) const {
  constexpr std::size_t kShown = 16;
  const std::string_view bytes = current().unread().substr(0, kShown);
  return fail(code, bytes.empty() ? what
                                  : fmt::format("{} (at {}{})", what, inside_ ? "inflated " : "",
                                                hex(bytes)));
}

std::optional<PairReader::Pair> PairReader::next() {
  if (rest_.empty()) return std::nullopt;
  Pair pair;
  pair.key = text();
  pair.value = text();
  return pair;
}

std::string_view PairReader::text() {
  const std::size_t length = u32(rest_, 0);
  const std::string_view text = rest_.substr(kLength, length);
  rest_.remove_prefix(kLength + length);
  return text;
}

}  // namespace millrace::beats
