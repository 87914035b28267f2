#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "pipeline/plugin/option_describe.h"
#include "pipeline/plugin/option_reader.h"

/// Options declared once. A plugin lists name, member, help and rules; reading, defaults (the
/// member's initialiser), checks, reference pages, masking and "did you mean" follow from the list.
///
///     Options<O>()
///         .add("hosts", &O::hosts, "Base URLs, tried in turn.", required)
///         .add("mode", &O::mode, "How files are read.", choices<Mode>({{"tail", Mode::tail},
///         {"read", Mode::read}})) .obsolete("ssl", "use `ssl_enabled`") .refused("sniffing",
///         "millrace spreads requests over `hosts` as they are listed")
///
/// Members may be bool, integers, double, std::string, Secret, Bytes, std::chrono::milliseconds,
/// std::filesystem::path, an enum (with choices), Hash, StringPairs, CodecChoice, config::Value
/// (read by the plugin itself), std::vector of those, and std::optional of those (nullopt: not
/// given).
namespace millrace {

// Modifiers, in any number after the help text.
inline constexpr auto required = [](OptionRules& rules) { rules.required = true; };
/// Masked in messages and in the API, for a member that is not a Secret.
inline constexpr auto secret = [](OptionRules& rules) { rules.secret = true; };
/// Of a path: there must be something to read there when the configuration is loaded.
inline constexpr auto must_exist = [](OptionRules& rules) { rules.must_exist = true; };

// Bounds are inclusive; of a list they hold for each item.
template <typename T>
auto at_least(T bound) {
  return [bound](OptionRules& rules) { rules.at_least = bound_of(bound); };
}
template <typename T>
auto at_most(T bound) {
  return [bound](OptionRules& rules) { rules.at_most = bound_of(bound); };
}

/// Of strings: the texts that are allowed.
template <typename... T>
auto one_of(T... allowed) {
  return [list = std::vector<std::string>{allowed...}](OptionRules& rules) {
    for (const std::string& name : list) rules.choices.emplace_back(name, 0);
  };
}
/// Of an enum: the texts that are allowed, and what each means.
template <typename E>
auto choices(std::vector<std::pair<std::string, E>> allowed) {
  return [allowed](OptionRules& rules) {
    for (const auto& [name, value] : allowed)
      rules.choices.emplace_back(name, static_cast<std::int64_t>(value));
  };
}

/// Of a duration: what a number without a unit counts; seconds unless said.
inline auto bare_unit(std::chrono::milliseconds unit) {
  return [unit](OptionRules& rules) { rules.bare_unit = unit; };
}
/// Works, with a warning that says what to use instead.
inline auto deprecated(std::string instead) {
  return [instead](OptionRules& rules) { rules.deprecated = instead; };
}
/// An older name that is still read, with a warning.
inline auto also_called(std::string old_name) {
  return [old_name](OptionRules& rules) { rules.also_called = old_name; };
}
/// Shown as the default where the member's value does not say it: "number of cores".
inline auto default_text(std::string text) {
  return [text](OptionRules& rules) { rules.default_text = text; };
}

/// One option as the reference shows it.
struct OptionInfo {
  std::string name;
  std::string type;          ///< "string", "array of strings", "one of tail, read"
  std::string default_text;  ///< "" for none
  std::string help;
  OptionRules rules;
  std::string obsolete;     ///< not "": refused, with this advice
  std::string refused;      ///< not "": Logstash has it, this build refuses it, for this reason
  std::string inert_value;  ///< of a refused one: the text that is accepted all the same
};

/// The options of one struct, with the struct's type erased. Immutable once declared; safe to
/// share.
class OptionTable {
 public:
  std::span<const OptionInfo> list() const { return infos_; }
  const OptionInfo* find(std::string_view name) const;

 protected:
  friend class OptionBinder;
  struct Slot {
    Repeat repeat = Repeat::refused;
    std::function<bool(void*, const config::Value&, OptionReader&)>
        read;  // empty: obsolete or refused
  };

  std::vector<OptionInfo> infos_;
  std::vector<Slot> slots_;  // as infos_
};

/// The option list of the struct O, which must be copyable.
template <typename O>
class Options : public OptionTable {
 public:
  explicit Options(O defaults = O{}) : defaults_(std::move(defaults)) {}

  template <typename M, typename... Modifiers>
  Options& add(std::string name, M O::*member, std::string help, Modifiers... modifiers) {
    OptionInfo info{.name = std::move(name), .help = std::move(help)};
    (modifiers(info.rules), ...);
    info.type = OptionType<M>::text(info.rules);
    info.default_text = info.rules.default_text.empty()
                            ? OptionType<M>::show(defaults_.*member, info.rules)
                            : info.rules.default_text;
    slots_.push_back({OptionType<M>::kRepeat,
                      [member](void* object, const config::Value& value, OptionReader& reader) {
                        return reader.read(value, static_cast<O*>(object)->*member);
                      }});
    infos_.push_back(std::move(info));
    return *this;
  }

  /// An option that Logstash itself refuses by now; `advice` says what to use.
  Options& obsolete(std::string name, std::string advice) {
    infos_.push_back({.name = std::move(name), .obsolete = std::move(advice)});
    slots_.emplace_back();
    return *this;
  }

  /// An option of Logstash that this build does not do; `inert_value` is accepted since it asks for
  /// nothing.
  Options& refused(std::string name, std::string why, std::string inert_value = {}) {
    infos_.push_back({.name = std::move(name),
                      .refused = std::move(why),
                      .inert_value = std::move(inert_value)});
    slots_.emplace_back();
    return *this;
  }

  /// A struct to bind into: what every member is before an option is read.
  const O& defaults() const { return defaults_; }

 private:
  O defaults_;
};

/// Where the options of one plugin were given, for messages about what they mean.
class OptionPlaces {
 public:
  OptionPlaces() = default;
  explicit OptionPlaces(const config::Plugin& plugin) : name_(plugin.name), span_(plugin.span) {}

  bool given(std::string_view option) const { return values_.find(option) != values_.end(); }
  /// The value as given, several uses joined; nullptr when not given.
  const config::Value* value(std::string_view option) const;
  /// Of the option's value; of the plugin's name when the option was not given.
  config::Span of(std::string_view option) const;
  /// Of one item of a list (one entry's value of a hash); of the option where there is no such
  /// item.
  config::Span of(std::string_view option, std::size_t index) const;

  /// Reports `plugin: option: message` at the option, or at its item.
  void error(config::Diagnostics& to, std::string_view option, std::string message,
             std::string hint = {}) const;
  void error(config::Diagnostics& to, std::string_view option, std::size_t index,
             std::string message, std::string hint = {}) const;
  void warning(config::Diagnostics& to, std::string_view option, std::string message,
               std::string hint = {}) const;

 private:
  friend class OptionBinder;
  std::string name_;
  config::Span span_;
  std::map<std::string, config::Value, std::less<>> values_;
};

/// Reads a plugin's attributes into one or more structs, each with its table; the first table that
/// has a name owns it. Use: `OptionBinder binder; binder.to(own, options).to(common, shared);
/// binder.bind(...)`.
class OptionBinder {
 public:
  /// `object` must outlive bind(); it starts as a copy of the table's defaults().
  template <typename O>
  OptionBinder& to(const Options<O>& table, O& object) {
    object = table.defaults();
    targets_.push_back({&table, &object});
    return *this;
  }

  /// False when anything was wrong; all of it is in `diagnostics` then. Members whose options are
  /// wrong keep their defaults.
  bool bind(const config::Plugin& plugin, OptionPlaces& places,
            config::Diagnostics& diagnostics) const;

 private:
  struct Target {
    const OptionTable* table;
    void* object;
  };
  struct Found {
    const OptionInfo* info;
    const OptionTable::Slot* slot;
    void* object;
  };

  class Binding;

  std::vector<Found> options() const;
  std::vector<Target> targets_;
};

}  // namespace millrace
