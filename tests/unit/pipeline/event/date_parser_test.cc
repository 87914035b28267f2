#include "pipeline/event/date_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

struct Setting {
  const char* zone = "UTC";
  const char* now = "2016-06-15T12:00:00Z";
  const char* locale = "";
};

template <typename Input>
std::string reread(std::string_view pattern, Input input, const Setting& setting = {}) {
  const auto parser = DateParser::compile(pattern, setting.locale);
  if (!parser) return parser.error().message;
  const DateContext context{*find_zone(setting.zone), *parse_iso8601(setting.now, {})};
  const auto time = parser->parse(input, context);
  if (!time) return "refused";
  std::string text;
  append_iso8601(*time, text);
  return text;
}

struct Case {
  const char* pattern;
  const char* text;
  const char* expected;
};

TEST(DateParser, ReadsJodaPatterns) {
  const Case cases[] = {
      {"dd/MMM/yyyy:HH:mm:ss Z", "10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36.000Z"},
      {"yyyy MMM dd HH:mm:ss", "2013 Nov 24 01:29:01", "2013-11-24T01:29:01.000Z"},
      {"yyyy-MM-dd HH:mm:ss,SSS", "2013-11-24 01:29:01,5", "2013-11-24T01:29:01.500Z"},
      {"yyyy-MM-dd HH:mm:ss.SSSSSS", "2013-11-24 01:29:01.123987", "2013-11-24T01:29:01.123Z"},
      {"yyyy-MM-dd", "2013-1-9", "2013-01-09T00:00:00.000Z"},
      {"yyyyMMddHHmmss", "20131124012901", "2013-11-24T01:29:01.000Z"},
      {"yyyyMMddHHmmssSSS", "20131124012901250", "2013-11-24T01:29:01.250Z"},
      {"yyMMdd", "131124", "2013-11-24T00:00:00.000Z"},
      {"yyyy", "2001", "2001-01-01T00:00:00.000Z"},
      {"YYYY", "2016", "2016-01-01T00:00:00.000Z"},
      {"yyyy-MM-dd'T'HH:mm:ssZZ", "2013-11-24t01:29:01+01:00", "2013-11-24T00:29:01.000Z"},
      {"yyyy-MM-dd HH:mm:ss Z", "2013-11-24 01:29:01 z", "2013-11-24T01:29:01.000Z"},
      {"yyyy-MM-dd HH:mm:ss Z", "2013-11-24 01:29:01 +02", "2013-11-23T23:29:01.000Z"},
      {"yyyy-MM-dd HH:mm ZZZ", "2013-07-24 01:29 Europe/Berlin", "2013-07-23T23:29:00.000Z"},
      {"yyyy-MM-dd HH:mm z", "2013-07-24 01:29 PST", "2013-07-24T08:29:00.000Z"},
      {"yyyy-MM-dd HH:mm z", "2013-07-24 01:29 UTC", "2013-07-24T01:29:00.000Z"},
      {"yyyy-MM-dd hh:mm a", "2013-07-24 12:29 am", "2013-07-24T00:29:00.000Z"},
      {"yyyy-MM-dd hh:mm a", "2013-07-24 12:29 PM", "2013-07-24T12:29:00.000Z"},
      {"a yyyy-MM-dd K:mm", "PM 2013-07-24 0:29", "2013-07-24T12:29:00.000Z"},
      {"yyyy-MM-dd kk:mm", "2013-07-24 24:29", "2013-07-24T00:29:00.000Z"},
      {"yyyy-DDD", "2016-366", "2016-12-31T00:00:00.000Z"},
      {"xxxx-'W'ww-e", "2009-W01-1", "2008-12-29T00:00:00.000Z"},
      {"xxxx-'W'ww-e", "2009-W53-7", "2010-01-03T00:00:00.000Z"},
      {"CC", "20", "2000-01-01T00:00:00.000Z"},
      {"yyyy-MM-dd G", "2013-07-24 AD", "2013-07-24T00:00:00.000Z"},
      {"EEE, dd MMM yyyy", "Wed, 24 Jul 2013", "2013-07-24T00:00:00.000Z"},
      {"EEE, dd MMM yyyy", "WEDNESDAY, 24 july 2013", "2013-07-24T00:00:00.000Z"},
      {"EEE, dd MMM yyyy", "Mon, 24 Jul 2013",
       "2013-07-22T00:00:00.000Z"},  // the Monday of that week
      {"yyyy MMM EEE", "2013 Jun Mon", "2013-06-24T00:00:00.000Z"},
      {"yyyy ww", "2013 01", "2013-12-30T00:00:00.000Z"},  // week 1 that begins in that year
      {"HH:mm yyyy", "23:59 2012", "2012-01-01T23:59:00.000Z"},
      {"yyyy-MM-dd", "2012-02-29", "2012-02-29T00:00:00.000Z"},
      {"yyyy-MM-dd", "1969-12-31", "1969-12-31T00:00:00.000Z"},
      {"yyyy-MM-dd", "1700-02-28", "1700-02-28T00:00:00.000Z"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(reread(c.pattern, std::string_view(c.text)), c.expected) << c.pattern;
}

TEST(DateParser, RefusesTextsThatDoNotFit) {
  const struct {
    const char* pattern;
    std::string text;
  } cases[] = {
      {"yyyy/MM/dd", "2013/Apr/21"},
      {"MMM  d HH:mm:ss", "this will not parse"},
      {"yyyy-MM-dd", ""},
      {"yyyy-MM-dd", "2013-11-24 "},
      {"yyyy-MM-dd", " 2013-11-24"},
      {"yyyy-MM-dd", "2013-13-01"},
      {"yyyy-MM-dd", "2013-00-01"},
      {"yyyy-MM-dd", "2013-02-29"},
      {"yyyy-MM-dd", "1900-02-29"},
      {"yyyy-MM-dd", "999999999-01-01"},
      {"yyyy-MM-dd", "-2013-01-01"},
      {"yyyy-MM-dd", "1600-01-01"},
      {"yyyy-MM-dd", "2300-01-01"},
      {"yyyy-MM-dd", std::string("2013-01-01\0", 11)},
      {"yyyy-MM-dd", std::string(1 << 20, '1')},
      {"yyyyyyyyyyyy", std::string(1 << 20, '9')},
      {"yy", std::string(1 << 20, '9')},
      {"yyyy HH", "2013 24"},
      {"yyyy HH:mm", "2013 23:60"},
      {"yyyy HH:mm:ss", "2013 23:00:60"},
      {"yyyy hh", "2013 13"},
      {"yyyy hh", "2013 0"},
      {"yyyy KK", "2013 12"},
      {"yyyy kk", "2013 25"},
      {"yyyy DDD", "2013 366"},
      {"xxxx ww", "2013 53"},
      {"xxxx ww e", "2013 01 8"},
      {"yyyy Z", "2013 +24"},
      {"yyyy Z", "2013 UTC"},
      {"yyyy z", "2013 CET"},
      {"yyyy ZZZ", "2013 " + std::string(1 << 20, 'A')},
      {"C", "-2147483647"},
      {"yyyy MMM", "2013 " + std::string(1 << 20, 'J')},
  };
  for (const auto& c : cases)
    EXPECT_EQ(reread(c.pattern, std::string_view(c.text)), "refused") << c.pattern;
}

TEST(DateParser, GuessesTheYearThatATextLacks) {
  const struct {
    const char* text;
    const char* now;
    const char* expected;
  } cases[] = {
      {"Jun 02 20:38:03", "2013-07-01T00:00:00Z", "2013-06-02T20:38:03.000Z"},
      {"Dec 31 23:59:00", "2014-01-01T00:30:50Z", "2013-12-31T23:59:00.000Z"},
      {"Jan 01 01:00:00", "2013-12-31T23:59:50Z", "2014-01-01T01:00:00.000Z"},
      {"Nov 30 01:00:00", "2014-01-31T00:00:00Z", "2014-11-30T01:00:00.000Z"},
      {"Feb 29 01:00:00", "2016-03-01T00:00:00Z", "2016-02-29T01:00:00.000Z"},
      {"Feb 29 01:00:00", "2015-03-01T00:00:00Z", "refused"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(reread("MMM dd HH:mm:ss", std::string_view(c.text), {.now = c.now}), c.expected)
        << c.text;
  const Setting summer{.now = "2013-07-01T00:00:00Z"};
  EXPECT_EQ(reread("EEE MMM dd HH:mm:ss", std::string_view("Sun Jun 02 20:38:03"), summer),
            "2013-06-02T20:38:03.000Z");
  EXPECT_EQ(reread("HH:mm", std::string_view("20:38"), summer), "2013-01-01T20:38:00.000Z");
}

TEST(DateParser, PutsTwoDigitYearsNearNow) {
  const struct {
    const char* text;
    const char* expected;
  } cases[] = {{"36", "1936-01-01T00:00:00.000Z"},
               {"35", "2035-01-01T00:00:00.000Z"},
               {"00", "2000-01-01T00:00:00.000Z"},
               {"2016", "2016-01-01T00:00:00.000Z"},
               {"1", "refused"}};
  for (const auto& c : cases)
    EXPECT_EQ(reread("yy", std::string_view(c.text)), c.expected) << c.text;
}

TEST(DateParser, ReadsLocalTimesByTheRulesOfTheZone) {
  const struct {
    const char* zone;
    const char* text;
    const char* expected;
  } cases[] = {
      {"America/Los_Angeles", "2013 Nov 24 01:29:01", "2013-11-24T09:29:01.000Z"},
      {"America/Los_Angeles", "2013 Jun 24 01:29:01", "2013-06-24T08:29:01.000Z"},
      {"CET", "2016 Mar 26 02:00:37", "2016-03-26T01:00:37.000Z"},
      {"CET", "2016 Mar 27 02:00:01", "refused"},
      {"CET", "2016 Mar 27 03:00:01", "2016-03-27T01:00:01.000Z"},
      {"Europe/Berlin", "2016 Oct 30 02:30:00", "2016-10-30T00:30:00.000Z"},
      {"America/New_York", "2013 Nov 03 01:30:00", "2013-11-03T05:30:00.000Z"},
      {"America/New_York", "2013 Mar 10 02:30:00", "refused"},
      {"+08:00", "2016 Mar 27 02:00:01", "2016-03-26T18:00:01.000Z"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(reread("yyyy MMM dd HH:mm:ss", std::string_view(c.text), {.zone = c.zone}),
              c.expected)
        << c.text;
}

TEST(DateParser, ReadsTheNamesOfItsLocale) {
  const struct {
    const char* locale;
    const char* text;
    const char* expected;
  } cases[] = {
      {"fr", "mardi 14 juillet 1789", "1789-07-14T00:00:00.000Z"},
      {"fr_FR", "MAR. 14 JUIL. 1789", "1789-07-14T00:00:00.000Z"},
      {"fr-CA", "mercredi 15 AOÛT 2012", "2012-08-15T00:00:00.000Z"},
      {"de", "Do 14 Mär 2013", "2013-03-14T00:00:00.000Z"},
      {"de_AT", "Do. 14 März 2013", "2013-03-14T00:00:00.000Z"},
      {"es", "miércoles 25 dic 2013", "2013-12-25T00:00:00.000Z"},
      {"it", "lunedì 15 lug 2013", "2013-07-15T00:00:00.000Z"},
      {"pt_BR.UTF-8", "terça-feira 12 março 2013", "2013-03-12T00:00:00.000Z"},
      {"nl", "vr 15 mrt 2013", "2013-03-15T00:00:00.000Z"},
      {"sv", "lör 11 maj 2013", "2013-05-11T00:00:00.000Z"},
      {"da", "LØR. 11 maj 2013", "2013-05-11T00:00:00.000Z"},
      {"no", "lørdag 7 des 2013", "2013-12-07T00:00:00.000Z"},
      {"fr", "14 July 1789", "refused"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(reread("EEE dd MMM yyyy", std::string_view(c.text), {.locale = c.locale}), c.expected)
        << c.text;
}

TEST(DateParser, ReadsUnixTimes) {
  const Case cases[] = {
      {"UNIX", "1478207457", "2016-11-03T21:10:57.000Z"},
      {"UNIX", "1478207457.456", "2016-11-03T21:10:57.456Z"},
      {"UNIX", "1350414944.123956", "2012-10-16T19:15:44.123Z"},
      {"UNIX", "1.000", "1970-01-01T00:00:01.000Z"},
      {"UNIX", "2147483.646", "1970-01-25T20:31:23.646Z"},
      {"UNIX", "2147483647.9", "2038-01-19T03:14:07.900Z"},
      {"UNIX", "-1.5", "1969-12-31T23:59:58.500Z"},
      {"UNIX", "+5", "1970-01-01T00:00:05.000Z"},
      {"UNIX", "2147483648", "refused"},
      {"UNIX", "-999999999999", "refused"},
      {"UNIX", "1000000000123", "refused"},
      {"UNIX", "99999999999999999999999", "refused"},
      {"UNIX", "", "refused"},
      {"UNIX", ".", "refused"},
      {"UNIX", "-", "refused"},
      {"UNIX", "12a", "refused"},
      {"UNIX", " 12", "refused"},
      {"UNIX", "1,5", "refused"},
      {"UNIX_MS", "456", "1970-01-01T00:00:00.456Z"},
      {"UNIX_MS", "1000000000123", "2001-09-09T01:46:40.123Z"},
      {"UNIX_MS", "-1", "1969-12-31T23:59:59.999Z"},
      {"UNIX_MS", "9223372036854775807", "refused"},
      {"UNIX_MS", "99999999999999999999", "refused"},
      {"UNIX_MS", "1.5", "refused"},
      {"UNIX_MS", "++1", "refused"},
      {"TAI64N", "@4000000050d506482dbdf024", "2012-12-22T01:00:46.767Z"},
      {"TAI64N", "4000000050d506482dbdf024", "2012-12-22T01:00:46.767Z"},
      {"TAI64N", "@4000000050d506482dbdf02", "refused"},
      {"TAI64N", "@4000000050d50648ffffffff", "refused"},
      {"TAI64N", "@ffffffffffffffff00000000", "refused"},
      {"TAI64N", "@zzzz000050d506482dbdf024", "refused"},
      {"ISO8601", "2001-11-06 20:45:45.123987-0000", "2001-11-06T20:45:45.123Z"},
      {"ISO8601", "+2001-11-06", "2001-11-06T00:00:00.000Z"},
      {"ISO8601", "2001-11-06T", "2001-11-06T00:00:00.000Z"},
      {"ISO8601", "2001-11T+01:00", "2001-10-31T23:00:00.000Z"},
      {"ISO8601", "t05:06.5z", "1970-01-01T05:06:30.000Z"},
      {"ISO8601", "2001-11-06Z", "refused"},
      {"ISO8601", "2001-11-06+01:00", "refused"},
      {"ISO8601", "2001-11-06 Z", "refused"},
      {"ISO8601", "T", "refused"},
      {"ISO8601", "TZ", "refused"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(reread(c.pattern, std::string_view(c.text)), c.expected) << c.text;
}

TEST(DateParser, ReadsNumbers) {
  EXPECT_EQ(reread("UNIX", std::int64_t{0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(reread("UNIX", std::int64_t{1478207457}), "2016-11-03T21:10:57.000Z");
  EXPECT_EQ(reread("UNIX", 1478207457.456), "2016-11-03T21:10:57.456Z");
  EXPECT_EQ(reread("UNIX", INT64_MIN), "refused");
  EXPECT_EQ(reread("UNIX", 1e300), "refused");
  EXPECT_EQ(reread("UNIX", 5e-324), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(reread("UNIX", std::numeric_limits<double>::quiet_NaN()), "refused");
  EXPECT_EQ(reread("UNIX_MS", 456.7), "1970-01-01T00:00:00.456Z");
  EXPECT_EQ(reread("UNIX_MS", std::int64_t{1000000000123}), "2001-09-09T01:46:40.123Z");
  EXPECT_EQ(reread("yyyyMMdd", std::int64_t{20131124}), "2013-11-24T00:00:00.000Z");
  EXPECT_EQ(reread("yyyy", -std::numeric_limits<double>::infinity()), "refused");
}

TEST(DateParser, SaysWhatIsWrongWithAPattern) {
  const struct {
    const char* pattern;
    const char* locale;
    const char* message;
  } cases[] = {
      {"", "", "time format \"\", column 1: is empty; expected one such as yyyy-MM-dd"},
      {"unix", "",
       "time format \"unix\", column 1: 'u' is no letter of a time; expected one of "
       "GCYxweEyDMdaKhHkmsSzZ, "
       "or text in 'single quotes'; did you mean \"UNIX\"?"},
      {"yyyy zzzz", "",
       "time format \"yyyy zzzz\", column 6: the full name of a zone (zzzz) cannot be read; use z "
       "or ZZZ"},
      {"yyyy", "tlh",
       "no month names for the locale 'tlh'; known languages are en, da, de, es, fr, it, nb, nl, "
       "pt, sv"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(reread(c.pattern, std::string_view(), {.locale = c.locale}), c.message);
}

}  // namespace
}  // namespace millrace
