#include "plugins/support/line_framer.h"

#include <gtest/gtest.h>

#include <cstring>

namespace millrace {
namespace {

/// Feeds `text` in pieces of `step` bytes; all messages in order, the rest of the end included.
std::vector<std::string> cut(std::string_view text, const Framing& framing, std::size_t step) {
  LineFramer framer(framing);
  std::vector<std::string> out;
  const auto collect = [&] {
    for (const std::string_view message : framer.messages()) out.emplace_back(message);
  };
  while (!text.empty()) {
    const std::span<char> room = framer.room();
    const std::size_t size = std::min({step, text.size(), room.size()});
    std::memcpy(room.data(), text.data(), size);
    text.remove_prefix(size);
    framer.commit(size);
    collect();
  }
  framer.finish();
  collect();
  return out;
}

struct CutCase {
  std::string about;
  std::string text;
  Framing framing;
  std::vector<std::string> messages;
};

TEST(LineFramer, CutsTheSameMessagesHoweverTheBytesArrive) {
  const std::vector<CutCase> cases = {
      {"lines", "one\ntwo\n\nfour\n", {}, {"one", "two", "", "four"}},
      {"no final newline", "one\ntwo", {}, {"one", "two"}},
      {"nothing", "", {}, {}},
      {"carriage returns are data", "a\r\nb\r\n", {}, {"a\r", "b\r"}},
      {"carriage returns are stripped", "a\r\nb\r\r\nc\r", {.strip_cr = true}, {"a", "b\r", "c"}},
      {"delimiter of two", "a|b||c||", {.delimiter = "||"}, {"a|b", "c"}},
      {"half a delimiter at the end", "a||b|", {.delimiter = "||"}, {"a", "b|"}},
      {"too long", "abcdefg\nhi\n", {.max_bytes = 3}, {"abc", "def", "g", "hi"}},
      {"just not too long", "abc||def", {.delimiter = "||", .max_bytes = 3}, {"abc", "def"}},
      {"no character is cut", "a\xC3\xBC\xC3\xBC\n", {.max_bytes = 4}, {"a\xC3\xBC", "\xC3\xBC"}},
  };
  for (const CutCase& c : cases)
    for (std::size_t step = 1; step <= c.text.size() + 1; ++step)
      EXPECT_EQ(cut(c.text, c.framing, step), c.messages) << c.about << ", in steps of " << step;
}

TEST(LineFramer, LeavesMessagesAloneThatWereGivenOut) {
  LineFramer framer({});
  std::vector<BlockRef> held;
  std::vector<std::string_view> views;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = "line " + std::to_string(i) + std::string(i % 97, 'x') + "\nrest";
    const std::size_t skip = i == 0 ? 0 : 4;  // "rest" of the time before completes this one
    const std::span<char> room = framer.room();
    ASSERT_GE(room.size(), line.size());
    std::memcpy(room.data(), line.data(), line.size());
    framer.commit(line.size());
    ASSERT_EQ(framer.messages().size(), 1u);
    held.push_back(framer.block());
    views.push_back(framer.messages()[0]);
    expected += (skip ? "rest" : "") + line.substr(0, line.size() - 5) + ";";
  }
  std::string got;
  for (const std::string_view view : views) got += std::string(view) + ";";
  EXPECT_TRUE(got == expected);
}

TEST(LineFramer, KnowsWhereMessagesBeginInTheStream) {
  LineFramer framer({}, 1000);
  const auto feed = [&](std::string_view text) {
    std::memcpy(framer.room().data(), text.data(), text.size());
    framer.commit(text.size());
  };
  feed("one\ntwo\nth");
  EXPECT_EQ(framer.position_of(0), 1000u);
  EXPECT_EQ(framer.position_of(1), 1004u);
  EXPECT_EQ(framer.position_of(2), 1008u);
  EXPECT_EQ(framer.unfinished(), 2u);
  feed("ree\n");
  EXPECT_EQ(framer.position_of(0), 1008u);
  EXPECT_EQ(framer.position_of(1), 1014u);
  const std::string big(100'000, 'x');
  for (int i = 0; i < 20; ++i) {
    std::string_view text = big;
    while (!text.empty()) {
      const std::span<char> room = framer.room();
      const std::size_t size = std::min(room.size(), text.size());
      std::memcpy(room.data(), text.data(), size);
      framer.commit(size);
      text.remove_prefix(size);
    }
  }
  feed("\n");
  EXPECT_EQ(framer.position_of(0), 1014u);
  EXPECT_EQ(framer.position_of(1), 1014u + 2'000'001u);
}

class MessageDecoder : public Decoder {
 public:
  void decode(std::span<const std::string_view> messages, Batch& out) override {
    ++calls;
    for (const std::string_view message : messages)
      out.add(Timestamp{0}).put(name::message, Value::of(message));
  }
  int calls = 0;
};

TEST(LineFramer, TagsEveryPieceOfAMessageThatIsTooLong) {
  LineFramer framer({.max_bytes = 4});
  constexpr std::string_view kText = "a\nb\nlonger\nc\n";
  std::memcpy(framer.room().data(), kText.data(), kText.size());
  framer.commit(kText.size());
  MessageDecoder decoder;
  auto batch = Batch::make();
  framer.decode(0, framer.messages().size(), decoder, *batch);
  std::string got;
  for (std::uint32_t at = 0; at < batch->size(); ++at)
    got += std::string((*batch)[at].get(name::message)->text()) +
           ((*batch)[at].has_tag("_messagetoolong") ? "! " : " ");
  EXPECT_EQ(got, "a b long! er! c ");
  EXPECT_EQ(decoder.calls, 4);
}

}  // namespace
}  // namespace millrace
