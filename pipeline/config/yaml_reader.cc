#include "pipeline/config/yaml_reader.h"

#include <algorithm>
#include <array>

#include "pipeline/config/parser.h"
#include "pipeline/config/yaml_document.h"

namespace millrace::config {
namespace {

constexpr std::array<std::string_view, 3> kSections{"input", "filter", "output"};
constexpr std::array<std::string_view, 3> kBranchKeys{"if", "then", "else"};

const YamlNode* find(const YamlNode& map, std::string_view key) {
  const auto at = std::find_if(map.entries.begin(), map.entries.end(),
                               [&](const auto& entry) { return entry.key.text == key; });
  return at == map.entries.end() ? nullptr : &at->value;
}

class YamlReader {
 public:
  explicit YamlReader(ReadContext& context) : context_(context) {}

  void sections(const YamlNode& root, Config& config);

 private:
  std::vector<Statement> statements(const YamlNode& node, std::string_view owner);
  void statement(const YamlNode& node, std::vector<Statement>& into);
  void plugin(const YamlNode& name, const YamlNode* options, std::vector<Statement>& into);
  void branch(const YamlNode& node, std::vector<Statement>& into);
  std::optional<Condition> condition(const YamlNode& node);
  void error(const YamlNode& at, std::string message, std::string hint = {}) {
    context_.diagnostics.error(at.span, std::move(message), std::move(hint));
  }

  ReadContext& context_;
};

void YamlReader::sections(const YamlNode& root, Config& config) {
  if (root.kind == YamlNode::Kind::null) return;
  if (root.kind != YamlNode::Kind::map) {
    return error(root, "expected a map with the keys input, filter and output");
  }
  for (const auto& [key, list] : root.entries) {
    const auto kind = section_kind(key.text);
    if (!kind) {
      error(key, "unknown section `" + key.text + "`", did_you_mean(key.text, kSections));
      continue;
    }
    config.sections.push_back({*kind, key.span, statements(list, key.text)});
  }
}

std::vector<Statement> YamlReader::statements(const YamlNode& node, std::string_view owner) {
  std::vector<Statement> out;
  if (node.kind == YamlNode::Kind::sequence) {
    for (const YamlNode& item : node.items) statement(item, out);
  } else if (node.kind != YamlNode::Kind::null) {
    error(node, "expected a list of plugins under `" + std::string(owner) + "`",
          "write each as `- name: { option: value }`");
  }
  return out;
}

void YamlReader::statement(const YamlNode& node, std::vector<Statement>& into) {
  if (node.kind == YamlNode::Kind::scalar) return plugin(node, nullptr, into);
  if (node.kind == YamlNode::Kind::map && find(node, "if") != nullptr) return branch(node, into);
  if (node.kind != YamlNode::Kind::map || node.entries.size() != 1) {
    return error(
        node,
        "expected one plugin, as `- name: { option: value }`, or a branch with `if:` and `then:`",
        node.entries.size() > 1
            ? "each plugin begins with its own `-`; its options are indented below its name"
            : "");
  }
  plugin(node.entries.front().key, &node.entries.front().value, into);
}

void YamlReader::plugin(const YamlNode& name, const YamlNode* options,
                        std::vector<Statement>& into) {
  Plugin out{name.text, name.span, name.span, {}};
  if (options != nullptr && options->kind == YamlNode::Kind::map) {
    for (const auto& [key, held] : options->entries) {
      auto value = yaml_value(held, context_);
      if (value)
        out.attributes.push_back({key.text, key.span, std::move(*value)});
      else
        error(key, "option `" + key.text + "` has no value");
    }
  } else if (options != nullptr && options->kind != YamlNode::Kind::null) {
    error(*options, "expected the options of `" + name.text + "` as a map");
  }
  into.push_back({std::move(out)});
}

void YamlReader::branch(const YamlNode& node, std::vector<Statement>& into) {
  for (const auto& [key, value] : node.entries) {
    if (std::find(kBranchKeys.begin(), kBranchKeys.end(), key.text) != kBranchKeys.end()) continue;
    error(key, "unknown key `" + key.text + "` beside `if`",
          "a branch has the keys if, then and else");
  }
  const YamlNode& test = *find(node, "if");
  Branch out{.span = test.span};
  Clause then{.condition = condition(test), .span = test.span};
  if (const YamlNode* body = find(node, "then"))
    then.body = statements(*body, "then");
  else
    error(test, "a branch needs `then:` beside `if:`");
  if (!then.condition) return;
  out.clauses.push_back(std::move(then));
  if (const YamlNode* body = find(node, "else")) {
    out.clauses.push_back({.span = body->span, .body = statements(*body, "else")});
  }
  into.push_back({std::move(out)});
}

std::optional<Condition> YamlReader::condition(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::scalar) {
    error(node, "expected a condition in quotes", "write it as '[field] == \"text\"'");
    return std::nullopt;
  }
  return parse_condition(node.text, {node.span, node.exact}, context_);
}

}  // namespace

void parse_yaml(SourceId source, ReadContext& context, Config& config) {
  const auto root = read_yaml(source, context.sources, context.diagnostics);
  if (root) YamlReader(context).sections(*root, config);
}

}  // namespace millrace::config
