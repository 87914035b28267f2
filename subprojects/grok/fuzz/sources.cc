#include "sources.h"

#include <array>
#include <map>

#include "generate.h"
#include "testing/lines.h"

namespace grok::fuzz {
namespace {

using testing::Node;
using testing::Random;

Node captured_as(std::string name, Node inner) {
  Node node;
  node.kind = testing::Kind::capture;
  node.name = std::move(name);
  node.children.push_back(std::move(inner));
  return node;
}

/// A line that the expression may well match, with something around it.
std::string derived_line(const Node& tree, Random& random) {
  std::string line = derive(tree, random);
  if (random.percent(50)) line = random_text(random, random.below(6)) + line;
  if (random.percent(50)) line += random_text(random, random.below(6));
  if (random.percent(50)) line = mutate(std::move(line), random);
  return line;
}

class RandomSource : public Source {
 public:
  explicit RandomSource(bool judge) : judge_(judge) {}

  Trial next(Random& random) override {
    Trial trial;
    trial.tree = captured_as("all", random_expression(random));
    trial.expression = print(trial.tree, testing::Dialect::ruby).text;
    trial.comparison = std::make_shared<Comparison>(trial.tree, judge_);
    for (int i = 0; i < 12; ++i) {
      std::string line = random.percent(75) ? derived_line(trial.tree, random)
                                            : random_text(random, random.below(20));
      if (random.percent(8)) line = break_utf8(std::move(line), random);
      trial.lines.push_back(std::move(line));
    }
    return trial;
  }

 private:
  const bool judge_;
};

class StandardSource : public Source {
 public:
  StandardSource(const std::vector<PatternSet>& sets, std::vector<std::string> lines, bool judge)
      : sets_(sets), lines_(std::move(lines)), judge_(judge) {
    for (const PatternSet& set : sets_) {
      names_.emplace_back();
      for (const auto& [name, definition] : set.all()) names_.back().push_back(name);
    }
    for (int kind = 0; kind < testing::kLineKinds; ++kind)
      for (std::string& line : make_lines(static_cast<testing::LineKind>(kind), 200, 7))
        lines_.push_back(std::move(line));
  }

  Trial next(Random& random) override {
    const std::size_t set = random.below(sets_.size());
    const std::string& name = random.pick(names_[set]);
    Trial trial;
    if (random.percent(60)) {
      Trial& kept = kept_[{set, name}];
      if (!kept.comparison) kept = compile("%{" + name + ":all}", sets_[set]);
      trial = kept;
    } else {
      trial = compile(composed(names_[set], random), sets_[set]);
    }
    for (int i = 0; i < 12; ++i) trial.lines.push_back(line_for(trial.tree, random));
    return trial;
  }

 private:
  /// Two to five patterns with what users put between them.
  static std::string composed(const std::vector<std::string>& names, Random& random) {
    static constexpr std::array kBetween{" ", " ",    ": ",   "\\t", " - ",
                                         "|", "\\s+", ",? ?", "=",   ""};
    std::string text = random.percent(30) ? "^" : "";
    for (std::size_t i = random.between(2, 5), n = 0; n < i; ++n) {
      if (n) text += random.pick(kBetween);
      const std::string reference = "%{" + random.pick(names) + ":f" + std::to_string(n) + "}";
      text += random.percent(15) ? "(?:" + reference + ")?" : reference;
    }
    return text + (random.percent(30) ? "$" : "");
  }

  Trial compile(const std::string& expression, const PatternSet& patterns) const {
    Trial trial;
    trial.expression = expression;
    auto pattern = Pattern::compile(expression, patterns);
    if (pattern) {
      auto tree = testing::parse((*pattern)->expanded());
      if (tree) trial.tree = std::move(*tree);
    }
    trial.comparison = std::make_shared<Comparison>(expression, patterns, trial.tree, judge_);
    return trial;
  }

  std::string line_for(const Node& tree, Random& random) const {
    if (random.percent(60)) return derived_line(tree, random);
    std::string line = random.pick(lines_);
    if (random.percent(70)) line = mutate(std::move(line), random);
    if (random.percent(5)) line = break_utf8(std::move(line), random);
    return line;
  }

  const std::vector<PatternSet>& sets_;
  std::vector<std::string> lines_;
  const bool judge_;
  std::vector<std::vector<std::string>> names_;
  std::map<std::pair<std::size_t, std::string>, Trial> kept_;
};

}  // namespace

std::unique_ptr<Source> random_source(bool judge) { return std::make_unique<RandomSource>(judge); }

std::unique_ptr<Source> standard_source(const std::vector<PatternSet>& sets,
                                        std::vector<std::string> lines, bool judge) {
  return std::make_unique<StandardSource>(sets, std::move(lines), judge);
}

}  // namespace grok::fuzz
