#include "pipeline/queue/dead_letter_segment.h"

#include <gtest/gtest.h>

#include "pipeline/queue/dead_letter_marks.h"
#include "tests/unit/pipeline/queue/letters.h"
#include "tests/unit/support/temp_directory.h"

namespace millrace::dlq {
namespace {

std::string record_of(const std::string& message, DeadLetterReason reason = {.code = "c"}) {
  const auto batch = events_of({message});
  Buffer out;
  EXPECT_TRUE(write_record({*batch, 0, reason}, Timestamp{7}, out));
  return std::string(out.view());
}

std::string segment_of(const std::vector<std::string>& messages) {
  std::string bytes(kSegmentHeader);
  for (const std::string& message : messages) bytes += record_of(message);
  return bytes;
}

class Segments : public testing::Test {
 protected:
  SegmentFile write(std::uint64_t number, const std::string& bytes, bool sealed = true) {
    const auto path = sealed ? sealed_path(directory(), number) : open_path(directory(), number);
    top_.write(path.filename().native(), bytes);
    return {number, path, sealed, bytes.size()};
  }
  std::filesystem::path directory() const { return top_.path(""); }

  TempDirectory top_;
};

TEST(DeadLetterRecord, KeepsReasonAndEvent) {
  const std::string bytes = record_of("hello", {.code = "mapping",
                                                .message = "no such field",
                                                .plugin_type = "elasticsearch",
                                                .plugin_id = "es1",
                                                .details = R"({"status":400})",
                                                .original = "raw \xff"});
  const Found found = read_record(bytes);
  ASSERT_EQ(found.what, Found::What::record);
  EXPECT_EQ(found.bytes, bytes.size());
  EXPECT_EQ(found.record.time.ns, 7);
  EXPECT_EQ(found.record.code, "mapping");
  EXPECT_EQ(found.record.message, "no such field");
  EXPECT_EQ(found.record.plugin_type, "elasticsearch");
  EXPECT_EQ(found.record.plugin_id, "es1");
  EXPECT_EQ(found.record.details, R"({"status":400})");
  EXPECT_EQ(found.record.original, "raw \xff");
  const auto batch = Batch::make();
  const auto event = read_event_bytes(found.record.event, *batch);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->get(name::message)->text(), "hello");
}

TEST(DeadLetterRecord, CutsLongReasonsAtACharacter) {
  std::string message(DeadLetterReason::kMostMessageBytes - 1, 'x');
  message += "\xE2\x82\xAC";  // does not fit any more
  const std::string bytes = record_of("m", {.message = message});
  const Found found = read_record(bytes);
  EXPECT_EQ(found.record.message, std::string(DeadLetterReason::kMostMessageBytes - 1, 'x'));
}

TEST(DeadLetterRecord, RefusesWhatIsTooLargeToKeep) {
  const auto batch = events_of({std::string(kMostPayloadBytes, 'x')});
  Buffer out;
  out.append("before");
  EXPECT_EQ(write_record({*batch, 0, {}}, Timestamp{0}, out).error().code, Errc::limit);
  EXPECT_EQ(out.view(), "before");
}

TEST(DeadLetterRecord, IsIncompleteWhereverItIsCut) {
  const std::string bytes = record_of("hello");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(read_record(std::string_view(bytes).substr(0, size)).what, Found::What::incomplete);
}

TEST(DeadLetterRecord, AFlippedBitIsNeverARecord) {
  const std::string bytes = record_of("hello");
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string broken = bytes;
    broken[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_NE(read_record(broken).what, Found::What::record) << bit;
  }
}

TEST_F(Segments, AreListedByNumberAndOnlyTheLastOneIsWrittenTo) {
  write(10, segment_of({}), false);
  write(2, segment_of({}), false);
  write(3, segment_of({}));
  top_.write("0000000001.marks", "");
  top_.write("x.dlq", "");
  const auto found = list_segments(directory());
  ASSERT_TRUE(found);
  std::vector<std::pair<std::uint64_t, bool>> seen;
  for (const SegmentFile& file : *found) seen.emplace_back(file.number, file.sealed);
  EXPECT_EQ(seen, (std::vector<std::pair<std::uint64_t, bool>>{{2, true}, {3, true}, {10, false}}));
}

TEST_F(Segments, ThatAreNotThereAreNone) {
  const auto found = list_segments(directory() / "no");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->empty());
}

TEST_F(Segments, ADamagedPayloadCostsOneLetter) {
  std::string bytes = segment_of({"a", "b", "c"});
  const std::size_t size = record_of("a").size();
  bytes[kSegmentHeader.size() + size + kRecordHeaderBytes + 3] ^= 1;
  auto reader = SegmentReader::open(write(1, bytes));
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->next().value()->offset, kSegmentHeader.size());
  EXPECT_EQ(reader->next().value()->offset, kSegmentHeader.size() + 2 * size);
  EXPECT_FALSE(reader->next().value());
  EXPECT_EQ(reader->damaged_bytes(), size);
}

TEST_F(Segments, ADamagedLengthEndsTheSegmentAndIsCounted) {
  std::string bytes = segment_of({"a", "b", "c"});
  const std::size_t size = record_of("a").size();
  bytes[kSegmentHeader.size() + size] ^= 1;
  auto reader = SegmentReader::open(write(1, bytes));
  EXPECT_TRUE(reader->next().value());
  EXPECT_FALSE(reader->next().value());
  EXPECT_EQ(reader->tail_bytes(), 2 * size);
}

TEST_F(Segments, AreReadWhileTheyGrow) {
  const std::string letter = record_of("late");
  const SegmentFile file = write(1, segment_of({"a"}), false);
  auto reader = SegmentReader::open(file);
  EXPECT_TRUE(reader->next().value());
  for (std::size_t at = 0; at < letter.size(); ++at) {
    EXPECT_FALSE(reader->next().value());
    top_.append(file.path.filename().native(), letter.substr(at, 1));
  }
  EXPECT_TRUE(reader->next().value());
  EXPECT_FALSE(reader->next().value());
  EXPECT_EQ(reader->offset(), std::filesystem::file_size(file.path));
}

TEST_F(Segments, LettersLargerThanTheWindowAreRead) {
  const std::string big(1 << 20, 'x');
  auto reader = SegmentReader::open(write(1, segment_of({"a", big, "b"})));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(reader->next().value());
  EXPECT_FALSE(reader->next().value());
}

TEST_F(Segments, OfAnotherFormatAreRefused) {
  const auto reader = SegmentReader::open(write(1, "MILLDLQ\x02........"));
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Errc::invalid);
}

TEST_F(Segments, AreReadOnAtAnOffset) {
  const SegmentFile file = write(1, segment_of({"a", "b"}));
  const std::uint64_t second = kSegmentHeader.size() + record_of("a").size();
  auto reader = SegmentReader::open(file, second);
  EXPECT_EQ(reader->next().value()->offset, second);
}

TEST_F(Segments, MarksSayWhatIsDoneAndWhatWasRefusedAgain) {
  const Mark first[] = {{8, MarkKind::refused_again}, {100, MarkKind::purged}};
  const Mark second[] = {{8, MarkKind::refused_again}, {100, MarkKind::replayed}};
  ASSERT_TRUE(append_marks(directory(), 1, first, Timestamp{0}));
  ASSERT_TRUE(append_marks(directory(), 1, second, Timestamp{0}));
  const auto marks = Marks::load(directory(), 1);
  ASSERT_TRUE(marks);
  EXPECT_EQ(marks->done(), 1u);
  EXPECT_TRUE(marks->is_done(100));
  EXPECT_FALSE(marks->is_done(8));
  EXPECT_EQ(marks->refusals(8), 2u);
  EXPECT_EQ(Marks::load(directory(), 2)->done(), 0u);
}

TEST_F(Segments, AMarkThatACrashCutIsNoneAndHarmsNoOther) {
  const Mark one[] = {{8, MarkKind::replayed}};
  ASSERT_TRUE(append_marks(directory(), 1, one, Timestamp{0}));
  top_.append("0000000001.marks", "torn");
  const Mark two[] = {{9, MarkKind::replayed}};
  ASSERT_TRUE(append_marks(directory(), 1, two, Timestamp{0}));
  EXPECT_EQ(Marks::load(directory(), 1)->done(), 2u);
}

}  // namespace
}  // namespace millrace::dlq
