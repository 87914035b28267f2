#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/event/time_format_op.h"
#include "pipeline/event/timestamp.h"
#include "pipeline/result.h"

namespace millrace {

/// A format for printing times, compiled once. Always prints UTC, with English names.
/// Immutable, so any number of threads may print with one.
class TimeFormat {
 public:
  /// The syntax of `%{+YYYY.MM.dd}`: Joda-Time's DateTimeFormat with the letters
  /// G C Y x w e E y D M d a K h H k m s S z Z and 'quoted' text. A fraction (S) is printed from
  /// whole milliseconds: digits after the third are 0. Errors: Errc::invalid, with the column of
  /// what is wrong.
  static Result<TimeFormat> joda(std::string_view pattern);

  /// The syntax of `%{{yyyy-MM-dd}}`: java.time's DateTimeFormatter with all its letters, 'quoted'
  /// text, [optional] sections (always printed: a point in time has every field) and padding with
  /// p. Weeks (Y w W e c) begin on Sunday and week 1 holds January 1st, as in the en-US locale.
  /// Errors: Errc::invalid, with the column of what is wrong.
  static Result<TimeFormat> java(std::string_view pattern);

  void append(Timestamp time, std::string& out) const;

  /// The most bytes that write() writes.
  std::size_t max_bytes() const { return max_bytes_; }

  /// Writes to `out`, which has room for max_bytes(); returns the end of what was written.
  char* write(Timestamp time, char* out) const;

 private:
  explicit TimeFormat(std::vector<TimeFormatOp> ops);

  std::vector<TimeFormatOp> ops_;
  std::size_t max_bytes_ = 0;
};

}  // namespace millrace
