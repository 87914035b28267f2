#include "plugins/mirror/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/mirror/names.h"
#include "plugins/support/kafka/admin.h"
#include "plugins/support/kafka/reader.h"

namespace millrace::mirror {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostAtOnce = 1000;
constexpr milliseconds kPoll{20};
constexpr std::chrono::seconds kPatience{30};

/// Of a partition on one side: [begin, end).
struct Span {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// One cluster: a client for questions and one for records, which reads partition after partition.
class Cluster {
 public:
  static Result<std::unique_ptr<Cluster>> connect(const kafka::Properties& questions,
                                                  kafka::Properties reading, std::string component,
                                                  std::string name, const StopSignal& stop) {
    reading.set("queued.max.messages.kbytes", "16384", "memory");
    auto cluster = std::unique_ptr<Cluster>(new Cluster(std::move(name), stop));
    auto admin = kafka::Admin::create(questions, component, kPatience);
    if (!admin) return fail(std::move(admin).error().at(cluster->name_));
    cluster->admin_ = std::move(*admin);
    auto layout = cluster->admin_->layout();
    if (!layout) return fail(std::move(layout).error().at(cluster->name_));
    cluster->layout_ = std::move(*layout);
    auto reader = kafka::Reader::create(reading, std::move(component));
    if (!reader) return fail(std::move(reader).error().at(cluster->name_));
    cluster->reader_ = std::move(*reader);
    return cluster;
  }

  const kafka::ClusterLayout& layout() const { return layout_; }
  const std::string& name() const { return name_; }
  const StopSignal& stop() const { return stop_; }
  kafka::Reader& reader() { return *reader_; }

  /// 0: there is no such topic.
  std::int32_t partitions_of(const std::string& topic) const {
    for (const kafka::TopicLayout& one : layout_.topics)
      if (one.name == topic) return one.partitions;
    return 0;
  }

  /// What of each of the first `count` partitions of a topic is to be compared.
  Result<std::vector<Span>> spans(const std::string& topic, std::int32_t count,
                                  const VerifyOptions& options) {
    std::vector<kafka::TopicPartition> places;
    for (std::int32_t p = 0; p < count; ++p) places.push_back({topic, p});
    auto ends =
        options.until_ms ? admin_->offsets_at(places, *options.until_ms) : admin_->ends(places);
    if (!ends) return fail(std::move(ends).error().at(name_));
    auto begins =
        options.since_ms ? admin_->offsets_at(places, *options.since_ms) : admin_->begins(places);
    if (!begins) return fail(std::move(begins).error().at(name_));
    std::vector<Span> out;
    for (std::size_t i = 0; i < places.size(); ++i)
      out.push_back({(*begins)[i], std::max((*begins)[i], (*ends)[i])});
    return out;
  }

 private:
  Cluster(std::string name, const StopSignal& stop) : name_(std::move(name)), stop_(stop) {}

  const std::string name_;
  const StopSignal& stop_;
  std::unique_ptr<kafka::Admin> admin_;
  std::unique_ptr<kafka::Reader> reader_;
  kafka::ClusterLayout layout_;
};

/// The records of one partition. Its cluster's reader is its own as long as it lives.
class PartitionRecords : public Fingerprints {
 public:
  PartitionRecords(Cluster& cluster, kafka::TopicPartition partition, Span span,
                   std::string origin_place)
      : cluster_(cluster),
        partition_(std::move(partition)),
        span_(span),
        origin_place_(std::move(origin_place)) {}
  ~PartitionRecords() override {
    if (started_) cluster_.reader().pause({&partition_, 1});
  }

  Result<std::optional<Fingerprint>> next() override {
    while (at_ == fetched_.size()) {
      if (span_.begin >= span_.end) return std::optional<Fingerprint>{};
      if (auto more = fetch(); !more) return fail(std::move(more).error().at(place()));
    }
    return std::optional(fetched_[at_++]);
  }

 private:
  std::string place() const {
    return fmt::format("{}: {}/{}", cluster_.name(), partition_.topic, partition_.partition);
  }

  Result<void> fetch() {
    const auto now = std::chrono::steady_clock::now();
    if (!started_) {
      const kafka::NextOffset start{partition_, span_.begin};
      if (auto added = cluster_.reader().add({&start, 1}); !added) return added;
      started_ = true;
      silent_at_ = now + kPatience;
    }
    fetched_.clear();
    at_ = 0;
    raw_.clear();
    cluster_.reader().poll(kMostAtOnce, kPoll, raw_);
    for (const kafka::Message& message : raw_.messages) take(message);
    for (const kafka::NextOffset& end : raw_.ends)
      // Behind the last record there may be markers and aborted records, which nobody sees.
      if (end.partition == partition_) span_.begin = std::max(span_.begin, end.offset);
    for (const auto& trouble : raw_.troubles)
      if (trouble.partition == partition_) return fail(Errc::io, trouble.text);
    if (cluster_.stop().requested()) return fail(Errc::closed, "stopped");
    if (!raw_.messages.empty()) silent_at_ = now + kPatience;
    if (now > silent_at_)
      return fail(Errc::timeout, fmt::format("no record comes behind offset {}", span_.begin - 1));
    return {};
  }

  void take(const kafka::Message& message) {
    // The reader may still have some of a partition that was read before.
    if (message.partition() != partition_.partition || message.topic() != partition_.topic) return;
    if (message.offset() < span_.begin) return;
    span_.begin = message.offset() + 1;
    if (message.offset() >= span_.end) return;
    headers_.clear();
    message.headers(headers_);
    fetched_.push_back(fingerprint(
        {message.offset(), message.timestamp_ms(), message.key(), message.value(), headers_},
        origin_place_));
  }

  Cluster& cluster_;
  const kafka::TopicPartition partition_;
  Span span_;  // what is still to come
  const std::string origin_place_;
  bool started_ = false;
  std::chrono::steady_clock::time_point silent_at_{};
  kafka::Reader::Fetched raw_;
  std::vector<kafka::Header> headers_;
  std::vector<Fingerprint> fetched_;
  std::size_t at_ = 0;
};

class Verification {
 public:
  Verification(const VerifyOptions& options, const VerifyReport& report, Cluster& source,
               Cluster& target)
      : options_(options), report_(report), source_(source), target_(target) {}

  Result<VerifyTotals> run(const std::map<std::string, std::string>& topics) {
    for (const auto& [from, to] : topics)
      if (auto done = compare(from, to); !done)
        return fail(std::move(done).error().at("topic " + from));
    return totals_;
  }

 private:
  Result<void> compare(const std::string& from, const std::string& to) {
    ++totals_.topics;
    const std::int32_t here = source_.partitions_of(from), there = target_.partitions_of(to);
    // The target first: what it has of a mirror that runs, the source has too then.
    auto copies = target_.spans(to, there, options_);
    if (!copies) return fail(std::move(copies).error());
    auto records = source_.spans(from, here, options_);
    if (!records) return fail(std::move(records).error());
    const std::int32_t partitions = std::max(here, there);
    copies->resize(static_cast<std::size_t>(partitions));
    records->resize(static_cast<std::size_t>(partitions));
    for (std::int32_t p = 0; p < partitions; ++p) {
      const auto i = static_cast<std::size_t>(p);
      auto done = compare({{from, p}, to, {}}, (*records)[i], (*copies)[i]);
      if (!done) return done;
    }
    return {};
  }

  Result<void> compare(VerifiedPartition one, Span records, Span copies) {
    const std::string origin_place =
        fmt::format("{}/{}/{}/", source_.layout().id, one.source.topic, one.source.partition);
    PartitionRecords here(source_, one.source, records, "");
    PartitionRecords there(target_, {one.target_topic, one.source.partition}, copies, origin_place);
    auto audited =
        audit(here, there, [&](const Finding& finding) { report_.finding(one.source, finding); });
    if (!audited) return fail(std::move(audited).error());
    one.audit = *audited;
    ++totals_.partitions;
    totals_.unequal += !one.audit.equal();
    totals_.records += one.audit.source.records;
    totals_.sum.altered += one.audit.altered;
    totals_.sum.missing += one.audit.missing;
    totals_.sum.extra += one.audit.extra;
    totals_.sum.repeated += one.audit.repeated;
    report_.partition(one);
    return {};
  }

  const VerifyOptions& options_;
  const VerifyReport& report_;
  Cluster& source_;
  Cluster& target_;
  VerifyTotals totals_;
};

/// By name on the source, what they are called on the target.
Result<std::map<std::string, std::string>> choose_topics(const FlowSettings& flow,
                                                         const VerifyOptions& options,
                                                         const kafka::ClusterLayout& source) {
  auto rules = TopicRules::create(flow.options);
  if (!rules) return fail(std::move(rules).error());
  std::vector<std::string> present;
  for (const kafka::TopicLayout& topic : source.topics) present.push_back(topic.name);
  auto selected = rules->select(present, flow.source_alias, flow.target_alias).targets;
  selected.erase(kHeartbeatsTopic);  // each side removes them in its own time
  if (options.topics.empty()) return selected;
  std::map<std::string, std::string> wanted;
  for (const std::string& topic : options.topics) {
    const auto found = selected.find(topic);
    if (found == selected.end())
      return fail(
          Errc::not_found,
          fmt::format("topic `{}` is not on the source, or the flow does not select it", topic));
    wanted.insert(*found);
  }
  return wanted;
}

}  // namespace

Result<VerifyTotals> verify(const FlowSettings& flow, const VerifyOptions& options,
                            const VerifyReport& report, const StopSignal& stop) {
  auto source =
      Cluster::connect(flow.source_questions, flow.source, flow.component(), "source", stop);
  if (!source) return fail(std::move(source).error());
  auto target = Cluster::connect(flow.target, flow.target_reader, flow.component(), "target", stop);
  if (!target) return fail(std::move(target).error());
  auto topics = choose_topics(flow, options, (*source)->layout());
  if (!topics) return fail(std::move(topics).error());
  return Verification(options, report, **source, **target).run(*topics);
}

}  // namespace millrace::mirror
