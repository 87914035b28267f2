#include "matcher.h"

#include <algorithm>
#include <cstring>

#include "utf8.h"

namespace grok {
namespace {

constexpr std::uint32_t kRestore = 0x80000000;
constexpr std::size_t kFirstFrames = 256;
constexpr std::size_t kMaxFrames = std::size_t{1} << 19;       // 8 MiB
constexpr std::size_t kMaxVisitedBits = std::size_t{8} << 23;  // 8 MiB

bool is_ascii_word(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= 'a' && c <= 'z');
}

bool is_wide_word(const unsigned char* p) {
  static const CharSet& words = boundary_set();
  return words.contains(decode(p).code);
}

const unsigned char* bytes_of(std::string_view text) {
  static const unsigned char nothing = 0;
  return text.empty() ? &nothing : reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string_view MatcherScratch::with_room_before(std::string_view subject) {
  char* const copy = short_subject_.data() + native::Code::kLeastSubject;
  if (!subject.empty()) std::memcpy(copy, subject.data(), subject.size());
  return {copy, subject.size()};
}

Matcher::Matcher(const Program& program, std::string_view subject, bool ascii,
                 MatcherScratch& scratch)
    : program_(program),
      scratch_(scratch),
      begin_(bytes_of(subject)),
      end_(begin_ + subject.size()),
      ascii_(ascii) {
  if (scratch_.slots.size() < program.slots) scratch_.slots.resize(program.slots);
  if (scratch_.frames.empty()) scratch_.frames.resize(kFirstFrames);
}

template <bool kTraced>
Ran Matcher::search(std::size_t from, Furthest* furthest) {
  if (!prepare_memory()) return Ran::over_memory;
  const std::size_t size = static_cast<std::size_t>(end_ - begin_);
  for (std::optional<std::size_t> start; from <= size && (start = next_start(from));) {
    const Ran ran = run_at<kTraced>(begin_ + *start, furthest);
    if (ran != Ran::no_match) return ran;
    from = behind(*start);
  }
  return Ran::no_match;
}

Ran Matcher::run(std::size_t from) { return search<false>(from, nullptr); }

Ran Matcher::run_traced(Furthest& furthest) { return search<true>(0, &furthest); }

std::optional<std::size_t> Matcher::next_start(std::size_t from) const {
  const unsigned char* const start = start_from(begin_ + from);
  if (!start) return std::nullopt;
  return static_cast<std::size_t>(start - begin_);
}

std::size_t Matcher::behind(std::size_t at) const {
  const unsigned char* p = begin_ + at;
  do ++p;
  while (!ascii_ && p < end_ && is_continuation(*p));
  return static_cast<std::size_t>(p - begin_);
}

void Matcher::captures(std::span<Span> spans) const {
  const std::size_t count = std::min<std::size_t>(spans.size(), program_.slots / 2);
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned char* const first = scratch_.slots[2 * i];
    const unsigned char* const last = scratch_.slots[2 * i + 1];
    spans[i] = first && last ? Span{first - begin_, last - begin_} : Span{};
  }
}

const unsigned char* Matcher::start_from(const unsigned char* p) const {
  if (program_.only_at_begin) return p == begin_ ? p : nullptr;
  if (program_.only_at_lines && p != begin_ && p[-1] != '\n') {
    const void* newline =
        p < end_ ? std::memchr(p, '\n', static_cast<std::size_t>(end_ - p)) : nullptr;
    if (!newline) return nullptr;
    return static_cast<const unsigned char*>(newline) + 1;
  }
  if (!program_.prefix.empty()) return prefix_from(p);
  return program_.starts.find(begin_, p, end_);
}

/// Looks for the rarest byte of the text that every match begins with.
const unsigned char* Matcher::prefix_from(const unsigned char* p) const {
  const std::string& prefix = program_.prefix;
  while (static_cast<std::size_t>(end_ - p) >= prefix.size()) {
    const std::size_t room = static_cast<std::size_t>(end_ - p) - prefix.size() + 1;
    const auto* found = static_cast<const unsigned char*>(
        std::memchr(p + program_.rare, prefix[program_.rare], room));
    if (!found) return nullptr;
    p = found - program_.rare;
    if (std::memcmp(p, prefix.data(), prefix.size()) == 0) return p;
    ++p;
  }
  return nullptr;
}

bool Matcher::prepare_memory() {
  const std::size_t bits =
      std::size_t{program_.row_count} * (static_cast<std::size_t>(end_ - begin_) + 1);
  if (bits > kMaxVisitedBits) return false;
  scratch_.visited.assign(bits / 64 + 1, 0);
  return true;
}

/// False: the place was tried before.
bool Matcher::visit(std::uint32_t row, const unsigned char* p) {
  const std::size_t bit = std::size_t{row} * (static_cast<std::size_t>(end_ - begin_) + 1) +
                          static_cast<std::size_t>(p - begin_);
  std::uint64_t& word = scratch_.visited[bit / 64];
  const std::uint64_t mask = std::uint64_t{1} << bit % 64;
  if ((word & mask) != 0) return false;
  word |= mask;
  return true;
}

inline std::uint32_t Matcher::possible(const Choice& choice, const unsigned char* p) const {
  const auto left = static_cast<std::size_t>(end_ - p);
  const std::uint32_t at_end = choice.class_count - 1;
  const std::uint32_t* masks = choice.masks.data();
  std::uint32_t mask = masks[left > 0 ? choice.classes[p[0]] : at_end];
  for (unsigned i = 1; i < choice.depth && (mask & (mask - 1)) != 0; ++i) {
    masks += choice.class_count;
    mask &= masks[i < left ? choice.classes[p[i]] : at_end];
  }
  return mask;
}

/// Passes one character of the set.
inline bool Matcher::one(const SetTable& set, const unsigned char*& p) const {
  if (p == end_) return false;
  if (*p < 0x80) return set.run.has(*p) && (++p, true);
  if (set.wide == SetTable::Wide::none) return false;
  const Decoded decoded = decode(p);
  if (set.wide == SetTable::Wide::some && !set.chars.contains(decoded.code)) return false;
  p += decoded.length;
  return true;
}

bool Matcher::word_at(const unsigned char* p) const {
  if (p == end_) return false;
  return *p < 0x80 ? is_ascii_word(*p) : is_wide_word(p);
}

bool Matcher::word_before(const unsigned char* p) const {
  if (p == begin_) return false;
  return p[-1] < 0x80 ? is_ascii_word(p[-1]) : is_wide_word(previous_char(begin_, p));
}

bool Matcher::looks(const Look& look, const unsigned char* p) const {
  for (const auto& sequence : look.sequences) {
    const unsigned char* at = p;
    bool all = true;
    if (look.behind) {
      for (std::size_t i = 0; i < sequence.size() && all; ++i) {
        all = at > begin_;
        if (all) at = ascii_ ? at - 1 : previous_char(begin_, at);
      }
    }
    for (std::size_t i = 0; i < sequence.size() && all; ++i)
      all = one(program_.sets[sequence[i]], at);
    if (all) return !look.negative;
  }
  return look.negative;
}

bool Matcher::holds(const Instruction& code, const unsigned char* p) const {
  switch (code.op) {
    case Op::line_begin:
      return p == begin_ || (p[-1] == '\n' && p != end_);
    case Op::line_end:
      return p == end_ || *p == '\n';
    case Op::text_begin:
      return p == begin_;
    case Op::text_end:
      return p == end_;
    case Op::text_end_line:
      return p == end_ || (*p == '\n' && p + 1 == end_);
    case Op::word_boundary:
      return word_before(p) != word_at(p);
    case Op::no_word_boundary:
      return word_before(p) == word_at(p);
    case Op::look:
      return looks(program_.looks[code.a], p);
    default:
      return false;
  }
}

inline bool Matcher::push(const unsigned char* at, std::uint32_t pc, std::uint32_t rest) {
  auto& frames = scratch_.frames;
  if (top_ == frames.size()) {
    if (top_ >= kMaxFrames) {
      out_of_memory_ = true;
      return false;
    }
    frames.resize(top_ * 2);
  }
  frames[top_++] = {at, pc, rest};
  return true;
}

/// Takes the first characters of a span, and all that a greedy one can. Each position that an
/// unbounded span passes is remembered: where it was before, everything behind has failed. Of a
/// bounded one those are where it ended: how far it may go on depends on where it began.
bool Matcher::enter_span(const Instruction& code, Pc pc, const unsigned char*& p) {
  const SetTable& set = program_.sets[code.a];
  const std::uint32_t row = program_.rows[pc];
  for (std::uint32_t i = 0; i < code.b; ++i)
    if (!one(set, p)) return false;
  const bool remembers = code.c == kUnbounded;
  if (code.op == Op::span_lazy) {
    if (remembers && !visit(row, p)) return false;
    std::uint32_t rest = remembers ? kUnbounded : code.c - code.b;
    if (!may_end(code, pc, p) && !take_more(code, pc, p, rest)) return false;
    return rest == 0 || push(p, pc, rest);
  }
  if (remembers && !visit(row, p)) return false;
  const unsigned char* const least = p;
  const unsigned char* last = p;
  for (std::uint32_t count = code.b; count < code.c && one(set, p); ++count) {
    if (remembers && !visit(row, p)) {
      if (code.op == Op::span) return false;
      break;
    }
    last = p;
  }
  p = last;
  if (code.op == Op::span) return true;
  MatcherScratch::Frame frame{p, pc, static_cast<std::uint32_t>(p - least)};
  if (!may_end(code, pc, p) && !give_back(code, frame)) return false;
  p = frame.at;
  return frame.rest == 0 || push(p, pc, frame.rest);
}

/// Moves the frame back to where what follows could begin; false: there is no such place left.
bool Matcher::give_back(const Instruction& code, MatcherScratch::Frame& frame) {
  while (frame.rest > 0) {
    do {
      --frame.at;
      --frame.rest;
    } while (!ascii_ && frame.rest > 0 && is_continuation(*frame.at));
    if (may_end(code, frame.pc, frame.at)) return true;
  }
  return false;
}

/// Moves a lazy span on to where what follows could begin; false: there is no such place.
bool Matcher::take_more(const Instruction& code, Pc pc, const unsigned char*& p,
                        std::uint32_t& rest) {
  const SetTable& set = program_.sets[code.a];
  do {
    if (rest == 0 || !one(set, p)) return false;
    if (rest != kUnbounded) --rest;
    if (code.c == kUnbounded && !visit(program_.rows[pc], p)) return false;
  } while (!may_end(code, pc, p));
  return true;
}

/// Whether a span may end here, and a bounded one did not before.
inline bool Matcher::may_end(const Instruction& code, Pc pc, const unsigned char* p) {
  return may_stop(code, p) && (code.c == kUnbounded || visit(program_.rows[pc], p));
}

/// Goes back to the last place where there is something else to try.
bool Matcher::back(const unsigned char*& p, Pc& pc) {
  while (top_ > 0) {
    MatcherScratch::Frame& frame = scratch_.frames[top_ - 1];
    if ((frame.pc & kRestore) != 0) {
      scratch_.slots[frame.pc & ~kRestore] = frame.at;
      --top_;
      continue;
    }
    const Instruction& code = program_.code[frame.pc];
    if (code.op == Op::choose) {
      p = frame.at;
      pc = program_.choices[code.a].targets[static_cast<unsigned>(__builtin_ctz(frame.rest))];
      frame.rest &= frame.rest - 1;
      if (frame.rest == 0) --top_;
      return true;
    }
    pc = frame.pc + 1;
    if (code.op == Op::span_back) {
      const bool found = give_back(code, frame);
      p = frame.at;
      if (!found || frame.rest == 0) --top_;
      if (found) return true;
      continue;
    }
    const bool found = take_more(code, frame.pc, frame.at, frame.rest);
    p = frame.at;
    if (!found || frame.rest == 0) --top_;
    if (found) return true;
  }
  return false;
}

template <bool kTraced>
Ran Matcher::run_at(const unsigned char* start, Furthest* furthest) {
  const Instruction* const program = program_.code.data();
  const unsigned char** const slots = scratch_.slots.data();
  if (dirty_) std::fill_n(slots, program_.slots, nullptr);
  dirty_ = false;
  top_ = 0;
  const unsigned char* p = start;
  for (Pc pc = 0;;) {
    const Instruction& code = program[pc];
    bool good = true;
    switch (code.op) {
      case Op::byte:
        good = p < end_ && *p == code.a;
        p += good ? 1 : 0;
        ++pc;
        break;
      case Op::text:
        good = static_cast<std::size_t>(end_ - p) >= code.b &&
               std::memcmp(p, program_.text.data() + code.a, code.b) == 0;
        p += good ? code.b : 0;
        ++pc;
        break;
      case Op::set:
        good = one(program_.sets[code.a], p);
        ++pc;
        break;
      case Op::span:
      case Op::span_back:
      case Op::span_lazy:
        good = enter_span(code, pc, p);
        if (!good && out_of_memory_) return Ran::over_memory;
        ++pc;
        break;
      case Op::save:
        if (top_ > 0 && code.b != 0 && !push(slots[code.a], code.a | kRestore, 0))
          return Ran::over_memory;
        slots[code.a] = p;
        dirty_ = true;
        ++pc;
        break;
      case Op::jump:
        pc = code.a;
        break;
      case Op::choose: {
        const Choice& choice = program_.choices[code.a];
        std::uint32_t mask = possible(choice, p);
        if (mask != 0 && !visit(program_.rows[pc], p)) mask = 0;
        if (mask == 0) {
          good = false;
          break;
        }
        const std::uint32_t rest = mask & (mask - 1);
        if (rest != 0 && !push(p, pc, rest)) return Ran::over_memory;
        pc = choice.targets[static_cast<unsigned>(__builtin_ctz(mask))];
        break;
      }
      case Op::accept:
        begin_of_match_ = start;
        end_of_match_ = p;
        return Ran::match;
      default:
        good = holds(code, p);
        ++pc;
        break;
    }
    if (good) continue;
    if constexpr (kTraced)
      if (!furthest->at || p > furthest->at) *furthest = {p, code.offset};
    if (!back(p, pc)) return Ran::no_match;
  }
}

}  // namespace grok
