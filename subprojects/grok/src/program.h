#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "char_set.h"
#include "scan.h"
#include "start_finder.h"
#include "syntax.h"

namespace grok {

using Pc = std::uint32_t;

enum class Op : std::uint8_t {
  accept,
  byte,       ///< the byte `a`
  text,       ///< the `b` bytes at `a` of Program::text
  set,        ///< one character of sets[a]
  span,       ///< `b` to `c` characters of sets[a], as many as there are
  span_back,  ///< the same, and gives back where what follows asks for it: `d`, a stop set
  span_lazy,  ///< as few as what follows allows; `d` as above
  save,       ///< the place, to slots[a]; `b` says how often a match does: kOnce ...
  jump,       ///< to `a`
  choose,     ///< one of choices[a]
  // Assertions, which take nothing:
  line_begin,
  line_end,
  text_begin,
  text_end,
  text_end_line,
  word_boundary,
  no_word_boundary,
  look,  ///< looks[a] holds here
};

struct Instruction {
  Op op = Op::accept;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  std::uint32_t d = 0;
  std::uint32_t offset = 0;  ///< where in the expression it comes from
};

/// One character's set, made for matching.
struct SetTable {
  enum class Wide : std::uint8_t { none, all, some };

  RunScanner run;          ///< over bytes; those above 0x7f are in it when `wide` is all
  Wide wide = Wide::none;  ///< which characters outside of ASCII it takes
  CharSet chars;           ///< for `some`
  Next lead;               ///< bytes that one of its characters may begin with
  bool word = false;       ///< only ASCII word characters
  bool no_word = false;    ///< only ASCII characters that are none

  explicit SetTable(const CharSet& set);
};

/// Where a span may end: the bytes that what follows can begin with.
struct StopSet {
  RunScanner others;    ///< the bytes that are not in it
  bool at_end = false;  ///< the end of the subject is
};

/// Alternatives, in order of preference, and a look at the next bytes that tells which are
/// possible.
struct Choice {
  static constexpr std::size_t kMaxTargets = 32;
  static constexpr std::size_t kMaxDepth = 4;

  std::vector<Pc> targets;
  unsigned depth = 1;  ///< how many bytes are looked at
  std::array<std::uint8_t, 256> classes{};
  std::uint32_t class_count = 0;     ///< with that of the end, the last one
  std::vector<std::uint32_t> masks;  ///< [position ahead][class]: a bit for each possible target
  /// Slots that the targets save, before what they join in: those of Program::kOptional.
  std::vector<std::uint32_t> clears;
};

/// A look-around over a fixed number of characters.
struct Look {
  bool behind = false;
  bool negative = false;
  std::vector<std::vector<std::uint32_t>> sequences;  ///< of sets; one of them must be there
};

/// An expression as instructions for the matcher. Every loop takes at least one character, so that
/// a place (instruction, position) never leads to itself.
struct Program {
  std::vector<Instruction> code;
  std::string text;
  std::vector<SetTable> sets;
  std::vector<StopSet> stops;
  std::vector<Choice> choices;
  std::vector<Look> looks;
  std::vector<std::uint32_t> rows;  ///< by pc: a row of the matcher's memory; kNoRow for most
  std::uint32_t row_count = 0;
  std::uint32_t slots = 0;
  bool repeats_captures = false;  ///< there is a save of kRepeated

  StartFinder starts;
  std::string prefix;          ///< what every match begins with
  std::size_t rare = 0;        ///< the byte of it to look for first
  bool only_at_begin = false;  ///< a match can only begin where the subject does
  bool only_at_lines = false;  ///< or where a line does

  static constexpr std::uint32_t kNoRow = 0xffffffff;
  /// How often a match passes a save.
  static constexpr std::uint32_t kOnce = 0, kOptional = 1, kRepeated = 2;
};

/// Why an expression cannot be a program.
struct Refusal {
  std::string reason;  ///< a phrase
  std::string hint;    ///< what to write instead; may be empty
  std::uint32_t offset = 0;
};

/// nullptr: see `refusal`. In a program that there is, atomic groups and possessive repeats were
/// shown to mean the same as plain ones.
std::unique_ptr<Program> build_program(const Syntax& syntax, Refusal& refusal);

}  // namespace grok
