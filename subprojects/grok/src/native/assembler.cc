#include "assembler.h"

namespace grok::native {
namespace {

unsigned number(Reg reg) { return static_cast<unsigned>(reg); }
unsigned number(Xmm reg) { return static_cast<unsigned>(reg); }

constexpr unsigned kRex = 0x40, kRexW = 8, kRexR = 4, kRexX = 2, kRexB = 1;
constexpr unsigned kVector = 0x66;

unsigned scale_bits(unsigned scale) { return scale == 8 ? 3 : scale == 4 ? 2 : scale == 2 ? 1 : 0; }

}  // namespace

Label Assembler::new_label() {
  places_.push_back(kNowhere);
  return {static_cast<std::uint32_t>(places_.size() - 1)};
}

void Assembler::bind(Label label) { places_[label.number] = code_.size(); }

void Assembler::word(std::uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i) byte(value >> 8 * i & 0xff);
}

void Assembler::distance_to(Label label) {
  fixups_.push_back({code_.size(), label.number});
  word(0, 4);
}

/// An instruction with a register and memory.
void Assembler::rm(std::initializer_list<unsigned> opcode, unsigned reg, Mem mem, bool wide,
                   unsigned prefix) {
  const unsigned base = number(mem.base), index = mem.index ? number(*mem.index) : 4;
  if (prefix) byte(prefix);
  const unsigned rex = (wide ? kRexW : 0) | (reg > 7 ? kRexR : 0) |
                       (mem.index && index > 7 ? kRexX : 0) | (base > 7 ? kRexB : 0);
  if (rex) byte(kRex | rex);
  for (const unsigned part : opcode) byte(part);
  const bool small = mem.displacement >= -128 && mem.displacement <= 127;
  const bool with_sib = mem.index || (base & 7) == 4;
  byte((small ? 0x40u : 0x80u) | (reg & 7) << 3 | (with_sib ? 4 : base & 7));
  if (with_sib) byte(scale_bits(mem.scale) << 6 | (index & 7) << 3 | (base & 7));
  word(static_cast<std::uint32_t>(mem.displacement), small ? 1 : 4);
}

/// An instruction with two registers.
void Assembler::rr(std::initializer_list<unsigned> opcode, unsigned reg, unsigned other, bool wide,
                   unsigned prefix) {
  if (prefix) byte(prefix);
  const unsigned rex = (wide ? kRexW : 0) | (reg > 7 ? kRexR : 0) | (other > 7 ? kRexB : 0);
  if (rex) byte(kRex | rex);
  for (const unsigned part : opcode) byte(part);
  byte(0xc0 | (reg & 7) << 3 | (other & 7));
}

void Assembler::immediate(unsigned operation, Reg to, std::int32_t value) {
  const bool small = value >= -128 && value <= 127;
  rr({small ? 0x83u : 0x81u}, operation, number(to), true);
  word(static_cast<std::uint32_t>(value), small ? 1 : 4);
}

void Assembler::move(Reg to, Reg from) { rr({0x8b}, number(to), number(from), true); }
void Assembler::load(Reg to, Mem from) { rm({0x8b}, number(to), from, true); }
void Assembler::load_byte(Reg to, Mem from) { rm({0x0f, 0xb6}, number(to), from); }
void Assembler::load_offset(Reg to, Mem from) { rm({0x63}, number(to), from, true); }
void Assembler::store(Mem to, Reg from) { rm({0x89}, number(from), to, true); }

void Assembler::store(Mem to, std::int32_t value) {
  rm({0xc7}, 0, to, true);
  word(static_cast<std::uint32_t>(value), 4);
}

void Assembler::set(Reg to, std::uint64_t value) {
  if (value >> 32 == 0) {
    if (number(to) > 7) byte(kRex | kRexB);
    byte(0xb8 | (number(to) & 7));
    word(value, 4);
    return;
  }
  byte(kRex | kRexW | (number(to) > 7 ? kRexB : 0));
  byte(0xb8 | (number(to) & 7));
  word(value, 8);
}

void Assembler::address(Reg to, Mem of) { rm({0x8d}, number(to), of, true); }

void Assembler::address(Reg to, Label of) {
  byte(kRex | kRexW | (number(to) > 7 ? kRexR : 0));
  byte(0x8d);
  byte((number(to) & 7) << 3 | 5);  // relative to the next instruction
  distance_to(of);
}

void Assembler::add(Reg to, Reg from) { rr({0x03}, number(to), number(from), true); }
void Assembler::add(Reg to, std::int32_t value) { immediate(0, to, value); }
void Assembler::subtract(Reg from, Reg what) { rr({0x2b}, number(from), number(what), true); }
void Assembler::subtract(Reg from, std::int32_t value) { immediate(5, from, value); }
void Assembler::compare(Reg a, Reg b) { rr({0x3b}, number(a), number(b), true); }
void Assembler::compare(Reg a, std::int32_t value) { immediate(7, a, value); }

void Assembler::compare_bytes(Mem a, std::uint64_t value, unsigned size) {
  if (size == 1)
    rm({0x80}, 7, a);
  else
    rm({0x81}, 7, a, false, size == 2 ? kVector : 0);
  word(value, size);
}

void Assembler::compare_eight(Mem a, Reg b) { rm({0x39}, number(b), a, true); }

void Assembler::compare_low_byte(Reg a, std::uint8_t value) {
  rr({0x80}, 7, number(a));
  byte(value);
}

void Assembler::test_bits(Mem at, std::uint8_t bits) {
  rm({0xf6}, 0, at);
  byte(bits);
}

void Assembler::test_low_byte(Reg a) { rr({0x84}, number(a), number(a)); }
void Assembler::xor_low_bytes(Reg to, Mem from) { rm({0x32}, number(to), from); }

void Assembler::test_low_bits(Reg a, std::uint8_t bits) {
  rr({0xf6}, 0, number(a));
  byte(bits);
}

void Assembler::or_bits(Reg to, std::uint32_t bits) {
  rr({0x81}, 1, number(to));
  word(bits, 4);
}

void Assembler::flip_bits(Reg to, std::uint32_t bits) {
  rr({0x81}, 6, number(to));
  word(bits, 4);
}

void Assembler::shift_right_by_cl(Reg to) { rr({0xd3}, 5, number(to)); }
void Assembler::lowest_bit(Reg to, Reg of) {
  rr({0x0f, 0xbc}, number(to), number(of), false, 0xf3);  // tzcnt
}

void Assembler::load(Xmm to, Mem from) { rm({0x0f, 0x6f}, number(to), from, false, 0xf3); }
void Assembler::equal_bytes(Xmm to, Mem with) {
  rm({0x0f, 0x74}, number(to), with, false, kVector);
}
void Assembler::equal_bytes(Xmm to, Xmm with) {
  rr({0x0f, 0x74}, number(to), number(with), false, kVector);
}
void Assembler::add_bytes(Xmm to, Mem what) { rm({0x0f, 0xfc}, number(to), what, false, kVector); }
void Assembler::greater_bytes(Xmm to, Mem than) {
  rm({0x0f, 0x64}, number(to), than, false, kVector);
}
void Assembler::greater_bytes(Xmm to, Xmm than) {
  rr({0x0f, 0x64}, number(to), number(than), false, kVector);
}
void Assembler::both(Xmm to, Mem with) { rm({0x0f, 0xdb}, number(to), with, false, kVector); }
void Assembler::both(Xmm to, Xmm with) {
  rr({0x0f, 0xdb}, number(to), number(with), false, kVector);
}
void Assembler::zero(Xmm to) { rr({0x0f, 0xef}, number(to), number(to), false, kVector); }

void Assembler::shift_words_right(Xmm to, std::uint8_t bits) {
  rr({0x0f, 0x71}, 2, number(to), false, kVector);
  byte(bits);
}

void Assembler::pick(Xmm from_table, Xmm by) {
  rr({0x0f, 0x38, 0x00}, number(from_table), number(by), false, kVector);
}

void Assembler::sign_bits(Reg to, Xmm of) {
  rr({0x0f, 0xd7}, number(to), number(of), false, kVector);
}

void Assembler::push(Reg reg) {
  if (number(reg) > 7) byte(kRex | kRexB);
  byte(0x50 | (number(reg) & 7));
}

void Assembler::pop(Reg reg) {
  if (number(reg) > 7) byte(kRex | kRexB);
  byte(0x58 | (number(reg) & 7));
}

void Assembler::jump(Label to) {
  byte(0xe9);
  distance_to(to);
}

void Assembler::jump(If when, Label to) {
  byte(0x0f);
  byte(0x80 | static_cast<unsigned>(when));
  distance_to(to);
}

void Assembler::jump(Mem to) { rm({0xff}, 4, to); }
void Assembler::jump(Reg to) { rr({0xff}, 4, number(to)); }
void Assembler::call_return() { byte(0xc3); }

void Assembler::align(std::size_t to) {
  while (code_.size() % to != 0) byte(0xcc);  // a trap
}

std::vector<std::uint8_t> Assembler::finish() {
  for (const Fixup& fixup : fixups_) {
    const auto distance = static_cast<std::uint32_t>(places_[fixup.label] - (fixup.at + 4));
    for (unsigned i = 0; i < 4; ++i)
      code_[fixup.at + i] = static_cast<std::uint8_t>(distance >> 8 * i);
  }
  return std::move(code_);
}

}  // namespace grok::native
