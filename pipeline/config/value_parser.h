#pragma once

#include <optional>
#include <vector>

#include "pipeline/config/lexer.h"
#include "pipeline/config/variables.h"

namespace millrace::config {

/// What the texts of one configuration are read with; shared by its files, so that their bounds are
/// shared too.
struct ReadContext {
  const SourceSet& sources;
  Variables& variables;
  Diagnostics& diagnostics;
  bool support_escapes = false;
};

/// The text of a string: escapes resolved if the context says so, then variables replaced, which is
/// reported at `span` when it cannot be done.
Value string_value(std::string_view raw, Span span, ReadContext& context);

/// Parses values and plugins, which hold each other: an option's value may be a codec with options.
///
/// Everything wrong is reported; nullopt says that nothing usable was read and that the caller
/// should resynchronise.
class ValueParser {
 public:
  ValueParser(Lexer& lexer, ReadContext& context) : lexer_(lexer), context_(context) {}

  /// `what` the value is for: "after `hosts =>`".
  std::optional<Value> value(std::string_view what);

  /// A string or a number, which comes next.
  std::optional<Value> literal();

  /// The string or word that names a plugin; nullopt, unreported, where neither comes.
  std::optional<Value> name();

  /// `{ name => value ... }` of the plugin `named`. The closing brace may be missing, which is
  /// reported.
  Plugin plugin(const Value& named);

  /// `[ value, ... ]`; the bracket comes next.
  Value array();

  /// Says that the `{` at `open` is never closed.
  void report_unclosed(Span open, std::string_view owner);
  /// To be told of each block that closed: braces that do not line up are mentioned by
  /// report_unclosed().
  void note_block(std::size_t open, std::size_t close);

  /// Nesting so far; statements and conditions count here as well.
  std::size_t& depth() { return depth_; }

 private:
  Value string();
  bool array_item(Value& into);
  bool separator(Span open);
  Value hash();
  bool hash_entry(Value& into);
  std::optional<Value> number();
  std::optional<Value> bareword();
  bool hash_key(Value& key);
  bool attribute(Plugin& plugin);
  bool arrow(std::string_view name);
  void resync_attribute();
  bool at_statement();

  Lexer& lexer_;
  ReadContext& context_;
  std::size_t depth_ = 0;
  std::optional<std::pair<std::size_t, std::size_t>>
      crooked_;  // first block whose braces do not line up
};

/// "input", "filter" and "output": words that no plugin has as its name.
std::optional<SectionKind> section_kind(std::string_view word);

}  // namespace millrace::config
