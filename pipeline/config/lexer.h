#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/config/ast.h"
#include "pipeline/config/diagnostics.h"

namespace millrace::config {

/// Where the bytes of a text that is being read stand in their source. A `.conf` file is its own
/// source; the condition of a YAML file's `if:` is a part of one, and where quoting changed its
/// bytes only the whole is known.
struct TextOrigin {
  Span whole;
  bool exact = true;  ///< byte n of the text is byte whole.begin + n of the source

  Span span(std::size_t begin, std::size_t end) const;
};

/// A reader's position in a `.conf` text, and the words of the language. The language has no fixed
/// tokens (`[a]` is a field or an array, `/` opens a regular expression only after `=~`), so the
/// parsers ask for what may come next. Every scan is bounded by the text; all scans together are
/// linear in it.
class Lexer {
 public:
  /// `text` and `diagnostics` must outlive the lexer.
  Lexer(std::string_view text, TextOrigin origin, const SourceSet& sources,
        Diagnostics& diagnostics);

  /// Skips white space and `# comments`; every function below but those of raw positions does so
  /// first.
  void skip_space();
  bool at_end();
  char peek();  ///< the next byte, '\0' at the end

  /// Takes `symbol` if it comes next.
  bool accept(std::string_view symbol);
  bool next_is(std::string_view symbol);

  /// The name that comes next, [A-Za-z0-9_-]+; empty if none does. take_word() moves past it.
  std::string_view word();
  std::string_view take_word();
  /// Whether `symbol` comes after the word that comes next.
  bool word_before(std::string_view symbol);

  /// The text between the quotes that open here, escapes untouched. nullopt, reported: never
  /// closed.
  std::optional<std::string_view> quoted();
  /// Likewise between slashes.
  std::optional<std::string_view> regexp();
  /// -?[0-9]+(\.[0-9]*)?; empty if none comes.
  std::string_view number();
  /// `[a][b]`; empty if none comes.
  std::string_view selector();

  std::size_t position() const { return position_; }
  void set_position(std::size_t position) { position_ = position; }
  /// From `begin` to here, without white space at the end.
  Span span_from(std::size_t begin) const;
  /// Of what comes next: the word, the string or the character.
  Span next_span();
  std::string describe(Span span) const { return sources_.describe(span); }
  /// Bytes of white space that begin the line of `position`; nullopt where `first_only` is set and
  /// something else stands before `position`, or where the line began too far back to matter.
  std::optional<std::size_t> indent(std::size_t position, bool first_only) const;

  void error(Span span, std::string message, std::string hint = {});
  /// Reports what comes next as unexpected, once for one position. Where a string of several lines
  /// ended on this line, its closing quote is probably what is missing: that is said, and reading
  /// goes on after the line it opened on.
  void unexpected(std::string_view where, std::vector<std::string> expected, std::string hint = {});
  /// Moves to the end; nothing is reported after that.
  void stop();
  bool stopped() const { return stopped_; }

 private:
  std::optional<std::string_view> delimited(char delimiter, std::string_view what);
  std::string found() const;
  bool follows_long_string();
  std::string odd_character_hint() const;

  std::string_view text_;
  TextOrigin origin_;
  const SourceSet& sources_;
  Diagnostics& diagnostics_;
  std::size_t position_ = 0;
  std::size_t last_error_ = std::string_view::npos;
  std::optional<std::size_t> long_string_;  // where the last string of several lines opened
  std::size_t long_string_end_ = 0;
  std::string unclosed_;  // delimiters that are known not to close any more
  bool stopped_ = false;
};

/// Reports at most kMaxDepth levels of nesting: `if (!level.entered()) return ...`.
class Level {
 public:
  Level(std::size_t& depth, Lexer& lexer);
  ~Level() { --depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

  bool entered() const { return depth_ <= kMaxDepth; }

 private:
  std::size_t& depth_;
};

}  // namespace millrace::config
