#include "plugins/support/text_codec.h"

namespace millrace {

void keep_original(Event event, std::string_view text) {
  Arena& arena = event.batch().arena();
  Value& holder = event.fields().slot(arena, name::event);
  if (holder.is_null()) holder = Value::of(Object::make(arena, 4));
  if (!holder.is_object()) return;
  event.batch().own(holder);
  Value& original = holder.object().slot(arena, name::original);
  if (original.is_null()) original = Value::of(text);
}

void TextDecoder::decode(std::span<const std::string_view> messages, Batch& out) {
  const Timestamp now = Timestamp::now();
  for (const std::string_view text : reader_.read(messages, out)) {
    Event event = out.add(now);
    event.fields().append(out.arena(), name::message, Value::of(text));
    if (keep_original_) keep_original(event, text);
  }
}

void SplittingDecoder::decode(std::span<const std::string_view> messages, Batch& out) {
  cut_.clear();
  for (std::string_view rest : messages)
    while (!rest.empty()) {
      const std::size_t end = rest.find(delimiter_);
      cut_.push_back(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + delimiter_.size());
    }
  lines_->decode(cut_, out);
}

void EventText::append(const ConstEvent& event, Buffer& out) const {
  if (format_) return format_->append(event, out);
  const auto shown = [&](NameId field, std::string_view otherwise) {
    const Value* value = event.get(field);
    if (!value || value->is_null()) return out.append(otherwise);
    append_java_text(event.batch(), *value, out);
  };
  if (const Value* time = event.get(name::timestamp); time && !time->is_null()) {
    append_java_text(event.batch(), *time, out);
    out.push_back(' ');
  }
  shown(name::host, "%{host}");
  out.push_back(' ');
  shown(name::message, "%{message}");
}

std::optional<Charset> read_charset(const std::string& name, const PluginContext& context) {
  auto charset = Charset::find(name);
  if (charset) return *charset;
  context.error("charset", charset.error().message);
  return std::nullopt;
}

std::optional<EventText> read_format(const std::optional<std::string>& format,
                                     const PluginContext& context) {
  if (!format) return EventText();
  auto compiled = Template::parse(*format);
  if (compiled) return EventText(std::move(*compiled));
  context.error("format", compiled.error().message);
  return std::nullopt;
}

bool check_delimiter(const std::string& delimiter, const PluginContext& context) {
  if (delimiter.empty()) context.error("delimiter", "must not be empty");
  return !delimiter.empty();
}

}  // namespace millrace
