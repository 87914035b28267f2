#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// Decimal digits to and from text, for the time code's hot paths.
namespace millrace {

inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

/// Writes a number from 0 to 99 as two digits; returns the end.
inline char* put_two(char* out, int value) {
  static constexpr char kPairs[] =
      "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445"
      "46474849"
      "50515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495"
      "96979899";
  std::memcpy(out, &kPairs[static_cast<std::size_t>(value) * 2], 2);
  return out + 2;
}

/// A place in a text that is being read, never past its end.
class TextCursor {
 public:
  explicit TextCursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool done() const { return at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  std::string_view rest() const { return {at_, left()}; }
  /// The next byte; 0 at the end.
  char peek() const { return at_ == end_ ? '\0' : *at_; }
  void skip(std::size_t bytes) { at_ += bytes; }

  /// Steps over `c` if it is next.
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  /// Reads at most `max` (up to 18) digits into `value`; returns how many there were.
  int digits(int max, std::int64_t& value) {
    const char* begin = at_;
    std::int64_t number = 0;
    while (at_ != end_ && at_ - begin < max && is_digit(*at_))
      number = number * 10 + (*at_++ - '0');
    value = number;
    return static_cast<int>(at_ - begin);
  }

  /// Reads one to `max` (up to 9) digits; -1 without any.
  int number(int max) {
    std::int64_t value = 0;
    return digits(max, value) == 0 ? -1 : static_cast<int>(value);
  }

  /// Reads exactly two digits; -1 without, and then stands where it stood.
  int two_digits() {
    if (left() < 2 || !is_digit(at_[0]) || !is_digit(at_[1])) return -1;
    at_ += 2;
    return (at_[-2] - '0') * 10 + (at_[-1] - '0');
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace millrace
