#include "plugins/outputs/elasticsearch/response.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

namespace millrace::elasticsearch {

namespace dom = simdjson::dom;

struct BulkAnswerReader::State {
  // Room is made for what comes, up to the bound.
  dom::parser parser{kMostAnswerBytes};
};

BulkAnswerReader::BulkAnswerReader() : state_(std::make_unique<State>()) {}
BulkAnswerReader::~BulkAnswerReader() = default;

namespace {

std::string_view text_at(const dom::object& object, std::string_view key) {
  std::string_view text;
  return object.at_key(key).get(text) ? std::string_view{} : text;
}

void read_error(const dom::element& error, ItemAnswer& item) {
  item.has_error = true;
  dom::object details;
  std::string_view text;
  if (!error.get(details)) {
    item.error_type = text_at(details, "type");
    item.reason = text_at(details, "reason").substr(0, kMostReasonBytes);
    dom::object cause;
    if (!details.at_key("caused_by").get(cause) && item.reason.size() < kMostReasonBytes / 2)
      item.reason += fmt::format(": {}", text_at(cause, "reason").substr(0, kMostReasonBytes / 2));
  } else if (!error.get(text)) {
    item.reason = text.substr(0, kMostReasonBytes);
  }
}

ItemAnswer read_item(const dom::object& fields) {
  ItemAnswer item;
  for (const auto field : fields) {
    std::int64_t status = 0;
    if (field.key == "status" && !field.value.get(status) && status > 0 && status < 1000)
      item.status = static_cast<int>(status);
    else if (field.key == "error")
      read_error(field.value, item);
    else if (std::string_view store; field.key == "failure_store" && !field.value.get(store))
      item.failure_store = store == "used";
  }
  return item;
}

/// The only member of an item, which must be called as the action that was sent.
Result<dom::object> body_of_item(const dom::element& element, ActionKind sent) {
  dom::object item;
  if (element.get(item) || item.size() != 1)
    return fail(Errc::protocol, "an item of the answer is no action's");
  const auto only = *item.begin();
  dom::object body;
  if (only.key != name_of(sent) || only.value.get(body))
    return fail(
        Errc::protocol,
        fmt::format("an item of the answer is not for the \"{}\" that was sent", name_of(sent)));
  return body;
}

/// Printable, on one line, at most about 300 bytes.
std::string excerpt(std::string_view text) {
  constexpr std::size_t kMost = 300;
  std::string shown(text.substr(0, kMost));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (text.size() > kMost) shown += "...";
  return shown;
}

}  // namespace

namespace {

bool skip(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

/// How an item begins that holds a status and nothing else.
std::string_view item_with_status(ActionKind kind) {
  switch (kind) {
    case ActionKind::index:
      return R"({"index":{"status":)";
    case ActionKind::create:
      return R"({"create":{"status":)";
    case ActionKind::update:
      return R"({"update":{"status":)";
    case ActionKind::remove:
      break;
  }
  return R"({"delete":{"status":)";
}

}  // namespace

/// Nearly every answer says that all were taken, in the words that the request's filter_path leaves
/// of it. Those are recognised byte by byte; false: this is another answer, and `items_` is empty.
bool BulkAnswerReader::read_all_taken(std::string_view body, std::span<const Action> sent) {
  items_.clear();
  bool good = skip(body, R"({"errors":false,"items":[)");
  for (std::size_t at = 0; good && at < sent.size(); ++at) {
    good = (at == 0 || skip(body, ",")) && skip(body, item_with_status(sent[at].kind));
    ItemAnswer& item = items_.emplace_back();
    item.status = good && skip(body, "201") ? 201 : 200;
    good = good && (item.status == 201 || skip(body, "200")) && skip(body, "}}");
  }
  if (good && body == "]}") return true;
  items_.clear();
  return false;
}

Result<std::span<const ItemAnswer>> BulkAnswerReader::read(std::string_view body,
                                                           std::span<const Action> sent) {
  if (read_all_taken(body, sent)) return std::span<const ItemAnswer>(items_);
  dom::object answer;
  if (const auto error = state_->parser.parse(body.data(), body.size()).get(answer))
    return fail(Errc::protocol, fmt::format("the answer is not complete JSON ({}): {}",
                                            simdjson::error_message(error), excerpt(body)));
  dom::array items;
  if (answer.at_key("items").get(items))
    return fail(Errc::protocol, fmt::format("the answer has no items: {}", excerpt(body)));
  for (const dom::element element : items) {
    if (items_.size() == sent.size())
      return fail(Errc::protocol,
                  fmt::format("the answer has more items than the {} actions sent", sent.size()));
    auto fields = body_of_item(element, sent[items_.size()].kind);
    if (!fields) return fail(std::move(fields).error());
    items_.push_back(read_item(*fields));
  }
  if (items_.size() != sent.size())
    return fail(Errc::protocol,
                fmt::format("the answer has {} items for {} actions", items_.size(), sent.size()));
  return std::span<const ItemAnswer>(items_);
}

std::string BulkAnswerReader::explain(std::string_view body) {
  dom::object answer;
  dom::element error;
  if (!state_->parser.parse(body.data(), body.size()).get(answer) &&
      !answer.at_key("error").get(error)) {
    ItemAnswer item;
    read_error(error, item);
    if (!item.error_type.empty()) return excerpt(item.error_type + ": " + item.reason);
    if (!item.reason.empty()) return excerpt(item.reason);
  }
  return body.empty() ? "an empty body" : excerpt(body);
}

std::string ServerInfo::text() const {
  const char* const name = family == Family::opensearch ? "OpenSearch" : "Elasticsearch";
  return serverless ? std::string(name) + " serverless" : fmt::format("{} {}", name, number);
}

bool ServerInfo::has_composable_templates() const {
  return family == Family::opensearch || serverless || major > 7 || (major == 7 && minor >= 8);
}

bool ServerInfo::has_data_streams() const {
  return family == Family::opensearch || serverless || major > 7 || (major == 7 && minor >= 9);
}

namespace {

/// "8.19.21" -> 8, 19.
bool read_number(ServerInfo& info) {
  const char* const end = info.number.data() + info.number.size();
  const auto major = std::from_chars(info.number.data(), end, info.major);
  if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') return false;
  return std::from_chars(major.ptr + 1, end, info.minor).ec == std::errc{};
}

Result<ServerInfo> supported(ServerInfo info) {
  const bool open = info.family == ServerInfo::Family::opensearch;
  const int oldest = open ? 1 : 7;
  if (info.major >= oldest || info.serverless) return info;
  return fail(Errc::unsupported,
              fmt::format("{}: version {} or newer is needed", info.text(), oldest));
}

}  // namespace

Result<ServerInfo> read_server_info(std::string_view body, std::string_view product_header) {
  const auto not_it = [&](std::string_view why) {
    return fail(Errc::protocol,
                fmt::format("neither Elasticsearch nor OpenSearch: {}: {}", why, excerpt(body)));
  };
  dom::parser parser;
  dom::object answer;
  dom::object version;
  if (parser.parse(body.data(), body.size()).get(answer)) return not_it("the root answers no JSON");
  if (answer.at_key("version").get(version)) return not_it("the root's answer has no version");
  ServerInfo info;
  info.number = text_at(version, "number").substr(0, 40);
  info.serverless = text_at(version, "build_flavor") == "serverless";
  if (text_at(version, "distribution") == "opensearch")
    info.family = ServerInfo::Family::opensearch;
  if (!read_number(info) && !info.serverless)
    return not_it("the root's answer has no version number");
  if (info.family == ServerInfo::Family::opensearch) return supported(std::move(info));
  // OpenSearch can be told to answer as Elasticsearch 7.10.2; real ones of that age have no header.
  const bool before_header = info.major < 7 || (info.major == 7 && info.minor < 14);
  const bool tagline = text_at(answer, "tagline") == "You Know, for Search" ||
                       text_at(answer, "tagline").find("OpenSearch") != std::string_view::npos;
  if (product_header != "Elasticsearch" && !(before_header && tagline))
    return not_it("the header X-Elastic-Product is missing");
  return supported(std::move(info));
}

}  // namespace millrace::elasticsearch
