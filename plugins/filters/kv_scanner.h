#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/regex/regex.h"
#include "plugins/filters/char_class.h"

namespace millrace {

/// How a text is cut into keys and values: what separates pairs, and a key from its value, as a set
/// of characters or, where there is a pattern, as a regular expression.
struct KvSyntax {
  std::string field_split = " ";
  std::string value_split = "=";
  std::optional<std::string> field_split_pattern;
  std::optional<std::string> value_split_pattern;
  bool lenient = true;   ///< spaces around what separates a key from its value do not count
  bool brackets = true;  ///< (values) may stand [between] <brackets>
};

/// Finds key-value pairs as Logstash's kv filter does. There, one regular expression is matched
/// again and again:
///     key      one or more characters up to a separator; `\ ` is a space that belongs to it
///     split    the value separator
///     value    "quoted", 'quoted', (bracketed), [bracketed], <bracketed>, or up to what ends it
///     end      a field separator or the end of a line; a quote closed elsewhere is no quote
/// Here a scanner does what that would match. With sets of characters it passes over each byte a
/// bounded number of times, whatever the text is. Immutable; shared by threads.
class KvScanner {
 public:
  /// Errors: Errc::invalid or unsupported, `option: what is wrong`.
  static Result<KvScanner> create(const KvSyntax& syntax);

 private:
  friend class KvScan;
  bool lenient_ = true;
  bool brackets_ = true;
  bool by_pattern_ = false;
  CharClass field_split_;
  CharClass value_split_;
  std::optional<Regex> field_split_regex_;  // both, or none
  std::optional<Regex> value_split_regex_;  // with the spaces around it
};

/// One text under the scanner; views both.
class KvScan {
 public:
  KvScan(const KvScanner& scanner, std::string_view text) : scanner_(scanner), text_(text) {}

  enum class Step {
    pair,  ///< an empty value is one as well
    more,  ///< none so far: by pattern each character may take as long as the text is
    end,
  };
  /// Looks for the next pair.
  Step next(std::string_view& key, std::string_view& value);

 private:
  /// The first match of a regular expression that begins at `at` or later, remembered: what began
  /// later for an earlier question still does. May only be asked for positions that never go back.
  class Ahead {
   public:
    const Regex::Span* from(const Regex& regex, std::string_view text, std::size_t at);

   private:
    std::optional<Regex::Span> match_;
    bool none_ = false;
  };

  static constexpr std::string_view kClosings = "\"')]>";

  std::size_t key_end(std::size_t from);
  std::size_t stop(std::size_t from, bool at_value_split);
  std::optional<std::size_t> after_value_split(std::size_t at);
  std::optional<std::size_t> split_after_escape(std::size_t begin, std::size_t& end);
  std::optional<std::size_t> after_pair(std::size_t value_end, Ahead& ahead);
  std::size_t take_value(std::size_t from, std::string_view& value);
  bool take_enclosed(std::size_t from, std::size_t& end, std::string_view& value);
  std::size_t next_of(char c, std::size_t from);

  const KvScanner& scanner_;
  const std::string_view text_;
  std::size_t at_ = 0;
  Ahead field_split_;
  Ahead value_split_;
  std::array<Ahead, kClosings.size()> behind_closing_;  // field separators behind closed values
  std::array<std::size_t, 256> ahead_{};                // where a character stands next, plus one
};

}  // namespace millrace
