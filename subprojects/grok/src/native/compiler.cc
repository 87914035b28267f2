#include "compiler.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace grok::native {
namespace {

using enum Reg;

constexpr std::uint32_t kMaxText = 64;
constexpr std::size_t kMaxCode = std::size_t{4} << 20;
constexpr Reg kSaved[] = {rbx, rbp, r12, r13};

constexpr std::int32_t at_of(std::size_t offset) { return static_cast<std::int32_t>(offset); }
Bytes word_bytes() {
  Bytes bytes{};
  for (unsigned c = 0; c < 0x80; ++c) {
    const bool word =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= 'a' && c <= 'z');
    bytes[c] = word ? 1 : 0;
  }
  return bytes;
}

}  // namespace

bool Compiler::run() {
  fail_ = out_.new_label();
  undecided_ = out_.new_label();
  restore_ = out_.new_label();
  exit_ = out_.new_label();
  constants_ = out_.new_label();
  for (std::size_t pc = 0; pc < program_.code.size(); ++pc) {
    labels_.push_back(out_.new_label());
    tested_.push_back(out_.new_label());
  }
  prologue();
  for (Pc pc = 0; pc < program_.code.size() && possible_; ++pc) {
    out_.bind(labels_[pc]);
    instruction(pc);
    if (out_.size() > kMaxCode) possible_ = false;
  }
  while (!later_.empty() && possible_) {
    const auto write = std::move(later_.back());
    later_.pop_back();
    write();
  }
  if (possible_) epilogue();
  return possible_;
}

std::vector<std::uint8_t> Compiler::take() {
  out_.align(16);
  out_.bind(constants_);
  const std::size_t data_at = out_.size();
  for (const TableEntry& entry : table_entries_) {
    data_.put(
        entry.table, entry.index,
        static_cast<std::int32_t>(out_.place(entry.label)) - static_cast<std::int32_t>(data_at));
  }
  std::vector<std::uint8_t> all = out_.finish();
  all.insert(all.end(), data_.bytes().begin(), data_.bytes().end());
  return all;
}

void Compiler::prologue() {
  for (const Reg reg : kSaved) out_.push(reg);
  out_.move(r12, rdi);
  out_.load(rdx, {r12, at_of(offsetof(Context, begin))});
  out_.load(rsi, {r12, at_of(offsetof(Context, end))});
  out_.load(rdi, {r12, at_of(offsetof(Context, start))});
  out_.load(r8, {r12, at_of(offsetof(Context, spans))});
  out_.load(r9, {r12, at_of(offsetof(Context, frames))});
  out_.load(r13, {r12, at_of(offsetof(Context, frames_end))});
  out_.load(r10, {r12, at_of(offsetof(Context, budget))});
  out_.address(rbx, constants_);
  out_.move(r11, rdi);
  const Label no_match = out_.new_label();
  push_frame(no_match);
  later([this, no_match] {
    out_.bind(no_match);
    out_.set(rax, static_cast<std::uint64_t>(Ended::no_match));
    out_.jump(exit_);
  });
}

/// What all ways lead to.
void Compiler::epilogue() {
  // A way failed: what it passed is taken off the budget.
  out_.bind(fail_);
  out_.subtract(r10, rdi);
  out_.add(r10, r11);
  out_.subtract(r10, 1);
  out_.jump(If::negative, undecided_);
  out_.jump(kTopResume);

  out_.bind(restore_);
  out_.load(rax, kTopAt);
  out_.load(rcx, kTopExtra);
  out_.store({r8, 0, rcx, 1}, rax);
  out_.subtract(r9, kFrame);
  out_.jump(kTopResume);

  out_.bind(undecided_);
  out_.set(rax, static_cast<std::uint64_t>(Ended::undecided));
  out_.jump(exit_);
}

void Compiler::push_frame(Label resume, std::optional<Reg> extra) {
  out_.compare(r9, r13);
  out_.jump(If::not_below, undecided_);
  out_.address(rax, resume);
  out_.add(r9, kFrame);
  out_.store(kTopAt, rdi);
  out_.store(kTopResume, rax);
  if (extra) out_.store(kTopExtra, *extra);
}

void Compiler::test_byte(Reg byte, const Data::ByteTest& test) {
  out_.test_bits({rbx, test.table, byte, 1}, test.bits);
}

void Compiler::instruction(Pc pc) {
  const Instruction& code = program_.code[pc];
  switch (code.op) {
    case Op::byte:
      out_.compare(rdi, rsi);
      out_.jump(If::not_below, fail_);
      out_.compare_bytes({rdi}, code.a, 1);
      out_.jump(If::not_equal, fail_);
      out_.bind(tested_[pc]);
      out_.add(rdi, 1);
      return;
    case Op::text:
      return text(code);
    case Op::set:
      return one(program_.sets[code.a], tested_[pc]);
    case Op::span:
    case Op::span_back:
      return span(code, pc);
    case Op::span_lazy:
      return lazy_span(code, pc);
    case Op::save:
      return save(code);
    case Op::jump:
      return out_.jump(labels_[code.a]);
    case Op::choose:
      return choose(code);
    case Op::accept: {
      out_.store({r12, at_of(offsetof(Context, end_of_match))}, rdi);
      out_.set(rax, static_cast<std::uint64_t>(Ended::match));
      out_.bind(exit_);
      out_.store({r12, at_of(offsetof(Context, budget))}, r10);
      for (auto reg = std::rbegin(kSaved); reg != std::rend(kSaved); ++reg) out_.pop(*reg);
      out_.call_return();
      return;
    }
    case Op::word_boundary:
      return boundary(true);
    case Op::no_word_boundary:
      return boundary(false);
    case Op::look:
      return look(program_.looks[code.a]);
    default:
      return assertion(code);
  }
}

void Compiler::text(const Instruction& code) {
  if (code.b > kMaxText) {
    possible_ = false;
    return;
  }
  const char* const text = program_.text.data() + code.a;
  out_.address(rax, Mem{rdi, static_cast<std::int32_t>(code.b)});
  out_.compare(rax, rsi);
  out_.jump(If::above, fail_);
  for (std::uint32_t done = 0; done < code.b;) {
    const std::uint32_t left = code.b - done;
    const unsigned size = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    std::uint64_t value = 0;
    std::memcpy(&value, text + done, size);  // little-endian, as the code's machine is
    const Mem at{rdi, static_cast<std::int32_t>(done)};
    if (size == 8) {
      out_.set(rax, value);
      out_.compare_eight(at, rax);
    } else {
      out_.compare_bytes(at, value, size);
    }
    out_.jump(If::not_equal, fail_);
    done += size;
  }
  out_.add(rdi, static_cast<std::int32_t>(code.b));
}

void Compiler::refuse_wide_byte(Reg byte) {
  if (ascii_) return;
  out_.test_low_byte(byte);
  out_.jump(If::negative, undecided_);
}

/// Where a loop may save it again, what was there comes back when the way fails. What is saved once
/// needs no care, and of what may be left out choices take care.
void Compiler::save(const Instruction& code) {
  const auto slot = static_cast<std::int32_t>(8 * code.a);
  out_.move(rcx, rdi);
  out_.subtract(rcx, rdx);
  if (code.b == Program::kRepeated) {
    out_.compare(r9, r13);
    out_.jump(If::not_below, undecided_);
    out_.load(rax, {r8, slot});
    out_.add(r9, kFrame);
    out_.store(kTopAt, rax);
    out_.address(rax, restore_);
    out_.store(kTopResume, rax);
    out_.set(rax, static_cast<std::uint64_t>(slot));
    out_.store(kTopExtra, rax);
  }
  out_.store({r8, slot}, rcx);
}

void Compiler::assertion(const Instruction& code) {
  const Label holds = out_.new_label();
  switch (code.op) {
    case Op::line_begin:
      out_.compare(rdi, rdx);
      out_.jump(If::equal, holds);
      out_.compare(rdi, rsi);
      out_.jump(If::equal, fail_);
      out_.compare_bytes({rdi, -1}, '\n', 1);
      out_.jump(If::not_equal, fail_);
      break;
    case Op::line_end:
      out_.compare(rdi, rsi);
      out_.jump(If::equal, holds);
      out_.compare_bytes({rdi}, '\n', 1);
      out_.jump(If::not_equal, fail_);
      break;
    case Op::text_begin:
      out_.compare(rdi, rdx);
      out_.jump(If::not_equal, fail_);
      break;
    case Op::text_end:
      out_.compare(rdi, rsi);
      out_.jump(If::not_equal, fail_);
      break;
    default:  // Op::text_end_line
      out_.compare(rdi, rsi);
      out_.jump(If::equal, holds);
      out_.address(rax, Mem{rdi, 1});
      out_.compare(rax, rsi);
      out_.jump(If::not_equal, fail_);
      out_.compare_bytes({rdi}, '\n', 1);
      out_.jump(If::not_equal, fail_);
      break;
  }
  out_.bind(holds);
}

/// Whether the bytes on both sides are word characters, as bits of al.
void Compiler::boundary(bool wanted) {
  const Data::ByteTest word = data_.test(word_bytes());
  const Label no_previous = out_.new_label(), no_next = out_.new_label();
  out_.set(rax, 0);
  out_.compare(rdi, rdx);
  out_.jump(If::equal, no_previous);
  out_.load_byte(rcx, {rdi, -1});
  refuse_wide_byte(rcx);
  out_.load_byte(rax, {rbx, word.table, rcx, 1});
  out_.bind(no_previous);
  out_.compare(rdi, rsi);
  out_.jump(If::equal, no_next);
  out_.load_byte(rcx, {rdi});
  refuse_wide_byte(rcx);
  out_.xor_low_bytes(rax, {rbx, word.table, rcx, 1});
  out_.bind(no_next);
  out_.test_low_bits(rax, word.bits);
  out_.jump(wanted ? If::equal : If::not_equal, fail_);
}

void Compiler::look(const Look& look) {
  const Label holds = out_.new_label();
  for (const auto& sequence : look.sequences) {
    const Label other = out_.new_label();
    const auto length = static_cast<std::int32_t>(sequence.size());
    out_.move(rax, look.behind ? rdi : rsi);
    out_.subtract(rax, look.behind ? rdx : rdi);
    out_.compare(rax, length);
    out_.jump(If::below, other);
    for (std::int32_t i = 0; i < length; ++i) {
      const SetTable& set = program_.sets[sequence[static_cast<std::size_t>(i)]];
      Bytes ascii = set.run.bytes();
      std::fill(ascii.begin() + 0x80, ascii.end(), std::uint8_t{0});
      out_.load_byte(rax, {rdi, look.behind ? i - length : i});
      refuse_wide_byte(rax);
      test_byte(rax, data_.test(ascii));
      out_.jump(If::equal, other);
    }
    out_.jump(look.negative ? fail_ : holds);
    out_.bind(other);
  }
  if (!look.negative) out_.jump(fail_);
  out_.bind(holds);
}

}  // namespace grok::native
