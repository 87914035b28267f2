#include "plugins/support/named_field.h"

#include "pipeline/event/batch.h"
#include "pipeline/event/field_ref.h"

namespace millrace {

bool set_named_field(Event event, std::string_view name, Value value) {
  BatchNames& names = event.batch().names();
  if (name.find_first_of("[]") == std::string_view::npos) {  // the usual case, without a parse
    const NameId id = names.id(name);
    if (id != name::timestamp && id != name::tags && id != name::metadata) {
      event.put(id, value);
      return true;
    }
  }
  const auto ref = FieldRef::parse(name, names);
  return ref && event.set(*ref, value);
}

}  // namespace millrace
