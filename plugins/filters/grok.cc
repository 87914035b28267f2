#include "plugins/filters/grok.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>

#include "grok/pattern_list.h"
#include "pipeline/event/append_value.h"
#include "plugins/filters/grok_counters.h"
#include "plugins/support/grok_patterns.h"
#include "plugins/support/ruby_number.h"
#include "plugins/support/ruby_text.h"

namespace millrace {
namespace {

struct GrokOptions {
  Hash match;
  std::vector<std::string> patterns_dir;
  StringPairs pattern_definitions;
  std::string patterns_files_glob = "*";
  bool break_on_match = true;
  bool named_captures_only = true;
  bool keep_empty_captures = false;
  std::optional<std::string> target;
  std::vector<std::string> tag_on_failure{"_grokparsefailure"};
  std::int64_t timeout_millis = 30000;
  std::string timeout_scope = "pattern";
  std::string tag_on_timeout = "_groktimeout";
  std::vector<std::string> overwrite;
};

/// One expression, and where its captures go.
struct Expression {
  struct Goal {
    FieldRef field;
    grok::CaptureType type;
    std::uint32_t capture;  // of the pattern
    bool overwrite;
    bool is_simple;  // a text for a field at the top that takes every text
  };
  std::string text;  // as written
  std::shared_ptr<const grok::Pattern> pattern;
  std::vector<Goal> goals;  // of the pattern's captures, those of a group behind its first one
};

/// The expressions to try on one field, in order.
struct Attempt {
  Attempt(std::string name_of_field, FieldRef reference, std::vector<Expression> tried)
      : name(std::move(name_of_field)),
        field(std::move(reference)),
        expressions(std::move(tried)),
        list(patterns_of(expressions)),
        counters(std::make_unique<GrokCounters[]>(expressions.size())) {}

  std::string name;
  FieldRef field;
  std::vector<Expression> expressions;
  grok::PatternList list;                    // of the expressions
  std::unique_ptr<GrokCounters[]> counters;  // of each expression

 private:
  static std::vector<std::shared_ptr<const grok::Pattern>> patterns_of(
      const std::vector<Expression>& expressions) {
    std::vector<std::shared_ptr<const grok::Pattern>> patterns;
    for (const Expression& expression : expressions) patterns.push_back(expression.pattern);
    return patterns;
  }
};

/// What a worker keeps for an attempt.
struct Trying {
  grok::PatternList::Candidates candidates;
  std::vector<GrokCounts> counts;  // of each expression, since they were last taken

  void left_out(std::size_t from, std::size_t to) {
    for (; from < to; ++from) ++counts[from].left_out;
  }
};

class GrokFilter : public Filter {
 public:
  GrokFilter(GrokOptions options, std::vector<Attempt> attempts)
      : options_(std::move(options)),
        attempts_(std::move(attempts)),
        shares_timeout_(options_.timeout_scope == "event" && options_.timeout_millis > 0 &&
                        any_backtracks(attempts_)) {}
  static std::unique_ptr<Filter> create(GrokOptions options, const PluginContext& context);

  using Clock = std::chrono::steady_clock;
  struct Scratch : FilterScratch {
    grok::Pattern::Scratch grok;
    std::vector<grok::Span> spans;
    Clock::time_point deadline;  // of the event, where its patterns share one
    std::vector<Trying> trying;  // as the attempts
    bool refused = false;        // a field could not be set, which ends an attempt
    std::uint32_t runs = 0;
  };
  std::unique_ptr<FilterScratch> make_scratch() const override {
    auto scratch = std::make_unique<Scratch>();
    scratch->grok.set_timeout(timeout());
    for (const Attempt& attempt : attempts_)
      scratch->trying.emplace_back().counts.resize(attempt.expressions.size());
    return scratch;
  }

  void apply(FilterRun& run) override {
    Scratch& scratch = static_cast<Scratch&>(*run.scratch);
    for (std::uint32_t at : run.events) {
      Event event = run.batch[at];
      switch (match(event, scratch)) {
        case grok::Outcome::match:
          run.matched.push_back(at);
          break;
        case grok::Outcome::limit:
          event.tag(options_.tag_on_timeout);
          break;
        case grok::Outcome::no_match:
          for (const std::string& tag : options_.tag_on_failure) event.tag(tag);
      }
    }
    for (std::size_t i = 0; i < attempts_.size(); ++i)
      for (std::size_t k = 0; k < attempts_[i].expressions.size(); ++k)
        attempts_[i].counters[k].take(scratch.trying[i].counts[k]);
  }

  std::vector<std::string> plan_notes() const override {
    std::vector<std::string> notes;
    for (const Attempt& attempt : attempts_) {
      for (const Expression& expression : attempt.expressions) {
        const std::vector<std::string> lines = describe_tier(*expression.pattern);
        notes.push_back(title(attempt, expression) + " " + lines.front());
        notes.insert(notes.end(), lines.begin() + 1, lines.end());
      }
    }
    return notes;
  }

  std::vector<std::string> counts() const override {
    std::vector<std::string> lines;
    for (const Attempt& attempt : attempts_) {
      for (std::size_t i = 0; i < attempt.expressions.size(); ++i) {
        const GrokCounts sum = attempt.counters[i].sum();
        if (sum.all() == 0) continue;
        const Expression& expression = attempt.expressions[i];
        lines.push_back(title(attempt, expression) + " (" +
                        std::string(grok::describe(expression.pattern->tier())) +
                        "): " + describe(sum));
      }
    }
    return lines;
  }

 private:
  /// Runs are timed this seldom, as reading the clock costs as much as some of them.
  static constexpr std::uint32_t kTimedOneIn = 64;

  static std::string title(const Attempt& attempt, const Expression& expression) {
    constexpr std::size_t kMostShown = 60;
    std::string text = expression.text.substr(0, kMostShown);
    if (text.size() < expression.text.size()) text += "...";
    return attempt.name + ": `" + text + "`";
  }

  std::chrono::milliseconds timeout() const {
    return std::chrono::milliseconds(options_.timeout_millis);
  }

  grok::Outcome match(Event event, Scratch& scratch) const {
    if (shares_timeout_) scratch.deadline = Clock::now() + timeout();
    bool matched = false;
    for (std::size_t i = 0; i < attempts_.size(); ++i) {
      const Value* value = event.get(attempts_[i].field);
      scratch.refused = false;
      const grok::Outcome outcome = value && value->is_array()
                                        ? match_items(event, i, value->array(), scratch)
                                        : match_value(event, i, value ? *value : Value(), scratch);
      if (outcome == grok::Outcome::limit) return outcome;
      matched = matched || outcome == grok::Outcome::match;
      if (matched && options_.break_on_match) break;
    }
    return matched ? grok::Outcome::match : grok::Outcome::no_match;
  }

  grok::Outcome match_items(Event event, std::size_t attempt, const Array& items,
                            Scratch& scratch) const {
    const std::vector<Value> copies(items.begin(), items.end());  // a capture may replace the list
    bool matched = false;
    for (const Value& item : copies) {
      const grok::Outcome outcome = match_value(event, attempt, item, scratch);
      if (outcome == grok::Outcome::limit || scratch.refused) return outcome;
      matched = matched || outcome == grok::Outcome::match;
    }
    return matched ? grok::Outcome::match : grok::Outcome::no_match;
  }

  /// As in Logstash a missing field is an empty text, and an attempt whose capture finds no place
  /// has not matched, though what it had set before stays.
  grok::Outcome match_value(Event event, std::size_t number, const Value& value,
                            Scratch& scratch) const {
    const std::string_view subject = value.is_string() ? value.text() : text_of(event, value);
    const Attempt& attempt = attempts_[number];
    Trying& trying = scratch.trying[number];
    trying.candidates.begin(attempt.list, subject);
    bool matched = false;
    std::size_t next = 0;
    while (next < attempt.list.size()) {
      const std::size_t at = trying.candidates.next();
      trying.left_out(next, at);
      next = at + 1;
      if (at == attempt.list.size()) break;
      const Expression& expression = attempt.expressions[at];
      const grok::Outcome outcome = run(expression, subject, scratch, trying.counts[at]);
      if (outcome == grok::Outcome::limit) return outcome;
      if (outcome == grok::Outcome::no_match) continue;
      if (!store(event, expression, subject, scratch.spans)) {
        scratch.refused = true;
        return grok::Outcome::no_match;
      }
      matched = true;
      if (options_.break_on_match) break;
    }
    return matched ? grok::Outcome::match : grok::Outcome::no_match;
  }

  grok::Outcome run(const Expression& expression, std::string_view subject, Scratch& scratch,
                    GrokCounts& counts) const {
    scratch.spans.resize(std::max(scratch.spans.size(), expression.goals.size()));
    const bool timed = ++scratch.runs % kTimedOneIn == 1;
    const Clock::time_point start = timed || shares_timeout_ ? Clock::now() : Clock::time_point();
    if (shares_timeout_) {
      const auto left = scratch.deadline - start;
      if (left <= Clock::duration::zero()) return ++counts.timeouts, grok::Outcome::limit;
      scratch.grok.set_timeout(left);
    }
    const grok::Outcome outcome = expression.pattern->match(subject, scratch.grok, scratch.spans);
    ++(outcome == grok::Outcome::match      ? counts.matches
       : outcome == grok::Outcome::no_match ? counts.failures
                                            : counts.timeouts);
    if (timed) {
      ++counts.timed;
      counts.nanoseconds += static_cast<std::uint64_t>((Clock::now() - start).count());
    }
    return outcome;
  }

  /// What is no text is matched as Ruby shows it.
  static std::string_view text_of(Event event, const Value& value) {
    Buffer text;
    append_to_s(event.batch(), value, text);
    return event.batch().arena().copy(text.view());
  }

  /// False at the first field that cannot be set.
  bool store(Event event, const Expression& expression, std::string_view subject,
             std::span<const grok::Span> spans) const {
    Arena& arena = event.batch().arena();
    const BatchNames& names = event.batch().names();
    Object& fields = event.fields();
    for (const Expression::Goal& goal : expression.goals) {
      const auto [begin, end] = spans[goal.capture];
      if ((begin < 0 || begin == end) && !options_.keep_empty_captures) continue;
      if (begin < 0) {
        if (!put(event, goal, Value())) return false;
        continue;
      }
      const std::string_view text(subject.data() + begin, static_cast<std::size_t>(end - begin));
      const NameId name = goal.is_simple ? names.as_known_here(goal.field.first()) : kNoName;
      if (goal.is_simple && !fields.find(name))  // nearly all are: what put() would do at the end
        fields.append(arena, name, Value::of(text));
      else if (!put(event, goal, coerced(text, goal.type, event.batch())))
        return false;
    }
    return true;
  }

  /// A number too large for 64 bits keeps all its digits.
  static Value coerced(std::string_view text, grok::CaptureType type, Batch& batch) {
    if (type == grok::CaptureType::text) return Value::of(text);
    return type == grok::CaptureType::integer ? leading_integer(text, batch)
                                              : Value::of(leading_real(text));
  }

  /// A text that is there becomes a list, unless it is to be overwritten; what is neither text nor
  /// list stays as it is, as in Logstash.
  static bool put(Event event, const Expression::Goal& goal, Value value) {
    if (goal.overwrite) return event.set(goal.field, value);
    if (event.put_new(goal.field, value)) return true;
    const Value* const present = event.get(goal.field);
    if (!present || present->is_null()) return event.set(goal.field, value);
    const bool takes_more = present->is_string() || present->is_array();
    return !takes_more || append_value(event, goal.field, value);
  }

  /// The clock matters only to patterns that backtrack.
  static bool any_backtracks(const std::vector<Attempt>& attempts) {
    for (const Attempt& attempt : attempts)
      for (const Expression& expression : attempt.expressions)
        if (expression.pattern->tier() == grok::Tier::pcre2_jit) return true;
    return false;
  }

  const GrokOptions options_;
  const std::vector<Attempt> attempts_;
  const bool shares_timeout_;
};

/// Reads the options into attempts; reports everything that is wrong.
class GrokCompiler {
 public:
  GrokCompiler(const GrokOptions& options, const PluginContext& context)
      : options_(options), context_(context), patterns_(standard_patterns(context.ecs)) {}

  std::optional<std::vector<Attempt>> compile() {
    if (const auto wrong =
            add_pattern_directories(patterns_, options_.patterns_dir, options_.patterns_files_glob))
      refuse("patterns_dir", *wrong);
    for (const auto& [name, definition] : options_.pattern_definitions)
      patterns_.add(name, definition);
    for (const config::HashEntry& entry : options_.match) add_attempt(entry);
    return good_ ? std::optional(std::move(attempts_)) : std::nullopt;
  }

 private:
  void add_attempt(const config::HashEntry& entry) {
    auto field = FieldRef::parse(entry.key);
    if (!field) return refuse("match", field.error().message);
    auto expressions = texts(entry.value);
    if (!expressions)
      return refuse("match", "the patterns of `" + entry.key + "` must be texts, not " +
                                 config::show(entry.value));
    std::vector<Expression> made;
    for (const std::string& text : *expressions) {
      auto pattern = grok::Pattern::compile(text, patterns_,
                                            {.named_captures_only = options_.named_captures_only});
      if (pattern)
        add_expression(made, text, std::move(*pattern));
      else
        refuse("match", grok::render(pattern.error()));
    }
    attempts_.emplace_back(entry.key, std::move(*field), std::move(made));
  }

  void add_expression(std::vector<Expression>& made, const std::string& text,
                      std::shared_ptr<const grok::Pattern> pattern) {
    Expression expression{text, std::move(pattern), {}};
    for (const std::uint32_t at : in_order_of_groups(expression.pattern->captures())) {
      const grok::Capture& capture = expression.pattern->captures()[at];
      auto field = FieldRef::parse(goal_of(capture.field));
      if (!field)
        return refuse("match", "capture `" + capture.field + "`: " + field.error().message);
      const bool overwrite = std::find(options_.overwrite.begin(), options_.overwrite.end(),
                                       capture.field) != options_.overwrite.end();
      const bool is_simple = field->is_top() && field->first() != name::timestamp &&
                             capture.type == grok::CaptureType::text && !overwrite;
      expression.goals.push_back({std::move(*field), capture.type, at, overwrite, is_simple});
    }
    made.push_back(std::move(expression));
  }

  /// Logstash takes all captures of a group when it comes to the first one.
  static std::vector<std::uint32_t> in_order_of_groups(const std::vector<grok::Capture>& captures) {
    std::vector<std::uint32_t> order;
    std::set<std::string_view> taken;
    for (std::uint32_t first = 0; first < captures.size(); ++first) {
      if (!taken.insert(captures[first].group).second) continue;
      for (std::uint32_t at = first; at < captures.size(); ++at)
        if (captures[at].group == captures[first].group) order.push_back(at);
    }
    return order;
  }

  std::string goal_of(const std::string& field) const {
    if (!options_.target) return field;
    const std::string target =
        options_.target->starts_with('[') ? *options_.target : "[" + *options_.target + "]";
    return target + (field.starts_with('[') ? field : "[" + field + "]");
  }

  void refuse(const char* option, std::string message) {
    context_.error(option, std::move(message));
    good_ = false;
  }

  const GrokOptions& options_;
  const PluginContext& context_;
  grok::PatternSet patterns_;
  std::vector<Attempt> attempts_;
  bool good_ = true;
};

std::unique_ptr<Filter> GrokFilter::create(GrokOptions options, const PluginContext& context) {
  auto attempts = GrokCompiler(options, context).compile();
  return attempts ? std::make_unique<GrokFilter>(std::move(options), std::move(*attempts))
                  : nullptr;
}

}  // namespace

FilterPlugin grok_filter() {
  using O = GrokOptions;
  return filter_plugin(
      "grok", "Parses text by named patterns into fields.",
      Options<O>()
          .add("match", &O::match, "For each field the pattern, or the patterns to try in order.")
          .add(
              "patterns_dir", &O::patterns_dir,
              "Directories with pattern files of your own, lines of NAME and definition; files and "
              "wildcards may stand there too.")
          .add("patterns_files_glob", &O::patterns_files_glob, "Which files of those directories.")
          .add("pattern_definitions", &O::pattern_definitions, "Patterns of your own, by name.")
          .add("break_on_match", &O::break_on_match, "Stop at the first pattern that matches.")
          .add("named_captures_only", &O::named_captures_only,
               "false: `%{WORD}` is stored too, as `WORD`.")
          .add("keep_empty_captures", &O::keep_empty_captures, "Store captures that are empty.")
          .add("target", &O::target, "Where captures go; the top of the event where it is not set.")
          .add("overwrite", &O::overwrite,
               "Captures that replace a field of their name; others make a list with the text or "
               "list that it holds, and leave any other value as it is.")
          .add("tag_on_failure", &O::tag_on_failure, "Tags for an event that no pattern matches.")
          .add("timeout_millis", &O::timeout_millis,
               "How long a pattern that backtracks may try one text, in milliseconds. 0: any time. "
               "Patterns that take linear time do not look at the clock.",
               at_least(0))
          .add("timeout_scope", &O::timeout_scope,
               "What the timeout counts for: each pattern and text, or all that is tried on an "
               "event.",
               one_of("pattern", "event"))
          .add("tag_on_timeout", &O::tag_on_timeout,
               "The tag for an event whose match took too long."),
      GrokFilter::create);
}

}  // namespace millrace
