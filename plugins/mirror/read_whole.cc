#include "plugins/mirror/read_whole.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "plugins/support/kafka/reader.h"

namespace millrace::mirror {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::int64_t kBeginning = -2;  // librdkafka's RD_KAFKA_OFFSET_BEGINNING
constexpr milliseconds kPoll{50};
constexpr milliseconds kAsk{1000};
constexpr std::size_t kAtOnce = 1000;

/// Is everything before `end` read? The place before it may be a control record's, which no reader
/// gets: the next one tells then.
bool reaches(const kafka::Reader::Fetched& fetched, std::int64_t end) {
  return !fetched.ends.empty() ||
         (!fetched.messages.empty() && fetched.messages.back().offset() + 1 >= end);
}

}  // namespace

Result<void> read_whole(const kafka::Properties& properties, const std::string& component,
                        const kafka::TopicPartition& partition, milliseconds patience,
                        const StopSignal& stop,
                        const std::function<Result<void>(const kafka::Message&)>& take) {
  auto reader = kafka::Reader::create(properties, component);
  if (!reader) return fail(std::move(reader).error());
  auto silent_at = Clock::now() + patience;
  std::string why = "the brokers do not answer";
  std::optional<std::int64_t> end;
  kafka::Reader::Fetched fetched;
  while (!stop.requested()) {
    if (Clock::now() >= silent_at)
      return fail(Errc::timeout,
                  fmt::format("{}/{}: {}", partition.topic, partition.partition, why));
    if (!end) {
      auto answer = (*reader)->end(partition, kAsk);
      if (!answer) {
        why = answer.error().message;
        stop.wait(kPoll);
        continue;
      }
      end = *answer;
      const kafka::NextOffset start{partition, kBeginning};
      if (auto added = (*reader)->add({&start, 1}); !added) return added;
    }
    fetched.clear();
    (*reader)->poll(kAtOnce, kPoll, fetched);
    for (const kafka::Message& message : fetched.messages)
      if (auto taken = take(message); !taken) return taken;
    if (reaches(fetched, *end)) return {};
    if (!fetched.troubles.empty()) why = fetched.troubles.front().text;
    if (!fetched.messages.empty()) silent_at = Clock::now() + patience;
  }
  return fail(Errc::closed, "stopped");
}

}  // namespace millrace::mirror
