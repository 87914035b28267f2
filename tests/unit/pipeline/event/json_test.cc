#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "pipeline/event/json_read.h"
#include "pipeline/event/json_write.h"

namespace millrace {
namespace {

std::string written(const Batch& batch, const Value& value) {
  Buffer out;
  write_json(batch, value, out);
  return std::string(out.view());
}

TEST(WriteJsonString, EscapesAtEveryOffset) {
  const std::pair<std::string_view, std::string_view> specials[] = {
      {"\n", "\\n"},       {"\"", "\\\""},           {"\\", "\\\\"},
      {"\x01", "\\u0001"}, {"\xFF", "\xEF\xBF\xBD"}, {"\xE6\x97\xA5", "\xE6\x97\xA5"}};
  for (const auto& [special, escaped] : specials) {
    for (std::size_t length = 0; length < 70; ++length) {
      for (std::size_t at = 0; at < length; ++at) {
        const std::string before(at, 'x');
        const std::string after(length - at - 1, 'y');
        Buffer out;
        write_json_string(before + std::string(special) + after, out);
        ASSERT_EQ(out.view(), "\"" + before + std::string(escaped) + after + "\"");
      }
    }
  }
}

TEST(WriteJsonString, EscapesOfAllAsciiOnlyControlsQuoteAndBackslash) {
  for (char c = 0; c < 127; ++c) {
    for (const std::size_t others : {3, 37}) {
      Buffer out;
      write_json_string(std::string(others, 'x') + c, out);
      const std::size_t escaped = out.size() - others - 2;
      if (c == '"' || c == '\\' || (c != 0 && std::strchr("\n\r\t\b\f", c)))
        EXPECT_EQ(escaped, 2u) << int{c};
      else
        EXPECT_EQ(escaped, c < ' ' ? 6u : 1u) << int{c};
    }
  }
}

TEST(WriteJsonString, ReadsNoMemoryThatIsNotThere) {
  constexpr std::size_t kPage = 4096;
  void* const pages =
      mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  char* const end = static_cast<char*>(pages) + kPage;
  ASSERT_EQ(mprotect(end, kPage, PROT_NONE), 0);
  for (std::size_t length = 0; length < 70; ++length) {
    std::memset(end - length, 'x', length);
    Buffer out;
    write_json_string({end - length, length}, out);
    EXPECT_EQ(out.view(), '"' + std::string(length, 'x') + '"');
  }
  munmap(pages, 2 * kPage);
  Buffer nothing;
  write_json_string({}, nothing);
  EXPECT_EQ(nothing.view(), "\"\"");
}

TEST(WriteJsonString, WhatFollowsATextIsNotWritten) {
  const std::string text(64, '"');
  for (std::size_t length = 0; length < text.size(); ++length) {
    Buffer out;
    write_json_string(std::string_view(text).substr(0, length), out);
    ASSERT_EQ(out.size(), 2 + 2 * length);
  }
}

TEST(WriteJsonString, LongTextsAreWrittenInPiecesThatCutNoCharacter) {
  constexpr std::size_t kPiece = 4096;
  for (std::size_t at = kPiece - 8; at < kPiece + 8; ++at) {
    const std::string before(at, 'x');
    const std::string after(2 * kPiece - at, 'y');
    for (const std::string character : {"\xC3\xA9", "\xE6\x97\xA5", "\xF0\x9F\x98\x80"}) {
      Buffer out;
      write_json_string(before + character + after, out);
      ASSERT_EQ(out.view(), "\"" + before + character + after + "\"") << at;
    }
  }
  Buffer all_escaped;
  write_json_string(std::string(3 * kPiece, '\1'), all_escaped);
  EXPECT_EQ(all_escaped.size(), 2 + 6 * 3 * kPiece);
}

TEST(WriteJsonString, ReplacesWhatIsNotUtf8) {
  const auto text = [](std::string_view in) {
    Buffer out;
    write_json_string(in, out);
    return std::string(out.view());
  };
  EXPECT_EQ(text("caf\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x98\x80"),
            "\"caf\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x98\x80\"");
  for (std::string_view bad : {"\xFF", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80",
                               "\xF5\x80\x80\x80", "\xF4\x90\x80\x80", "\x80"})
    EXPECT_EQ(text(bad).substr(0, 4), "\"\xEF\xBF\xBD") << bad.size();
  EXPECT_EQ(text(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
}

TEST(WriteJsonNumber, IsShortestAndReadsBack) {
  const auto text = [](double number) {
    Buffer out;
    write_json_number(number, out);
    return std::string(out.view());
  };
  EXPECT_EQ(text(1), "1.0");
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(1e300), "1.0E300");
  EXPECT_EQ(text(std::nan("")), "null");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonReader, KeepsNumbersThatNoMachineTypeHolds) {
  auto batch = Batch::make();
  JsonReader reader;
  const std::string_view text = batch->arena().copy(
      R"({"a":18446744073709551616,"b":[1e400,-9223372036854775809],"c":9223372036854775807})");
  auto value = reader.read(text, *batch);
  ASSERT_TRUE(value);
  EXPECT_EQ(written(*batch, *value), text);
}

TEST(JsonReader, RefusesWhatIsNotJson) {
  JsonReader reader;
  for (std::string_view bad : {"",
                               " ",
                               "{",
                               "}",
                               "[1,]",
                               "{\"a\":}",
                               "{\"a\" 1}",
                               "nul",
                               "[nul]",
                               "{\"a\":nope}",
                               "tru",
                               "01",
                               "1.",
                               "-",
                               "\"",
                               "\"\\q\"",
                               "{} x",
                               "[1] 2",
                               "1 2",
                               "\"a\nb\"",
                               "{'a':1}",
                               "\"\xFF\"",
                               "99999999999999999999x",
                               "[1e]"}) {
    auto batch = Batch::make();
    EXPECT_FALSE(reader.read(batch->arena().copy(bad), *batch)) << bad;
  }
}

TEST(JsonReader, RefusesNestingPastItsLimitWithoutCrashing) {
  JsonReader reader;
  for (std::size_t depth : {std::size_t{1000}, std::size_t{1'000'000}}) {
    auto batch = Batch::make();
    EXPECT_FALSE(reader.read(batch->arena().copy(std::string(depth, '[') + std::string(depth, ']')),
                             *batch));
    EXPECT_FALSE(reader.read(batch->arena().copy(std::string(depth, '[')), *batch));
  }
}

TEST(JsonReader, RefusesMoreValuesThanItMayTake) {
  JsonReader reader;
  const auto batch = Batch::make();
  const auto weight = 2 * (1 + JsonReader::kContainerWeight) + 2 * JsonReader::kKeyWeight + 3;
  const std::string_view text = batch->arena().copy(R"({"a":[1,2],"b":3})");
  EXPECT_TRUE(reader.read(text, *batch, weight));
  const auto read = reader.read(text, *batch, weight - 1);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::limit);
  EXPECT_EQ(read.error().message, "JSON of too many values");
}

TEST(JsonReader, CountsWhatALargeTextHoldsBeforeItMakesRoomForIt) {
  constexpr std::size_t kWeight = 200;
  const auto outcome = [&](std::string_view text) {
    JsonReader reader;
    const auto batch = Batch::make();
    const auto read = reader.read(batch->arena().copy(text), *batch, kWeight);
    return read ? std::string("good") : read.error().message;
  };
  const auto many = [](std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < 2 * kWeight + 2; ++i) out += text;
    return out;
  };
  for (const char* hostile : {",", "[", "}", ":", "\"\"", "0 ", "0\n", "\"a\"b", "\\\" "})
    EXPECT_EQ(outcome(many(hostile)), "JSON of too many values") << hostile;
  EXPECT_NE(outcome(many("x")), "JSON of too many values") << "one scalar, that makes no sense";
  for (const char* harmless : {"[", ",", "a b ", "\\\"[", "\\\\"})
    EXPECT_EQ(outcome("{\"a\":\"" + many(harmless) + "\"}"), "good") << harmless;
  EXPECT_EQ(outcome("[" + many(" ") + "0]"), "good");
  std::string values = "[0";
  for (std::size_t i = 1; i < kWeight - 1 - JsonReader::kContainerWeight; ++i) values += ",0";
  EXPECT_EQ(outcome(values + "]" + many(" ")), "good") << "as much as it may weigh";
}

TEST(JsonReader, TakesAHundredThousandKeysAndTheLastOfEqualOnes) {
  std::string text = "{\"k0\":-1";
  for (int i = 0; i < 100'000; ++i) text += ",\"k" + std::to_string(i) + "\":" + std::to_string(i);
  text += "}";
  auto batch = Batch::make();
  JsonReader reader;
  auto value = reader.read(batch->arena().copy(text), *batch);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->object().size, 100'000u);
  EXPECT_EQ(value->object().find(batch->names().id("k0"))->integer(), 0);
  EXPECT_EQ(value->object().find(batch->names().id("k99999"))->integer(), 99'999);
}

/// Makes random values of every type that JSON can carry.
class RandomValues {
 public:
  RandomValues(unsigned seed, Batch& batch) : random_(seed), batch_(batch) {}

  Value value(int depth) {
    switch (random_() % (depth < 4 ? 8 : 6)) {
      case 0:
        return Value();
      case 1:
        return Value::of(random_() % 2 == 0);
      case 2:
        return Value::of(static_cast<std::int64_t>(random_()) >> (random_() % 64));
      case 3:
        return Value::of(std::ldexp(static_cast<double>(static_cast<std::int64_t>(random_())),
                                    static_cast<int>(random_() % 200) - 100));
      case 4:
      case 5:
        return Value::of(batch_.arena().copy(text()));
      case 6: {
        Array* array = Array::make(batch_.arena(), 0);
        for (auto n = random_() % 6; n > 0; --n) array->push(batch_.arena(), value(depth + 1));
        return Value::of(array);
      }
      default: {
        Object* object = Object::make(batch_.arena(), 0);
        for (auto n = random_() % 50; n > 0; --n)
          object->slot(batch_.arena(), batch_.names().id(text())) = value(depth + 1);
        return Value::of(object);
      }
    }
  }

 private:
  std::string text() {
    static const std::string_view pieces[] = {"a",
                                              "Z",
                                              " ",
                                              "\"",
                                              "\\",
                                              "\n",
                                              "\t",
                                              "\x01",
                                              "/",
                                              "\xC3\xA9",
                                              "\xF0\x9F\x98\x80",
                                              "0123456789abcdef",
                                              std::string_view("\0", 1)};
    std::string out;
    for (auto n = random_() % 12; n > 0; --n) out += pieces[random_() % std::size(pieces)];
    return out;
  }

  std::mt19937_64 random_;
  Batch& batch_;
};

TEST(Json, RandomValuesComeBackEqual) {
  JsonReader reader;
  for (unsigned seed = 0; seed < 300; ++seed) {
    auto batch = Batch::make();
    const Value value = RandomValues(seed, *batch).value(0);
    const std::string text = written(*batch, value);
    auto read = reader.read(batch->arena().copy(text), *batch);
    ASSERT_TRUE(read) << text;
    ASSERT_TRUE(equal(value, *read)) << "seed " << seed << ": " << text;
    ASSERT_EQ(written(*batch, *read), text);
  }
}

}  // namespace
}  // namespace millrace
