#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "grok/grok.h"
#include "native/code.h"
#include "program.h"

namespace grok {

/// The matcher's working memory, of one thread.
struct MatcherScratch {
  struct Frame {
    const unsigned char* at;
    std::uint32_t pc;    ///< a slot, with kRestore
    std::uint32_t rest;  ///< what is left to try
  };
  std::vector<Frame> frames;
  std::vector<const unsigned char*> slots;
  std::vector<std::uint64_t> visited;
  std::vector<native::Context::Frame> code_frames;
  std::vector<Span> spans;

  /// A copy of a short subject, with a block's room before it.
  std::string_view with_room_before(std::string_view subject);

 private:
  std::array<char, 2 * native::Code::kLeastSubject> short_subject_{};
};

/// How far a match came before it failed.
struct Furthest {
  const unsigned char* at = nullptr;
  std::uint32_t offset = 0;  ///< of the expression: what was wanted there
};

enum class Ran {
  match,
  no_match,
  over_memory,  ///< says nothing
};

/// Runs a program over a subject: depth first, so that the most preferred way is found first,
/// guided by the program's tables, so that there is rarely a second way to try. Each place
/// (instruction, position) is tried once in all: time and memory are linear in the subject.
class Matcher {
 public:
  /// `ascii`: subject has no byte above 0x7f; else it is well-formed UTF-8.
  Matcher(const Program& program, std::string_view subject, bool ascii, MatcherScratch& scratch);

  const unsigned char* begin() const { return begin_; }
  /// The first offset from `from` on where a match may begin; nullopt: there is none.
  std::optional<std::size_t> next_start(std::size_t from) const;
  /// The offset behind the character at `at`; past the subject's end at the end.
  std::size_t behind(std::size_t at) const;

  /// Looks for a match that begins at `from` or behind it.
  Ran run(std::size_t from);
  /// The same from the beginning; tells how far the search gets, for explanations.
  Ran run_traced(Furthest& furthest);

  /// Behind Ran::match.
  Span whole() const { return {begin_of_match_ - begin_, end_of_match_ - begin_}; }
  void captures(std::span<Span> spans) const;

 private:
  template <bool kTraced>
  Ran search(std::size_t from, Furthest* furthest);
  template <bool kTraced>
  Ran run_at(const unsigned char* start, Furthest* furthest);

  const unsigned char* start_from(const unsigned char* p) const;
  const unsigned char* prefix_from(const unsigned char* p) const;
  std::uint32_t possible(const Choice& choice, const unsigned char* p) const;
  bool enter_span(const Instruction& code, Pc pc, const unsigned char*& p);
  bool give_back(const Instruction& code, MatcherScratch::Frame& frame);
  bool take_more(const Instruction& code, Pc pc, const unsigned char*& p, std::uint32_t& rest);
  bool may_end(const Instruction& code, Pc pc, const unsigned char* p);
  bool back(const unsigned char*& p, Pc& pc);
  bool may_stop(const Instruction& code, const unsigned char* p) const {
    const StopSet& stop = program_.stops[code.d];
    return p < end_ ? !stop.others.has(*p) : stop.at_end;
  }
  bool push(const unsigned char* at, std::uint32_t pc, std::uint32_t rest);
  bool one(const SetTable& set, const unsigned char*& p) const;
  bool holds(const Instruction& code, const unsigned char* p) const;
  bool looks(const Look& look, const unsigned char* p) const;
  bool word_at(const unsigned char* p) const;
  bool word_before(const unsigned char* p) const;
  bool prepare_memory();
  bool visit(std::uint32_t row, const unsigned char* p);

  const Program& program_;
  MatcherScratch& scratch_;
  const unsigned char* const begin_;
  const unsigned char* const end_;
  const bool ascii_;
  const unsigned char* begin_of_match_ = nullptr;
  const unsigned char* end_of_match_ = nullptr;
  std::size_t top_ = 0;  // frames in use
  bool dirty_ = true;    // slots hold something
  bool out_of_memory_ = false;
};

}  // namespace grok
