#include "pipeline/event/template.h"

#include <charconv>

#include "pipeline/event/json_write.h"

namespace millrace {

void append_java_text(const Batch& batch, const Value& value, Buffer& out) {
  if (value.is_null()) return out.append("null");
  if (value.is_array()) {
    out.push_back('[');
    for (std::uint32_t i = 0; i < value.array().size; ++i) {
      if (i) out.append(", ");
      append_java_text(batch, value.array().items[i], out);
    }
    return out.push_back(']');
  }
  if (!value.is_object()) return append_text(batch, value, out);
  out.push_back('{');
  const Object& object = value.object();
  for (std::uint32_t i = 0; i < object.size; ++i) {
    if (i) out.append(", ");
    out.append(batch.names()[object.names[i]].text);
    out.push_back('=');
    append_java_text(batch, object.values[i], out);
  }
  out.push_back('}');
}

void append_text(const Batch& batch, const Value& value, Buffer& out) {
  switch (value.type()) {
    case Type::null:
      return;
    case Type::string:
    case Type::number_text:
      return out.append(value.text());
    case Type::timestamp: {
      char* to = out.reserve(kIso8601Bytes);
      return out.commit(write_iso8601(value.timestamp(), to));
    }
    case Type::array:
      for (std::uint32_t i = 0; i < value.array().size; ++i) {
        if (i) out.push_back(',');
        const Value& item = value.array().items[i];
        item.is_object() ? append_java_text(batch, item, out) : append_text(batch, item, out);
      }
      return;
    default:
      return write_json(batch, value, out);
  }
}

Result<Template> Template::parse(std::string_view text) {
  Template result;
  result.text_ = text;
  std::string literal;
  bool referenced = false;
  const auto add_literal = [&] {
    if (!literal.empty()) result.parts_.emplace_back(std::exchange(literal, {}));
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = text.find("%{", at);
    const std::size_t end = start == std::string_view::npos ? start : text.find('}', start);
    if (end == std::string_view::npos) {  // no reference, or one that is not closed: text
      literal += text.substr(at);
      break;
    }
    literal += text.substr(at, start - at);
    add_literal();
    const bool java = text[start + 2] == '{' && text.substr(end).starts_with("}}");
    const std::size_t after = end + (java ? 2 : 1);
    auto part = parse_reference(text.substr(start, after - start));
    if (!part) return std::move(part).error();
    result.parts_.push_back(std::move(*part));
    referenced = true;
    at = after;
  }
  add_literal();
  if (!referenced) result.parts_.clear();
  return result;
}

/// `reference` with its `%{` and `}`. Any beginning of `+%s`, also an empty one, asks for the epoch
/// in Logstash.
Result<Template::Part> Template::parse_reference(std::string_view reference) {
  if (reference == "%{{TIME_NOW}}") return Part(TimeNow{});
  if (reference.starts_with("%{{") && reference.ends_with("}}")) {
    auto format = TimeFormat::java(reference.substr(3, reference.size() - 5));
    if (!format) return std::move(format).error();
    return Part(std::move(*format));
  }
  const std::string_view inside = reference.substr(2, reference.size() - 3);
  if (std::string_view("+%s").starts_with(inside)) return Part(EpochSeconds{});
  if (inside.starts_with("+")) {
    auto format = TimeFormat::joda(inside.substr(1));
    if (!format) return std::move(format).error();
    return Part(std::move(*format));
  }
  auto ref = FieldRef::parse(inside);
  if (!ref) return std::move(ref).error();
  return Part(std::move(*ref));
}

void Template::append(const ConstEvent& event, Buffer& out) const {
  if (is_constant()) return out.append(text_);
  for (const Part& part : parts_) append_part(part, event, out);
}

void Template::append_part(const Part& part, const ConstEvent& event, Buffer& out) const {
  if (const auto* text = std::get_if<std::string>(&part)) return out.append(*text);
  if (const auto* ref = std::get_if<FieldRef>(&part)) {
    const Value* value = event.get(*ref);
    if (value && !value->is_null()) return append_text(event.batch(), *value, out);
    out.append("%{");
    out.append(ref->text());
    return out.push_back('}');
  }
  if (std::holds_alternative<TimeNow>(part))
    return append_text(event.batch(), Value::of(Timestamp::now()), out);
  const Value* const time = event.get(name::timestamp);
  if (!time || time->type() != Type::timestamp) return;
  if (const auto* format = std::get_if<TimeFormat>(&part)) {
    char* to = out.reserve(format->max_bytes());
    return out.commit(static_cast<std::size_t>(format->write(time->timestamp(), to) - to));
  }
  char digits[24];
  const std::int64_t seconds = epoch_seconds(time->timestamp());
  out.append({digits, static_cast<std::size_t>(
                          std::to_chars(digits, digits + sizeof digits, seconds).ptr - digits)});
}

Value Template::value(const ConstEvent& event, Batch& batch) const {
  if (is_constant()) return Value::of(std::string_view(text_));
  thread_local Buffer text;
  text.recycle(1 << 20);
  append(event, text);
  return batch.copy(text.view());
}

std::vector<const FieldRef*> Template::references() const {
  std::vector<const FieldRef*> references;
  for (const Part& part : parts_)
    if (const auto* ref = std::get_if<FieldRef>(&part)) references.push_back(ref);
  return references;
}

}  // namespace millrace
