#include "pipeline/plugin/option_binder.h"

#include <algorithm>
#include <optional>

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

  static bool is_secret(const OptionInfo& info) {
    return info.rules.secret || info.type == OptionType<Secret>::text(info.rules) ||
           info.name.find("password") != std::string::npos;
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
    const auto meant = index_of(config::closest(attribute.name, names));
    if (meant && is_secret(*options_[*meant].info)) diagnostics_.conceal(attribute.value.span);
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
    if (is_secret(info))
      for (const Attribute* use : uses) diagnostics_.conceal(use->value.span);
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
      if (!info.rules.no_effect.empty())
        diagnostics_.warning(use->name_span,
                             plugin_.name + ": option `" + use->name + "` has no effect",
                             info.rules.no_effect);
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
