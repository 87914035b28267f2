#include <utility>

#include "pipeline/event/joda_pattern.h"
#include "pipeline/event/time_format.h"

namespace millrace {

namespace {

using What = TimeFormatOp::What;

TimeFormatOp literal(std::string text) { return {What::literal, 0, 0, std::move(text)}; }

What number_of(char letter) {
  switch (letter) {
    case 'C':
      return What::century;
    case 'x':
      return What::iso_week_year;
    case 'w':
      return What::iso_week;
    case 'e':
      return What::iso_weekday;
    case 'D':
      return What::day_of_year;
    case 'M':
      return What::month;
    case 'd':
      return What::day_of_month;
    case 'K':
      return What::half_hour;
    case 'h':
      return What::half_clock_hour;
    case 'H':
      return What::hour;
    case 'k':
      return What::clock_hour;
    case 'm':
      return What::minute;
    case 's':
      return What::second;
    case 'S':
      return What::millis_fraction;
    default:
      return What::year;  // y and Y, which differ before the year 1 only
  }
}

/// The names of UTC: all times are printed in it.
std::string zone_text(const JodaToken& token) {
  if (token.letter == 'z') return token.count >= 4 ? "Coordinated Universal Time" : "UTC";
  if (token.count == 1) return "+0000";
  return token.count == 2 ? "+00:00" : "UTC";
}

TimeFormatOp op_of(const JodaToken& token) {
  const auto style = token.count >= 4 ? TimeFormatOp::kFull : TimeFormatOp::kShort;
  switch (token.letter) {
    case '\0':
      return literal(token.text);
    case 'G':
      return literal("AD");
    case 'a':
      return {What::half_of_day, 0, 0, {}};
    case 'E':
      return {What::weekday_name, style, 0, {}};
    case 'z':
    case 'Z':
      return literal(zone_text(token));
    default:
      break;
  }
  if (token.letter == 'M' && token.count >= 3) return {What::month_name, style, 0, {}};
  What what = number_of(token.letter);
  if (token.count == 2 && what == What::year) what = What::year_of_century;
  if (token.count == 2 && what == What::iso_week_year) what = What::iso_week_year_of_century;
  return {what, static_cast<std::uint8_t>(token.count), 0, {}};
}

}  // namespace

Result<TimeFormat> TimeFormat::joda(std::string_view pattern) {
  const auto tokens = tokenize_joda(pattern);
  if (!tokens) return tokens.error();
  std::vector<TimeFormatOp> ops;
  for (const JodaToken& token : *tokens) ops.push_back(op_of(token));
  return TimeFormat(std::move(ops));
}

}  // namespace millrace
