#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/config/ast.h"
#include "pipeline/config/diagnostics.h"
#include "pipeline/config/value_parser.h"

namespace millrace::config {

struct YamlEntry;

/// A YAML document with the place of every node. Aliases are replaced by copies of what they name.
struct YamlNode {
  enum class Kind { null, scalar, sequence, map };

  Kind kind = Kind::null;
  Span span;  ///< of a scalar's text without quotes, where it stands in the source as it is
  bool exact = false;  ///< the bytes at `span` are `text`
  bool quoted = false;
  std::string text;
  std::vector<YamlNode> items;
  std::vector<YamlEntry> entries;  ///< keys are scalars, each once
};

struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

/// Reads one source of at most kMaxYamlBytes as one YAML document. Depth (kMaxDepth) and size after
/// aliases were replaced (kMaxYamlBytes times a small factor) are bounded. nullopt: reported. An
/// empty text is a null node.
inline constexpr std::size_t kMaxYamlBytes = std::size_t{4} << 20;
std::optional<YamlNode> read_yaml(SourceId source, const SourceSet& sources,
                                  Diagnostics& diagnostics);

/// The node as an option's value: a plain scalar is a number or a word where a `.conf` could hold
/// it without quotes, else a string; variables are replaced. A null is nullopt.
std::optional<Value> yaml_value(const YamlNode& node, ReadContext& context);

}  // namespace millrace::config
