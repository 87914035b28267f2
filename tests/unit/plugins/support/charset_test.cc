#include "plugins/support/charset.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

/// The pieces of `bytes` that `sizes` cut, one behind the other in memory, as UTF-8.
std::vector<std::string> read_pieces(std::string_view bytes, const std::vector<std::size_t>& sizes) {
  const auto batch = Batch::make();
  const std::string_view memory = batch->arena().copy(bytes);
  std::vector<std::string_view> texts;
  std::size_t at = 0;
  for (const std::size_t size : sizes) {
    texts.push_back(memory.substr(at, size));
    at += size;
  }
  Utf8Reader reader{Charset()};
  std::vector<std::string> out;
  for (const std::string_view text : reader.read(texts, *batch)) out.emplace_back(text);
  return out;
}

TEST(Utf8Reader, ChecksNeighboursTogetherButEachForItself) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(read_pieces("ab\xC3\xBC" "cd", {2, 2, 2}), (Texts{"ab", "\xC3\xBC", "cd"}));
  EXPECT_EQ(read_pieces("a\xC3\xBC" "b", {2, 2}), (Texts{"a\\xC3", "\\xBC" "b"}));
  EXPECT_EQ(read_pieces("a\xC3" "\xBC" "b", {2, 0, 2}), (Texts{"a\\xC3", "", "\\xBC" "b"}));
  EXPECT_EQ(read_pieces("ok\xFF" "ok", {2, 1, 2}), (Texts{"ok", "\\xFF", "ok"}));
}

TEST(Utf8Reader, CopiesNothingThatIsValid) {
  const auto batch = Batch::make();
  const std::string_view text = batch->arena().copy("M\xC3\xBCnchen");
  Utf8Reader reader{Charset()};
  EXPECT_EQ(reader.read({&text, 1}, *batch)[0].data(), text.data());
}

TEST(Charset, KnowsRubysNames) {
  for (const char* name : {"UTF-8", "utf-8", "ASCII-8BIT", "BINARY", "macRoman", "Windows-31J",
                           "Windows-1252", "ISO-8859-15", "EUC-JP", "GB18030", "KOI8-R"})
    EXPECT_TRUE(Charset::find(name)) << name;
  EXPECT_TRUE(Charset::find("CP65001")->is_utf8());
  EXPECT_FALSE(Charset::find("UTF-16//IGNORE"));
  EXPECT_FALSE(Charset::find(""));
}

}  // namespace
}  // namespace millrace
