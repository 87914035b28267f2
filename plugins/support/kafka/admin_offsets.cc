#include <algorithm>

#include "plugins/support/kafka/admin.h"
#include "plugins/support/kafka/admin_call.h"

namespace millrace::kafka {
namespace {

// Times with a meaning of their own in a ListOffsets request.
constexpr std::int64_t kLatest = -1;
constexpr std::int64_t kEarliest = -2;

struct DestroyListing {
  void operator()(rd_kafka_ListConsumerGroupOffsets_t* what) const {
    rd_kafka_ListConsumerGroupOffsets_destroy(what);
  }
};
struct DestroyChange {
  void operator()(rd_kafka_AlterConsumerGroupOffsets_t* what) const {
    rd_kafka_AlterConsumerGroupOffsets_destroy(what);
  }
};

std::string place_of(const rd_kafka_topic_partition_t& one) {
  return fmt::format("{}-{}", one.topic, one.partition);
}

}  // namespace

Result<std::vector<std::int64_t>> Admin::offsets(std::span<const TopicPartition> partitions,
                                                 std::int64_t time_ms) {
  std::vector<NextOffset> questions;
  for (const TopicPartition& partition : partitions) questions.push_back({partition, time_ms});
  std::vector<std::int64_t> found;
  if (questions.empty()) return found;
  const ListHandle list = list_of(questions);
  const auto code =
      rd_kafka_offsets_for_times(handles_->client, list.get(), handles_->patience_ms());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return handles_->error(code, nullptr);
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return handles_->error(one.err, nullptr).at(place_of(one));
    found.push_back(one.offset);
  }
  return found;
}

Result<std::vector<std::int64_t>> Admin::begins(std::span<const TopicPartition> partitions) {
  return offsets(partitions, kEarliest);
}

Result<std::vector<std::int64_t>> Admin::ends(std::span<const TopicPartition> partitions) {
  return offsets(partitions, kLatest);
}

Result<std::vector<std::int64_t>> Admin::offsets_at(std::span<const TopicPartition> partitions,
                                                    std::int64_t time_ms) {
  // Asked first: what comes in between is behind the end then, not in front of it.
  auto last = ends(partitions);
  if (!last) return last;
  auto found = offsets(partitions, std::max<std::int64_t>(0, time_ms));
  if (!found) return found;
  for (std::size_t i = 0; i < found->size(); ++i)
    if ((*found)[i] < 0) (*found)[i] = (*last)[i];
  return found;
}

Result<std::vector<std::string>> Admin::groups() {
  auto event = handles_->ask(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, [&](auto* options, auto* queue) {
    rd_kafka_ListConsumerGroups(handles_->client, options, queue);
  });
  if (!event) return std::move(event).error().at("consumer groups");
  const auto* result = rd_kafka_event_ListConsumerGroups_result(event->get());
  std::size_t count = 0;
  const auto errors = rd_kafka_ListConsumerGroups_result_errors(result, &count);
  if (count > 0)
    return handles_->error(rd_kafka_error_code(errors[0]), rd_kafka_error_string(errors[0]))
        .at("consumer groups");
  const auto listed = rd_kafka_ListConsumerGroups_result_valid(result, &count);
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < count; ++i)
    ids.emplace_back(rd_kafka_ConsumerGroupListing_group_id(listed[i]));
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<GroupState> Admin::group_state(const std::string& group) {
  auto event =
      handles_->ask(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, [&](auto* options, auto* queue) {
        const char* list[] = {group.c_str()};
        rd_kafka_DescribeConsumerGroups(handles_->client, list, 1, options, queue);
      });
  if (!event) return std::move(event).error().at("group " + group);
  std::size_t count = 0;
  const auto described = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(event->get()), &count);
  if (count != 1) return handles_->error(RD_KAFKA_RESP_ERR__BAD_MSG, nullptr).at("group " + group);
  const rd_kafka_error_t* problem = rd_kafka_ConsumerGroupDescription_error(described[0]);
  // Brokers from 4.0 on say so; older ones call the state dead.
  if (problem && rd_kafka_error_code(problem) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
    return GroupState::unknown;
  if (problem && rd_kafka_error_code(problem) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return handles_->error(rd_kafka_error_code(problem), rd_kafka_error_string(problem))
        .at("group " + group);
  switch (rd_kafka_ConsumerGroupDescription_state(described[0])) {
    case RD_KAFKA_CONSUMER_GROUP_STATE_EMPTY:
      return GroupState::empty;
    case RD_KAFKA_CONSUMER_GROUP_STATE_DEAD:
    case RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN:
      return GroupState::unknown;
    default:
      return GroupState::active;
  }
}

Result<std::vector<NextOffset>> Admin::group_offsets(const std::string& group) {
  const std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t, DestroyListing> question(
      rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), nullptr));
  auto event =
      handles_->ask(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, [&](auto* options, auto* queue) {
        rd_kafka_ListConsumerGroupOffsets_t* list[] = {question.get()};
        rd_kafka_ListConsumerGroupOffsets(handles_->client, list, 1, options, queue);
      });
  if (!event) return std::move(event).error().at("group " + group);
  std::size_t count = 0;
  const auto results = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event->get()), &count);
  if (count != 1) return handles_->error(RD_KAFKA_RESP_ERR__BAD_MSG, nullptr).at("group " + group);
  if (const rd_kafka_error_t* problem = rd_kafka_group_result_error(results[0])) {
    if (rd_kafka_error_code(problem) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
      return std::vector<NextOffset>{};
    return handles_->error(rd_kafka_error_code(problem), rd_kafka_error_string(problem))
        .at("group " + group);
  }
  std::vector<NextOffset> offsets;
  const auto* list = rd_kafka_group_result_partitions(results[0]);
  for (int i = 0; list && i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return handles_->error(one.err, nullptr).at("group " + group).at(place_of(one));
    if (one.offset >= 0) offsets.push_back({{one.topic, one.partition}, one.offset});
  }
  return offsets;
}

Result<void> Admin::set_group_offsets(const std::string& group,
                                      std::span<const NextOffset> offsets) {
  if (offsets.empty()) return {};
  const ListHandle wanted = list_of(offsets);
  const std::unique_ptr<rd_kafka_AlterConsumerGroupOffsets_t, DestroyChange> change(
      rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), wanted.get()));
  auto event =
      handles_->ask(RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, [&](auto* options, auto* queue) {
        rd_kafka_AlterConsumerGroupOffsets_t* list[] = {change.get()};
        rd_kafka_AlterConsumerGroupOffsets(handles_->client, list, 1, options, queue);
      });
  if (!event) return std::move(event).error().at("group " + group);
  std::size_t count = 0;
  const auto results = rd_kafka_AlterConsumerGroupOffsets_result_groups(
      rd_kafka_event_AlterConsumerGroupOffsets_result(event->get()), &count);
  if (count != 1) return handles_->error(RD_KAFKA_RESP_ERR__BAD_MSG, nullptr).at("group " + group);
  if (const rd_kafka_error_t* problem = rd_kafka_group_result_error(results[0]))
    return handles_->error(rd_kafka_error_code(problem), rd_kafka_error_string(problem))
        .at("group " + group);
  const auto* list = rd_kafka_group_result_partitions(results[0]);
  for (int i = 0; list && i < list->cnt; ++i)
    if (const auto& one = list->elems[i]; one.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return handles_->error(one.err, nullptr).at("group " + group).at(place_of(one));
  return {};
}

}  // namespace millrace::kafka
