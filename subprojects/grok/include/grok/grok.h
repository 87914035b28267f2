#pragma once

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
      CaptureType::text;  ///< only the first of several captures of a field carries one
};

struct CompileOptions {
  bool named_captures_only = true;  ///< false: `%{WORD}` captures too, as `WORD`
  /// How much backtracking one match may take before it counts as a limit hit.
  std::uint32_t match_limit = 10'000'000;
};

/// Which engine runs a pattern.
enum class Tier { pcre2_jit, pcre2 };
std::string_view describe(Tier tier);

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

  const std::vector<Capture>& captures() const { return captures_; }
  Tier tier() const { return tier_; }

  /// Looks for the first match in `subject`; on a match fills `spans`, one for each of captures().
  /// Any bytes may come: those that are no UTF-8 match nothing but themselves in a negated class.
  Outcome match(std::string_view subject, Scratch& scratch, std::span<Span> spans) const;

  /// The expression with all names replaced, as it is run.
  const std::string& expanded() const { return expanded_; }

 private:
  struct Code;
  Pattern() = default;

  std::vector<Capture> captures_;
  std::vector<std::uint32_t> groups_;  // the group number of each capture
  std::string expanded_;
  std::shared_ptr<const Code> code_;
  Tier tier_ = Tier::pcre2;
};

}  // namespace grok
