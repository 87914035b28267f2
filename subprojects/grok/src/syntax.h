#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "char_set.h"

namespace grok {

using NodeId = std::uint32_t;

enum class Kind : std::uint8_t {
  empty,
  literal,           ///< the character `value`
  set,               ///< one character of sets[value]
  line_begin,        ///< ^
  line_end,          ///< $
  text_begin,        ///< \A
  text_end,          ///< \z
  text_end_line,     ///< \Z
  word_boundary,     ///< \b
  no_word_boundary,  ///< \B
  concat,
  alternate,
  repeat,   ///< of the child, min..max
  capture,  ///< group number `value`; below Syntax::named it is that named capture
  atomic,
  look_ahead,
  not_ahead,
  look_behind,
  not_behind,
  back_reference,  ///< to the last of back_references[value] that took part
};

enum class Greed : std::uint8_t { greedy, lazy, possessive };

inline constexpr std::uint32_t kUnbounded = 0xffffffff;

struct Node {
  Kind kind = Kind::empty;
  Greed greed = Greed::greedy;
  bool caseless = false;  ///< of a back reference
  std::uint32_t value = 0;
  std::uint32_t min = 0;
  std::uint32_t max = 0;
  std::uint32_t offset = 0;    ///< where it was written
  std::uint32_t shortest = 0;  ///< characters that a match has at the least; stops at a bound
  std::vector<NodeId> children;
};

/// What an expression means, whatever engine runs it. Ignored case and the reach of `.` are
/// resolved into sets.
struct Syntax {
  std::vector<Node> nodes;
  std::vector<CharSet> sets;
  std::vector<std::vector<std::uint32_t>>
      back_references;       ///< group numbers, the last written first
  std::uint32_t named = 0;   ///< groups with a name: the captures
  std::uint32_t groups = 0;  ///< those, and the plain ones that back references count
  NodeId root = 0;

  const Node& operator[](NodeId id) const { return nodes[id]; }
  bool has_captures(NodeId id) const;
  /// Repeats what may be empty, so that engines differ in how often they do.
  bool repeats_empty(const Node& node) const {
    return node.kind == Kind::repeat && nodes[node.children[0]].shortest == 0 &&
           (node.max == kUnbounded || has_captures(node.children[0]));
  }
};

}  // namespace grok
