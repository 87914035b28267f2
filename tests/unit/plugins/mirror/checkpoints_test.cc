#include "plugins/mirror/checkpoints.h"

#include <gtest/gtest.h>

#include <random>

namespace millrace::mirror {
namespace {

const kafka::TopicPartition kPlace{"orders", 3};
const CheckpointKey kKey{"readers", kPlace};

Standing standing(std::int64_t stored, std::int64_t source, std::int64_t target) {
  Standing out;
  out.source = kPlace;
  out.target_topic = "a.orders";
  out.stored = stored;
  out.sync_source = source;
  out.sync_target = target;
  return out;
}

TEST(MirrorTranslations, APairCountsOnceItsPositionIsStored) {
  Translations translations;
  EXPECT_FALSE(translations.take(standing(10, 15, 115)));
  EXPECT_EQ(translations.of(kPlace)->translate(16), std::nullopt);
  EXPECT_TRUE(translations.take(standing(16, 15, 115)));
  EXPECT_EQ(translations.of(kPlace)->translate(16), 116);
  EXPECT_FALSE(translations.take(standing(16, 15, 115)));
}

TEST(MirrorTranslations, PairsOfAShardAreTakenOnce) {
  Translations translations;
  Standing one = standing(250, 249, 349);
  for (const std::int64_t at : {0, 100, 200, 300}) one.pairs.add({at, at + 100});
  EXPECT_TRUE(translations.take(one));
  EXPECT_FALSE(translations.take(one));
  EXPECT_EQ(translations.of(kPlace)->translate(150), 201);
  EXPECT_EQ(translations.of(kPlace)->translate(400), 350);
  EXPECT_EQ(translations.lives(kPlace), 0);
}

TEST(MirrorTranslations, WhatWasRestoredGoesOn) {
  Translations translations;
  Translation stored;
  stored.add({5, 105});
  stored.add({50, 150});
  translations.restore(kPlace, stored);
  EXPECT_FALSE(translations.take(standing(51, -1, -1)));
  EXPECT_TRUE(translations.take(standing(61, 60, 170)));
  EXPECT_EQ(translations.of(kPlace)->translate(6), 106);
  EXPECT_EQ(translations.lives(kPlace), 0);
}

TEST(MirrorTranslations, ASourceThatWasMadeAgainBeginsALife) {
  Translations translations;
  for (const std::int64_t at : {5, 10, 15}) translations.take(standing(at + 1, at, at + 100));
  translations.take(standing(1, 0, 200));
  EXPECT_EQ(translations.lives(kPlace), 1);
  EXPECT_EQ(translations.of(kPlace)->translate(12), 201);
}

TEST(MirrorTranslations, ACopyThatWasMadeAgainBeginsALife) {
  Translations translations;
  for (const std::int64_t at : {5, 10, 15}) translations.take(standing(at + 1, at, at + 100));
  EXPECT_TRUE(translations.take(standing(21, 20, 3)));
  EXPECT_EQ(translations.lives(kPlace), 1);
  EXPECT_EQ(translations.of(kPlace)->translate(12), std::nullopt);
}

TEST(MirrorCheckpoints, GoForwardOnlyUnlessTheGroupWasSetBack) {
  Checkpoints checkpoints;
  EXPECT_EQ(checkpoints.take(kKey, 100, 90, 0), (Checkpoint{100, 90}));
  EXPECT_EQ(checkpoints.take(kKey, 100, 90, 0), std::nullopt);
  EXPECT_EQ(checkpoints.take(kKey, 110, 80, 0), (Checkpoint{110, 90}));
  EXPECT_EQ(checkpoints.take(kKey, 50, 40, 0), (Checkpoint{50, 40}));
  EXPECT_EQ(*checkpoints.of(kKey), (Checkpoint{50, 40}));
}

TEST(MirrorCheckpoints, ACopyThatWasMadeAgainTakesThemBack) {
  Checkpoints checkpoints;
  checkpoints.take(kKey, 100, 90, 0);
  EXPECT_EQ(checkpoints.take(kKey, 100, 10, 1), (Checkpoint{100, 10}));
}

TEST(MirrorCheckpoints, AreTheSameAfterTheyWereStored) {
  const Checkpoint checkpoint{120, 117};
  EXPECT_EQ(encode(checkpoint), "v=1 source=120 target=117");
  EXPECT_EQ(*decode_checkpoint(encode(checkpoint)), checkpoint);
  const CheckpointKey odd{"a/b c/", {"topic.with-all_1", 7}};
  EXPECT_EQ(decode_checkpoint_key(encode(odd)), odd);
}

TEST(MirrorCheckpoints, BytesThatMakeNoSenseAreRefused) {
  for (const char* value : {"", "v=2 source=1 target=1", "v=1 source= target=1", "v=1 source=1",
                            "v=1 source=1 target=-1", "v=1 source=1 target=1 ",
                            "v=1 source=99999999999999999999 target=1"})
    EXPECT_FALSE(decode_checkpoint(value)) << value;
  for (const char* key : {"", "/", "1", "1/", "1//g", "-1/t/g", "x/t/g", "1/t", "9999999999/t/g"})
    EXPECT_FALSE(decode_checkpoint_key(key)) << key;
  std::mt19937_64 random(7);
  for (int i = 0; i < 50'000; ++i) {
    std::string value = encode(Checkpoint{120, 117}), key = encode(kKey);
    for (int changes = 0; changes < 3; ++changes) {
      value[random() % value.size()] = static_cast<char>(random());
      key[random() % key.size()] = static_cast<char>(random());
    }
    const auto checkpoint = decode_checkpoint(value);
    EXPECT_TRUE(!checkpoint || *decode_checkpoint(encode(*checkpoint)) == *checkpoint);
    const auto read = decode_checkpoint_key(key);
    EXPECT_TRUE(!read || decode_checkpoint_key(encode(*read)) == read);
    const auto position = decode_position(value);
    EXPECT_TRUE(!position || decode_position(encode(*position))->next == position->next);
  }
}

}  // namespace
}  // namespace millrace::mirror
