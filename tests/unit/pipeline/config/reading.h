#pragma once

#include <map>
#include <string>

#include "pipeline/config/parser.h"
#include "pipeline/config/yaml_reader.h"

namespace millrace::config {

/// One text read as a configuration, with everything that was said about it.
struct Reading {
  SourceSet sources;
  Diagnostics diagnostics;
  Config config;

  /// All messages, without colours.
  std::string messages() const { return diagnostics.render(sources, false); }
  const Plugin& plugin(std::size_t section, std::size_t index) const {
    return *config.sections.at(section).statements.at(index).plugin();
  }
};

struct ReadingOptions {
  bool yaml = false;
  bool support_escapes = false;
  std::map<std::string, Variable, std::less<>> variables;
};

inline Reading read(const std::string& text, const ReadingOptions& options = {}) {
  Reading out;
  Variables variables([&](std::string_view name) -> std::optional<Variable> {
    const auto at = options.variables.find(name);
    if (at == options.variables.end()) return std::nullopt;
    return at->second;
  });
  ReadContext context{out.sources, variables, out.diagnostics, options.support_escapes};
  const SourceId source = out.sources.add("test.conf", text);
  if (options.yaml)
    parse_yaml(source, context, out.config);
  else
    parse_conf(source, context, out.config);
  return out;
}

/// The condition of `if TEXT { }`, in a form with all its parentheses: "(and [a] (not [b]))".
inline std::string shape(const Condition& condition) {
  std::string out = "(" + std::string(describe(condition.op));
  if (condition.op == Condition::Op::truth) return show(condition.left);
  for (const Condition& operand : condition.operands) out += " " + shape(operand);
  if (condition.operands.empty()) out += " " + show(condition.left) + " " + show(condition.right);
  return out + ")";
}

}  // namespace millrace::config
