#include "pipeline/event/event_bytes.h"

#include <gtest/gtest.h>

#include <random>

#include "pipeline/event/json_read.h"
#include "pipeline/event/json_write.h"

namespace millrace {
namespace {

std::string json(const ConstEvent& event) {
  Buffer out;
  write_json(event, out, true);
  return std::string(out.view());
}

std::string bytes_of(const ConstEvent& event) {
  Buffer out;
  write_event_bytes(event, out);
  return std::string(out.view());
}

/// One of every type, with what JSON cannot say.
Event rich_event(Batch& batch) {
  JsonReader reader;
  const auto document = reader.read(
      batch.arena().copy(
          R"({"a":{"b":[1,2.0,-0.5,true,null,"",[],{}]},"big":1e400,"@metadata":{"k":"v"},)"
          R"("n":9223372036854775807,"":"empty key","tags":["x"]})"),
      batch);
  Event event = batch.add(Timestamp{1'700'000'000'123'456'789});
  event.merge_document(document.value().object());
  event.put(batch.names().id("bytes"), batch.copy(std::string_view("\xff\x00\xfe", 3)));
  return event;
}

TEST(EventBytes, KeepEveryTypeAndTheOrderOfFields) {
  const auto from = Batch::make();
  const Event event = rich_event(*from);
  const auto to = Batch::make();
  to->add(Timestamp{0});
  auto read = read_event_bytes(bytes_of(event), *to);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->at(), 1u);
  EXPECT_EQ(json(*read), json(event));
  EXPECT_EQ(read->timestamp().ns, 1'700'000'000'123'456'789);
  EXPECT_EQ(read->get(to->names().id("bytes"))->text(), std::string_view("\xff\x00\xfe", 3));
  EXPECT_EQ(bytes_of(*read), bytes_of(event));
}

TEST(EventBytes, AnEventWithoutFieldsStaysOne) {
  const auto batch = Batch::make();
  Event event = batch->add(Timestamp{0});
  event.fields().clear();
  auto read = read_event_bytes(bytes_of(event), *batch);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->fields().size, 0u);
}

TEST(EventBytes, AreRefusedWhenTheyEndEarlyOrLate) {
  const auto batch = Batch::make();
  const std::string bytes = bytes_of(rich_event(*batch));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(read_event_bytes(std::string_view(bytes).substr(0, size), *batch)) << size;
  }
  EXPECT_FALSE(read_event_bytes(bytes + '\0', *batch));
  EXPECT_EQ(batch->size(), 1u);
}

TEST(EventBytes, SurviveFlippedBits) {
  const auto from = Batch::make();
  const std::string bytes = bytes_of(rich_event(*from));
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string broken = bytes;
    for (int flips = 1 + i % 3; flips > 0; --flips)
      broken[random() % broken.size()] ^= static_cast<char>(1 << random() % 8);
    const auto batch = Batch::make();
    if (auto read = read_event_bytes(broken, *batch)) json(*read);
  }
}

TEST(EventBytes, NestedCountsThatLieCostNoMemory) {
  std::string hostile("\x01\x01k", 3);
  for (int depth = 0; depth < 900; ++depth) hostile += std::string("\x07\xff\xff\x03", 4);
  hostile.append(100'000, '\0');
  const auto batch = Batch::make();
  EXPECT_FALSE(read_event_bytes(hostile, *batch));
  EXPECT_LT(batch->footprint(), std::size_t{8} << 20);
}

TEST(EventBytes, NestingPastTheLimitIsRefused) {
  std::string deep("\x01\x01k", 3);
  for (int depth = 0; depth < 100'000; ++depth) deep += std::string("\x07\x01", 2);
  deep += '\0';
  const auto batch = Batch::make();
  const auto read = read_event_bytes(deep, *batch);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "not a stored event: nested too deep");
}

}  // namespace
}  // namespace millrace
