#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/event/date_fields.h"
#include "pipeline/event/digits.h"
#include "pipeline/event/joda_pattern.h"
#include "pipeline/event/time_names.h"
#include "pipeline/result.h"

namespace millrace {

/// Reads texts by a Joda-Time pattern, with its rules:
/// a number takes as many digits as there are, up to its natural width (two for a day; nine for a
/// year, but no more than its letters when another number follows); `yy` with two digits means the
/// year from 80 years ago to 19 years ahead; literal text and names match in any case; zones are
/// names of the tz database (ZZZ), the American abbreviations and UTC (z), or offsets (Z, ZZ).
class JodaParser {
 public:
  /// Errors: Errc::invalid: not a pattern; Errc::unsupported: `zzzz`, which can be printed but not
  /// read.
  static Result<JodaParser> compile(std::string_view pattern, const TimeNames& names);

  /// The whole text must fit. nullopt: it does not, or its date does not exist.
  std::optional<Timestamp> parse(std::string_view text, const DateContext& context) const;

 private:
  struct Op {
    enum class What : std::uint8_t {
      literal,
      number,
      two_digit_year,
      clock_hour,  // 24 is 0, 12 is 0
      fraction,
      month_name,
      weekday_name,
      half_of_day,
      era,
      zone_abbreviation,
      zone_offset,
      zone_name,
    };
    What what = What::literal;
    DateFields::Field field = DateFields::kCount;
    int max_digits = 0;
    bool is_signed = false;
    char then = '\0';  // the one literal character that follows, lower case; saves most patterns
                       // half their ops
    bool lenient = false;  // two_digit_year: may have any number of digits
    std::string text;      // of a literal, lower case
  };

  static Result<Op> op_of(const JodaToken& token, bool number_follows);
  static Op year_op(const JodaToken& token, bool number_follows);

  bool read(const Op& op, TextCursor& in, DateFields& fields, const DateContext& context) const;
  static bool read_number(const Op& op, TextCursor& in, DateFields& fields);
  static bool read_two_digit_year(const Op& op, TextCursor& in, DateFields& fields,
                                  const DateContext& context);
  static bool read_name(const NameTable& table, DateFields::Field field, TextCursor& in,
                        DateFields& fields);

  std::vector<Op> ops_;
  NameTable months_;
  NameTable weekdays_;
};

}  // namespace millrace
