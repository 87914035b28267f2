#include "plugins/outputs/elasticsearch/decide.h"

#include <gtest/gtest.h>

namespace millrace::elasticsearch {
namespace {

constexpr Action kIndex{.kind = ActionKind::index};
constexpr Action kIndexWithId{.kind = ActionKind::index, .own_id = true};
constexpr Action kCreate{.kind = ActionKind::create};
constexpr Action kCreateWithId{.kind = ActionKind::create, .own_id = true};
constexpr Action kUpdate{.kind = ActionKind::update, .own_id = true};
constexpr Action kRemove{.kind = ActionKind::remove, .own_id = true};
constexpr Action kExternal{.kind = ActionKind::index, .own_id = true, .external_version = true};

ItemAnswer answer(int status, std::string error = "") {
  ItemAnswer item;
  item.status = status;
  item.has_error = !error.empty();
  item.error_type = std::move(error);
  return item;
}

TEST(DecideItem, FollowsTheRecordedAnswers) {
  const struct {
    Action sent;
    ItemAnswer answer;
    Fate fate;
  } cases[] = {
      {kIndex, answer(201), Fate::delivered},
      {kUpdate, answer(200), Fate::delivered},
      {kIndex, answer(201, "odd"), Fate::unknown},
      {kRemove, answer(404), Fate::delivered},
      {kRemove, answer(404, "index_not_found_exception"), Fate::dead_letter},
      {kUpdate, answer(404, "document_missing_exception"), Fate::dead_letter},
      {kIndex, answer(404, "index_not_found_exception"), Fate::dead_letter},
      {kIndex, answer(400, "mapper_parsing_exception"), Fate::dead_letter},
      {kIndex, answer(413), Fate::dead_letter},
      {kIndex, answer(418), Fate::dead_letter},
      {kCreateWithId, answer(409, "version_conflict_engine_exception"), Fate::absorbed},
      {kCreate, answer(409, "version_conflict_engine_exception"), Fate::retry},
      {kExternal, answer(409, "version_conflict_engine_exception"), Fate::absorbed},
      {kIndexWithId, answer(409, "version_conflict_engine_exception"), Fate::retry},
      {kUpdate, answer(409, "version_conflict_engine_exception"), Fate::retry},
      {kIndex, answer(403, "security_exception"), Fate::wait},
      {kIndex, answer(401, "security_exception"), Fate::wait},
      {kIndex, answer(429, "cluster_block_exception"), Fate::retry},
      {kIndex, answer(429, "rejected_execution_exception"), Fate::retry},
      {kIndex, answer(503, "unavailable_shards_exception"), Fate::retry},
      {kIndex, answer(500, "whatever"), Fate::retry},
      {kIndex, answer(0), Fate::unknown},
      {kIndex, answer(302), Fate::unknown},
  };
  for (const auto& c : cases)
    EXPECT_EQ(decide_item(c.sent, c.answer, {}), c.fate)
        << name_of(c.sent.kind) << " " << c.answer.status << " " << c.answer.error_type;
}

TEST(DecideItem, OptionsAddCodesAndDropTypesButTouchNoSuccess) {
  const ItemPolicy policy{{403, 429, 201}, {"version_conflict_engine_exception"}};
  EXPECT_EQ(decide_item(kIndex, answer(403, "security_exception"), policy), Fate::dead_letter);
  EXPECT_EQ(decide_item(kIndex, answer(429, "x"), policy), Fate::dead_letter);
  EXPECT_EQ(decide_item(kIndex, answer(201), policy), Fate::delivered);
  EXPECT_EQ(decide_item(kUpdate, answer(409, "version_conflict_engine_exception"), policy),
            Fate::drop);
  EXPECT_EQ(decide_item(kCreateWithId, answer(409, "version_conflict_engine_exception"), policy),
            Fate::absorbed);
}

TEST(DecideRequest, EveryStatusHasAStep) {
  EXPECT_EQ(decide_request(200), Step::read_items);
  for (const int status : {201, 202, 204, 301, 307, 100, 0, 999})
    EXPECT_EQ(decide_request(status), Step::leave_host) << status;
  EXPECT_EQ(decide_request(400), Step::bisect);
  EXPECT_EQ(decide_request(413), Step::split);
  for (const int status : {401, 403, 404, 405, 406, 410, 415, 418})
    EXPECT_EQ(decide_request(status), Step::wait) << status;
  for (const int status : {408, 425, 429, 500, 501, 502, 503, 504, 507, 599})
    EXPECT_EQ(decide_request(status), Step::retry) << status;
  EXPECT_NE(advice_for(401).find("password"), std::string_view::npos);
}

TEST(ActionKind, NamesGoBothWays) {
  for (const auto kind :
       {ActionKind::index, ActionKind::create, ActionKind::update, ActionKind::remove})
    EXPECT_EQ(action_kind(name_of(kind)), kind);
  EXPECT_EQ(action_kind("frob"), std::nullopt);
}

}  // namespace
}  // namespace millrace::elasticsearch
