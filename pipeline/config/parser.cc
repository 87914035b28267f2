#include "pipeline/config/parser.h"

#include <algorithm>
#include <array>

#include "pipeline/config/condition_parser.h"

namespace millrace::config {
namespace {

constexpr std::array<std::string_view, 3> kSections{"input", "filter", "output"};
constexpr std::array<std::string_view, 4> kElseIfTypos{"elsif", "elif", "elseif", "else_if"};

std::string quoted_name(std::string_view name) { return "`" + std::string(name) + "`"; }

bool is_else_if_typo(std::string_view word) {
  return std::find(kElseIfTypos.begin(), kElseIfTypos.end(), word) != kElseIfTypos.end();
}

class Parser {
 public:
  Parser(std::string_view text, TextOrigin origin, ReadContext& context)
      : lexer_(text, origin, context.sources, context.diagnostics), values_(lexer_, context) {}

  void sections(Config& config);
  std::optional<Condition> lone_condition();

 private:
  void section(Config& config);
  void unknown_section();
  std::vector<Statement> block(std::string_view owner);
  bool statement(std::vector<Statement>& into);
  bool plugin(std::vector<Statement>& into);
  void branch(std::vector<Statement>& into);
  bool clause(Branch& branch, bool has_condition, std::size_t begin);
  bool else_clause(Branch& branch);
  void resync_statement();
  void skip_braces();

  Lexer lexer_;
  ValueParser values_;
};

void Parser::sections(Config& config) {
  while (!lexer_.at_end()) section(config);
}

void Parser::section(Config& config) {
  const std::size_t begin = lexer_.position();
  const auto kind = section_kind(lexer_.word());
  if (!kind) return unknown_section();
  lexer_.take_word();
  Section out{.kind = *kind, .span = lexer_.span_from(begin)};
  if (lexer_.next_is("{")) {
    out.statements = block(describe(*kind));
  } else {
    lexer_.unexpected("after " + quoted_name(describe(*kind)), {"`{`"});
  }
  config.sections.push_back(std::move(out));
}

void Parser::unknown_section() {
  const std::string_view word = lexer_.word();
  const std::size_t begin = lexer_.position();
  std::string hint = did_you_mean(word, kSections);
  if (hint.empty() && !word.empty())
    hint = "plugins and conditions stand inside input, filter or output";
  if (lexer_.next_is("}")) hint = "there is one `}` too many before this";
  lexer_.unexpected("", {"`input {`", "`filter {`", "`output {`"}, std::move(hint));
  if (lexer_.position() == begin && lexer_.take_word().empty()) lexer_.set_position(begin + 1);
  // The block of what was probably meant as a section, or of a plugin, is read for its own errors
  // and forgotten.
  if (lexer_.next_is("{") && !word.empty()) block(word);
}

/// `{ statements }`. A block that is not closed is reported and ends before the next section, or at
/// the end.
std::vector<Statement> Parser::block(std::string_view owner) {
  std::vector<Statement> out;
  lexer_.skip_space();
  const std::size_t begin = lexer_.position();
  lexer_.accept("{");
  const Span open = lexer_.span_from(begin);
  const Level level(values_.depth(), lexer_);
  while (level.entered() && !lexer_.accept("}")) {
    const bool next_section = section_kind(lexer_.word()) && lexer_.word_before("{");
    if (lexer_.at_end() || next_section) {
      values_.report_unclosed(open, owner);
      return out;
    }
    const std::size_t before = lexer_.position();
    if (!statement(out)) {
      resync_statement();
      if (lexer_.next_is("{")) skip_braces();
    }
    if (lexer_.position() == before) lexer_.set_position(before + 1);
  }
  values_.note_block(begin, lexer_.position() - 1);
  return out;
}

bool Parser::statement(std::vector<Statement>& into) {
  const std::string_view word = lexer_.word();
  const bool plugin_follows = lexer_.word_before("{");
  if (word == "if" && !plugin_follows) {
    branch(into);
    return true;
  }
  if (word == "else" || is_else_if_typo(word)) {
    lexer_.unexpected("", {}, "there is no `if` that it belongs to");
    lexer_.take_word();
    return false;
  }
  return plugin(into);
}

bool Parser::plugin(std::vector<Statement>& into) {
  const auto named = values_.name();
  if (!named) {
    lexer_.unexpected("", {"a plugin", "`if`", "`}`"});
    return false;
  }
  if (!lexer_.next_is("{")) {
    const bool option = lexer_.next_is("=>");
    lexer_.unexpected(
        "after " + quoted_name(named->text), {"`{`"},
        option ? "options stand inside a plugin: name { " + named->text.substr(0, 40) + " => ... }"
               : "a plugin is written name { ... }, also without options");
    return false;
  }
  into.push_back({values_.plugin(*named)});
  return true;
}

void Parser::branch(std::vector<Statement>& into) {
  const std::size_t begin = lexer_.position();
  lexer_.take_word();
  Branch out;
  bool more = clause(out, true, begin);
  while (more && !lexer_.at_end()) more = else_clause(out);
  if (out.clauses.empty()) return;
  out.span = out.clauses.front().span;
  into.push_back({std::move(out)});
}

/// What follows `if`, `else if` or `else`. False when no block could be found for it.
bool Parser::clause(Branch& branch, bool has_condition, std::size_t begin) {
  Clause out;
  if (has_condition) {
    out.condition = ConditionParser(lexer_, values_).condition();
    if (!out.condition) resync_statement();
    if (!out.condition && !lexer_.next_is("{")) return false;
  }
  out.span = lexer_.span_from(begin);
  if (!lexer_.next_is("{")) {
    lexer_.unexpected(has_condition ? "after the condition" : "after `else`",
                      {"`{`", has_condition ? "`and`" : "`if`"});
    resync_statement();
    if (!lexer_.next_is("{")) return false;
  }
  out.body = block(has_condition ? "if" : "else");
  branch.clauses.push_back(std::move(out));
  return true;
}

bool Parser::else_clause(Branch& branch) {
  const std::string_view word = lexer_.word();
  const std::size_t begin = lexer_.position();
  const bool typo = is_else_if_typo(word);
  if (word != "else" && !typo) return false;
  if (!branch.clauses.back().condition && branch.clauses.size() > 1) {
    lexer_.unexpected("after `else { }`", {}, "`else` comes last, and once");
  } else if (typo) {
    lexer_.unexpected("", {}, "write `else if`");
  }
  lexer_.take_word();
  const bool has_condition = typo || lexer_.word() == "if";
  if (has_condition && !typo) lexer_.take_word();
  return clause(branch, has_condition, begin);
}

/// Moves to the `}` or `{` of this block, or to a word that begins a statement.
void Parser::resync_statement() {
  while (!lexer_.at_end()) {
    const char next = lexer_.peek();
    if (next == '}' || next == '{') return;
    if (lexer_.word() == "if" || lexer_.word_before("{")) return;
    if (next == '"' || next == '\'') {
      lexer_.quoted();
    } else if (lexer_.take_word().empty()) {
      lexer_.set_position(lexer_.position() + 1);
    }
  }
}

/// Moves past the `}` that belongs to the `{` which comes next.
void Parser::skip_braces() {
  std::size_t nested = 0;
  while (!lexer_.at_end()) {
    const char next = lexer_.peek();
    if (next == '"' || next == '\'') {
      lexer_.quoted();
      continue;
    }
    if (next == '{') ++nested;
    if (next == '}') --nested;
    lexer_.set_position(lexer_.position() + 1);
    if (nested == 0) return;
  }
}

std::optional<Condition> Parser::lone_condition() {
  auto out = ConditionParser(lexer_, values_).condition();
  if (out && !lexer_.at_end()) {
    lexer_.unexpected("after the condition", {"`and`", "`or`", "the end"});
    return std::nullopt;
  }
  return out;
}

}  // namespace

void parse_conf(SourceId source, ReadContext& context, Config& config) {
  const std::string_view text = context.sources.text(source);
  const Span whole{source, 0, static_cast<std::uint32_t>(text.size())};
  if (text.size() > kMaxSourceBytes) {
    context.diagnostics.error(Span{source, 0, 0}, "a text of " + std::to_string(text.size()) +
                                                      " bytes, limit " +
                                                      std::to_string(kMaxSourceBytes));
    return;
  }
  Parser(text, {whole, true}, context).sections(config);
}

std::optional<Condition> parse_condition(std::string_view text, TextOrigin origin,
                                         ReadContext& context) {
  return Parser(text, origin, context).lone_condition();
}

}  // namespace millrace::config
