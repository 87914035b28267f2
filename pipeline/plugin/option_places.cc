#include "pipeline/plugin/option_places.h"

namespace millrace {

using config::Value;

const Value* OptionPlaces::value(std::string_view option) const {
  const auto at = values_.find(option);
  return at == values_.end() ? nullptr : &at->second;
}

config::Span OptionPlaces::of(std::string_view option) const {
  const Value* const given = value(option);
  return given == nullptr ? span_ : given->span;
}

config::Span OptionPlaces::of(std::string_view option, std::size_t index) const {
  const Value* const given = value(option);
  if (given != nullptr && index < given->items.size()) return given->items[index].span;
  if (given != nullptr && index < given->entries.size()) return given->entries[index].value.span;
  return of(option);
}

void OptionPlaces::error(config::Diagnostics& to, std::string_view option, std::string message,
                         std::string hint) const {
  to.error(of(option), name_ + ": " + std::string(option) + ": " + message, std::move(hint));
}

void OptionPlaces::error(config::Diagnostics& to, std::string_view option, std::size_t index,
                         std::string message, std::string hint) const {
  to.error(of(option, index), name_ + ": " + std::string(option) + ": " + message, std::move(hint));
}

void OptionPlaces::warning(config::Diagnostics& to, std::string_view option, std::string message,
                           std::string hint) const {
  to.warning(of(option), name_ + ": " + std::string(option) + ": " + message, std::move(hint));
}

}  // namespace millrace
