#include "plugins/support/field_name.h"

namespace millrace {

FieldName FieldName::as_written(const std::string& text) {
  FieldName name;
  auto ref = FieldRef::parse(text);
  if (ref) name.fixed_ = std::move(*ref);
  return name;
}

Result<FieldName> FieldName::parse(const std::string& text) {
  FieldName name;
  auto parsed = Template::parse(text);
  if (!parsed) return fail(std::move(parsed).error());
  if (!parsed->is_constant()) {
    name.computed_ = std::move(*parsed);
    return name;
  }
  auto ref = FieldRef::parse(text);
  if (!ref) return fail(std::move(ref).error());
  name.fixed_ = std::move(*ref);
  return name;
}

const FieldRef* FieldName::of(Event event, std::optional<FieldRef>& holder) const {
  if (!computed_) return fixed_ ? &*fixed_ : nullptr;
  Buffer text;
  computed_->append(event, text);
  auto ref = FieldRef::parse(text.view(), event.batch().names());
  if (!ref) return nullptr;
  return &holder.emplace(std::move(*ref));
}

}  // namespace millrace
