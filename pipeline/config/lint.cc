#include "pipeline/config/lint.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace millrace::config {
namespace {

using Op = Condition::Op;

constexpr std::size_t kMaxLookups = 500;  // each looks at every text of the configuration

std::string quoted_name(std::string_view name) {
  return "`" + std::string(name.substr(0, 60)) + "`";
}

/// `a` as `[a]`: two references to one field become equal texts.
std::string normal_reference(std::string_view reference) {
  if (reference.starts_with('[')) return std::string(reference);
  return "[" + std::string(reference) + "]";
}

std::string_view first_name(std::string_view selector) {
  return selector.substr(1, selector.find(']') - 1);
}

template <typename Visit>
void each_text(const Value& value, const Visit& visit) {
  if (value.is_scalar()) visit(value);
  for (const Value& item : value.items) each_text(item, visit);
  for (const HashEntry& entry : value.entries) {
    visit(Value{.span = entry.key_span, .text = entry.key});
    each_text(entry.value, visit);
  }
  if (value.plugin == nullptr) return;
  for (const Attribute& attribute : value.plugin->attributes) each_text(attribute.value, visit);
}

/// What all plugins together write, as far as it can be known.
class World {
 public:
  World(const Config& config, const EffectsOf& effects) : effects_(effects) {
    for (const Section& section : config.sections) {
      if (section.kind != SectionKind::output) add(section.kind, section.statements);
    }
  }

  bool any_tag() const { return any_tag_; }
  bool any_field() const { return any_field_; }
  const std::set<std::string>& tags() const { return tags_; }
  /// Whether some option mentions the field. Bounded: past kMaxLookups names the answer is yes.
  bool may_set(std::string_view field) {
    if (fields_.contains(field)) return true;
    const auto known = looked_up_.find(field);
    if (known != looked_up_.end()) return known->second;
    if (looked_up_.size() >= kMaxLookups) return true;
    const bool found = std::any_of(texts_.begin(), texts_.end(), [&](const std::string& text) {
      return text.find(field) != std::string::npos;
    });
    return looked_up_.emplace(field, found).first->second;
  }

  /// "did you mean ...?" for a tag that nothing adds; "" where none is near, or past kMaxLookups.
  std::string near_tag(std::string_view tag) {
    if (tags_.size() > kMaxLookups || ++tag_lookups_ > kMaxLookups) return "";
    const std::vector<std::string_view> known(tags_.begin(), tags_.end());
    return did_you_mean(tag, known);
  }

 private:
  void add(SectionKind kind, const std::vector<Statement>& statements) {
    for (const Statement& statement : statements) {
      if (const Plugin* plugin = statement.plugin()) {
        add(kind, *plugin);
      } else {
        for (const Clause& clause : statement.branch()->clauses) add(kind, clause.body);
      }
    }
  }

  void add(SectionKind kind, const Plugin& plugin) {
    const Effects effects = effects_(kind, plugin);
    any_tag_ = any_tag_ || effects.any_tag;
    any_field_ = any_field_ || effects.any_field;
    fields_.insert(effects.fields.begin(), effects.fields.end());
    for (const Attribute& attribute : plugin.attributes) add(attribute);
  }

  void add(const Attribute& attribute) {
    const std::string_view name = attribute.name;
    const bool adds_tags = name == "add_tag" || name == "tags" || name.starts_with("tag_on_");
    each_text(attribute.value, [&](const Value& text) {
      texts_.insert(text.text);
      if (adds_tags) tags_.insert(text.text);
      const bool made_up = text.text.find("%{") != std::string::npos;
      any_tag_ = any_tag_ || (adds_tags ? made_up : text.text.find("tags") != std::string::npos);
    });
    for (const HashEntry& entry : attribute.value.entries) {
      const bool made_up = entry.key.find("%{") != std::string::npos;
      any_tag_ = any_tag_ || made_up;
      any_field_ = any_field_ || made_up;
    }
  }

  const EffectsOf& effects_;
  bool any_tag_ = false;
  bool any_field_ = false;
  std::set<std::string> tags_;
  std::set<std::string, std::less<>> fields_;
  std::set<std::string> texts_;
  std::map<std::string, bool, std::less<>> looked_up_;
  std::size_t tag_lookups_ = 0;
};

class Linter {
 public:
  Linter(const Config& config, const EffectsOf& effects, Diagnostics& diagnostics)
      : world_(config, effects), effects_(effects), diagnostics_(diagnostics) {}

  void section(const Section& section) {
    kind_ = section.kind;
    block(section.statements);
  }

 private:
  void block(const std::vector<Statement>& statements) {
    bool ended = false;
    for (const Statement& statement : statements) {
      const Plugin* const one = statement.plugin();
      if (ended) {
        diagnostics_.warning(one != nullptr ? one->span : statement.branch()->span,
                             "no event reaches this", "the plugin before it drops every event");
        ended = false;
      }
      if (one == nullptr) {
        branch(*statement.branch());
      } else {
        plugin(*one);
        ended = effects_(kind_, *one).ends_event;
      }
    }
  }

  void plugin(const Plugin& plugin) {
    for (const Attribute& attribute : plugin.attributes) {
      if (attribute.value.kind == ValueKind::hash) entry_order(attribute);
    }
  }

  /// An entry that reads what another writes: `%{a}` or, where a value names a field, `a`.
  void entry_order(const Attribute& option) {
    const bool values_are_fields =
        option.name == "rename" || option.name == "copy" || option.name == "merge";
    std::set<std::string> keys;
    for (const HashEntry& entry : option.value.entries) keys.insert(normal_reference(entry.key));
    for (const HashEntry& entry : option.value.entries) {
      each_text(entry.value, [&](const Value& value) {
        for (const std::string& read : references(value.text, values_are_fields)) {
          if (read == normal_reference(entry.key) || !keys.contains(read)) continue;
          diagnostics_.warning(
              value.span,
              "another entry of `" + option.name + "` concerns " + quoted_name(read) + " as well",
              "entries are applied as written here, in no certain order by Logstash; use two "
              "plugins");
        }
      });
    }
  }

  static std::set<std::string> references(std::string_view text, bool whole) {
    std::set<std::string> out;
    if (whole) out.insert(normal_reference(text));
    for (std::size_t at = text.find("%{"); at != std::string_view::npos;
         at = text.find("%{", at + 2)) {
      const std::size_t end = text.find('}', at);
      if (end == std::string_view::npos) break;
      const std::string_view name = text.substr(at + 2, end - at - 2);
      if (!name.empty() && name.front() != '+' && name.front() != '{')
        out.insert(normal_reference(name));
    }
    return out;
  }

  void branch(const Branch& branch) {
    bool reachable = true;
    for (std::size_t i = 0; i < branch.clauses.size(); ++i) {
      const Clause& clause = branch.clauses[i];
      if (!reachable) {
        diagnostics_.warning(clause.span, "this branch is never reached",
                             "the condition before it is always true");
      } else if (clause.condition) {
        repeated(branch, i);
        condition(*clause.condition);
        reachable = !always(*clause.condition);
      }
      block(clause.body);
    }
  }

  void repeated(const Branch& branch, std::size_t index) {
    const Clause& clause = branch.clauses[index];
    for (std::size_t i = 0; i < std::min(index, kComparedClauses); ++i) {
      const auto& earlier = branch.clauses[index - 1 - i].condition;
      if (!earlier || !same(*earlier, *clause.condition)) continue;
      diagnostics_.warning(clause.span, "this branch is never reached",
                           "an earlier branch has the same condition");
      return;
    }
  }

  bool always(const Condition& condition) {
    const auto value = constant(condition);
    if (!value) return false;
    diagnostics_.warning(condition.span,
                         std::string("this condition is always ") + (*value ? "true" : "false"));
    return *value;
  }

  void condition(const Condition& condition) {
    for (const Condition& operand : condition.operands) this->condition(operand);
    if (!condition.operands.empty()) return;
    compared_types(condition);
    field(condition.left);
    if (condition.op != Op::truth) field(condition.right);
    if (condition.op == Op::in || condition.op == Op::not_in) tag(condition);
  }

  void compared_types(const Condition& condition) {
    const Value& left = condition.left;
    const Value& right = condition.right;
    const bool equality = condition.op == Op::equal || condition.op == Op::not_equal;
    const bool mixed = (left.kind == ValueKind::string && right.kind == ValueKind::number) ||
                       (left.kind == ValueKind::number && right.kind == ValueKind::string);
    if (mixed && condition.op != Op::in && condition.op != Op::not_in) {
      diagnostics_.warning(condition.span, "a string and a number are never equal, nor ordered");
    }
    if (!equality) return;
    const Value* const literal = left.kind == ValueKind::selector ? &right : &left;
    const Value* const selector = left.kind == ValueKind::selector ? &left : &right;
    if (selector->kind != ValueKind::selector) return;
    if (selector->text == "[tags]" && literal->is_scalar()) {
      diagnostics_.warning(condition.span, "[tags] is a list and does not equal " + show(*literal),
                           "write " + show(*literal) + " in [tags]");
    }
    if (selector->text == "[@version]" && literal->kind == ValueKind::number) {
      diagnostics_.warning(condition.span,
                           "[@version] is a string and does not equal " + show(*literal),
                           "write \"" + literal->text + "\"");
    }
  }

  void field(const Value& operand) {
    if (operand.kind != ValueKind::selector) return;
    const std::string_view name = first_name(operand.text);
    const bool literal = name.find_first_of("\"'") != std::string_view::npos;
    if (literal) {
      diagnostics_.warning(operand.span,
                           operand.text + " is read as the name of a field, as Logstash does",
                           "a list of one is written with its value twice: [" + std::string(name) +
                               ", " + std::string(name) + "]");
      return;
    }
    if (world_.any_field() || name.starts_with('@') || name == "tags" || world_.may_set(name))
      return;
    diagnostics_.warning(operand.span, "nothing sets the field " + operand.text);
  }

  void tag(const Condition& condition) {
    const Value& tested = condition.left;
    if (condition.right.kind != ValueKind::selector || condition.right.text != "[tags]") return;
    if (tested.kind != ValueKind::string || world_.tags().contains(tested.text) ||
        tested.text.starts_with('_'))
      return;
    const std::string near = world_.near_tag(tested.text);
    if (world_.any_tag() && near.empty()) return;
    diagnostics_.warning(tested.span, "nothing adds the tag " + quoted_name(tested.text), near);
  }

  static constexpr std::size_t kComparedClauses =
      50;  // back from each: a chain of thousands must not take squares

  World world_;
  const EffectsOf& effects_;
  Diagnostics& diagnostics_;
  SectionKind kind_ = SectionKind::input;
};

}  // namespace

void lint(const Config& config, const EffectsOf& effects, Diagnostics& diagnostics) {
  Linter linter(config, effects, diagnostics);
  for (const Section& section : config.sections) linter.section(section);
}

}  // namespace millrace::config
