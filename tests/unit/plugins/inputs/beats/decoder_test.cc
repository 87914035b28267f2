#include "plugins/inputs/beats/decoder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "tests/unit/plugins/inputs/beats/frames.h"
#include "tests/unit/support/test_data.h"

namespace millrace::beats {
namespace {

using namespace frames;
using namespace std::string_literals;

/// One item in a line: `W2 n=2`, `J2 #1 {...}`, ...
std::string print(const Item& item) {
  const char* const end = item.ends_window ? "." : "";
  switch (item.kind) {
    case Item::Kind::window:
      return fmt::format("W{} n={}{}", item.version, item.count, end);
    case Item::Kind::json:
      return fmt::format("J{} #{} {}{}", item.version, item.sequence, item.payload, end);
    case Item::Kind::oversized:
      return fmt::format("too large{} #{} {} bytes {}{}", item.version, item.sequence, item.length,
                         item.payload, end);
    case Item::Kind::pairs:
      break;
  }
  std::string out = fmt::format("D{} #{}", item.version, item.sequence);
  PairReader reader(item);
  while (const auto pair = reader.next()) out += fmt::format(" {}={}", pair->key, pair->value);
  return out + end;
}

struct Decoded {
  std::vector<std::string> items;
  std::string error;
  bool in_frame = false;
  std::size_t most_memory = 0;
  bool operator==(const Decoded& other) const {
    return items == other.items && error == other.error && in_frame == other.in_frame;
  }
};

/// `stream` in pieces whose sizes `cut` says.
template <typename Cut>
Decoded decode(std::string_view stream, Limits limits, Cut cut) {
  Decoder decoder(limits);
  Decoded out;
  while (!stream.empty()) {
    const std::span<char> room = decoder.room();
    const std::size_t some = std::min({std::size_t{cut()}, stream.size(), room.size()});
    std::memcpy(room.data(), stream.data(), some);
    stream.remove_prefix(some);
    decoder.commit(some);
    for (;;) {
      auto item = decoder.next();
      out.most_memory = std::max(out.most_memory, decoder.footprint());
      if (!item) {
        out.error = item.error().message;
        return out;
      }
      if (!*item) break;
      out.items.push_back(print(**item));
    }
    decoder.park();
  }
  out.in_frame = decoder.in_frame();
  return out;
}

Decoded decode(std::string_view stream, Limits limits = {}) {
  return decode(stream, limits, [] { return std::size_t{1} << 20; });
}

std::vector<std::string> items(std::string_view stream, Limits limits = {}) {
  const Decoded decoded = decode(stream, limits);
  EXPECT_EQ(decoded.error, "");
  EXPECT_FALSE(decoded.in_frame);
  return decoded.items;
}

std::string error(std::string_view stream, Limits limits = {}) {
  return decode(stream, limits).error;
}

using Items = std::vector<std::string>;

const std::string kTwo = json(1, R"({"message":"a"})") + json(2, R"({"message":"b"})");
const Items kTwoItems = {"W2 n=2", R"(J2 #1 {"message":"a"})", R"(J2 #2 {"message":"b"}.)"};

std::string many(std::size_t count, std::size_t first = 1) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    out += json(first + i, fmt::format(R"({{"n":{}}})", first + i));
  return out;
}

TEST(BeatsDecoder, ReadsAWindowBareAndCompressed) {
  EXPECT_EQ(items(window(2) + kTwo), kTwoItems);
  EXPECT_EQ(items(window(2) + compressed(kTwo)), kTwoItems);
  EXPECT_EQ(items(compressed(window(2) + kTwo)), kTwoItems);
  EXPECT_EQ(items(window(2) + compressed(json(1, R"({"message":"a"})")) +
                  compressed(json(2, R"({"message":"b"})"))),
            kTwoItems);
}

TEST(BeatsDecoder, ReadsTheStreamThatABeatSends) {
  const std::string compressed_window =
      "\x32\x57\x00\x00\x00\x02\x32\x43\x00\x00\x00\x28"
      "\x78\x5e\x33\xf2\x62\x60\x60\x60\x04\x62\xfe\x6a\xa5\xdc\xd4\xe2\xe2\xc4\xf4\x54\x25\x2b\xa5"
      "\x44\xa5\x5a\x23\x90\x04\x13\xba\x44\x92\x52\x2d\x00\xf9\xa7\x0b\x1b"s;
  EXPECT_EQ(items(compressed_window), kTwoItems);
}

TEST(BeatsDecoder, ReadsPairsAndVersionsInAnyMixture) {
  EXPECT_EQ(items(window(1, '1') + pairs(7, {{"line", "hi"}, {"host", "h1"}})),
            (Items{"W1 n=1", "D1 #7 line=hi host=h1."}));
  // The window's version is the one to answer with.
  EXPECT_EQ(items(window(2, '1') + compressed(json(1, "{}", '1') + pairs(2, {{"", ""}}, '2'), '1')),
            (Items{"W1 n=2", "J1 #1 {}", "D1 #2 =."}));
  EXPECT_EQ(items(window(1) + pairs(0xffffffff, {{"a", "b"}}, '1') + window(1, '1') + json(0, "x")),
            (Items{"W2 n=1", "D2 #4294967295 a=b.", "W1 n=1", "J1 #0 x."}));
}

TEST(BeatsDecoder, AnEmptyWindowIsCompleteAtOnce) {
  EXPECT_EQ(items(window(0) + window(0, '1')), (Items{"W2 n=0.", "W1 n=0."}));
}

TEST(BeatsDecoder, EveryCutGivesTheSame) {
  const std::string stream = window(2, '1') + pairs(1, {{"line", "one"}, {"offset", ""}}) +
                             compressed(json(2, R"({"x":[1,2]})", '1')) + window(3) +
                             compressed(many(2)) + compressed(many(1, 3)) + window(0);
  const Decoded whole = decode(stream);
  ASSERT_EQ(whole.error, "");
  ASSERT_EQ(whole.items.size(), 8u);
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    std::size_t piece = 0;
    EXPECT_EQ(decode(stream, {}, [&] { return piece++ == 0 ? cut : stream.size(); }), whole) << cut;
  }
  EXPECT_EQ(decode(stream, {}, [] { return std::size_t{1}; }), whole);
}

TEST(BeatsDecoder, RandomStreamsAreTheSameInRandomCuts) {
  std::mt19937 random(7);
  const auto up_to = [&](std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(1, most)(random);
  };
  for (int round = 0; round < 50; ++round) {
    std::string stream;
    for (int w = 0; w < 4; ++w) {
      const std::size_t count = up_to(300);
      std::string events;
      for (std::size_t i = 1; i <= count; ++i)
        events += up_to(4) == 1 ? pairs(i, {{"line", std::string(up_to(2000), 'x')}})
                                : json(i, std::string(up_to(2000), 'j'));
      stream += window(count) + (up_to(2) == 1 ? events : compressed(events));
    }
    const Decoded whole = decode(stream);
    ASSERT_EQ(whole.error, "");
    EXPECT_EQ(decode(stream, {}, [&] { return up_to(20'000); }), whole);
  }
}

TEST(BeatsDecoder, HoldsALargestWindowOfEventsInLittleMemory) {
  const std::string events = many(65'536);
  const Decoded decoded = decode(window(65'536) + compressed(events), {}, [] { return 50'000u; });
  EXPECT_EQ(decoded.error, "");
  EXPECT_EQ(decoded.items.size(), 65'537u);
  EXPECT_LT(decoded.most_memory, 6u << 20);
}

TEST(BeatsDecoder, ReadsFramesOfAnySizeAndRatio) {
  const std::string small = many(1);
  for (const std::size_t size : {1u << 10, 100u << 10, 3u << 20, 9u << 20})
    for (const bool repetitive : {true, false}) {
      std::string text(size, 'x');
      std::mt19937 random(size);
      if (!repetitive)
        for (char& c : text) c = static_cast<char>('a' + random() % 26);
      const std::string frames = json(1, text) + small;
      const Decoded decoded = decode(window(2) + compressed(frames) + window(1) + compressed(small),
                                     {}, [] { return 100'000u; });
      EXPECT_EQ(decoded.error, "");
      EXPECT_EQ(decoded.items, decode(window(2) + frames + window(1) + small).items);
    }
}

TEST(BeatsDecoder, ReadsWhatFilebeatSent) {
  const Decoded nginx = decode(test_data("lumberjack/filebeat-zlib3.bin"));
  EXPECT_EQ(nginx.error, "");
  EXPECT_EQ(nginx.items.size(), 303u);
  EXPECT_EQ(nginx.items[0], "W2 n=128");
  EXPECT_EQ(nginx.items[258], "W2 n=44");
  EXPECT_TRUE(nginx.items[1].starts_with(R"(J2 #1 {"@timestamp":"2026-)")) << nginx.items[1];
  EXPECT_TRUE(nginx.items[302].ends_with("}."));
  EXPECT_EQ(decode(test_data("lumberjack/filebeat-odd.bin"), {}, [] { return 1u; }).items.size(),
            14u);
}

TEST(BeatsDecoder, SkipsAnEventThatIsTooLargeAndGoesOn) {
  Limits limits;
  limits.event_bytes = 100;
  const std::string large(5000, 'x');
  const Items expected = {"W2 n=3", "J2 #1 {}", fmt::format("too large2 #2 5000 bytes {}", large),
                          "J2 #3 {}."};
  const std::string events = json(1, "{}") + json(2, large) + json(3, "{}");
  EXPECT_EQ(items(window(3) + events, limits), expected);
  EXPECT_EQ(items(window(3) + compressed(events), limits), expected);
  const Decoded cut = decode(window(3) + compressed(events), limits, [] { return 1u; });
  EXPECT_EQ(cut.items, expected);

  const std::string pair_event = pairs(1, {{"a", "b"}, {"line", large}, {"c", "d"}});
  const std::size_t length = pair_event.size() - 10;
  EXPECT_EQ(
      items(window(2, '1') + pair_event + json(2, "{}", '1'), limits),
      (Items{"W1 n=2", fmt::format("too large1 #1 {} bytes {}cd", length, large), "J1 #2 {}."}));
}

TEST(BeatsDecoder, KeepsOnlyTheHeadOfWhatIsTooLarge) {
  const std::string stream = window(1) + json(1, std::string(20u << 20, 'x'));
  const Decoded decoded = decode(stream);
  EXPECT_EQ(decoded.error, "");
  ASSERT_EQ(decoded.items.size(), 2u);
  EXPECT_LT(decoded.items[1].size(), Decoder::kOversizedHead + 100);
  EXPECT_LT(decoded.most_memory, 6u << 20);
}

TEST(BeatsDecoder, SaysWhatIsWrongWithAFrame) {
  EXPECT_EQ(error("\x16\x03\x01\x02"),
            "expected a frame of version 1 or 2; is this a TLS client? Then set ssl_enabled (at 16 "
            "03 01 02)");
  EXPECT_EQ(
      error("GET / HTTP/1.1"),
      "expected a frame of version 1 or 2; is this an HTTP client? (at 47 45 54 20 2f 20 48 54 "
      "54 50 2f 31 2e 31)");
  EXPECT_EQ(error("2X"), "expected a frame of type W, J, D or C (at 32 58)");
  EXPECT_EQ(error("2A" + u32(1)),
            "an acknowledgement, which only a server sends (at 32 41 00 00 00 01)");
  EXPECT_EQ(error(window(0xffffffff)),
            "a window of 4294967295 events, the limit is 65536 (at 32 57 ff ff ff ff)");
  EXPECT_EQ(error(window(3) + many(1) + window(1)),
            "a new window although the last one has 1 of its 3 events (at 32 57 00 00 00 01)");
  EXPECT_EQ(error(many(1)),
            "an event outside of a window (at 32 4a 00 00 00 01 00 00 00 07 7b 22 6e 22 3a 31)");
  EXPECT_EQ(
      error(window(1) + compressed(many(2))),
      "an event outside of a window (at inflated 32 4a 00 00 00 02 00 00 00 07 7b 22 6e 22 3a "
      "32)");
  EXPECT_EQ(error(window(1) + "2J" + u32(1) + u32(0)),
            "an event of 0 bytes (at 32 4a 00 00 00 01 00 00 00 00)");
  EXPECT_EQ(error(window(1) + "2J" + u32(1) + u32(0xffffffff)),
            "an event of at least 4294967295 bytes, the limit is 134217728");
  EXPECT_EQ(error(window(1) + pairs(1, {})),
            "an event of 0 pairs (at 31 44 00 00 00 01 00 00 00 00)");
  EXPECT_EQ(error(window(1) + "1D" + u32(1) + u32(0xffffffff)),
            "an event of 4294967295 pairs, the limit is 10000 (at 31 44 00 00 00 01 ff ff ff ff)");
  EXPECT_TRUE(error(window(1) + "1D" + u32(1) + u32(1) + u32(0xffffffff))
                  .starts_with("an event of at least 4294967299 bytes, the limit is 134217728"));
}

TEST(BeatsDecoder, SaysWhatIsWrongWithACompressedFrame) {
  EXPECT_EQ(error("2C" + u32(0)), "a compressed frame of 0 bytes (at 32 43 00 00 00 00)");
  EXPECT_EQ(
      error("2C" + u32(0xffffffff)),
      "a compressed frame of 4294967295 bytes, the limit is 134217728 (at 32 43 ff ff ff ff)");
  EXPECT_TRUE(error(compressed(compressed(kTwo)))
                  .starts_with("a compressed frame inside a compressed frame (at inflated 32 43"));
  EXPECT_TRUE(error(wrapped("no zlib stream")).starts_with("zlib: incorrect header check"));
  std::string damaged = zlib(kTwo);
  damaged.back() ^= 1;
  EXPECT_EQ(error(window(2) + wrapped(damaged)), "zlib: incorrect data check");
  EXPECT_EQ(
      error(window(2) + wrapped(zlib(kTwo) + "xyz")),
      "3 bytes behind the zlib stream of a compressed frame (at inflated 32 4a 00 00 00 01 00 "
      "00 00 0f 7b 22 6d 65 73 73)");
  const std::string stream = zlib(kTwo);
  EXPECT_TRUE(error(window(2) + wrapped(stream.substr(0, stream.size() - 2)))
                  .starts_with("the zlib stream of a compressed frame is cut short"));
  EXPECT_TRUE(error(window(2) + compressed(kTwo.substr(0, kTwo.size() - 1)) + "x")
                  .starts_with("a frame that goes on past the end of its compressed frame"));
}

TEST(BeatsDecoder, AnEventWithoutAWindowIsOneWhereThatIsAllowed) {
  Limits limits;
  limits.strict_windows = false;
  EXPECT_EQ(items(many(2) + window(1) + many(1), limits),
            (Items{R"(J2 #1 {"n":1}.)", R"(J2 #2 {"n":2}.)", "W2 n=1", R"(J2 #1 {"n":1}.)"}));
}

TEST(BeatsDecoder, StopsBombsInLittleMemory) {
  const Decoded zeros = decode(window(1) + compressed(std::string(100u << 20, '\0'), '2', 9), {},
                               [] { return 4096u; });
  EXPECT_TRUE(zeros.error.starts_with("expected a frame of version 1 or 2 (at inflated 00 00"));
  EXPECT_LT(zeros.most_memory, 4u << 20);

  std::string tiny;
  for (int i = 0; i < 200'000; ++i) tiny += json(1, "{}");
  EXPECT_TRUE(error(window(65'536) + compressed(tiny, '2', 9)).starts_with("an event outside"));

  Limits limits;
  limits.inflated_bytes = 10u << 20;
  const std::string half = compressed(json(1, std::string(6u << 20, 'x')));
  EXPECT_TRUE(error(window(2) + half + half, limits)
                  .starts_with("a window inflates to more than 10485760 bytes"));
  EXPECT_EQ(error(window(1) + half + window(1) + half, limits), "");
  std::string empty_windows;
  for (int i = 0; i < 2'000'000; ++i) empty_windows += window(0);
  EXPECT_TRUE(error(compressed(empty_windows), limits)
                  .starts_with("a window inflates to more than 10485760 bytes"));
}

TEST(BeatsDecoder, AnnouncedSizesAllocateNothing) {
  const Decoded decoded = decode(window(65'536) + "2J" + u32(1) + u32((16u << 20) - 1) + "{");
  EXPECT_EQ(decoded.error, "");
  EXPECT_TRUE(decoded.in_frame);
  EXPECT_LE(decoded.most_memory, 129u * 1024);
}

TEST(BeatsDecoder, AWaitingStreamHoldsFewBytes) {
  Decoder decoder({});
  const auto feed = [&](std::string_view bytes) {
    std::memcpy(decoder.room().data(), bytes.data(), bytes.size());
    decoder.commit(bytes.size());
    while (decoder.next().value()) {
    }
    decoder.park();
  };
  feed(window(1).substr(0, 3));
  EXPECT_LE(decoder.footprint(), 100u);
  EXPECT_TRUE(decoder.in_frame());
  feed(window(1).substr(3) + compressed(many(1)));
  EXPECT_LE(decoder.footprint(), 100u);
  EXPECT_FALSE(decoder.in_frame());
}

}  // namespace
}  // namespace millrace::beats
