#include "plugins/mirror/anomalies.h"

#include <fmt/format.h>

#include <map>

#include "plugins/support/kafka/reader.h"

namespace millrace::mirror {

Anomaly judge(std::int64_t next, const Bounds& bounds) {
  if (next > bounds.end) return Anomaly::recreated;
  return next < bounds.begin ? Anomaly::purged : Anomaly::none;
}

Reaction react(Anomaly anomaly, const kafka::TopicPartition& partition, std::int64_t next,
               const Bounds& bounds, const FlowOptions& options) {
  const std::string place = fmt::format("{}/{}", partition.topic, partition.partition);
  if (anomaly == Anomaly::none) return {false, next, ""};
  if (anomaly == Anomaly::purged) {
    const bool stops = options.on_purged == OnPurged::stop;
    return {stops, bounds.begin,
            fmt::format("{}: offsets {} to {} were purged before they were read: they are LOST to "
                        "the target; {}",
                        place, next, bounds.begin - 1,
                        stops ? "the partition is stopped (`on_purged: skip_with_alarm` goes on)"
                              : "it goes on behind them")};
  }
  const bool stops = options.on_recreated == OnRecreated::stop;
  return {stops, bounds.begin,
          fmt::format("{}: it was deleted and made again, or cut back: the next offset was {}, it "
                      "has {} to {} now, and what was there is not; {}",
                      place, next, bounds.begin, bounds.end,
                      stops ? "the partition is stopped (`on_recreated: restart_from_beginning` "
                              "adds the new records behind the old ones)"
                            : "it is read from its beginning, behind the old records")};
}

Result<std::vector<bool>> contradicted(const kafka::Properties& source,
                                       const std::string& component,
                                       const std::vector<Question>& questions,
                                       std::chrono::milliseconds patience, const StopSignal& stop) {
  std::vector<bool> out(questions.size(), false);
  if (questions.empty()) return out;
  kafka::Properties properties = source;
  properties.set("fetch.message.max.bytes", "65536", "client_options");
  properties.set("queued.max.messages.kbytes", "1024", "client_options");
  auto reader = kafka::Reader::create(properties, component);
  if (!reader) return fail(std::move(reader).error());
  std::map<kafka::TopicPartition, std::size_t> open;
  std::vector<kafka::NextOffset> starts;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    open[questions[i].partition] = i;
    starts.push_back({questions[i].partition, questions[i].witness.offset});
  }
  if (auto added = (*reader)->add(starts); !added) return fail(std::move(added).error());
  const auto answered = [&](const kafka::TopicPartition& partition) {
    open.erase(partition);
    (*reader)->pause({&partition, 1});
  };
  kafka::Reader::Fetched fetched;
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!open.empty()) {
    if (stop.requested()) return fail(Errc::closed, "stopped");
    if (std::chrono::steady_clock::now() > until)
      return fail(Errc::timeout, "the source does not answer");
    fetched.clear();
    (*reader)->poll(open.size(), std::chrono::milliseconds(50), fetched);
    for (const kafka::Message& message : fetched.messages) {
      const kafka::TopicPartition partition{std::string(message.topic()), message.partition()};
      const auto found = open.find(partition);
      if (found == open.end()) continue;
      const Witness& witness = questions[found->second].witness;
      out[found->second] = message.offset() == witness.offset && Witness::of(message) != witness;
      answered(partition);
    }
    // An end, or an offset that is out of range: no record there, so no answer.
    for (const auto& end : fetched.ends) answered(end.partition);
    for (const auto& trouble : fetched.troubles) answered(trouble.partition);
  }
  return out;
}

}  // namespace millrace::mirror
