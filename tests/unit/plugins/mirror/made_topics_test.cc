#include "plugins/mirror/made_topics.h"

#include <gtest/gtest.h>

namespace millrace::mirror {
namespace {

TEST(MirrorMadeTopics, TheRecordIsReadAsItWasWritten) {
  for (const MadeTopic& topic :
       {MadeTopic{}, MadeTopic{true, {}},
        MadeTopic{true, {{"cleanup.policy", "compact,delete"}, {"x", "a=b c"}, {"y", ""}}}}) {
    const auto read = decode_made_topic(encode(topic));
    ASSERT_TRUE(read) << encode(topic);
    EXPECT_EQ(*read, topic);
  }
}

TEST(MirrorMadeTopics, WhatNobodyWroteIsNotGuessedAt) {
  for (const char* wrong : {"", "v=1", "v=2 made", "v=1 made ", "v=1 remaking x=y",
                            "v=1 remaking\n", "v=1 remaking\nx", "v=1 remaking\n=y"})
    EXPECT_FALSE(decode_made_topic(wrong)) << wrong;
}

}  // namespace
}  // namespace millrace::mirror
