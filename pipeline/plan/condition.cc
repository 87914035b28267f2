#include "pipeline/plan/condition.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <variant>

#include "pipeline/event/field_ref.h"
#include "pipeline/event/template.h"
#include "pipeline/observe/log.h"
#include "pipeline/regex/regex.h"

namespace millrace {
namespace {

using Op = config::Condition::Op;

/// One side of a comparison: a constant (with the memory behind it) or a field.
class Operand {
 public:
  static std::optional<Operand> compile(const config::Value& value,
                                        config::Diagnostics& diagnostics) {
    Operand operand;
    if (value.kind == config::ValueKind::selector) {
      auto ref = FieldRef::parse(value.text);
      if (!ref) {
        diagnostics.error(value.span, std::move(ref).error().message);
        return std::nullopt;
      }
      operand.ref_ = std::move(*ref);
      return operand;
    }
    operand.memory_ = std::make_shared<Arena>();
    operand.constant_ = constant(value, *operand.memory_);
    return operand;
  }

  bool is_constant() const { return !ref_; }
  /// nullptr: the field is missing.
  const Value* of(const ConstEvent& event) const { return ref_ ? event.get(*ref_) : &constant_; }

 private:
  static Value constant(const config::Value& value, Arena& arena) {
    if (value.kind == config::ValueKind::array) {
      Array* array = Array::make(arena, static_cast<std::uint32_t>(value.items.size()));
      for (const config::Value& item : value.items) array->push(arena, constant(item, arena));
      return Value::of(array);
    }
    if (value.kind == config::ValueKind::number) return number(value.text, arena);
    return Value::of(arena.copy(value.text));
  }

  static Value number(const std::string& text, Arena& arena) {
    const char* const end = text.data() + text.size();
    std::int64_t whole = 0;
    if (std::from_chars(text.data(), end, whole).ptr == end) return Value::of(whole);
    double real = 0;
    if (std::from_chars(text.data(), end, real).ptr == end) return Value::of(real);
    return Value::number(arena.copy(text));
  }

  std::optional<FieldRef> ref_;
  std::shared_ptr<Arena> memory_;
  Value constant_;
};

/// A field that is there and not null or false; of constants, which Logstash lets stand here, the
/// empty text is false.
class Truth : public Condition {
 public:
  explicit Truth(Operand operand) : operand_(std::move(operand)) {}
  bool holds(const ConstEvent& event) const override {
    const Value* value = operand_.of(event);
    if (operand_.is_constant() && value->is_string()) return !value->text().empty();
    return value && value->truthy();
  }

 private:
  Operand operand_;
};

class Equals : public Condition {
 public:
  Equals(Operand left, Operand right) : left_(std::move(left)), right_(std::move(right)) {}
  bool holds(const ConstEvent& event) const override {
    const Value* left = left_.of(event);
    const Value* right = right_.of(event);
    return left && right ? equal(*left, *right) : left == right;
  }

 private:
  Operand left_, right_;
};

/// Timestamps compare with timestamps, numbers with numbers, strings with strings by bytes.
std::optional<int> order(const Value& left, const Value& right) {
  const auto sign = [](const auto& a, const auto& b) { return a < b ? -1 : b < a ? 1 : 0; };
  if (left.type() == Type::integer && right.type() == Type::integer)
    return sign(left.integer(), right.integer());
  if (left.is_number() && right.is_number()) return sign(left.as_double(), right.as_double());
  if (left.is_string() && right.is_string()) return sign(left.text(), right.text());
  if (left.type() == Type::timestamp && right.type() == Type::timestamp)
    return sign(left.timestamp(), right.timestamp());
  return std::nullopt;
}

class Compares : public Condition {
 public:
  Compares(Op op, Operand left, Operand right)
      : op_(op), left_(std::move(left)), right_(std::move(right)) {}

  bool holds(const ConstEvent& event) const override {
    const Value* left = left_.of(event);
    const Value* right = right_.of(event);
    if (!left || !right || left->is_null() || right->is_null()) return false;
    const auto sign = order(*left, *right);
    if (!sign) {
      complain(*left, *right);
      return false;
    }
    switch (op_) {
      case Op::less:
        return *sign < 0;
      case Op::less_or_equal:
        return *sign <= 0;
      case Op::greater:
        return *sign > 0;
      default:
        return *sign >= 0;
    }
  }

 private:
  /// Logstash ends the pipeline here; the event must not be lost for it.
  void complain(const Value& left, const Value& right) const {
    if (clashes_.fetch_add(1, std::memory_order_relaxed) == 0) {
      log::warn("condition",
                "a {} cannot be compared with a {}: `{}` is false for such events (said once for "
                "each condition)",
                describe(left.type()), describe(right.type()), describe(op_));
    }
  }

  const Op op_;
  Operand left_, right_;
  mutable std::atomic<std::uint64_t> clashes_{0};
};

/// A text is in a text that holds it, a value in a list that has its equal. Of two fields the left
/// one is never in anything if it is a list or an object; other pairs are compared as text, so that
/// 5 is in "5".
class In : public Condition {
 public:
  In(Operand left, Operand right) : left_(std::move(left)), right_(std::move(right)) {}
  bool holds(const ConstEvent& event) const override {
    const Value* left = left_.of(event);
    const Value* right = right_.of(event);
    if (!left || !right) return false;
    const bool fields = !left_.is_constant() && !right_.is_constant();
    if (fields && (left->is_array() || left->is_object())) return false;
    if (right->is_array())
      return std::any_of(right->array().begin(), right->array().end(),
                         [&](const Value& item) { return equal(*left, item); });
    if (right->is_string() && left->is_string())
      return right->text().find(left->text()) != std::string_view::npos;
    return fields ? same_text(event.batch(), *left, *right) : equal(*left, *right);
  }

 private:
  static bool same_text(const Batch& batch, const Value& left, const Value& right) {
    if (left.is_null() || right.is_null() || right.is_object()) return false;
    Buffer left_text, right_text;
    append_text(batch, left, left_text);
    append_text(batch, right, right_text);
    return left_text.view() == right_text.view();
  }

  Operand left_, right_;
};

class Matches : public Condition {
 public:
  Matches(Operand left, Regex expression)
      : left_(std::move(left)), expression_(std::move(expression)) {}
  bool holds(const ConstEvent& event) const override {
    const Value* left = left_.of(event);
    if (!left) return false;
    if (left->is_array())
      return std::any_of(left->array().begin(), left->array().end(),
                         [&](const Value& item) { return matches(item); });
    return matches(*left);
  }

 private:
  bool matches(const Value& value) const {
    if (!value.is_string()) return false;
    const auto found = expression_.matches(value.text());
    if (!found && given_up_.fetch_add(1, std::memory_order_relaxed) == 0)
      log::warn("condition",
                "a regular expression took too many steps on a text of {} bytes, which counts as "
                "no match (said once for each condition)",
                value.text().size());
    return found.value_or(false);
  }

  Operand left_;
  const Regex expression_;
  mutable std::atomic<std::uint64_t> given_up_{0};
};

class Not : public Condition {
 public:
  explicit Not(std::unique_ptr<Condition> inner) : inner_(std::move(inner)) {}
  bool holds(const ConstEvent& event) const override { return !inner_->holds(event); }

 private:
  std::unique_ptr<Condition> inner_;
};

class Combined : public Condition {
 public:
  Combined(Op op, std::vector<std::unique_ptr<Condition>> operands)
      : op_(op), operands_(std::move(operands)) {}
  bool holds(const ConstEvent& event) const override {
    const auto holds = [&](const auto& operand) { return operand->holds(event); };
    switch (op_) {
      case Op::and_:
        return std::all_of(operands_.begin(), operands_.end(), holds);
      case Op::or_:
        return std::any_of(operands_.begin(), operands_.end(), holds);
      case Op::nand_:
        return !std::all_of(operands_.begin(), operands_.end(), holds);
      default:
        return std::count_if(operands_.begin(), operands_.end(), holds) % 2 ==
               1;  // xor, from left to right
    }
  }

 private:
  const Op op_;
  std::vector<std::unique_ptr<Condition>> operands_;
};

std::unique_ptr<Condition> negated(std::unique_ptr<Condition> inner) {
  return std::make_unique<Not>(std::move(inner));
}

std::unique_ptr<Condition> compile_match(const config::Condition& condition,
                                         config::Diagnostics& diagnostics) {
  auto left = Operand::compile(condition.left, diagnostics);
  auto expression = Regex::compile(condition.right.text);
  if (!expression) diagnostics.error(condition.right.span, std::move(expression).error().message);
  if (!left || !expression) return nullptr;
  auto matches = std::make_unique<Matches>(std::move(*left), std::move(*expression));
  if (condition.op == Op::not_match) return negated(std::move(matches));
  return matches;
}

std::unique_ptr<Condition> compile_comparison(const config::Condition& condition,
                                              config::Diagnostics& diagnostics) {
  auto left = Operand::compile(condition.left, diagnostics);
  auto right = Operand::compile(condition.right, diagnostics);
  if (!left || !right) return nullptr;
  switch (condition.op) {
    case Op::equal:
      return std::make_unique<Equals>(std::move(*left), std::move(*right));
    case Op::not_equal:
      return negated(std::make_unique<Equals>(std::move(*left), std::move(*right)));
    case Op::in:
      return std::make_unique<In>(std::move(*left), std::move(*right));
    case Op::not_in:
      return negated(std::make_unique<In>(std::move(*left), std::move(*right)));
    default:
      return std::make_unique<Compares>(condition.op, std::move(*left), std::move(*right));
  }
}

std::unique_ptr<Condition> compile_combined(const config::Condition& condition,
                                            config::Diagnostics& diagnostics) {
  std::vector<std::unique_ptr<Condition>> operands;
  for (const config::Condition& operand : condition.operands)
    operands.push_back(Condition::compile(operand, diagnostics));
  if (std::any_of(operands.begin(), operands.end(),
                  [](const auto& operand) { return operand == nullptr; }))
    return nullptr;
  return std::make_unique<Combined>(condition.op, std::move(operands));
}

}  // namespace

std::unique_ptr<Condition> Condition::compile(const config::Condition& condition,
                                              config::Diagnostics& diagnostics) {
  switch (condition.op) {
    case Op::and_:
    case Op::or_:
    case Op::xor_:
    case Op::nand_:
      return compile_combined(condition, diagnostics);
    case Op::not_: {
      auto inner = compile(condition.operands.front(), diagnostics);
      return inner ? negated(std::move(inner)) : nullptr;
    }
    case Op::match:
    case Op::not_match:
      return compile_match(condition, diagnostics);
    case Op::truth: {
      auto operand = Operand::compile(condition.left, diagnostics);
      return operand ? std::make_unique<Truth>(std::move(*operand)) : nullptr;
    }
    default:
      return compile_comparison(condition, diagnostics);
  }
}

void Condition::divide(const Batch& batch, std::span<const std::uint32_t> events,
                       Selection& holding, Selection& others) const {
  for (std::uint32_t at : events) (holds(batch[at]) ? holding : others).push_back(at);
}

}  // namespace millrace
