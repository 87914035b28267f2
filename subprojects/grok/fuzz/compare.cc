#include "compare.h"

#include <algorithm>
#include <chrono>

#include "grok/pattern_list.h"
#include "testing/utf8.h"

namespace grok::fuzz {
namespace {

using testing::Engine;

/// Of a match that backtracks; what takes longer is not compared.
constexpr std::chrono::milliseconds kPatience{20};

class Grok : public Engine {
 public:
  explicit Grok(std::shared_ptr<const Pattern> pattern) : pattern_(std::move(pattern)) {
    scratch_.set_timeout(kPatience);
  }
  Outcome match(std::string_view subject, std::span<Span> spans) override {
    return pattern_->match(subject, scratch_, spans);
  }

 private:
  std::shared_ptr<const Pattern> pattern_;
  Pattern::Scratch scratch_;
};

/// The pattern twice in a list, which must not take it for one that cannot match.
class GrokList : public Engine {
 public:
  explicit GrokList(std::shared_ptr<const Pattern> pattern) : list_({pattern, pattern}) {
    scratch_.set_timeout(kPatience);
  }
  Outcome match(std::string_view subject, std::span<Span> spans) override {
    candidates_.begin(list_, subject);
    for (std::size_t i = candidates_.next(); i < list_.size(); i = candidates_.next())
      if (const Outcome outcome = list_[i].match(subject, scratch_, spans);
          outcome != Outcome::no_match)
        return outcome;
    return Outcome::no_match;
  }

 private:
  PatternList list_;
  PatternList::Candidates candidates_;
  Pattern::Scratch scratch_;
};

}  // namespace

bool Verdict::operator==(const Verdict& other) const {
  if (outcome != other.outcome) return false;
  return outcome != Outcome::match ||
         std::equal(spans.begin(), spans.end(), other.spans.begin(), other.spans.end(),
                    [](Span a, Span b) {
                      return a.begin < 0 ? b.begin < 0 : a.begin == b.begin && a.end == b.end;
                    });
}

std::string describe(const Verdict& verdict) {
  if (verdict.outcome == Outcome::limit) return "gave up";
  if (verdict.outcome == Outcome::no_match) return "no match";
  std::string text = "match";
  for (const Span& span : verdict.spans)
    text +=
        span.begin < 0 ? " -" : " " + std::to_string(span.begin) + ".." + std::to_string(span.end);
  return text;
}

Comparison::Comparison(const std::string& expression, const PatternSet& patterns,
                       const testing::Node& tree, bool judge) {
  auto pattern = Pattern::compile(expression, patterns);
  if (!pattern) {
    refused_ = pattern.error().message;
    return;
  }
  tier_ = (*pattern)->tier();
  captures_ = (*pattern)->captures().size();
  contenders_.push_back({"grok", std::make_unique<Grok>(*pattern)});
  contenders_.push_back({"list", std::make_unique<GrokList>(*pattern)});
  add_tiers(expression, patterns);
  if (!judge || testing::repeats_empty(tree)) return;
  std::string error;
  const testing::Printed printed = print(tree, testing::Dialect::oniguruma);
  if (auto engine =
          testing::make_oniguruma(printed.text, testing::OnigurumaMode::every_place, error))
    contenders_.push_back({"oniguruma", std::move(engine), true});
}

Comparison::Comparison(const testing::Node& tree, bool judge)
    : Comparison(print(tree, testing::Dialect::ruby).text, PatternSet(), tree, judge) {}

void Comparison::add_tiers(const std::string& expression, const PatternSet& patterns) {
  for (const Tier tier : {Tier::automaton, Tier::re2, Tier::pcre2_jit}) {
    auto pattern = Pattern::compile(expression, patterns, {.only_tier = tier});
    if (pattern)
      contenders_.push_back({std::string(describe(tier)), std::make_unique<Grok>(*pattern)});
  }
}

bool Comparison::differs(const std::string& line) {
  const bool utf8 = testing::is_utf8(line);
  verdicts_.assign(contenders_.size(), Verdict{});
  const Verdict* first = nullptr;
  bool same = true;
  for (std::size_t i = 0; i < contenders_.size(); ++i) {
    if (contenders_[i].needs_utf8 && !utf8) continue;
    Verdict& verdict = verdicts_[i];
    verdict.spans.assign(captures_, Span{});
    verdict.outcome = contenders_[i].engine->match(line, verdict.spans);
    if (verdict.outcome == Outcome::limit) continue;
    if (!first) first = &verdict;
    same &= *first == verdict;
  }
  return !same;
}

std::string Comparison::report() const {
  std::string text;
  for (std::size_t i = 0; i < verdicts_.size(); ++i)
    text += "  " + contenders_[i].name + (i == 0 ? " (" + std::string(describe(tier_)) + ")" : "") +
            ": " + describe(verdicts_[i]) + "\n";
  return text;
}

}  // namespace grok::fuzz
