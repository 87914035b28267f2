#include "pipeline/plan/decorate.h"

#include "pipeline/event/append_value.h"

namespace millrace {
namespace {

std::vector<std::string> texts_of(const config::Value& value) {
  auto read = texts(value);
  return read ? std::move(*read) : std::vector<std::string>{config::show(value)};
}

}  // namespace

std::optional<Template> Decorations::parse(const std::string& text, config::Span span,
                                           config::Diagnostics& diagnostics) {
  auto parsed = Template::parse(text);
  if (parsed) return std::move(*parsed);
  diagnostics.warning(span, std::move(parsed).error().message, "every event fails here");
  return std::nullopt;
}

Decorations::Target Decorations::target(const std::string& text, config::Span span,
                                        config::Diagnostics& diagnostics) {
  Target target;
  auto parsed = Template::parse(text);
  if (parsed && !parsed->is_constant()) {
    target.computed = std::move(*parsed);
    return target;
  }
  auto ref = FieldRef::parse(text);
  if (ref)
    target.fixed = std::move(*ref);
  else
    diagnostics.warning(span, std::move(ref).error().message, "every event fails here");
  return target;
}

void Decorations::read_additions(const Hash& fields, config::Diagnostics& diagnostics) {
  for (const config::HashEntry& entry : fields) {
    Addition addition{target(entry.key, entry.key_span, diagnostics), {}};
    for (const std::string& text : texts_of(entry.value)) {
      auto value = parse(text, entry.value.span, diagnostics);
      if (value)
        addition.values.push_back(std::move(*value));
      else
        broken_ = true;
    }
    add_.push_back(std::move(addition));
  }
}

Decorations::Decorations(const CommonFilterOptions& options, config::Diagnostics& diagnostics) {
  read_additions(options.add_field, diagnostics);
  for (const std::string& field : options.remove_field)
    remove_.push_back(target(field, {}, diagnostics));
  const auto read_tags = [&](const std::vector<std::string>& tags, std::vector<Template>& into) {
    for (const std::string& tag : tags) {
      auto parsed = parse(tag, {}, diagnostics);
      if (parsed)
        into.push_back(std::move(*parsed));
      else
        broken_ = true;
    }
  };
  read_tags(options.add_tag, add_tags_);
  read_tags(options.remove_tag, remove_tags_);
}

Decorations::Decorations(const CommonInputOptions& options, config::Diagnostics& diagnostics)
    : type_(options.type) {
  read_additions(options.add_field, diagnostics);
  for (const std::string& tag : options.tags) {
    if (auto parsed = parse(tag, {}, diagnostics)) add_tags_.push_back(std::move(*parsed));
  }
}

std::optional<FieldRef> Decorations::Target::resolve(Event event) const {
  if (fixed) return fixed;
  if (!computed) return std::nullopt;
  Buffer text;
  computed->append(event, text);
  auto ref = FieldRef::parse(text.view(), event.batch().names());
  return ref ? std::optional(std::move(*ref)) : std::nullopt;
}

bool Decorations::add(Event event, const Addition& addition) {
  const auto ref = addition.target.resolve(event);
  if (!ref) return false;
  Batch& batch = event.batch();
  for (const Template& text : addition.values)
    if (!append_value(event, *ref, text.value(event, batch))) return false;
  return true;
}

bool Decorations::apply(Event event) const {
  static const NameId type_name = Names::intern("type");
  if (broken_) return false;
  if (!type_.empty() && !event.get(type_name))
    event.put(type_name, Value::of(std::string_view(type_)));
  for (const Addition& addition : add_)
    if (!add(event, addition)) return false;
  for (const Target& target : remove_) {
    const auto ref = target.resolve(event);
    if (!ref) return false;
    event.remove(*ref);
  }
  for (const Template& tag : add_tags_) event.tag(tag.value(event, event.batch()).text());
  for (const Template& tag : remove_tags_) event.untag(tag.value(event, event.batch()).text());
  return true;
}

}  // namespace millrace
