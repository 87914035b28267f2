#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Grok: named regular expressions that are built of one another, compiled, and matched for
/// captures. Bytes and patterns in, captures out; knows nothing of events.
///
/// An expression means what Oniguruma with Ruby's syntax and its multiline option makes of it:
/// leftmost-first, `.` matches a newline, `^` and `$` match at every line. README.md lists where it
/// stops.
namespace grok {

struct Syntax;

/// What is wrong with an expression or a pattern file.
struct Error {
  std::string message;     ///< names the offending text and what was expected
  std::string where;       ///< the pattern whose definition is wrong; "" for the expression itself
  std::size_t offset = 0;  ///< bytes into that text
  std::string text;        ///< that text
  std::string hint;        ///< what to write instead; may be empty
};

/// `message`, the text and a caret under the place, on three lines.
std::string render(const Error& error);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}
  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// Patterns by name. Later definitions of a name replace earlier ones. Not thread-safe while it is
/// filled.
class PatternSet {
 public:
  static constexpr std::size_t kMaxFileBytes = std::size_t{4} << 20;

  void add(std::string name, std::string definition) {
    patterns_[std::move(name)] = std::move(definition);
  }

  /// Reads the lines `NAME definition` of a pattern file; `#` begins a comment line. `file` stands
  /// in errors. A line that is neither is an error.
  std::optional<Error> add_file(std::string_view text, const std::string& file);

  /// nullptr: there is none of that name.
  const std::string* find(std::string_view name) const;
  /// The name nearest to one that there is not; "" where none is near.
  std::string nearest(std::string_view name) const;
  const std::map<std::string, std::string, std::less<>>& all() const { return patterns_; }

 private:
  std::map<std::string, std::string, std::less<>> patterns_;
};

enum class CaptureType { text, integer, real };

/// One group of an expression that captures.
struct Capture {
  std::string
      field;  ///< as written: `clientip`, `[source][address]`; of an unnamed one the pattern's name
  CaptureType type =
      CaptureType::text;  ///< only the first of several captures of a group carries one
  std::string group;      ///< as written: `IP`, `IP:client` or `INT:bytes:int`
};

/// The engines, fastest first. All give the same captures for what they can run.
enum class Tier {
  automaton,  ///< the library's own: time linear in the subject
  re2,        ///< linear too
  pcre2_jit,  ///< backtracking, bounded by the timeout; with PCRE2's JIT where the machine has one
};
std::string_view describe(Tier tier);

struct CompileOptions {
  bool named_captures_only = true;  ///< false: `%{WORD}` captures too, as `WORD`
  /// For tests and comparisons: this tier or an error, and without what others lend it.
  std::optional<Tier> only_tier;
};

enum class Outcome { match, no_match, limit };

/// A capture's place in the subject: [begin, end), or begin < 0 where its group took no part.
struct Span {
  std::int64_t begin = -1;
  std::int64_t end = -1;
};

/// A compiled expression. Immutable; shared by threads, each with a Scratch of its own.
class Pattern {
 public:
  /// What a thread needs to match; grows to the largest pattern that it was used with.
  class Scratch {
   public:
    Scratch();
    ~Scratch();
    Scratch(Scratch&&) noexcept;

    /// How long a match may take that backtracks; 0: any time. 30 s unless it is set. Tiers in
    /// linear time do not look at it.
    void set_timeout(std::chrono::nanoseconds timeout);
    /// Which tier ended the last match: not always the pattern's own, as a subject can be too much
    /// for its memory.
    Tier last_tier() const;

   private:
    friend class Pattern;
    struct State;
    std::unique_ptr<State> state_;
  };

  /// Errors: unknown names (with the nearest), cycles, nesting deeper than 500, expansions past 1
  /// MiB, regular expressions that are wrong or that cannot be run.
  static Result<std::shared_ptr<const Pattern>> compile(std::string_view expression,
                                                        const PatternSet& patterns,
                                                        const CompileOptions& options = {});
  ~Pattern();

  const std::vector<Capture>& captures() const { return captures_; }
  Tier tier() const { return tier_; }
  /// Why no faster tier runs it, at the place that needs this one, with what to write instead.
  /// nullopt: there is no faster one.
  const std::optional<Error>& slower_because() const { return slower_because_; }

  /// Looks for the first match in `subject`; on a match fills `spans`, one for each of captures(),
  /// and `whole`. Any bytes may come: one that is no part of UTF-8 counts as a character that only
  /// `.`, negated classes, `[[:graph:]]` and `[[:print:]]` take. `limit`: given up for time or
  /// memory.
  Outcome match(std::string_view subject, Scratch& scratch, std::span<Span> spans,
                Span* whole = nullptr) const;

  /// Where the search came to nothing.
  struct Stop {
    std::size_t at = 0;      ///< as far as the most successful try came, in bytes of the subject
    std::string where;       ///< the pattern whose definition wanted something else there
    std::string text;        ///< that definition; the expression itself when `where` is ""
    std::size_t offset = 0;  ///< of what was wanted, in `text`
    std::size_t expression_offset = 0;  ///< of the part of the expression that this belongs to
  };
  /// Explains why a subject does not match. nullopt: it does, or only another tier than the
  /// automaton can run the pattern. Slow; for people.
  std::optional<Stop> explain(std::string_view subject, Scratch& scratch) const;

  /// The expression with all names replaced, as it is run.
  const std::string& expanded() const;

 private:
  friend class PatternList;
  struct Code;
  Pattern();
  const Syntax& syntax() const;
  Outcome match_utf8(std::string_view subject, bool ascii, Scratch::State& scratch,
                     std::span<Span> spans, Span& whole) const;
  Outcome match_other(std::string_view subject, bool ascii, Scratch::State& scratch,
                      std::span<Span> spans, Span& whole) const;

  std::vector<Capture> captures_;
  Tier tier_ = Tier::pcre2_jit;
  std::optional<Error> slower_because_;
  std::unique_ptr<const Code> code_;
};

}  // namespace grok
