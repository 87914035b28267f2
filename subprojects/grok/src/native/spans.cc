// One character of a set, and runs of them.
#include <algorithm>

#include "compiler.h"

namespace grok::native {
namespace {

using enum Reg;
using enum Xmm;

constexpr std::uint32_t kFewCharacters = 4;  // are taken one by one
constexpr std::int32_t kBlock = 16;

Bytes continuation_bytes() {
  Bytes bytes{};
  std::fill(bytes.begin() + 0x80, bytes.begin() + 0xc0, std::uint8_t{1});
  return bytes;
}

Bytes ascii_of(const SetTable& set) {
  Bytes bytes = set.run.bytes();
  std::fill(bytes.begin() + 0x80, bytes.end(), std::uint8_t{0});
  return bytes;
}

bool same_above_ascii(const Bytes& bytes) {
  return std::all_of(bytes.begin() + 0x80, bytes.end(),
                     [&](std::uint8_t in) { return in == bytes[0x80]; });
}

}  // namespace

/// Whether characters of the set may take several bytes.
bool Compiler::is_wide(const SetTable& set) const {
  return !ascii_ && set.wide != SetTable::Wide::none;
}

/// Passes one character of the set.
void Compiler::one(const SetTable& set, std::optional<Label> tested) {
  const bool wide = is_wide(set);
  const Label miss = wide ? out_.new_label() : fail_;
  const Label passed = out_.new_label();
  out_.compare(rdi, rsi);
  out_.jump(If::not_below, fail_);
  out_.load_byte(rax, {rdi});
  test_byte(rax, data_.test(ascii_of(set)));
  out_.jump(If::equal, miss);
  if (tested) out_.bind(*tested);
  out_.add(rdi, 1);
  out_.bind(passed);
  if (!wide) return;
  later([this, miss, passed, all = set.wide == SetTable::Wide::all] {
    out_.bind(miss);
    out_.test_low_byte(rax);
    out_.jump(If::not_negative, fail_);
    if (!all) return out_.jump(undecided_);
    const Label next = out_.new_label();
    out_.bind(next);
    out_.add(rdi, 1);
    out_.compare(rdi, rsi);
    out_.jump(If::not_below, passed);
    out_.load_byte(rax, {rdi});
    test_byte(rax, data_.test(continuation_bytes()));
    out_.jump(If::not_equal, next);
    out_.jump(passed);
  });
}

/// Passes as many characters as there must be.
void Compiler::some(const SetTable& set, std::uint32_t count) {
  if (is_wide(set) || count == 1) {
    for (std::uint32_t i = 0; i < count; ++i) one(set, std::nullopt);
    return;
  }
  const Data::ByteTest test = data_.test(ascii_of(set));
  out_.address(rax, Mem{rdi, static_cast<std::int32_t>(count)});
  out_.compare(rax, rsi);
  out_.jump(If::above, fail_);
  for (std::uint32_t i = 0; i < count; ++i) {
    out_.load_byte(rax, {rdi, static_cast<std::int32_t>(i)});
    test_byte(rax, test);
    out_.jump(If::equal, fail_);
  }
  out_.add(rdi, static_cast<std::int32_t>(count));
}

/// Behind a run of ASCII characters: where the next one is none, the set may go on.
void Compiler::refuse_wide(const SetTable& set) {
  if (!is_wide(set)) return;
  const Label end = out_.new_label();
  out_.compare(rdi, rsi);
  out_.jump(If::not_below, end);
  out_.load_byte(rax, {rdi});
  out_.test_low_byte(rax);
  out_.jump(If::negative, undecided_);
  out_.bind(end);
}

/// A greedy span. A frame remembers where it ended and, in `extra`, how far it may give back.
void Compiler::span(const Instruction& code, Pc pc) {
  const SetTable& set = program_.sets[code.a];
  if (code.b == code.c && code.b <= kFewCharacters) return some(set, code.b);
  if (code.b == 0 && code.c == 1 && !is_wide(set)) return optional(code, pc);
  const bool gives_back = code.op == Op::span_back && code.b != code.c;
  const std::uint32_t first = is_wide(set) && code.b <= kFewCharacters ? code.b : 0;
  some(set, first);
  if (gives_back || code.c != kUnbounded || first < code.b) out_.move(rbp, rdi);
  if (is_wide(set) &&
      (set.wide == SetTable::Wide::some || first < code.b || code.c != kUnbounded)) {
    skip(ascii_of(set));
    refuse_wide(set);
  } else {
    skip(set.run.bytes());
  }
  if (code.c != kUnbounded) cut(code.c - first);
  if (first < code.b) {
    if (code.b == 1) {
      out_.compare(rdi, rbp);
      out_.jump(If::equal, fail_);
      if (gives_back) out_.add(rbp, 1);
    } else {
      out_.add(rbp, static_cast<std::int32_t>(code.b));
      out_.compare(rdi, rbp);
      out_.jump(If::below, fail_);
    }
  }
  if (gives_back) end_with_frame(code, pc);
}

/// Takes a span back to its most characters; what it looked at in vain is paid for.
void Compiler::cut(std::uint32_t most) {
  const Label too_far = out_.new_label(), done = out_.new_label();
  out_.address(rax, Mem{rbp, static_cast<std::int32_t>(most)});
  out_.compare(rdi, rax);
  out_.jump(If::above, too_far);
  out_.bind(done);
  later([this, too_far, done] {
    out_.bind(too_far);
    out_.subtract(r10, rdi);
    out_.add(r10, rax);
    out_.move(rdi, rax);
    out_.jump(done);
  });
}

/// Behind a span from rbp to rdi.
void Compiler::end_with_frame(const Instruction& code, Pc pc) {
  const Data::ByteTest stop = data_.test(stops_of(code));
  const bool at_end = program_.stops[code.d].at_end;
  const Label found = out_.new_label(), first_back = out_.new_label(), resume = out_.new_label();
  out_.compare(rdi, rsi);
  out_.jump(If::not_below, at_end ? found : first_back);
  out_.load_byte(rax, {rdi});
  test_byte(rax, stop);
  out_.jump(If::equal, first_back);
  out_.bind(found);
  out_.compare(rdi, rbp);
  out_.jump(If::equal, labels_[pc + 1]);
  push_frame(resume, rbp);
  later([=, this] {
    out_.bind(first_back);
    give_back(found, stop);
    out_.bind(resume);
    out_.load(rdi, kTopAt);
    out_.load(rbp, kTopExtra);
    out_.subtract(r9, kFrame);
    const Label again = out_.new_label();
    out_.move(r11, rdi);
    give_back(again, stop);
    out_.bind(again);
    out_.move(r11, rdi);
    out_.jump(found);
  });
}

/// One character or none; the character only where what follows can begin behind it.
void Compiler::optional(const Instruction& code, Pc pc) {
  const Bytes inside = ascii_of(program_.sets[code.a]);
  const Label next = labels_[pc + 1];
  out_.compare(rdi, rsi);
  out_.jump(If::not_below, next);
  out_.load_byte(rax, {rdi});
  test_byte(rax, data_.test(inside));
  out_.jump(If::equal, next);
  if (code.op == Op::span_back) {
    const Bytes stops = stops_of(code);
    const Label take = out_.new_label(), resume = out_.new_label();
    out_.address(rcx, Mem{rdi, 1});
    out_.compare(rcx, rsi);
    out_.jump(If::not_below, program_.stops[code.d].at_end ? take : next);
    out_.load_byte(rax, {rdi, 1});
    test_byte(rax, data_.test(stops));
    out_.jump(If::equal, next);
    out_.bind(take);
    push_frame(resume);
    later([this, resume, next] {
      out_.bind(resume);
      out_.load(rdi, kTopAt);
      out_.move(r11, rdi);
      out_.subtract(r9, kFrame);
      out_.jump(next);
    });
  }
  out_.add(rdi, 1);
}

/// Goes back from rdi to where a stop is, which costs what it goes; fails at rbp.
void Compiler::give_back(Label found, const Data::ByteTest& stop) {
  const Label next = out_.new_label();
  out_.bind(next);
  out_.subtract(r10, 1);
  out_.compare(rdi, rbp);
  out_.jump(If::equal, fail_);
  out_.subtract(rdi, 1);
  out_.load_byte(rax, {rdi});
  test_byte(rax, stop);
  out_.jump(If::equal, next);
  out_.jump(found);
}

/// Bytes that what follows may begin with; never one inside of a character.
Bytes Compiler::stops_of(const Instruction& code) const {
  Bytes stops = program_.stops[code.d].others.bytes();
  for (std::uint8_t& in : stops) in = in == 0 ? 1 : 0;
  std::fill(stops.begin() + 0x80, stops.begin() + 0xc0, std::uint8_t{0});
  return stops;
}

void Compiler::lazy_span(const Instruction& code, Pc pc) {
  const SetTable& set = program_.sets[code.a];
  if (code.c != kUnbounded || code.b > kFewCharacters) {
    possible_ = false;
    return;
  }
  some(set, code.b);
  const Bytes inside = set.wide == SetTable::Wide::all ? set.run.bytes() : ascii_of(set);
  const Bytes stops = stops_of(code);
  Bytes passed = inside;
  for (unsigned b = 0; b < 256; ++b)
    if (stops[b] != 0) passed[b] = 0;
  const Label more = out_.new_label(), resume = out_.new_label(), miss = out_.new_label();
  const Label next = labels_[pc + 1];
  out_.bind(more);
  skip(passed);
  out_.compare(rdi, rsi);
  out_.jump(If::not_below, program_.stops[code.d].at_end ? next : fail_);
  out_.load_byte(rax, {rdi});
  test_byte(rax, data_.test(stops));
  out_.jump(If::equal, miss);
  push_frame(resume);
  later([=, this, &set] {
    out_.bind(resume);
    out_.load(rdi, kTopAt);
    out_.subtract(r9, kFrame);
    out_.move(r11, rdi);
    out_.load_byte(rax, {rdi});
    test_byte(rax, data_.test(inside));
    out_.jump(If::equal, miss);
    out_.add(rdi, 1);
    out_.jump(more);
    out_.bind(miss);
    if (is_wide(set) && set.wide == SetTable::Wide::some) {
      out_.test_low_byte(rax);
      out_.jump(If::negative, undecided_);
    }
    out_.jump(fail_);
  });
}

/// Moves rdi to the first byte that is not inside, or to the end.
void Compiler::skip(const Bytes& inside) {
  const auto out_ranges = ranges_of(inside, 0);
  if (out_ranges.empty()) return out_.move(rdi, rsi);
  const Label loop = out_.new_label(), tail = out_.new_label(), more = out_.new_label();
  const Label done = out_.new_label();
  const std::function<void()> find = stop_finder(inside);
  if (!find) {
    skip_bytes(inside, done);
    return out_.bind(done);
  }
  out_.bind(loop);
  out_.address(rax, Mem{rdi, kBlock});
  out_.compare(rax, rsi);
  out_.jump(If::above, tail);
  out_.load(x0, {rdi});
  find();
  out_.lowest_bit(rax, rax);
  out_.jump(If::below, more);
  out_.add(rdi, rax);
  out_.bind(done);
  // Less than a block is left: the last one of the subject, shifted, with a stop behind its end.
  later([=, this] {
    out_.bind(more);
    out_.add(rdi, kBlock);
    out_.jump(loop);
    out_.bind(tail);
    out_.load(x0, {rsi, -kBlock});
    find();
    out_.or_bits(rax, 1u << kBlock);
    out_.address(rcx, Mem{rdi, kBlock});
    out_.subtract(rcx, rsi);
    out_.shift_right_by_cl(rax);
    out_.lowest_bit(rax, rax);
    out_.add(rdi, rax);
    out_.jump(done);
  });
}

void Compiler::skip_bytes(const Bytes& inside, Label done) {
  const Label loop = out_.new_label();
  out_.bind(loop);
  out_.compare(rdi, rsi);
  out_.jump(If::not_below, done);
  out_.load_byte(rax, {rdi});
  test_byte(rax, data_.test(inside));
  out_.jump(If::equal, done);
  out_.add(rdi, 1);
  out_.jump(loop);
}

/// Writes what turns the 16 bytes of xmm0 into bits of eax: those that are not inside. Empty: the
/// set is too wild for that.
std::function<void()> Compiler::stop_finder(const Bytes& inside) {
  const auto in = ranges_of(inside, 1), out = ranges_of(inside, 0);
  const bool by_inside = in.size() < out.size();
  const auto& ranges = by_inside ? in : out;
  if (!by_inside && ranges.size() == 1 && ranges[0].first == ranges[0].last) {
    return [this, at = data_.filled(static_cast<std::uint8_t>(ranges[0].first))] {
      out_.equal_bytes(x0, {rbx, at});
      out_.sign_bits(rax, x0);
    };
  }
  if (ranges.size() == 1) {
    // Moved so that the range begins with the least signed byte.
    const unsigned length = ranges[0].last - ranges[0].first + 1;
    const auto move = data_.filled(static_cast<std::uint8_t>(0x80 - ranges[0].first));
    const auto last = data_.filled(static_cast<std::uint8_t>(0x80 + length - 1));
    const auto behind = data_.filled(static_cast<std::uint8_t>(0x80 + length));
    return [this, move, last, behind, by_inside] {
      out_.add_bytes(x0, {rbx, move});
      if (by_inside) {
        out_.greater_bytes(x0, {rbx, last});
        return out_.sign_bits(rax, x0);
      }
      out_.load(x1, {rbx, behind});
      out_.greater_bytes(x1, x0);
      out_.sign_bits(rax, x1);
    };
  }
  if (!same_above_ascii(inside)) return {};
  // ASCII by its two halves: a table by the lower one gives a bit for each upper one. pshufb gives
  // 0 for what is not ASCII.
  const bool wide = inside[0x80] != 0;
  std::array<std::uint8_t, 16> lower{}, upper{};
  for (unsigned b = 0; b < 0x80; ++b) {
    if ((inside[b] != 0) == wide) continue;
    lower[b & 15] = static_cast<std::uint8_t>(lower[b & 15] | 1u << (b >> 4));
  }
  for (unsigned i = 0; i < 8; ++i) upper[i] = static_cast<std::uint8_t>(1u << i);
  return
      [this, wide, low = data_.block(lower), high = data_.block(upper), half = data_.filled(15)] {
        out_.load(x1, {rbx, low});
        out_.pick(x1, x0);
        out_.shift_words_right(x0, 4);
        out_.both(x0, {rbx, half});
        out_.load(x2, {rbx, high});
        out_.pick(x2, x0);
        out_.both(x1, x2);
        out_.zero(x0);
        out_.equal_bytes(x0, x1);
        out_.sign_bits(rax, x0);
        // A bit for each byte that is not in the tables: those hold what is inside, or, where all
        // that is no ASCII is, what is not.
        if (wide) out_.flip_bits(rax, 0xffff);
      };
}

}  // namespace grok::native
