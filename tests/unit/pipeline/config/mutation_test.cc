#include <gtest/gtest.h>

#include <random>

#include "tests/unit/pipeline/config/reading.h"

/// Configurations broken at random: whatever comes of them, it is a tree or an error with a place,
/// never a crash.
namespace millrace::config {
namespace {

constexpr std::string_view kConf = R"(input { stdin { codec => json { charset => "UTF-8" } } }
# a comment
filter {
  if [a][b] == "x" and ("y" in [tags] or ![c]) or [n] >= -1.5 {
    mutate { add_field => { "k" => "${A:v}" 'l' => [1, "2", three] } add_tag => "t" }
  } else if [m] =~ /^a\/b$/ nand [x] not in ["p", "q"] {
    grok { match => ["message", "%{X:y}"] }
  } else { drop { } }
}
output { stdout { codec => rubydebug } }
)";

constexpr std::string_view kYaml = R"(input:
  - beats: { port: 5044, hosts: &h [ "a", 'b' ] }
filter:
  - if: '[status] >= 500 and "x" in [tags]'
    then: [ { mutate: { add_tag: *h } } ]
    else: [ drop ]
output:
  - stdout: { codec: { json: { charset: UTF-8 } } }
)";

constexpr std::string_view kPieces[] = {
    "{",        "}",    "[",    "]",    "(",
    ")",        "\"",   "'",    "/",    "=>",
    "=",        "==",   "=~",   "\\",   "if ",
    "else ",    "not ", "and ", "#",    "\n",
    ",",        "${",   "!",    "\xFF", std::string_view("\0", 1),
    "filter {", "- ",   ": ",   "&a ",  "*a",
    "|\n"};

std::string mutated(std::string_view original, std::mt19937& random) {
  std::string text(original);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  const std::size_t changes = 1 + below(6);
  for (std::size_t i = 0; i < changes && !text.empty(); ++i) {
    const std::size_t at = below(text.size());
    switch (below(4)) {
      case 0:
        text.erase(at, 1 + below(12));
        break;
      case 1:
        text.insert(at, kPieces[below(std::size(kPieces))]);
        break;
      case 2:
        text[at] = static_cast<char>(below(256));
        break;
      default:
        text.insert(at, text.substr(below(text.size()), below(40)));
        break;
    }
  }
  return text;
}

void check(const std::string& text, bool yaml) {
  const Reading reading = read(text, {.yaml = yaml});
  for (const Diagnostic& diagnostic : reading.diagnostics.all()) {
    EXPECT_FALSE(diagnostic.message.empty());
    EXPECT_GE(reading.sources.place(diagnostic.span).line, 1U) << text;
  }
  EXPECT_EQ(reading.messages().empty(), reading.diagnostics.error_count() == 0);
}

TEST(MutatedConfigs, NeverCrashTheConfParser) {
  std::mt19937 random(20261121);
  for (int i = 0; i < 10'000; ++i) check(mutated(kConf, random), false);
}

TEST(MutatedConfigs, NeverCrashTheYamlReader) {
  std::mt19937 random(20261122);
  for (int i = 0; i < 2'000; ++i) check(mutated(kYaml, random), true);
}

TEST(MutatedConfigs, CutAnywhereNeverCrash) {
  for (std::size_t size = 0; size <= kConf.size(); ++size)
    check(std::string(kConf.substr(0, size)), false);
}

}  // namespace
}  // namespace millrace::config
