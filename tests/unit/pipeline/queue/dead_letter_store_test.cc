#include "pipeline/queue/dead_letter_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "pipeline/queue/dead_letter_marks.h"
#include "tests/unit/pipeline/queue/letters.h"
#include "tests/unit/support/temp_directory.h"

namespace millrace {
namespace {

using Outcome = DeadLetterOutcome;
using namespace std::chrono_literals;

std::vector<std::string> numbered(std::size_t count, std::size_t first = 0) {
  std::vector<std::string> messages;
  for (std::size_t i = first; i < first + count; ++i)
    messages.push_back(std::to_string(i) + std::string(200, 'x'));
  return messages;
}

class Store : public testing::Test {
 protected:
  DeadLetterSettings settings(FullQueue when_full = FullQueue::block) const {
    return {.directory = directory(),
            .max_bytes = 64 << 10,
            .when_full = when_full,
            .flush_interval = 1h,
            .look_again = 0ms};
  }
  std::filesystem::path directory() const { return top_.path("main"); }
  std::vector<dlq::SegmentFile> segments() const { return dlq::list_segments(directory()).value(); }
  /// Until write() takes no more.
  static std::size_t fill(DeadLetterStore& store) {
    std::size_t done = 0;
    while (put(store, numbered(1, done)) == 1 && done < 10'000) ++done;
    return done;
  }

  TempDirectory top_;
};

TEST_F(Store, KeepsLettersOverARestart) {
  {
    DeadLetterStore store(settings());
    ASSERT_TRUE(store.open());
    std::vector<Outcome> outcomes;
    EXPECT_EQ(put(store, {"a", "b"}, &outcomes), 2u);
    EXPECT_EQ(outcomes, (std::vector{Outcome::kept, Outcome::kept}));
    EXPECT_EQ(messages_in(directory()), (std::vector<std::string>{"a", "b"}));
  }
  DeadLetterStore store(settings());
  ASSERT_TRUE(store.open());
  EXPECT_EQ(put(store, {"c"}), 1u);
  EXPECT_EQ(messages_in(directory()), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(store.counts().kept, 1u);
}

TEST_F(Store, BelongsToOneProcess) {
  DeadLetterStore first(settings());
  DeadLetterStore second(settings());
  ASSERT_TRUE(first.open());
  const auto refused = second.open();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("another millrace writes to"), std::string::npos);
}

TEST_F(Store, StaysWithinItsBytesAndThenLettersWait) {
  DeadLetterStore store(settings());
  ASSERT_TRUE(store.open());
  const std::size_t kept = fill(store);
  EXPECT_GT(kept, 100u);
  EXPECT_EQ(messages_in(directory()).size(), kept);
  std::uint64_t bytes = 0;
  for (const auto& segment : segments()) bytes += segment.bytes;
  EXPECT_LE(bytes, std::uint64_t{64} << 10);
  EXPECT_EQ(bytes, store.bytes());
  EXPECT_EQ(store.counts().dropped, 0u);
  EXPECT_GT(segments().size(), 5u);
}

TEST_F(Store, AFullOneTakesLettersAgainWhenSomebodyMadeRoom) {
  DeadLetterStore store(settings());
  ASSERT_TRUE(store.open());
  const std::size_t kept = fill(store);
  std::filesystem::remove(segments().front().path);
  EXPECT_EQ(put(store, {"again"}), 1u);
  EXPECT_LT(messages_in(directory()).size(), kept);
  EXPECT_EQ(messages_in(directory()).back(), "again");
}

TEST_F(Store, AFullOneSettlesWhatFitsOfACall) {
  DeadLetterStore store(settings());
  ASSERT_TRUE(store.open());
  const std::size_t done = put(store, numbered(1000));
  EXPECT_GT(done, 100u);
  EXPECT_LT(done, 1000u);
  EXPECT_EQ(messages_in(directory()), numbered(done));
}

TEST_F(Store, ThatDropsNewerLettersCountsThem) {
  DeadLetterStore store(settings(FullQueue::drop_newer));
  ASSERT_TRUE(store.open());
  std::vector<Outcome> outcomes;
  EXPECT_EQ(put(store, numbered(1000), &outcomes), 1000u);
  const auto kept =
      static_cast<std::size_t>(std::count(outcomes.begin(), outcomes.end(), Outcome::kept));
  EXPECT_EQ(messages_in(directory()), numbered(kept));
  EXPECT_EQ(store.counts().kept, kept);
  EXPECT_EQ(store.counts().dropped, 1000 - kept);
}

TEST_F(Store, ThatDropsOlderLettersCountsThem) {
  DeadLetterStore store(settings(FullQueue::drop_older));
  ASSERT_TRUE(store.open());
  EXPECT_EQ(put(store, numbered(1000)), 1000u);
  const auto left = messages_in(directory());
  EXPECT_EQ(left, numbered(left.size(), 1000 - left.size()));
  EXPECT_EQ(store.counts().kept, 1000u);
  EXPECT_EQ(store.counts().dropped_older, 1000 - left.size());
  EXPECT_LE(store.bytes(), std::uint64_t{64} << 10);
}

TEST_F(Store, ALetterThatCanNeverFitIsDroppedAndCounted) {
  DeadLetterStore store(settings());
  ASSERT_TRUE(store.open());
  std::vector<Outcome> outcomes;
  EXPECT_EQ(put(store, {"a", std::string(100'000, 'x'), "b"}, &outcomes), 3u);
  EXPECT_EQ(outcomes, (std::vector{Outcome::kept, Outcome::dropped, Outcome::kept}));
  EXPECT_EQ(messages_in(directory()), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(store.counts().dropped, 1u);
}

TEST_F(Store, ASegmentThatIsLeftAloneIsSealed) {
  auto due = settings();
  due.flush_interval = 0ms;
  DeadLetterStore store(due);
  ASSERT_TRUE(store.open());
  put(store, {"a"});
  store.tend();
  ASSERT_EQ(segments().size(), 1u);
  EXPECT_EQ(segments().front().path.extension(), ".dlq");
}

TEST_F(Store, RemovesSegmentsThatAreTooOldAndCountsTheirLetters) {
  auto aged = settings();
  aged.retain_age = 24h;
  DeadLetterStore store(aged);
  ASSERT_TRUE(store.open());
  put(store, numbered(100));
  const auto old = segments().front();
  std::filesystem::last_write_time(old.path, std::filesystem::file_time_type::clock::now() - 25h);
  store.tend();
  EXPECT_FALSE(std::filesystem::exists(old.path));
  EXPECT_EQ(store.counts().expired, 100 - messages_in(directory()).size());
  EXPECT_GT(store.counts().expired, 0u);
}

TEST_F(Store, ATornLetterOfACrashIsCutOff) {
  std::filesystem::path path;
  {
    DeadLetterStore store(settings());
    ASSERT_TRUE(store.open());
    put(store, {"whole"});
    path = segments().front().path.filename();
  }
  const auto sealed = segments().front();
  const std::string torn = top_.read("main/" + sealed.path.filename().native()).substr(8, 30);
  top_.append("main/" + sealed.path.filename().native(), torn);
  std::filesystem::rename(sealed.path, directory() / path);

  DeadLetterStore store(settings());
  ASSERT_TRUE(store.open());
  EXPECT_EQ(messages_in(directory()), std::vector<std::string>{"whole"});
  EXPECT_EQ(segments().front().bytes, sealed.bytes);
  EXPECT_EQ(segments().front().path, sealed.path);
}

TEST_F(Store, TakesNothingUntilItCouldBeOpened) {
  const std::string other = top_.write("main/0000000004.open", "of another format");
  DeadLetterStore store(settings());
  ASSERT_FALSE(store.open());
  EXPECT_EQ(put(store, {"early"}), 0u);
  std::filesystem::remove(other);
  const auto opened = store.open();
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(put(store, {"late"}), 1u);
  EXPECT_EQ(messages_in(directory()), std::vector<std::string>{"late"});
}

TEST_F(Store, ASegmentThatAPowerCutLeftBlankIsRemoved) {
  top_.write("main/0000000004.open", std::string(5000, '\0'));
  DeadLetterStore store(settings());
  ASSERT_TRUE(store.open());
  EXPECT_TRUE(segments().empty());
}

TEST_F(Store, NumbersAreNotUsedAgainAfterEverythingWasPurged) {
  const auto run = [&] {
    DeadLetterStore store(settings());
    EXPECT_TRUE(store.open());
    put(store, {"a"});
    store.close();
    const auto number = segments().front().number;
    std::filesystem::remove(segments().front().path);
    return number;
  };
  const auto first = run();
  EXPECT_EQ(run(), first + 1);
}

TEST_F(Store, ASegmentInWhichEverythingIsDoneGoesWhenItIsSealed) {
  DeadLetterStore store(settings());
  ASSERT_TRUE(store.open());
  put(store, {"a"});
  const dlq::Mark mark[] = {{8, dlq::MarkKind::purged}};
  const auto number = segments().front().number;
  ASSERT_TRUE(dlq::append_marks(directory(), number, mark, Timestamp{0}));
  store.close();
  EXPECT_TRUE(segments().empty());
  EXPECT_FALSE(std::filesystem::exists(dlq::marks_path(directory(), number)));
  EXPECT_EQ(store.bytes(), 0u);
}

/// A limit on the size of files, which write(2) answers as a full disk does.
struct SmallFiles {
  rlimit before{};
  explicit SmallFiles(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{bytes, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() { setrlimit(RLIMIT_FSIZE, &before); }
};

TEST_F(Store, ADiskThatRefusesMakesLettersWaitAndLosesNone) {
  DeadLetterStore store(settings());
  ASSERT_TRUE(store.open());
  EXPECT_EQ(put(store, {"a"}), 1u);
  {
    const SmallFiles disk_full(100);
    EXPECT_EQ(put(store, {"b", "c"}), 0u);
    EXPECT_EQ(put(store, {"b", "c"}), 0u);
  }
  EXPECT_EQ(messages_in(directory()), std::vector<std::string>{"a"});
  EXPECT_EQ(put(store, {"b", "c"}), 2u);
  EXPECT_EQ(messages_in(directory()), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(store.counts().kept, 3u);
}

/// Writes numbered letters until it is killed; says after each call how many are settled.
[[noreturn]] void write_for_ever(const DeadLetterSettings& settings, int pipe) {
  DeadLetterStore store(settings);
  if (!store.open()) _exit(1);
  for (std::uint32_t settled = 0;;) {
    settled += static_cast<std::uint32_t>(put(store, numbered(1 + settled % 7, settled)));
    if (write(pipe, &settled, sizeof settled) != sizeof settled) _exit(1);
  }
}

TEST_F(Store, KillDashNineLosesNoSettledLetter) {
  auto large = settings();
  large.max_bytes = 1 << 30;
  for (const std::uint32_t enough : {1u, 50u, 400u}) {
    std::filesystem::remove_all(directory());
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = fork();
    if (child == 0) write_for_ever(large, pipe[1]);
    ::close(pipe[1]);
    std::uint32_t settled = 0;
    while (settled < enough && read(pipe[0], &settled, sizeof settled) == sizeof settled) {
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(pipe[0], &settled, sizeof settled) == sizeof settled) {
    }
    ::close(pipe[0]);
    DeadLetterStore store(large);
    ASSERT_TRUE(store.open());
    const auto found = messages_in(directory());
    ASSERT_GE(found.size(), settled);
    EXPECT_EQ(found, numbered(found.size()));
  }
}

}  // namespace
}  // namespace millrace
