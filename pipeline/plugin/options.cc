#include "pipeline/plugin/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace millrace {
namespace {

using config::Attribute;
using config::Value;
using config::ValueKind;

void append_items(Value& to, const Value& from) {
  if (from.kind == ValueKind::array) {
    to.items.insert(to.items.end(), from.items.begin(), from.items.end());
  } else {
    to.items.push_back(from);
  }
}

/// Several uses of a hash option as one array of keys and values, which reads as a hash and
/// collects equal keys.
void append_pairs(Value& to, const Value& from) {
  if (from.kind != ValueKind::hash) return append_items(to, from);
  for (const config::HashEntry& entry : from.entries) {
    to.items.push_back({.kind = ValueKind::string, .span = entry.key_span, .text = entry.key});
    to.items.push_back(entry.value);
  }
}

}  // namespace

std::string choice_text(std::string_view plain, const OptionRules& rules) {
  if (rules.choices.empty()) return std::string(plain);
  std::string out = "one of ";
  for (const auto& choice : rules.choices) {
    if (&choice != &rules.choices.front()) out += ", ";
    out += choice.first.empty() ? "\"\"" : choice.first;
  }
  return out;
}

std::string choice_name(std::int64_t value, const OptionRules& rules) {
  for (const auto& [name, meaning] : rules.choices) {
    if (meaning == value) return name;
  }
  return "";
}

std::string number_text(double value) {
  std::array<char, 64> buffer{};
  const bool whole =
      std::abs(value) < 1e15 && value == static_cast<double>(static_cast<std::int64_t>(value));
  const auto end =
      whole ? std::to_chars(buffer.begin(), buffer.end(), static_cast<std::int64_t>(value))
            : std::to_chars(buffer.begin(), buffer.end(), value);
  return std::string(buffer.data(), end.ptr);
}

std::string quoted_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\r')
      out += "\\r";
    else
      out += c;
  }
  return out + '"';
}

const OptionInfo* OptionTable::find(std::string_view name) const {
  for (const OptionInfo& info : infos_) {
    if (info.name == name || (!info.rules.also_called.empty() && info.rules.also_called == name))
      return &info;
  }
  return nullptr;
}

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

/// One bind(): the plugin, what it may have, and where reports go.
class OptionBinder::Binding {
 public:
  Binding(const config::Plugin& plugin, std::vector<Found> options, OptionPlaces& places,
          config::Diagnostics& diagnostics)
      : plugin_(plugin), options_(std::move(options)), places_(places), diagnostics_(diagnostics) {}

  bool run() {
    std::vector<std::vector<const Attribute*>> uses(options_.size());
    for (const Attribute& attribute : plugin_.attributes) {
      const auto index = index_of(attribute.name);
      if (index)
        uses[*index].push_back(&attribute);
      else
        unknown(attribute);
    }
    for (std::size_t i = 0; i < options_.size(); ++i) bind(options_[i], uses[i]);
    return good_;
  }

 private:
  std::optional<std::size_t> index_of(std::string_view name) const {
    for (std::size_t i = 0; i < options_.size(); ++i) {
      const OptionInfo& info = *options_[i].info;
      if (info.name == name || (!info.rules.also_called.empty() && info.rules.also_called == name))
        return i;
    }
    return std::nullopt;
  }

  void error(config::Span span, std::string message, std::string hint = {}) {
    diagnostics_.error(span, plugin_.name + ": " + message, std::move(hint));
    good_ = false;
  }

  void unknown(const Attribute& attribute) {
    std::vector<std::string_view> names;
    for (const Found& option : options_) {
      if (option.slot->read) names.push_back(option.info->name);
    }
    error(attribute.name_span, "unknown option `" + attribute.name + "`",
          config::did_you_mean(attribute.name, names));
  }

  void bind(const Found& option, const std::vector<const Attribute*>& uses) {
    const OptionInfo& info = *option.info;
    if (uses.empty()) {
      if (info.rules.required)
        error(plugin_.span, "option `" + info.name + "` is required", info.help);
      return;
    }
    if (!option.slot->read) return refuse(info, uses);
    warn(info, uses);
    if (uses.size() > 1 && option.slot->repeat == Repeat::refused) return given_twice(info, uses);
    Value value = joined(uses, option.slot->repeat);
    OptionReader reader(plugin_.name + ": " + info.name, info.rules, diagnostics_);
    good_ = option.slot->read(option.object, value, reader) && good_;
    places_.values_.emplace(info.name, std::move(value));
  }

  void refuse(const OptionInfo& info, const std::vector<const Attribute*>& uses) {
    for (const Attribute* use : uses) {
      if (!info.obsolete.empty()) {
        error(use->name_span, "option `" + info.name + "` is obsolete", info.obsolete);
      } else if (info.inert_value.empty() || use->value.text != info.inert_value) {
        error(use->name_span, "option `" + info.name + "` is not supported", info.refused);
      }
    }
  }

  void warn(const OptionInfo& info, const std::vector<const Attribute*>& uses) {
    for (const Attribute* use : uses) {
      std::string instead = info.rules.deprecated;
      if (use->name != info.name) instead = "use `" + info.name + "`";
      if (instead.empty()) continue;
      diagnostics_.warning(use->name_span,
                           plugin_.name + ": option `" + use->name + "` is deprecated", instead);
    }
  }

  void given_twice(const OptionInfo& info, const std::vector<const Attribute*>& uses) {
    for (std::size_t i = 1; i < uses.size(); ++i) {
      error(uses[i]->name_span, "option `" + info.name + "` is given twice",
            "it takes one " + info.type);
    }
  }

  static Value joined(const std::vector<const Attribute*>& uses, Repeat repeat) {
    if (uses.size() == 1) return uses.front()->value;
    Value out{.kind = ValueKind::array, .span = uses.front()->value.span};
    for (const Attribute* use : uses) {
      if (repeat == Repeat::merged)
        append_pairs(out, use->value);
      else
        append_items(out, use->value);
    }
    return out;
  }

  const config::Plugin& plugin_;
  const std::vector<Found> options_;
  OptionPlaces& places_;
  config::Diagnostics& diagnostics_;
  bool good_ = true;
};

std::vector<OptionBinder::Found> OptionBinder::options() const {
  std::vector<Found> out;
  const auto declared = [&](const std::string& name) {
    return std::any_of(out.begin(), out.end(),
                       [&](const Found& known) { return known.info->name == name; });
  };
  for (const Target& target : targets_) {
    for (std::size_t i = 0; i < target.table->infos_.size(); ++i) {
      const OptionInfo& info = target.table->infos_[i];
      if (!declared(info.name)) out.push_back({&info, &target.table->slots_[i], target.object});
    }
  }
  return out;
}

bool OptionBinder::bind(const config::Plugin& plugin, OptionPlaces& places,
                        config::Diagnostics& diagnostics) const {
  places = OptionPlaces(plugin);
  return Binding(plugin, options(), places, diagnostics).run();
}

}  // namespace millrace
