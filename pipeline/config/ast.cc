#include "pipeline/config/ast.h"

namespace millrace::config {
namespace {

constexpr std::size_t kShownBytes = 60;

std::string shortened(std::string text) {
  if (text.size() <= kShownBytes) return text;
  std::size_t cut = kShownBytes;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  text.resize(cut);
  return text + "...";
}

void append(const Value& value, std::string& out);

void append_items(const std::vector<Value>& items, std::string& out) {
  out += '[';
  for (std::size_t i = 0; i < items.size() && out.size() <= kShownBytes; ++i) {
    if (i != 0) out += ", ";
    append(items[i], out);
  }
  out += ']';
}

void append_entries(const std::vector<HashEntry>& entries, std::string& out) {
  out += '{';
  for (const HashEntry& entry : entries) {
    if (out.size() > kShownBytes) break;
    out += " \"" + entry.key + "\" => ";
    append(entry.value, out);
  }
  out += entries.empty() ? "}" : " }";
}

void append(const Value& value, std::string& out) {
  switch (value.kind) {
    case ValueKind::bareword:
    case ValueKind::number:
    case ValueKind::selector:
      out += value.secret ? "<password>" : value.text;
      break;
    case ValueKind::string:
      out += value.secret ? "<password>" : '"' + value.text + '"';
      break;
    case ValueKind::regexp:
      out += '/' + value.text + '/';
      break;
    case ValueKind::array:
      append_items(value.items, out);
      break;
    case ValueKind::hash:
      append_entries(value.entries, out);
      break;
    case ValueKind::plugin:
      out += value.plugin->name + " { ... }";
      break;
  }
}

}  // namespace

std::string show(const Value& value) {
  std::string out;
  append(value, out);
  return shortened(std::move(out));
}

std::string_view describe(ValueKind kind) {
  switch (kind) {
    case ValueKind::bareword:
      return "a word";
    case ValueKind::string:
      return "a string";
    case ValueKind::number:
      return "a number";
    case ValueKind::array:
      return "an array";
    case ValueKind::hash:
      return "a hash";
    case ValueKind::plugin:
      return "a plugin with options";
    case ValueKind::selector:
      return "a field";
    case ValueKind::regexp:
      return "a regular expression";
  }
  return "";
}

std::string_view describe(Condition::Op op) {
  using Op = Condition::Op;
  switch (op) {
    case Op::and_:
      return "and";
    case Op::or_:
      return "or";
    case Op::xor_:
      return "xor";
    case Op::nand_:
      return "nand";
    case Op::not_:
      return "!";
    case Op::equal:
      return "==";
    case Op::not_equal:
      return "!=";
    case Op::less:
      return "<";
    case Op::less_or_equal:
      return "<=";
    case Op::greater:
      return ">";
    case Op::greater_or_equal:
      return ">=";
    case Op::in:
      return "in";
    case Op::not_in:
      return "not in";
    case Op::match:
      return "=~";
    case Op::not_match:
      return "!~";
    case Op::truth:
      return "";
  }
  return "";
}

std::string_view describe(SectionKind kind) {
  switch (kind) {
    case SectionKind::input:
      return "input";
    case SectionKind::filter:
      return "filter";
    case SectionKind::output:
      return "output";
  }
  return "";
}

}  // namespace millrace::config
