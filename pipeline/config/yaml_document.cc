#include "pipeline/config/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_set>

namespace millrace::config {
namespace {

/// What a document may weigh: its texts, and this much for each node. Aliases make short files
/// heavy.
constexpr std::size_t kNodeWeight = 64;
constexpr std::size_t kMaxWeight = std::size_t{64} << 20;

std::size_t weight(const YamlNode& node) {
  std::size_t total = kNodeWeight + node.text.size();
  for (const YamlNode& item : node.items) total += weight(item);
  for (const auto& [key, value] : node.entries) total += weight(key) + weight(value);
  return total;
}

/// Builds the tree from yaml-cpp's events. Past a limit it ignores the rest: throwing through the
/// library is not ours.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(SourceId source, const SourceSet& sources, Diagnostics& diagnostics)
      : source_(source), sources_(sources), diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    finish({.kind = YamlNode::Kind::null, .span = span_at(mark, 1)}, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) return error(mark, "this alias names a node that holds it");
    YamlNode copy = known->second;
    finish(std::move(copy), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    YamlNode node{.kind = YamlNode::Kind::scalar,
                  .span = span_at(mark, 1),
                  .quoted = tag == "!",
                  .text = text};
    const std::string_view source = sources_.text(source_);
    const std::size_t begin = node.span.begin + (node.quoted ? 1 : 0);
    if (begin <= source.size() && source.substr(begin, text.size()) == text) {
      node.exact = true;
      node.span = {source_, static_cast<std::uint32_t>(begin),
                   static_cast<std::uint32_t>(begin + text.size())};
    }
    finish(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::sequence, mark, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::map, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  bool good() const { return good_; }
  YamlNode take_root() { return std::move(root_); }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    std::optional<YamlNode> key;
  };

  Span span_at(const YAML::Mark& mark, std::size_t size) const {
    const std::size_t line = mark.line < 0 ? 1 : static_cast<std::size_t>(mark.line) + 1;
    const std::size_t begin =
        sources_.line_offset(source_, line) + static_cast<std::size_t>(std::max(mark.column, 0));
    return {source_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + size)};
  }

  void error(const YAML::Mark& mark, std::string message) {
    if (good_) diagnostics_.error(span_at(mark, 1), std::move(message));
    good_ = false;
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= kMaxDepth) {
      error(mark, "nested more than " + std::to_string(kMaxDepth) + " levels deep");
      ++ignored_;
      return;
    }
    open_.push_back({{.kind = kind, .span = span_at(mark, 1)}, anchor, std::nullopt});
  }

  void close() {
    if (ignored_ > 0) {
      --ignored_;
      return;
    }
    Open done = std::move(open_.back());
    open_.pop_back();
    finish(std::move(done.node), done.anchor);
  }

  void finish(YamlNode node, YAML::anchor_t anchor) {
    if (!good_) return;
    const bool composite =
        node.kind == YamlNode::Kind::map || node.kind == YamlNode::Kind::sequence;
    weight_ += anchor != 0 || composite ? weight(node) : kNodeWeight + node.text.size();
    if (weight_ > kMaxWeight) {
      diagnostics_.error(node.span, "the document is too large once its aliases are replaced");
      good_ = false;
      return;
    }
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      take_key(parent, std::move(node));
    } else {
      parent.node.entries.push_back({std::move(*parent.key), std::move(node)});
      parent.key.reset();
    }
  }

  void take_key(Open& parent, YamlNode key) {
    if (key.kind != YamlNode::Kind::scalar) {
      diagnostics_.error(key.span, "a key must be a plain text");
      good_ = false;
    }
    parent.key = std::move(key);
  }

  SourceId source_;
  const SourceSet& sources_;
  Diagnostics& diagnostics_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  YamlNode root_;
  std::size_t weight_ = 0;
  std::size_t ignored_ = 0;  // collections begun below the depth limit
  bool good_ = true;
};

bool keys_are_unique(const YamlNode& node, Diagnostics& diagnostics) {
  bool good = true;
  std::unordered_set<std::string_view> seen;
  for (const auto& [key, value] : node.entries) {
    if (!seen.insert(key.text).second) {
      diagnostics.error(key.span, "key `" + key.text + "` is given twice");
      good = false;
    }
    good = keys_are_unique(value, diagnostics) && good;
  }
  for (const YamlNode& item : node.items) good = keys_are_unique(item, diagnostics) && good;
  return good;
}

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t dot = text.find('.');
  const auto digits = [](std::string_view part) {
    return part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  const std::string_view whole = text.substr(0, dot);
  return !whole.empty() && digits(whole) &&
         (dot == std::string_view::npos || digits(text.substr(dot + 1)));
}

Value scalar_value(const YamlNode& node, ReadContext& context) {
  Value out = string_value(node.text, node.span, context);
  if (node.quoted || out.text != node.text) return out;
  if (is_number(out.text)) out.kind = ValueKind::number;
  if (out.text == "true" || out.text == "false") out.kind = ValueKind::bareword;
  return out;
}

}  // namespace

std::optional<YamlNode> read_yaml(SourceId source, const SourceSet& sources,
                                  Diagnostics& diagnostics) {
  const std::string_view text = sources.text(source);
  if (text.size() > kMaxYamlBytes) {
    diagnostics.error({source, 0, 0}, "a YAML text of " + std::to_string(text.size()) +
                                          " bytes, limit " + std::to_string(kMaxYamlBytes));
    return std::nullopt;
  }
  TreeBuilder tree(source, sources, diagnostics);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(tree);
  } catch (const YAML::Exception& problem) {
    const std::size_t line = static_cast<std::size_t>(std::max(problem.mark.line, 0)) + 1;
    const auto begin = sources.line_offset(source, line) +
                       static_cast<std::uint32_t>(std::max(problem.mark.column, 0));
    diagnostics.error({source, begin, begin + 1}, "not valid YAML: " + problem.msg);
    return std::nullopt;
  } catch (const std::exception& problem) {
    diagnostics.error({source, 0, 0}, std::string("not valid YAML: ") + problem.what());
    return std::nullopt;
  }
  if (!tree.good()) return std::nullopt;
  YamlNode root = tree.take_root();
  if (!keys_are_unique(root, diagnostics)) return std::nullopt;
  return root;
}

std::optional<Value> yaml_value(const YamlNode& node, ReadContext& context) {
  Value out{.span = node.span};
  switch (node.kind) {
    case YamlNode::Kind::null:
      return std::nullopt;
    case YamlNode::Kind::scalar:
      return scalar_value(node, context);
    case YamlNode::Kind::sequence:
      out.kind = ValueKind::array;
      for (const YamlNode& item : node.items) {
        if (auto value = yaml_value(item, context)) out.items.push_back(std::move(*value));
      }
      return out;
    case YamlNode::Kind::map:
      out.kind = ValueKind::hash;
      for (const auto& [key, held] : node.entries) {
        auto value = yaml_value(held, context);
        if (value)
          out.entries.push_back(
              {string_value(key.text, key.span, context).text, key.span, std::move(*value)});
      }
      return out;
  }
  return std::nullopt;
}

}  // namespace millrace::config
