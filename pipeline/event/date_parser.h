#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "pipeline/event/time_zone.h"
#include "pipeline/event/timestamp.h"
#include "pipeline/result.h"

namespace millrace {

class JodaParser;

/// What a text leaves unsaid when it is read.
struct DateContext {
  Zone zone;      ///< where the clock hung, if the text does not say
  Timestamp now;  ///< decides a year that is missing or has two digits
};

/// One format of the date filter, compiled once. Immutable: any number of threads may parse with
/// one. Times are read to the millisecond, as Logstash does; further digits are cut off.
class DateParser {
 public:
  /// `pattern` is `ISO8601`, `UNIX`, `UNIX_MS`, `TAI64N`, or a Joda-Time pattern.
  /// `locale` names the language of month and weekday names: `en`, `fr_FR`, `de-DE`; empty is
  /// English. Errors: Errc::invalid (a bad pattern, with the column), Errc::unsupported (a locale
  /// or a letter that cannot be read).
  static Result<DateParser> compile(std::string_view pattern, std::string_view locale = {});

  /// Whether times of this format may depend on the context's zone.
  bool reads_zone() const { return kind_ == Kind::iso8601 || kind_ == Kind::joda; }

  /// The whole text must fit. nullopt: it does not, or says a time that does not exist or is out of
  /// range. Never allocates; takes time linear in the pattern, however long the text.
  std::optional<Timestamp> parse(std::string_view text, const DateContext& context) const;

  /// Numbers are read as their decimal text would be: 1478207457.456 is a UNIX time, 2016 a `yyyy`.
  std::optional<Timestamp> parse(std::int64_t number, const DateContext& context) const;
  std::optional<Timestamp> parse(double number, const DateContext& context) const;

 private:
  enum class Kind { iso8601, unix_seconds, unix_millis, tai64n, joda };

  explicit DateParser(Kind kind, std::shared_ptr<const JodaParser> joda = nullptr)
      : kind_(kind), joda_(std::move(joda)) {}

  Kind kind_;
  std::shared_ptr<const JodaParser> joda_;  // of Kind::joda
};

}  // namespace millrace
