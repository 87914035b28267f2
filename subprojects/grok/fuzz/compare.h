#pragma once

#include <memory>
#include <string>
#include <vector>

#include "testing/engine.h"
#include "testing/expression.h"

namespace grok::fuzz {

/// What an engine says of a line.
struct Verdict {
  Outcome outcome = Outcome::limit;
  std::vector<Span> spans;
  bool operator==(const Verdict& other) const;
};

std::string describe(const Verdict& verdict);

struct Contender {
  std::string name;
  std::unique_ptr<testing::Engine> engine;
  bool needs_utf8 = false;
};

/// An expression in every engine that takes it. Not thread-safe.
class Comparison {
 public:
  /// grok as it chooses, each of its tiers by force, and Oniguruma: not where `judge` is false, nor
  /// where a part that may be empty is repeated, which it gives captures that end before they
  /// begin. `tree` says what `expression` expands to.
  Comparison(const std::string& expression, const PatternSet& patterns, const testing::Node& tree,
             bool judge = true);
  /// Of the tree alone, in Ruby's words.
  explicit Comparison(const testing::Node& tree, bool judge = true);

  /// "": grok runs it. Otherwise why not.
  const std::string& refused() const { return refused_; }
  Tier tier() const { return tier_; }
  std::size_t size() const { return contenders_.size(); }

  /// Whether the engines differ on the line. One that gives up has no say, nor has Oniguruma on
  /// what is no UTF-8.
  bool differs(const std::string& line);

  /// What each said of the last line, a line of text for each.
  std::string report() const;

 private:
  void add_tiers(const std::string& expression, const PatternSet& patterns);

  std::vector<Contender> contenders_;
  std::vector<Verdict> verdicts_;
  std::size_t captures_ = 0;
  std::string refused_;
  Tier tier_{};
};

}  // namespace grok::fuzz
