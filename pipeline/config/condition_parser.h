#pragma once

#include <optional>

#include "pipeline/config/value_parser.h"

namespace millrace::config {

/// Parses what stands between `if` and `{`. `and` binds tighter than `or`, `xor` and `nand`, which
/// are read from left to right.
class ConditionParser {
 public:
  ConditionParser(Lexer& lexer, ValueParser& values) : lexer_(lexer), values_(values) {}

  /// One condition; make a new parser for the next. nullopt: reported; the lexer stands where it
  /// was noticed.
  std::optional<Condition> condition();

 private:
  using Op = Condition::Op;

  std::optional<Condition> conjunction();
  std::optional<Condition> expression();
  std::optional<Condition> negation();
  std::optional<Condition> comparison();
  std::optional<Condition> parenthesis();
  std::optional<Value> operand(const char* where);
  std::optional<Value> bracketed();
  std::optional<Value> pattern();
  std::optional<Op> comparison_operator();
  std::optional<Op> boolean_operator();
  bool take_joiner(std::string_view word, std::string_view typo);

  Lexer& lexer_;
  ValueParser& values_;
  std::size_t changes_ = 0;  // of operator, which make the tree deeper without any parenthesis
};

}  // namespace millrace::config
