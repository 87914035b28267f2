#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

namespace grok::native {

/// General registers, by their numbers in x86-64 machine code.
enum class Reg : std::uint8_t {
  rax,
  rcx,
  rdx,
  rbx,
  rsp,
  rbp,
  rsi,
  rdi,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15
};

/// Vector registers.
enum class Xmm : std::uint8_t { x0, x1, x2, x3 };

/// Memory at base + index + displacement.
struct Mem {
  Reg base;
  std::int32_t displacement = 0;
  std::optional<Reg> index = std::nullopt;  ///< not rsp
  unsigned scale = 1;                       ///< of the index: 1, 2, 4 or 8
};

/// When a jump is taken, by the numbers of the condition codes.
enum class If : std::uint8_t {
  below = 2,
  not_below = 3,
  equal = 4,
  not_equal = 5,
  not_above = 6,
  above = 7,
  negative = 8,
  not_negative = 9,
};

/// A place in the code, known once it is bound.
struct Label {
  std::uint32_t number;
};

/// Writes x86-64 machine code: only the instructions that the compiler uses. Encodings are those of
/// the Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
class Assembler {
 public:
  Label new_label();
  void bind(Label label);
  /// Of a bound label, from the beginning of the code.
  std::size_t place(Label label) const { return places_[label.number]; }

  void move(Reg to, Reg from);             ///< 64 bits
  void load(Reg to, Mem from);             ///< 64 bits
  void load_byte(Reg to, Mem from);        ///< zero above
  void load_offset(Reg to, Mem from);      ///< 32 bits, with their sign
  void store(Mem to, std::int32_t value);  ///< 64 bits
  void store(Mem to, Reg from);            ///< 64 bits
  void set(Reg to, std::uint64_t value);
  void address(Reg to, Mem of);  ///< 64 bits
  void address(Reg to, Label of);
  void add(Reg to, Reg from);  ///< 64 bits, as all that follow
  void add(Reg to, std::int32_t value);
  void subtract(Reg from, Reg what);
  void subtract(Reg from, std::int32_t value);
  void compare(Reg a, Reg b);
  void compare(Reg a, std::int32_t value);
  void compare_bytes(Mem a, std::uint64_t value, unsigned size);  ///< 1, 2 or 4 bytes
  void compare_eight(Mem a, Reg b);
  void compare_low_byte(Reg a, std::uint8_t value);  ///< of rax, rcx or rdx
  void test_bits(Mem byte, std::uint8_t bits);
  void test_low_byte(Reg a);  ///< of rax, rcx or rdx, for its sign
  void xor_low_bytes(Reg to, Mem from);
  void test_low_bits(Reg a, std::uint8_t bits);
  void or_bits(Reg to, std::uint32_t bits);    ///< 32 bits
  void flip_bits(Reg to, std::uint32_t bits);  ///< 32 bits
  void shift_right_by_cl(Reg to);              ///< 32 bits
  void lowest_bit(Reg to, Reg of);  ///< its number; If::below where there is none; 32 bits

  void load(Xmm to, Mem from);  ///< 16 bytes, at any address
  void equal_bytes(Xmm to, Mem with);
  void equal_bytes(Xmm to, Xmm with);
  void add_bytes(Xmm to, Mem what);
  void greater_bytes(Xmm to, Mem than);  ///< signed
  void greater_bytes(Xmm to, Xmm than);
  void both(Xmm to, Mem with);
  void both(Xmm to, Xmm with);
  void zero(Xmm to);
  void shift_words_right(Xmm to, std::uint8_t bits);
  void pick(Xmm from_table, Xmm by);  ///< pshufb
  void sign_bits(Reg to, Xmm of);

  void push(Reg reg);
  void pop(Reg reg);
  void jump(Label to);
  void jump(If when, Label to);
  void jump(Mem to);
  void jump(Reg to);
  void call_return();

  void align(std::size_t to);
  std::size_t size() const { return code_.size(); }
  /// All labels that were jumped to must be bound.
  std::vector<std::uint8_t> finish();

 private:
  static constexpr std::size_t kNowhere = ~std::size_t{0};
  struct Fixup {
    std::size_t at;  // of 4 bytes, behind which the distance begins
    std::uint32_t label;
  };

  void byte(unsigned value) { code_.push_back(static_cast<std::uint8_t>(value)); }
  void word(std::uint64_t value, unsigned size);
  void distance_to(Label label);
  void rm(std::initializer_list<unsigned> opcode, unsigned reg, Mem mem, bool wide = false,
          unsigned prefix = 0);
  void rr(std::initializer_list<unsigned> opcode, unsigned reg, unsigned other, bool wide = false,
          unsigned prefix = 0);
  void immediate(unsigned operation, Reg to, std::int32_t value);

  std::vector<std::uint8_t> code_;
  std::vector<std::size_t> places_;
  std::vector<Fixup> fixups_;
};

}  // namespace grok::native
