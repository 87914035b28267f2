#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/plugin/option_describe.h"

namespace millrace {

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

}  // namespace millrace
