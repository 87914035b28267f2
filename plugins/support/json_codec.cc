#include "plugins/support/json_codec.h"

#include <algorithm>

#include "pipeline/event/json_write.h"
#include "plugins/support/text_codec.h"

namespace millrace {
namespace {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos;
}

bool is_list_of_objects(const Value& value) {
  return value.is_array() && std::all_of(value.array().begin(), value.array().end(),
                                         [](const Value& item) { return item.is_object(); });
}

}  // namespace

void JsonDecoder::decode(std::span<const std::string_view> messages, Batch& out) {
  const Timestamp now = Timestamp::now();
  for (const std::string_view text : utf8_.read(messages, out))
    if (!is_blank(text)) decode_one(text, now, out);
}

void JsonDecoder::decode_one(std::string_view text, Timestamp now, Batch& out) {
  const auto document = json_.read(text, out);
  if (!document) return add_failure(text, now, out);
  const std::uint32_t before = out.size();
  bool good = false;
  if (document->is_object()) {
    good = add(*document, now, out);
  } else if (is_list_of_objects(*document)) {
    const Array& list = document->array();
    good = std::all_of(list.begin(), list.end(),
                       [&](const Value& item) { return add(item, now, out); });
  }
  if (!good) {
    out.truncate(before);
    return add_failure(text, now, out);
  }
  if (keep_original_ && out.size() == before + 1) keep_original(out[before], text);
}

/// False: the target cannot hold it.
bool JsonDecoder::add(const Value& document, Timestamp now, Batch& out) {
  Event event = out.add(now);
  if (target_) return event.set(*target_, document);
  event.merge_document(document.object());
  return true;
}

void JsonDecoder::add_failure(std::string_view text, Timestamp now, Batch& out) {
  Event event = out.add(now);
  event.put(name::message, Value::of(text));
  event.tag("_jsonparsefailure");
}

void JsonEncoder::encode(const ConstEvent& event, Buffer& out) const {
  write_json(event, out);
  out.append(delimiter_);
}

bool read_target(const std::string& text, const PluginContext& context,
                 std::optional<FieldRef>& out) {
  if (text.empty()) return true;
  auto target = FieldRef::parse(text);
  if (!target) {
    context.error("target", target.error().message);
    return false;
  }
  out = std::move(*target);
  return true;
}

}  // namespace millrace
