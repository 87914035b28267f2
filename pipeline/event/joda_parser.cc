#include "pipeline/event/joda_parser.h"

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

using Fields = DateFields;

/// A letter that reads a number, and its natural width.
struct NumberLetter {
  char letter;
  Fields::Field field;
  int digits;
};

constexpr NumberLetter kNumbers[] = {
    {'C', Fields::century, 0},     {'M', Fields::month, 2},        {'w', Fields::week, 2},
    {'D', Fields::day_of_year, 3}, {'d', Fields::day_of_month, 2}, {'e', Fields::weekday, 1},
    {'H', Fields::hour, 2},        {'k', Fields::hour, 2},         {'K', Fields::half_hour, 2},
    {'h', Fields::half_hour, 2},   {'m', Fields::minute, 2},       {'s', Fields::second, 2},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), lower);
  return text;
}

bool take_literal(std::string_view literal, TextCursor& in) {
  const std::string_view rest = in.rest();
  if (rest.size() < literal.size()) return false;
  for (std::size_t i = 0; i < literal.size(); ++i)
    if (lower(rest[i]) != literal[i]) return false;
  in.skip(literal.size());
  return true;
}

bool take_following(char literal, TextCursor& in) {
  if (literal == '\0') return true;
  if (in.done() || lower(in.peek()) != literal) return false;
  in.skip(1);
  return true;
}

/// Reads a fraction of a second: its first three digits count, the others up to `max` are read
/// past.
bool read_fraction(int max, TextCursor& in, Fields& fields) {
  int value = 0;
  int unit = 100;
  int count = 0;
  for (; count < max && is_digit(in.peek()); ++count, unit /= 10) {
    value += (in.peek() - '0') * unit;
    in.skip(1);
  }
  fields.set(Fields::milli, value);
  return count > 0;
}

bool read_half_of_day(TextCursor& in, Fields& fields) {
  static const NameTable kHalves = [] {
    NameTable table;
    table.add("am", 0);
    table.add("a.m.", 0);
    table.add("pm", 1);
    table.add("p.m.", 1);
    return table;
  }();
  const auto match = kHalves.match(in.rest());
  if (!match) return false;
  fields.set(Fields::half_of_day, match->value);
  in.skip(match->length);
  return true;
}

/// An era: only ours, because the other ended long before the first time that a Timestamp holds.
bool read_era(TextCursor& in) { return take_literal("ad", in) || take_literal("ce", in); }

/// The abbreviations that Joda-Time reads by default. Those of America stand for the zone of a
/// city, summer time included.
bool read_zone_abbreviation(TextCursor& in, Fields& fields) {
  static constexpr std::pair<std::string_view, const char*> kZones[] = {
      {"UTC", "UTC"},
      {"GMT", "UTC"},
      {"UT", "UTC"},
      {"EST", "America/New_York"},
      {"EDT", "America/New_York"},
      {"CST", "America/Chicago"},
      {"CDT", "America/Chicago"},
      {"MST", "America/Denver"},
      {"MDT", "America/Denver"},
      {"PST", "America/Los_Angeles"},
      {"PDT", "America/Los_Angeles"},
  };
  for (const auto& [abbreviation, name] : kZones) {
    if (!in.rest().starts_with(abbreviation)) continue;
    const auto zone = find_zone(name);
    if (!zone) return false;
    fields.set_zone(*zone);
    in.skip(abbreviation.size());
    return true;
  }
  return false;
}

bool read_zone_offset(TextCursor& in, Fields& fields) {
  const auto match = match_zone_offset(in.rest());
  if (!match) return false;
  fields.set_offset(match->zone.offset_at(0));
  in.skip(match->length);
  return true;
}

bool read_zone_name(TextCursor& in, Fields& fields) {
  const auto match = match_zone_name(in.rest());
  if (!match) return false;
  fields.set_zone(match->zone);
  in.skip(match->length);
  return true;
}

/// The year with the two digits given that lies from 80 years before `now_year` to 19 after.
int pivoted(int two_digits, int now_year) {
  const int lowest = now_year - 80;
  return lowest + ((two_digits - lowest) % 100 + 100) % 100;
}

}  // namespace

JodaParser::Op JodaParser::year_op(const JodaToken& token, bool number_follows) {
  constexpr int kMaxYearDigits = 9;
  Op op;
  op.field = token.letter == 'x' ? Fields::week_year : Fields::year;
  if (token.count == 2) {
    op.what = Op::What::two_digit_year;
    op.lenient = !number_follows;
  } else {
    op.what = Op::What::number;
    op.max_digits = number_follows ? token.count : std::max(token.count, kMaxYearDigits);
    op.is_signed = token.letter != 'Y';
  }
  return op;
}

Result<JodaParser::Op> JodaParser::op_of(const JodaToken& token, bool number_follows) {
  Op op;
  switch (token.letter) {
    case '\0':
      op.text = lowered(token.text);
      return op;
    case 'x':
    case 'y':
    case 'Y':
      return year_op(token, number_follows);
    case 'S':
      op.what = Op::What::fraction;
      op.max_digits = token.count;
      return op;
    case 'G':
      op.what = Op::What::era;
      return op;
    case 'a':
      op.what = Op::What::half_of_day;
      return op;
    case 'E':
      op.what = Op::What::weekday_name;
      return op;
    case 'z':
      if (token.count >= 4)
        return fail(Errc::unsupported,
                    "the full name of a zone (zzzz) cannot be read; use z or ZZZ");
      op.what = Op::What::zone_abbreviation;
      return op;
    case 'Z':
      op.what = token.count <= 2 ? Op::What::zone_offset : Op::What::zone_name;
      return op;
    default:
      break;
  }
  if (token.letter == 'M' && token.count >= 3) {
    op.what = Op::What::month_name;
    return op;
  }
  const auto* number =
      std::find_if(std::begin(kNumbers), std::end(kNumbers),
                   [&](const NumberLetter& n) { return n.letter == token.letter; });
  const bool counts_from_one = token.letter == 'k' || token.letter == 'h';
  op.what = counts_from_one ? Op::What::clock_hour : Op::What::number;
  op.field = number->field;
  op.max_digits = std::max(token.count, number->digits);
  op.is_signed = token.letter == 'C';
  return op;
}

Result<JodaParser> JodaParser::compile(std::string_view pattern, const TimeNames& names) {
  const auto tokens = tokenize_joda(pattern);
  if (!tokens) return tokens.error();
  JodaParser parser;
  for (std::size_t i = 0; i < tokens->size(); ++i) {
    const bool number_follows = i + 1 < tokens->size() && (*tokens)[i + 1].is_number();
    auto op = op_of((*tokens)[i], number_follows);
    if (!op) {
      Error error = pattern_error(pattern, (*tokens)[i].column, op.error().message);
      error.code = op.error().code;
      return error;
    }
    if (op->text.size() == 1 && op->text[0] != '\0' && !parser.ops_.empty() &&
        parser.ops_.back().what != Op::What::literal)
      parser.ops_.back().then = op->text[0];
    else
      parser.ops_.push_back(*std::move(op));
  }
  parser.months_ = month_table(names);
  parser.weekdays_ = weekday_table(names);
  return parser;
}

std::optional<Timestamp> JodaParser::parse(std::string_view text,
                                           const DateContext& context) const {
  TextCursor in(text);
  DateFields fields;
  for (const Op& op : ops_)
    if (!read(op, in, fields, context) || !take_following(op.then, in)) return std::nullopt;
  if (!in.done()) return std::nullopt;
  return fields.resolve(context);
}

bool JodaParser::read(const Op& op, TextCursor& in, DateFields& fields,
                      const DateContext& context) const {
  switch (op.what) {
    case Op::What::literal:
      return take_literal(op.text, in);
    case Op::What::number:
    case Op::What::clock_hour:
      return read_number(op, in, fields);
    case Op::What::two_digit_year:
      return read_two_digit_year(op, in, fields, context);
    case Op::What::fraction:
      return read_fraction(op.max_digits, in, fields);
    case Op::What::month_name:
      return read_name(months_, Fields::month, in, fields);
    case Op::What::weekday_name:
      return read_name(weekdays_, Fields::weekday, in, fields);
    case Op::What::half_of_day:
      return read_half_of_day(in, fields);
    case Op::What::era:
      return read_era(in);
    case Op::What::zone_abbreviation:
      return read_zone_abbreviation(in, fields);
    case Op::What::zone_offset:
      return read_zone_offset(in, fields);
    case Op::What::zone_name:
      return read_zone_name(in, fields);
  }
  return false;
}

bool JodaParser::read_number(const Op& op, TextCursor& in, DateFields& fields) {
  constexpr int kMaxDigits = 10;  // enough to be out of every range
  const bool negative = op.is_signed && in.peek() == '-';
  if (op.is_signed && (in.peek() == '-' || in.peek() == '+')) in.skip(1);
  std::int64_t value = op.max_digits == 2 ? in.two_digits() : -1;  // the usual case, without a loop
  if (value < 0 &&
      (in.digits(std::min(op.max_digits, kMaxDigits), value) == 0 || value > INT32_MAX))
    return false;
  if (op.what == Op::What::clock_hour) {
    const std::int64_t last = op.field == Fields::hour ? 24 : 12;
    if (value < 1 || value > last) return false;
    value %= last;
  }
  fields.set(op.field, static_cast<std::int32_t>(negative ? -value : value));
  return true;
}

bool JodaParser::read_two_digit_year(const Op& op, TextCursor& in, DateFields& fields,
                                     const DateContext& context) {
  Op plain = {Op::What::number, op.field, 9, true, false, {}};
  const std::string_view rest = in.rest();
  const bool two = rest.size() >= 2 && is_digit(rest[0]) && is_digit(rest[1]);
  const bool more = rest.size() > 2 && is_digit(rest[2]);
  if (!two || (more && op.lenient)) return op.lenient && read_number(plain, in, fields);
  fields.set(op.field, pivoted(in.two_digits(), current_year(context)));
  return true;
}

bool JodaParser::read_name(const NameTable& table, Fields::Field field, TextCursor& in,
                           DateFields& fields) {
  const auto match = table.match(in.rest());
  if (!match) return false;
  fields.set(field, match->value);
  in.skip(match->length);
  return true;
}

}  // namespace millrace
