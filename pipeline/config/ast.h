#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pipeline/config/source.h"

/// What a configuration says, before any plugin has looked at it. The `.conf` parser and the YAML
/// reader both build it; `${VAR}` is already replaced and escapes are resolved. Every node knows
/// the text it came from. The depth of a tree is bounded by a few times kMaxDepth, so recursion is
/// safe.
namespace millrace::config {

/// Bound on the nesting of values, branches and conditions together.
inline constexpr std::size_t kMaxDepth = 200;

/// Bound on one configuration text.
inline constexpr std::size_t kMaxSourceBytes = std::size_t{16} << 20;

struct Plugin;
struct HashEntry;

enum class ValueKind {
  bareword,  ///< `true`, `json`, ...: text
  string,    ///< text, without its quotes
  number,    ///< text as written: -?digits[.digits]
  array,     ///< items
  hash,      ///< entries, in written order, keys unique
  plugin,    ///< a codec with options: plugin
  selector,  ///< only as an operand of a condition: text is the field reference as written,
             ///< `[a][b]`
  regexp,  ///< only as an operand of a condition: text is what stands between the slashes, `\/` as
           ///< `/`
};

/// "a string", "an array", ...: for messages.
std::string_view describe(ValueKind kind);

/// A value of an option, or an operand of a condition. Copies share the plugin.
struct Value {
  ValueKind kind = ValueKind::string;
  Span span;
  std::string text;
  bool secret = false;  ///< text came from a keystore, wholly or in part: never print it
  std::vector<Value> items;
  std::vector<HashEntry> entries;
  std::shared_ptr<const Plugin> plugin;

  /// bareword, string or number: `text` is all there is.
  bool is_scalar() const {
    return kind == ValueKind::bareword || kind == ValueKind::string || kind == ValueKind::number;
  }
};

struct HashEntry {
  std::string key;
  Span key_span;
  Value value;
};

/// The value as it could be written in a `.conf`, shortened to about 60 characters, secrets as
/// `<password>`: for messages.
std::string show(const Value& value);

struct Attribute {
  std::string name;
  Span name_span;
  Value value;
};

/// `name { attributes }`. The same attribute may stand there more than once; what that means
/// depends on the option's type and is decided when options are bound.
struct Plugin {
  std::string name;
  Span span;       ///< of the name
  Span full_span;  ///< from the name to the closing brace
  std::vector<Attribute> attributes;
};

struct Condition {
  enum class Op {
    // of conditions
    and_,   ///< two or more operands
    or_,    ///< two or more
    xor_,   ///< two or more
    nand_,  ///< exactly two
    not_,   ///< exactly one
    // of values: left and right
    equal,
    not_equal,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
    in,
    not_in,
    match,      ///< right is a regexp, or a string that holds one
    not_match,  ///< likewise
    // of left alone
    truth,
  };

  Op op = Op::truth;
  Span span;
  std::vector<Condition> operands;
  Value left;
  Value right;
};

/// The operator as written: "and", "==", "not in"; "" for truth.
std::string_view describe(Condition::Op op);

struct Statement;

/// One arm of a branch.
struct Clause {
  std::optional<Condition> condition;  ///< nullopt: `else`
  Span span;                           ///< of `if condition`, `else if condition` or `else`
  std::vector<Statement> body;
};

/// if / else if / else. At least one clause; only the last may lack a condition.
struct Branch {
  Span span;
  std::vector<Clause> clauses;
};

struct Statement {
  std::variant<Plugin, Branch> node;

  const Plugin* plugin() const { return std::get_if<Plugin>(&node); }
  const Branch* branch() const { return std::get_if<Branch>(&node); }
};

enum class SectionKind { input, filter, output };

/// "input", "filter", "output".
std::string_view describe(SectionKind kind);

struct Section {
  SectionKind kind = SectionKind::input;
  Span span;  ///< of the word `input`, `filter` or `output`
  std::vector<Statement> statements;
};

/// All sections in written order; a kind may occur several times and their statements follow each
/// other.
struct Config {
  std::vector<Section> sections;

  bool has(SectionKind kind) const {
    for (const Section& section : sections) {
      if (section.kind == kind) return true;
    }
    return false;
  }
};

}  // namespace millrace::config
