#include "pipeline/config/value_parser.h"

#include <unordered_set>

namespace millrace::config {
namespace {

std::string quoted_name(std::string_view name) { return "`" + std::string(name) + "`"; }

std::string unescaped(std::string_view raw) {
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char next = raw[i] == '\\' && i + 1 < raw.size() ? raw[i + 1] : '\0';
    constexpr std::string_view kEscapes = "\"'\\nrt0";
    constexpr std::string_view kMeanings{"\"'\\\n\r\t\0", 7};
    const std::size_t known = next == '\0' ? std::string_view::npos : kEscapes.find(next);
    if (known == std::string_view::npos) {
      out += raw[i];
    } else {
      out += kMeanings[known];
      ++i;
    }
  }
  return out;
}

bool is_bareword(std::string_view word) {
  const char first = word.front();
  const bool digit = first >= '0' && first <= '9';
  return word.size() >= 2 && !digit && word.find('-') == std::string_view::npos;
}

}  // namespace

std::optional<SectionKind> section_kind(std::string_view word) {
  for (const SectionKind kind : {SectionKind::input, SectionKind::filter, SectionKind::output}) {
    if (describe(kind) == word) return kind;
  }
  return std::nullopt;
}

Value string_value(std::string_view raw, Span span, ReadContext& context) {
  Value out{.kind = ValueKind::string, .span = span};
  std::string escaped;
  if (context.support_escapes && raw.find('\\') != std::string_view::npos) {
    escaped = unescaped(raw);
    raw = escaped;
  }
  auto replaced = context.variables.replace(raw);
  if (!replaced) {
    context.diagnostics.error(span, replaced.error().message,
                              replaced.error().code == Errc::not_found
                                  ? "set it, or give a default: ${NAME:default}"
                                  : "");
    return out;
  }
  out.text = std::move(replaced->text);
  out.secret = replaced->secret;
  return out;
}

Value ValueParser::string() {
  lexer_.skip_space();
  const std::size_t begin = lexer_.position();
  const auto raw = lexer_.quoted();
  const Span span = lexer_.span_from(begin);
  return raw ? string_value(*raw, span, context_) : Value{.span = span};
}

std::optional<Value> ValueParser::name() {
  const char next = lexer_.peek();
  if (next == '"' || next == '\'') return string();
  const std::size_t begin = lexer_.position();
  const std::string_view word = lexer_.take_word();
  if (word.empty()) return std::nullopt;
  return Value{
      .kind = ValueKind::bareword, .span = lexer_.span_from(begin), .text = std::string(word)};
}

std::optional<Value> ValueParser::value(std::string_view what) {
  const Level level(depth_, lexer_);
  if (!level.entered()) return std::nullopt;
  const char next = lexer_.peek();
  if (next == '"' || next == '\'') return string();
  if (next == '[') return array();
  if (next == '{') return hash();
  if (lexer_.word_before("{")) {
    const auto named = name();
    Value out{.kind = ValueKind::plugin, .span = named->span, .text = named->text};
    const auto codec = std::make_shared<Plugin>(plugin(*named));
    out.span = codec->full_span;
    out.plugin = codec;
    return out;
  }
  if (next == '-' || (next >= '0' && next <= '9')) return number();
  if (!lexer_.word().empty()) return bareword();
  lexer_.unexpected(what, {"a value"}, next == '%' || next == '$' ? "put the text in quotes" : "");
  return std::nullopt;
}

std::optional<Value> ValueParser::literal() {
  const char next = lexer_.peek();
  if (next == '"' || next == '\'') return string();
  return number();
}

std::optional<Value> ValueParser::number() {
  const std::size_t begin = lexer_.position();
  const std::string_view text = lexer_.number();
  const std::size_t end = lexer_.position();
  const Span span = lexer_.span_from(begin);
  const std::string_view rest = lexer_.word();
  const bool joined = lexer_.position() == end && (!rest.empty() || lexer_.next_is("."));
  lexer_.set_position(end);
  if (text.empty() || joined) {
    lexer_.unexpected(text.empty() ? "" : "right after the number " + std::string(text),
                      {"a value"}, "put texts such as \"10mb\" in quotes");
    lexer_.take_word();
    return std::nullopt;
  }
  return Value{.kind = ValueKind::number, .span = span, .text = std::string(text)};
}

std::optional<Value> ValueParser::bareword() {
  const Span span = lexer_.next_span();
  const std::string_view word = lexer_.word();
  if (!is_bareword(word)) {
    const std::string rule = word.size() < 2
                                 ? "a word without quotes has at least two characters"
                                 : "a word without quotes has only letters, digits and _";
    lexer_.unexpected("", {"a value"},
                      rule + "; write \"" + std::string(word.substr(0, 40)) + "\"");
    lexer_.take_word();
    return std::nullopt;
  }
  lexer_.take_word();
  return Value{.kind = ValueKind::bareword, .span = span, .text = std::string(word)};
}

Value ValueParser::array() {
  lexer_.skip_space();
  const std::size_t begin = lexer_.position();
  lexer_.accept("[");
  const Span open = lexer_.span_from(begin);
  Value out{.kind = ValueKind::array, .span = open};
  while (!lexer_.accept("]")) {
    if (lexer_.at_end()) {
      lexer_.error(open, "this `[` is never closed");
      return out;
    }
    if (!array_item(out)) return out;
    if (!lexer_.next_is("]") && !separator(open)) return out;
  }
  out.span = lexer_.span_from(begin);
  return out;
}

/// False, reported: the array ends here without its bracket.
bool ValueParser::array_item(Value& into) {
  auto item = value("in an array");
  if (item) into.items.push_back(std::move(*item));
  return item || (!lexer_.next_is("}") && !lexer_.at_end());
}

/// The comma after an item, which may be missing between two values; that is reported, and so is
/// one before the closing bracket. False: what comes belongs to no array.
bool ValueParser::separator(Span open) {
  if (lexer_.accept(",")) {
    if (lexer_.next_is("]")) {
      lexer_.unexpected("after `,`", {"a value"}, "remove the comma before it");
    }
    return true;
  }
  const bool ends =
      lexer_.next_is("=>") || lexer_.next_is("}") || lexer_.at_end() || lexer_.word_before("=>");
  const std::size_t before = lexer_.position();
  lexer_.unexpected("in an array", {"`,`", "`]`"},
                    ends ? "the array begins at " + lexer_.describe(open) : "");
  const bool value_follows = lexer_.next_is("\"") || lexer_.next_is("'") || !lexer_.word().empty();
  if (!ends && lexer_.position() == before && !value_follows) lexer_.set_position(before + 1);
  return !ends;
}

bool ValueParser::hash_key(Value& key) {
  const char next = lexer_.peek();
  if (next == '"' || next == '\'') {
    key = string();
    return true;
  }
  const bool digits = next == '-' || (next >= '0' && next <= '9');
  std::optional<Value> found;
  if (digits)
    found = number();
  else if (!lexer_.word().empty())
    found = bareword();
  else
    lexer_.unexpected("in a hash", {"a key", "`}`"},
                      next == ',' ? "no commas between the entries of a hash" : "");
  if (found) key = std::move(*found);
  return found.has_value();
}

bool ValueParser::hash_entry(Value& into) {
  Value key;
  if (!hash_key(key) || !arrow(key.text)) return false;
  auto held = value("after " + quoted_name(key.text) + " =>");
  if (!held) return false;
  into.entries.push_back({std::move(key.text), key.span, std::move(*held)});
  return true;
}

Value ValueParser::hash() {
  const std::size_t begin = lexer_.position();
  lexer_.accept("{");
  const Span open = lexer_.span_from(begin);
  Value out{.kind = ValueKind::hash, .span = open};
  while (!lexer_.accept("}")) {
    if (lexer_.at_end()) {
      report_unclosed(open, "");
      return out;
    }
    const std::size_t before = lexer_.position();
    if (hash_entry(out)) continue;
    if (lexer_.accept(",")) continue;
    if (lexer_.position() == before || !lexer_.next_is("}")) resync_attribute();
    if (lexer_.position() == before) lexer_.set_position(before + 1);
  }
  note_block(begin, lexer_.position() - 1);
  out.span = lexer_.span_from(begin);
  std::unordered_set<std::string_view> seen;
  for (const HashEntry& entry : out.entries) {
    if (seen.insert(entry.key).second) continue;
    lexer_.error(entry.key_span, "key " + quoted_name(entry.key) + " is given twice in one hash",
                 "for several values write " + quoted_name(entry.key) + " => [ ..., ... ]");
  }
  return out;
}

/// Takes `=>`, or reports what stands in its place. True when a value may follow.
bool ValueParser::arrow(std::string_view name) {
  if (lexer_.accept("=>")) return true;
  const std::string after = "after " + quoted_name(name.substr(0, 60));
  for (const std::string_view typo : {"==>", "==", "->", "=", ":"}) {
    if (!lexer_.next_is(typo)) continue;
    lexer_.unexpected(after, {"`=>`"}, "write `=>` in place of " + quoted_name(typo));
    return lexer_.accept(typo);
  }
  lexer_.unexpected(
      after, {"`=>`"},
      lexer_.next_is("{")
          ? "an option is written name => value; for a new plugin, close the one before"
          : "");
  return false;
}

bool ValueParser::at_statement() {
  const std::string_view word = lexer_.word();
  if (section_kind(word)) return lexer_.word_before("{");
  return (word == "if" || word == "else") && !lexer_.word_before("=>");
}

bool ValueParser::attribute(Plugin& plugin) {
  const auto named = name();
  if (!named) {
    lexer_.unexpected("in " + quoted_name(plugin.name), {"an option", "`}`"},
                      lexer_.next_is(",") ? "no commas between options" : "");
    return lexer_.accept(",");
  }
  if (!arrow(named->text)) {
    const char next = lexer_.peek();
    if (next != '{' && next != '[' && next != '"' && next != '\'') return false;
  }
  auto given = value("after " + quoted_name(named->text) + " =>");
  if (!given) return false;
  plugin.attributes.push_back({named->text, named->span, std::move(*given)});
  return true;
}

Plugin ValueParser::plugin(const Value& named) {
  Plugin out{named.text, named.span, named.span, {}};
  lexer_.skip_space();
  const std::size_t begin = lexer_.position();
  lexer_.accept("{");
  const Span open = lexer_.span_from(begin);
  while (!lexer_.accept("}")) {
    if (lexer_.at_end() || at_statement()) {
      report_unclosed(open, named.text);
      return out;
    }
    const std::size_t before = lexer_.position();
    if (attribute(out)) continue;
    resync_attribute();
    if (lexer_.position() == before) lexer_.set_position(before + 1);
  }
  note_block(begin, lexer_.position() - 1);
  out.full_span = join(named.span, lexer_.span_from(begin));
  return out;
}

/// Moves to the next `}` of this block, or the next `name =>`, or a word that can only begin a
/// statement.
void ValueParser::resync_attribute() {
  std::size_t nested = 0;
  while (!lexer_.at_end()) {
    const char next = lexer_.peek();
    if (nested == 0 && (next == '}' || lexer_.word_before("=>") || at_statement())) return;
    if (next == '"' || next == '\'') {
      lexer_.quoted();
      continue;
    }
    if (next == '{' || next == '[') ++nested;
    if ((next == '}' || next == ']') && nested > 0) --nested;
    if (lexer_.take_word().empty()) lexer_.set_position(lexer_.position() + 1);
  }
}

void ValueParser::report_unclosed(Span open, std::string_view owner) {
  std::string message = "this `{`";
  if (!owner.empty()) message += " of " + quoted_name(owner);
  std::string hint;
  if (crooked_) {
    const auto here = [&](std::size_t at) {
      lexer_.set_position(at);
      return lexer_.describe(lexer_.next_span());
    };
    const std::size_t resume = lexer_.position();
    hint = "by its indentation, the `}` at " + here(crooked_->second) +
           " was not meant for the `{` at " + here(crooked_->first);
    lexer_.set_position(resume);
    crooked_.reset();
  }
  lexer_.error(open, message + " is never closed", std::move(hint));
}

void ValueParser::note_block(std::size_t open, std::size_t close) {
  if (crooked_) return;
  const auto closing = lexer_.indent(close, true);
  const auto opening = lexer_.indent(open, false);
  if (closing && opening && *closing < *opening) crooked_ = {open, close};
}

}  // namespace millrace::config
