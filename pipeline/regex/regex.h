#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "pipeline/event/buffer.h"
#include "pipeline/result.h"

namespace millrace {

/// A regular expression of a config, written as for Ruby: `^` and `$` match at every line, `\h` is
/// a hex digit, look-around and back-references work.
///
/// Runs on RE2, in linear time, where RE2 can say the expression and means the same by it; else on
/// PCRE2 with a limit on its steps, so that no text can hang it. Immutable; shared by threads.
class Regex {
 public:
  /// Errors: Errc::invalid with what is wrong and at which character of `expression`.
  static Result<Regex> compile(std::string_view expression);

  /// Whether there is a match anywhere. nullopt: a limit was hit before that was known.
  std::optional<bool> matches(std::string_view text) const;

  struct Span {
    std::size_t begin;
    std::size_t end;
  };

  /// The first match at or after `from`. Empty too where a limit was hit.
  std::optional<Span> find(std::string_view text, std::size_t from = 0) const;

  /// Appends `text` to `out` with each match replaced. In `replacement` `\0` to `\9` (where no
  /// group has a name) and `\k<name>` stand for groups, `\&` for the match, `` \` `` and `\'` for
  /// what is before and behind it, `\\` for a backslash. False: nothing matched, `out` is
  /// unchanged.
  bool replace_all(std::string_view text, std::string_view replacement, Buffer& out) const;

  /// Whether matching takes linear time whatever the text.
  bool is_linear() const;

 private:
  struct Code;
  explicit Regex(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
  std::shared_ptr<const Code> code_;
};

}  // namespace millrace
