#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "../program.h"
#include "assembler.h"
#include "code.h"
#include "data.h"

namespace grok::native {

/// The frame on top; r9 points behind it.
inline constexpr std::int32_t kFrame = sizeof(Context::Frame);
inline constexpr Mem kTopAt{Reg::r9, std::int32_t{offsetof(Context::Frame, at)} - kFrame};
inline constexpr Mem kTopResume{Reg::r9, std::int32_t{offsetof(Context::Frame, resume)} - kFrame};
inline constexpr Mem kTopExtra{Reg::r9, std::int32_t{offsetof(Context::Frame, extra)} - kFrame};

/// Translates a program. How the code uses the registers:
///   rdi  the place in the subject      r8   the captures
///   rsi  the subject's end             r9   the top of the frames
///   rdx  its beginning                 r10  the budget
///   rbx  the constants                 r11  where the way that is tried was taken up
///   r12  the context                   r13  the end of the frames
///   rbp  the least place of a span     rax, rcx, xmm0-xmm2  for the moment
class Compiler {
 public:
  /// `ascii`: for subjects without a byte above 0x7f; else for well-formed UTF-8.
  Compiler(const Program& program, bool ascii) : program_(program), ascii_(ascii) {}

  /// False: the program has what is left to the matcher.
  bool run();
  /// The code, its entry first.
  std::vector<std::uint8_t> take();

 private:
  void prologue();
  void epilogue();
  void instruction(Pc pc);
  void text(const Instruction& code);
  void save(const Instruction& code);
  void assertion(const Instruction& code);
  void boundary(bool wanted);
  void look(const Look& look);

  // spans.cc
  bool is_wide(const SetTable& set) const;
  void one(const SetTable& set, std::optional<Label> tested);
  void some(const SetTable& set, std::uint32_t count);
  void span(const Instruction& code, Pc pc);
  void cut(std::uint32_t most);
  void end_with_frame(const Instruction& code, Pc pc);
  void optional(const Instruction& code, Pc pc);
  void lazy_span(const Instruction& code, Pc pc);
  void give_back(Label found, const Data::ByteTest& stop);
  void skip(const Bytes& inside);
  void skip_bytes(const Bytes& inside, Label done);
  std::function<void()> stop_finder(const Bytes& inside);
  Bytes stops_of(const Instruction& code) const;
  void refuse_wide(const SetTable& set);
  void refuse_wide_byte(Reg byte);

  // choices.cc
  void choose(const Instruction& code);
  Label behind_test(Pc target, const Bytes& bytes, Label otherwise) const;
  void write_node(const Choice& choice, std::uint32_t mask, unsigned depth);
  Label choice_at(const Choice& choice, std::uint32_t mask, unsigned depth);
  void write_choice(const Choice& choice, std::uint32_t mask, unsigned depth);
  void branch_by_table(const std::vector<std::pair<Bytes, Label>>& cases);
  Label way_back(const Choice& choice, std::uint32_t rest);
  void clear(const Choice& choice);

  /// Pushes {rdi, resume}; `extra` goes with it.
  void push_frame(Label resume, std::optional<Reg> extra = std::nullopt);
  void test_byte(Reg byte, const Data::ByteTest& test);
  /// Writes code that is rarely run behind all other.
  void later(std::function<void()> write) { later_.push_back(std::move(write)); }

  const Program& program_;
  const bool ascii_;
  Assembler out_;
  Data data_;
  std::vector<Label> labels_;  // by pc
  std::vector<Label>
      tested_;  // by pc, of a byte or a set: where it passes what is known to be there
  Label fail_{}, undecided_{}, restore_{}, exit_{}, constants_{};
  std::vector<std::function<void()>> later_;
  struct TableEntry {
    std::int32_t table;
    std::size_t index;
    Label label;
  };
  std::vector<TableEntry> table_entries_;
  // Of the choice that is being written: (mask, depth), and what is left to try.
  std::map<std::pair<std::uint32_t, unsigned>, Label> nodes_;
  std::map<std::uint32_t, Label> ways_back_;
  struct PendingNode {
    std::uint32_t mask;
    unsigned depth;
    Label label;
  };
  std::vector<PendingNode> pending_nodes_;
  bool possible_ = true;
};

}  // namespace grok::native
