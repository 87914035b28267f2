#include "plugins/outputs/elasticsearch/decide.h"

#include <algorithm>
#include <iterator>

namespace millrace::elasticsearch {
namespace {

/// Which actions a row is about.
enum class Which : std::uint8_t {
  any,
  without_error,
  remove_without_error,
  create_with_own_id,
  external_version
};

struct ItemRow {
  int from;
  int to;  // inclusive
  Which which;
  Fate fate;
};

constexpr ItemRow kItemTable[] = {
    // status   which actions                  fate
    {200, 201, Which::without_error, Fate::delivered},
    {200, 201, Which::any, Fate::unknown},                     // says both yes and no
    {404, 404, Which::remove_without_error, Fate::delivered},  // it was gone already
    {409, 409, Which::create_with_own_id, Fate::absorbed},
    {409, 409, Which::external_version, Fate::absorbed},  // the server has this one or a newer one
    {409, 409, Which::any, Fate::retry},
    {401, 401, Which::any, Fate::wait},
    {403, 403, Which::any, Fate::wait},  // rights, or index.blocks.write
    {408, 408, Which::any, Fate::retry},
    {425, 425, Which::any, Fate::retry},
    {429, 429, Which::any, Fate::retry},        // queue full, breaker, or read-only for a full disk
    {400, 499, Which::any, Fate::dead_letter},  // mapping, index name, absent index or pipeline
    {500, 599, Which::any, Fate::retry},
    {0, 999, Which::any, Fate::unknown},
};

struct RequestRow {
  int from;
  int to;
  Step step;
  std::string_view advice;
};

constexpr RequestRow kRequestTable[] = {
    {200, 200, Step::read_items, ""},
    {201, 399, Step::leave_host, "is this an Elasticsearch or OpenSearch node?"},
    {400, 400, Step::bisect, "an event in the request is refused with all others"},
    {401, 401, Step::wait, "check `user` and `password`, or `api_key`"},
    {403, 403, Step::wait, "check what the user may do, and whether the cluster is read-only"},
    {404, 405, Step::wait,
     "check `path` and `bulk_path`, and what stands between here and the node"},
    {406, 406, Step::wait, "check `custom_headers`: the node does not take the content type"},
    {408, 408, Step::retry, "the node is busy"},
    {413, 413, Step::split, "the request is larger than http.max_content_length"},
    {415, 415, Step::wait, "check `custom_headers`: the node does not take the content type"},
    {425, 425, Step::retry, "the node is busy"},
    {429, 429, Step::retry, "the node is busy"},
    {400, 499, Step::wait, "check what stands between here and the node"},
    {500, 599, Step::retry, "the node or a proxy before it is not well"},
    {0, 999, Step::leave_host, "is this an Elasticsearch or OpenSearch node?"},
};

bool fits(Which which, const Action& sent, const ItemAnswer& answer) {
  switch (which) {
    case Which::any:
      return true;
    case Which::without_error:
      return !answer.has_error;
    case Which::remove_without_error:
      return sent.kind == ActionKind::remove && !answer.has_error;
    case Which::create_with_own_id:
      return sent.kind == ActionKind::create && sent.own_id;
    case Which::external_version:
      return sent.external_version;
  }
  return false;
}

const RequestRow& request_row(int status) {
  const auto* row = std::find_if(std::begin(kRequestTable), std::end(kRequestTable),
                                 [&](const auto& r) { return status >= r.from && status <= r.to; });
  return row == std::end(kRequestTable) ? *std::prev(row) : *row;
}

}  // namespace

Fate decide_item(const Action& sent, const ItemAnswer& answer, const ItemPolicy& policy) {
  const auto* row = std::find_if(std::begin(kItemTable), std::end(kItemTable), [&](const auto& r) {
    return answer.status >= r.from && answer.status <= r.to && fits(r.which, sent, answer);
  });
  const Fate fate = row == std::end(kItemTable) ? Fate::unknown : row->fate;
  if (fate == Fate::delivered || fate == Fate::absorbed || fate == Fate::unknown) return fate;
  const auto listed = [](const auto& list, const auto& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
  };
  if (!answer.error_type.empty() && listed(policy.drop_error_types, answer.error_type))
    return Fate::drop;
  return listed(policy.dead_letter_codes, answer.status) ? Fate::dead_letter : fate;
}

Step decide_request(int status) { return request_row(status).step; }
std::string_view advice_for(int status) { return request_row(status).advice; }

namespace {
constexpr std::string_view kNames[] = {"index", "create", "update", "delete"};
}

std::string_view name_of(ActionKind kind) { return kNames[static_cast<int>(kind)]; }

std::optional<ActionKind> action_kind(std::string_view name) {
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<ActionKind>(found - std::begin(kNames));
}

}  // namespace millrace::elasticsearch
