#include <gtest/gtest.h>

#include "grok/grok.h"
#include "patterns/embedded.h"
#include "plugins/support/grok_patterns.h"

namespace millrace {
namespace {

TEST(EmbeddedPatterns, AreFilesWithoutErrors) {
  EXPECT_GT(embedded_patterns().size(), 40u);
  for (const EmbeddedPatternFile& file : embedded_patterns()) {
    grok::PatternSet patterns;
    const auto wrong = patterns.add_file(file.text, std::string(file.file));
    EXPECT_FALSE(wrong) << wrong->message;
  }
}

TEST(EmbeddedPatterns, AllNamesOfBothSetsCompile) {
  for (const EcsMode mode : {EcsMode::disabled, EcsMode::v8}) {
    const grok::PatternSet patterns = standard_patterns(mode);
    EXPECT_GE(patterns.all().size(), mode == EcsMode::disabled ? 317u : 361u);
    for (const auto& [name, definition] : patterns.all()) {
      auto compiled = grok::Pattern::compile("%{" + name + "}", patterns);
      EXPECT_TRUE(compiled) << name << ": " << grok::render(compiled.error());
    }
  }
}

}  // namespace
}  // namespace millrace
