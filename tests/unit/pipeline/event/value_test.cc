#include "pipeline/event/value.h"

#include <gtest/gtest.h>

#include <random>

namespace millrace {
namespace {

TEST(Value, IsSixteenBytes) { EXPECT_EQ(sizeof(Value), 16u); }

TEST(Value, EveryTypeReadsBackWhatItWasMadeOf) {
  Arena arena;
  EXPECT_TRUE(Value().is_null());
  EXPECT_TRUE(Value::of(true).boolean());
  EXPECT_EQ(Value::of(std::int64_t{-5}).integer(), -5);
  EXPECT_EQ(Value::of(2.5).real(), 2.5);
  EXPECT_EQ(Value::of(std::string_view("x")).text(), "x");
  EXPECT_EQ(Value::number("18446744073709551616").text(), "18446744073709551616");
  EXPECT_EQ(Value::of(Timestamp{7}).timestamp().ns, 7);
  EXPECT_EQ(Value::of(Array::make(arena, 0)).array().size, 0u);
  EXPECT_EQ(Value::of(Object::make(arena, 0)).object().size, 0u);
}

TEST(Value, OnlyNullAndFalseAreUntrue) {
  EXPECT_FALSE(Value().truthy());
  EXPECT_FALSE(Value::of(false).truthy());
  EXPECT_TRUE(Value::of(std::int64_t{0}).truthy());
  EXPECT_TRUE(Value::of(std::string_view("")).truthy());
}

TEST(Value, NumbersAreEqualByValueNotByType) {
  EXPECT_TRUE(equal(Value::of(std::int64_t{5}), Value::of(5.0)));
  EXPECT_FALSE(equal(Value::of(std::int64_t{5}), Value::of(5.5)));
  EXPECT_FALSE(equal(Value::of(std::int64_t{5}), Value::of(std::string_view("5"))));
  EXPECT_FALSE(equal(Value::of(std::int64_t{9007199254740993}), Value::of(9007199254740992.0)));
  EXPECT_TRUE(equal(Value::number("18446744073709551616"), Value::of(18446744073709551616.0)));
}

TEST(Object, KeepsInsertionOrderThroughErase) {
  Arena arena;
  Object* object = Object::make(arena, 2);
  for (NameId name : {5u, 3u, 9u, 7u}) object->slot(arena, name) = Value::of(std::int64_t{name});
  EXPECT_TRUE(object->erase(3));
  EXPECT_FALSE(object->erase(3));
  ASSERT_EQ(object->size, 3u);
  EXPECT_EQ(object->names[0], 5u);
  EXPECT_EQ(object->names[1], 9u);
  EXPECT_EQ(object->names[2], 7u);
}

/// The object against a plain list of pairs, over sizes on both sides of the switch to an index.
TEST(Object, BehavesLikeAListOfPairs) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    Arena arena;
    Object* object = Object::make(arena, random() % 5);
    std::vector<std::pair<NameId, std::int64_t>> model;
    const NameId names = 1 + random() % 100;
    for (int step = 0; step < 300; ++step) {
      const NameId name = random() % names;
      const auto at = std::find_if(model.begin(), model.end(),
                                   [&](const auto& pair) { return pair.first == name; });
      if (random() % 3 == 0) {
        EXPECT_EQ(object->erase(name), at != model.end());
        if (at != model.end()) model.erase(at);
      } else {
        object->slot(arena, name) = Value::of(std::int64_t{step});
        if (at != model.end())
          at->second = step;
        else
          model.emplace_back(name, step);
      }
    }
    ASSERT_EQ(object->size, model.size());
    for (std::size_t i = 0; i < model.size(); ++i) {
      EXPECT_EQ(object->names[i], model[i].first);
      EXPECT_EQ(object->find(model[i].first)->integer(), model[i].second);
    }
    EXPECT_EQ(object->find(names), nullptr);
  }
}

TEST(Arena, GivesAlignedMemoryOfAnySizeAndReusesItAfterReset) {
  Arena arena;
  for (std::size_t bytes : {1u, 7u, 8u, 100u, 70'000u, 1'000'000u}) {
    auto* p = static_cast<char*>(arena.allocate(bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % 8, 0u);
    std::memset(p, 1, bytes);
  }
  arena.reset();
  EXPECT_LT(arena.footprint(), 300'000u);
  EXPECT_EQ(arena.copy("abc"), "abc");
}

}  // namespace
}  // namespace millrace
