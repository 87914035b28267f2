#include <algorithm>
#include <charconv>

#include "pipeline/config/lint.h"

namespace millrace::config {
namespace {

using Op = Condition::Op;

bool is_literal(const Value& value) {
  return value.kind == ValueKind::string || value.kind == ValueKind::number;
}

double number_of(const Value& value) {
  double out = 0;
  std::from_chars(value.text.data(), value.text.data() + value.text.size(), out);
  return out;
}

/// -1, 0 or 1; nullopt for values of different types.
std::optional<int> order(const Value& a, const Value& b) {
  if (a.kind != b.kind) return std::nullopt;
  if (a.kind == ValueKind::string) {
    const int sign = a.text.compare(b.text);
    return (sign > 0) - (sign < 0);
  }
  const double left = number_of(a);
  const double right = number_of(b);
  return (left > right) - (left < right);
}

std::optional<bool> compared(const Condition& condition) {
  if (!is_literal(condition.left) || !is_literal(condition.right)) return std::nullopt;
  const auto sign = order(condition.left, condition.right);
  switch (condition.op) {
    case Op::equal:
      return sign == 0;
    case Op::not_equal:
      return sign != 0;
    case Op::less:
      return sign && *sign < 0;
    case Op::less_or_equal:
      return sign && *sign <= 0;
    case Op::greater:
      return sign && *sign > 0;
    case Op::greater_or_equal:
      return sign && *sign >= 0;
    default:
      return std::nullopt;
  }
}

std::optional<bool> contained(const Condition& condition) {
  if (!is_literal(condition.left)) return std::nullopt;
  const Value& right = condition.right;
  bool found = false;
  if (right.kind == ValueKind::string && condition.left.kind == ValueKind::string) {
    found = right.text.find(condition.left.text) != std::string::npos;
  } else if (right.kind == ValueKind::array) {
    found = std::any_of(right.items.begin(), right.items.end(),
                        [&](const Value& item) { return order(condition.left, item) == 0; });
  } else {
    return std::nullopt;
  }
  return found == (condition.op == Op::in);
}

/// `and` with its stopping value false, `or` with true.
std::optional<bool> all_until(const std::vector<Condition>& operands, bool stop) {
  bool known = true;
  for (const Condition& operand : operands) {
    const auto value = constant(operand);
    if (value == stop) return stop;
    known = known && value.has_value();
  }
  return known ? std::optional(!stop) : std::nullopt;
}

std::optional<bool> odd(const std::vector<Condition>& operands) {
  bool out = false;
  for (const Condition& operand : operands) {
    const auto value = constant(operand);
    if (!value) return std::nullopt;
    out = out != *value;
  }
  return out;
}

std::optional<bool> negated(std::optional<bool> value) {
  return value ? std::optional(!*value) : std::nullopt;
}

bool same_value(const Value& a, const Value& b) {
  const auto same_entry = [](const HashEntry& x, const HashEntry& y) {
    return x.key == y.key && same_value(x.value, y.value);
  };
  return a.kind == b.kind && a.text == b.text &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same_value) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    same_entry) &&
         a.plugin == b.plugin;
}

}  // namespace

std::optional<bool> constant(const Condition& condition) {
  switch (condition.op) {
    case Op::and_:
      return all_until(condition.operands, false);
    case Op::or_:
      return all_until(condition.operands, true);
    case Op::nand_:
      return negated(all_until(condition.operands, false));
    case Op::xor_:
      return odd(condition.operands);
    case Op::not_:
      return negated(constant(condition.operands.front()));
    case Op::in:
    case Op::not_in:
      return contained(condition);
    case Op::match:
    case Op::not_match:
      return std::nullopt;
    case Op::truth:
      return is_literal(condition.left) ? std::optional(true) : std::nullopt;
    default:
      return compared(condition);
  }
}

bool same(const Condition& a, const Condition& b) {
  return a.op == b.op && same_value(a.left, b.left) && same_value(a.right, b.right) &&
         std::equal(a.operands.begin(), a.operands.end(), b.operands.begin(), b.operands.end(),
                    same);
}

}  // namespace millrace::config
