#include "pipeline/config/condition_parser.h"

#include <array>

namespace millrace::config {
namespace {

using Op = Condition::Op;

struct Symbol {
  std::string_view text;
  Op op;
};

// Longest first, where one begins another.
constexpr std::array<Symbol, 8> kSymbols{{{"==", Op::equal},
                                          {"!=", Op::not_equal},
                                          {"<=", Op::less_or_equal},
                                          {">=", Op::greater_or_equal},
                                          {"=~", Op::match},
                                          {"!~", Op::not_match},
                                          {"<", Op::less},
                                          {">", Op::greater}}};

/// `left op right` as one node; chains of one associative operator become one node with many
/// operands.
Condition joined(Condition left, Op op, Condition right) {
  const Span span = join(left.span, right.span);
  if (left.op == op && op != Op::nand_) {
    left.span = span;
    left.operands.push_back(std::move(right));
    return left;
  }
  Condition out{.op = op, .span = span};
  out.operands.push_back(std::move(left));
  out.operands.push_back(std::move(right));
  return out;
}

std::string unescaped_slashes(std::string_view raw) {
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\' && i + 1 < raw.size() && raw[i + 1] == '/') continue;
    out += raw[i];
  }
  return out;
}

}  // namespace

/// Takes `word`, or reports the `typo` of other languages and takes that.
bool ConditionParser::take_joiner(std::string_view word, std::string_view typo) {
  if (lexer_.word() == word) {
    lexer_.take_word();
    return true;
  }
  if (!lexer_.next_is(typo)) return false;
  lexer_.unexpected("in a condition", {}, "write `" + std::string(word) + "`");
  return lexer_.accept(typo);
}

std::optional<Op> ConditionParser::boolean_operator() {
  if (take_joiner("or", "||")) return Op::or_;
  for (const auto op : {Op::xor_, Op::nand_}) {
    if (lexer_.word() != describe(op)) continue;
    lexer_.take_word();
    return op;
  }
  return std::nullopt;
}

std::optional<Condition> ConditionParser::condition() {
  const Level level(values_.depth(), lexer_);
  if (!level.entered()) return std::nullopt;
  auto left = conjunction();
  Op previous = Op::truth;
  while (left) {
    const auto op = boolean_operator();
    if (!op) break;
    // Each change of operator makes the tree one level deeper; so does each nand.
    if ((*op != previous || *op == Op::nand_) && ++changes_ > kMaxDepth) {
      lexer_.error(left->span, "a condition changes between or, xor and nand more than " +
                                   std::to_string(kMaxDepth) + " times");
      lexer_.stop();
      return std::nullopt;
    }
    previous = *op;
    auto right = conjunction();
    if (!right) return std::nullopt;
    left = joined(std::move(*left), *op, std::move(*right));
  }
  return left;
}

std::optional<Condition> ConditionParser::conjunction() {
  auto left = expression();
  while (left && take_joiner("and", "&&")) {
    auto right = expression();
    if (!right) return std::nullopt;
    left = joined(std::move(*left), Op::and_, std::move(*right));
  }
  return left;
}

std::optional<Condition> ConditionParser::expression() {
  if (lexer_.next_is("!")) return negation();
  if (lexer_.next_is("(")) return parenthesis();
  if (lexer_.word() == "not") {
    lexer_.unexpected("in a condition", {"a condition"},
                      "`not` is only a part of `not in`; write ![field] or !( ... )");
    lexer_.take_word();
    return std::nullopt;
  }
  return comparison();
}

std::optional<Condition> ConditionParser::parenthesis() {
  const std::size_t begin = lexer_.position();
  lexer_.accept("(");
  const Span open = lexer_.span_from(begin);
  auto inner = condition();
  if (!inner) return std::nullopt;
  if (!lexer_.accept(")")) {
    lexer_.unexpected("in a condition", {"`)`", "`and`", "`or`"},
                      "the parenthesis opens at " + lexer_.describe(open));
    return std::nullopt;
  }
  inner->span = lexer_.span_from(begin);
  return inner;
}

std::optional<Condition> ConditionParser::negation() {
  const std::size_t begin = lexer_.position();
  lexer_.accept("!");
  std::optional<Condition> inner;
  if (lexer_.next_is("(")) {
    inner = parenthesis();
  } else {
    lexer_.skip_space();
    const std::size_t field = lexer_.position();
    const std::string_view text = lexer_.selector();
    if (!text.empty()) {
      const Span span = lexer_.span_from(field);
      Value left{.kind = ValueKind::selector, .span = span, .text = std::string(text)};
      inner = Condition{.op = Op::truth, .span = span, .operands = {}, .left = std::move(left)};
    } else {
      lexer_.unexpected("after `!`", {"a field such as [name]", "`(`"},
                        "put what is negated in parentheses: !( ... )");
    }
  }
  if (!inner) return std::nullopt;
  Condition out{.op = Op::not_, .span = lexer_.span_from(begin)};
  out.operands.push_back(std::move(*inner));
  return out;
}

std::optional<Op> ConditionParser::comparison_operator() {
  for (const Symbol& symbol : kSymbols) {
    if (lexer_.accept(symbol.text)) return symbol.op;
  }
  if (lexer_.next_is("=")) {
    lexer_.unexpected("in a condition", {}, "write `==` to compare");
    lexer_.accept("=");
    return Op::equal;
  }
  if (lexer_.word() == "in") {
    lexer_.take_word();
    return Op::in;
  }
  if (lexer_.word() != "not") return std::nullopt;
  lexer_.take_word();
  if (lexer_.word() == "in") {
    lexer_.take_word();
  } else {
    lexer_.unexpected("after `not`", {"`in`"});
  }
  return Op::not_in;
}

std::optional<Condition> ConditionParser::comparison() {
  lexer_.skip_space();
  const std::size_t begin = lexer_.position();
  auto left = operand("in a condition");
  if (!left) return std::nullopt;
  Condition out{.op = Op::truth, .span = left->span, .operands = {}, .left = std::move(*left)};
  const auto op = comparison_operator();
  if (!op) return out;
  out.op = *op;
  const bool matches = *op == Op::match || *op == Op::not_match;
  auto right = matches ? pattern() : operand("after the operator");
  if (!right) return std::nullopt;
  out.right = std::move(*right);
  out.span = lexer_.span_from(begin);
  return out;
}

std::optional<Value> ConditionParser::pattern() {
  const char next = lexer_.peek();
  if (next == '"' || next == '\'') return values_.literal();
  if (next != '/') {
    lexer_.unexpected("after the operator", {"a regular expression such as /[0-9]+/", "a string"});
    return std::nullopt;
  }
  const std::size_t begin = lexer_.position();
  const auto raw = lexer_.regexp();
  if (!raw) return std::nullopt;
  return Value{
      .kind = ValueKind::regexp, .span = lexer_.span_from(begin), .text = unescaped_slashes(*raw)};
}

std::optional<Value> ConditionParser::operand(const char* where) {
  const char next = lexer_.peek();
  const std::size_t begin = lexer_.position();
  if (next == '"' || next == '\'' || next == '-' || (next >= '0' && next <= '9')) {
    return values_.literal();
  }
  if (next == '[') {
    const std::string_view text = lexer_.selector();
    if (text.empty()) return bracketed();
    return Value{
        .kind = ValueKind::selector, .span = lexer_.span_from(begin), .text = std::string(text)};
  }
  const std::string word(lexer_.word());
  std::string hint;
  if (!word.empty()) hint = "a field is written [" + word + "], a text \"" + word + "\"";
  if (next == '/') hint = "a regular expression stands only after =~ or !~";
  lexer_.unexpected(where, {"a field such as [name]", "a string", "a number", "an array", "`(`"},
                    std::move(hint));
  lexer_.take_word();
  return std::nullopt;
}

/// An array. `[[name]` is neither that nor a field, which deserves a word.
std::optional<Value> ConditionParser::bracketed() {
  const std::size_t begin = lexer_.position();
  lexer_.accept("[");
  const bool nested = lexer_.accept("[");
  const char inner = nested ? lexer_.peek() : '\0';
  lexer_.set_position(begin);
  const bool letter = (inner >= 'a' && inner <= 'z') || (inner >= 'A' && inner <= 'Z');
  if (!letter && inner != '@' && inner != '_') return values_.array();
  lexer_.unexpected("in a condition", {}, "the brackets of a field are not nested: write [a][b]");
  return std::nullopt;
}

}  // namespace millrace::config
