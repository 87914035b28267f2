#include "plugins/effects.h"

#include <gtest/gtest.h>

#include "tests/unit/pipeline/config/reading.h"

namespace millrace {
namespace {

std::string warnings(const std::string& text) {
  const config::Reading reading = config::read(text);
  EXPECT_EQ(reading.messages(), "");
  config::Diagnostics found;
  config::lint(reading.config, effects_of, found);
  return found.render(reading.sources, false);
}

TEST(Effects, LetTagsBeKnownBehindTextInputsAndGrok) {
  const std::string rest =
      " } } filter { grok { match => { \"message\" => \"%{X:y}\" } } if \"z\" in [tags] { drop { } "
      "} }";
  EXPECT_NE(warnings("input { stdin { codec => plain" + rest).find("nothing adds the tag `z`"),
            std::string::npos);
  EXPECT_EQ(warnings("input { stdin { codec => json" + rest), "");
  EXPECT_EQ(warnings("input { kafka { " + rest), "");
}

TEST(Effects, LetFieldsBeKnownOnlyWithoutPatterns) {
  EXPECT_NE(warnings("input { stdin { } } filter { if [status] { drop { } } }")
                .find("nothing sets the field [status]"),
            std::string::npos);
  EXPECT_EQ(warnings("input { stdin { } } filter { grok { } if [status] { drop { } } }"), "");
  EXPECT_EQ(warnings("input { stdin { } } filter { json { source => \"message\" target => "
                     "\"status\" } if [status] { } }"),
            "");
}

TEST(Effects, KnowThatDropEndsAnEventUnlessItIsPartial) {
  EXPECT_NE(warnings("filter { drop { } mutate { } }").find("no event reaches this"),
            std::string::npos);
  EXPECT_EQ(warnings("filter { drop { percentage => 50 } mutate { } }"), "");
}

}  // namespace
}  // namespace millrace
