#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the benchmark and the fuzzers know of regular expressions. Written apart from the
/// library's own parser and tree, so that a mistake there is not repeated here.
namespace grok::testing {

/// One thing between the brackets of a class.
struct ClassItem {
  enum class Kind { range, shorthand, posix, nested };
  Kind kind = Kind::range;
  char32_t first = 0;            // range
  char32_t last = 0;             // range
  char letter = 0;               // shorthand: one of dDwWsShH
  std::string name;              // posix: "alpha"
  bool negated = false;          // posix, nested
  std::vector<ClassItem> items;  // nested
};

enum class Kind {
  empty,
  literal,
  any,
  set,
  anchor,
  sequence,
  choice,
  repeat,
  capture,
  atomic,
  look,
  back_reference,
  ignore_case,
};
enum class Greed { greedy, lazy, possessive };

constexpr unsigned kUnbounded = ~0u;

/// A regular expression as a tree. Which members count depends on `kind`.
struct Node {
  Kind kind = Kind::empty;
  char32_t literal = 0;
  char anchor = 0;               // ^ $ A z Z b B
  bool negated = false;          // set, look
  bool behind = false;           // look
  std::vector<ClassItem> items;  // set
  Greed greed = Greed::greedy;   // repeat
  unsigned min = 0;              // repeat
  unsigned max = 0;              // repeat, or kUnbounded
  std::string name;              // capture, back_reference
  std::vector<Node> children;
};

/// Reads Ruby's syntax. Plain groups do not capture, as is so in Ruby beside named ones. nullopt:
/// it uses what neither the standard patterns nor the fuzzer do (calls, absent operators, `&&`).
std::optional<Node> parse(std::string_view ruby);

enum class Dialect {
  ruby,       ///< as grok::Pattern takes it
  oniguruma,  ///< the same, but `\w \d \s` written out: C's Oniguruma takes them for Unicode's
  pcre2,
  re2,
};

struct Printed {
  std::string text;
  unsigned looks_dropped = 0;      ///< RE2: it has no look-around
  unsigned atomic_made_plain = 0;  ///< RE2: nor atomic groups and possessive repeats
  unsigned bounds_dropped = 0;     ///< RE2: nor more than 1000 copies of anything
  bool possible = true;            ///< false: this dialect cannot say it at all
  bool rewritten() const { return looks_dropped || atomic_made_plain || bounds_dropped; }
};

/// The expression in another engine's words. Captures are named g0, g1, ... in their order, except
/// in Ruby's and Oniguruma's, where they keep their names.
Printed print(const Node& node, Dialect dialect);

/// How many captures there are inside.
std::size_t count_captures(const Node& node);

/// Whether a part that may be empty is repeated: engines agree least on what that captures.
bool repeats_empty(const Node& node);

}  // namespace grok::testing
