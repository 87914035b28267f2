#include "contestants.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "grok/pattern_list.h"
#include "hand_tokenizer.h"
#include "testing/expression.h"

namespace grok::bench {
namespace {

using testing::Dialect;
using testing::Engine;

class Grok : public Engine {
 public:
  explicit Grok(std::shared_ptr<const Pattern> pattern) : pattern_(std::move(pattern)) {}
  Outcome match(std::string_view subject, std::span<Span> spans) override {
    return pattern_->match(subject, scratch_, spans);
  }

 private:
  std::shared_ptr<const Pattern> pattern_;
  Pattern::Scratch scratch_;
};

/// The patterns of a list, as a user of the library tries them.
class GrokList : public Engine {
 public:
  explicit GrokList(std::vector<std::shared_ptr<const Pattern>> patterns)
      : list_(std::move(patterns)) {}
  Outcome match(std::string_view subject, std::span<Span> spans) override {
    candidates_.begin(list_, subject);
    for (std::size_t i = candidates_.next(); i < list_.size(); i = candidates_.next())
      if (list_[i].match(subject, scratch_, spans) == Outcome::match) return Outcome::match;
    return Outcome::no_match;
  }

 private:
  PatternList list_;
  PatternList::Candidates candidates_;
  Pattern::Scratch scratch_;
};

/// One after the other until one matches.
class List : public Engine {
 public:
  explicit List(std::vector<std::unique_ptr<Engine>> engines) : engines_(std::move(engines)) {}
  Outcome match(std::string_view subject, std::span<Span> spans) override {
    for (const auto& engine : engines_)
      if (engine->match(subject, spans) == Outcome::match) return Outcome::match;
    return Outcome::no_match;
  }

 private:
  std::vector<std::unique_ptr<Engine>> engines_;
};

class MatchOnly : public Engine {
 public:
  explicit MatchOnly(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
  Outcome match(std::string_view subject, std::span<Span>) override {
    return engine_->match(subject, {});
  }

 private:
  std::unique_ptr<Engine> engine_;
};

std::shared_ptr<const Pattern> compile(const std::string& expression, const PatternSet& patterns) {
  auto pattern = Pattern::compile(expression, patterns);
  if (pattern) return *pattern;
  std::fprintf(stderr, "%s\n", render(pattern.error()).c_str());
  std::exit(2);
}

std::unique_ptr<Engine> make(Column column, const std::string& expression, std::string& error) {
  switch (column) {
    case pcre2:
      return testing::make_pcre2(expression, testing::Pcre2Mode::bytes, error);
    case pcre2_utf:
      return testing::make_pcre2(expression, testing::Pcre2Mode::utf, error);
    case oniguruma:
      return testing::make_oniguruma(expression, testing::OnigurumaMode::search, error);
    default:
      return testing::make_re2(expression, error);
  }
}

Dialect dialect_of(Column column) {
  if (column == oniguruma) return Dialect::oniguruma;
  return column == pcre2 || column == pcre2_utf ? Dialect::pcre2 : Dialect::re2;
}

std::string describe_rewrites(const testing::Printed& printed) {
  std::string text;
  const auto add = [&](unsigned count, const char* what) {
    if (count) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  add(printed.looks_dropped, "look-arounds left out");
  add(printed.atomic_made_plain, "atomic groups made plain");
  add(printed.bounds_dropped, "repeats made unbounded");
  return text;
}

/// All expressions of the case in one column's engine; nullptr, with a note, where it refuses one.
std::unique_ptr<Engine> make_list(Column column, const std::vector<testing::Node>& trees,
                                  std::vector<std::string>& notes) {
  std::vector<std::unique_ptr<Engine>> engines;
  testing::Printed sum;
  for (const testing::Node& tree : trees) {
    const testing::Printed printed = print(tree, dialect_of(column));
    sum.looks_dropped += printed.looks_dropped;
    sum.atomic_made_plain += printed.atomic_made_plain;
    sum.bounds_dropped += printed.bounds_dropped;
    std::string error = "cannot say it";
    if (printed.possible) engines.push_back(make(column, printed.text, error));
    if (!printed.possible || !engines.back()) {
      notes.push_back(std::string(kColumnNames[column]) + ": " + error);
      return nullptr;
    }
  }
  if (column == re2 && sum.rewritten()) notes.push_back("re2: " + describe_rewrites(sum));
  if (engines.size() == 1) return std::move(engines.front());
  return std::make_unique<List>(std::move(engines));
}

std::string tiers_of(const std::map<std::string, int>& count) {
  std::string text;
  for (const auto& [tier, times] : count)
    text += (text.empty() ? "" : ", ") + (times > 1 ? std::to_string(times) + " " : "") + tier;
  return text;
}

}  // namespace

Contestants make_contestants(const Case& which, const PatternSet& patterns) {
  Contestants made;
  std::vector<testing::Node> trees;
  std::vector<std::shared_ptr<const Pattern>> ours;
  std::map<std::string, int> tiers;
  for (const std::string& expression : which.expressions) {
    const auto pattern = compile(expression, patterns);
    made.captures = std::max(made.captures, pattern->captures().size());
    ++tiers[std::string(describe(pattern->tier()))];
    auto tree = testing::parse(pattern->expanded());
    if (!tree) {
      std::fprintf(stderr, "%s: the benchmark cannot read it\n", expression.c_str());
      std::exit(2);
    }
    trees.push_back(std::move(*tree));
    ours.push_back(pattern);
  }
  made.tiers = tiers_of(tiers);
  if (ours.size() == 1)
    made.engines[grok] = std::make_unique<Grok>(ours.front());
  else
    made.engines[grok] = std::make_unique<GrokList>(std::move(ours));
  for (const Column column : {pcre2, pcre2_utf, re2, oniguruma})
    made.engines[column] = make_list(column, trees, made.notes);
  std::vector<std::string> said_already;
  if (auto match_only = make_list(re2, trees, said_already))
    made.engines[re2_match] = std::make_unique<MatchOnly>(std::move(match_only));
  if (which.by_hand) made.engines[hand] = make_hand_tokenizer();
  return made;
}

}  // namespace grok::bench
