#include "pipeline/event/time_format.h"

#include <gtest/gtest.h>

#include <climits>
#include <string>

namespace millrace {
namespace {

using Compile = Result<TimeFormat> (*)(std::string_view);

std::string printed(Compile compile, std::string_view pattern, std::string_view time) {
  const auto format = compile(pattern);
  if (!format) return format.error().message;
  std::string text = ">";
  format->append(*parse_iso8601(time, {}), text);
  return text.substr(1);
}

struct Case {
  const char* pattern;
  const char* expected;
};

TEST(JodaFormat, PrintsEveryLetter) {
  const Case cases[] = {
      {"YYYY.MM.dd", "2015.10.01"},
      {"yyyy-MM-dd'T'HH:mm:ss.SSSZZ", "2015-10-01T15:04:05.678+00:00"},
      {"'/full/'YYYY", "/full/2015"},
      {"%ss", "%05"},
      {"y yy yyy yyyyy", "2015 15 2015 02015"},
      {"C CC", "20 20"},
      {"G", "AD"},
      {"x xx xxxx ww w e ee", "2015 15 2015 40 40 4 04"},
      {"E EEE EEEE", "Thu Thu Thursday"},
      {"M MM MMM MMMM", "10 10 Oct October"},
      {"d dd D DDD", "1 01 274 274"},
      {"a K KK h hh H HH k kk", "PM 3 03 3 03 15 15 15 15"},
      {"m mm s ss", "4 04 5 05"},
      {"S SS SSS SSSSSS SSSSSSSSSSSS", "6 67 678 678000 678000000000"},
      {"z zzzz Z ZZ ZZZ", "UTC Coordinated Universal Time +0000 +00:00 UTC"},
      {"'o''clock' ''yy'' [x]", "o'clock '15' [2015]"},
      {"yyyy 'open", "2015 open"},
      {"é–yyyy", "é–2015"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(printed(TimeFormat::joda, c.pattern, "2015-10-01T15:04:05.678912345Z"), c.expected)
        << c.pattern;
}

TEST(JodaFormat, CountsHoursFromMidnightAndNoon) {
  EXPECT_EQ(printed(TimeFormat::joda, "a K h H k", "2015-10-01T00:30"), "AM 0 12 0 24");
  EXPECT_EQ(printed(TimeFormat::joda, "a K h H k", "2015-10-01T12:30"), "PM 0 12 12 12");
}

TEST(JodaFormat, PutsWeeksIntoTheirIsoYear) {
  const struct {
    const char* date;
    const char* expected;
  } cases[] = {{"2008-12-29", "2009-W01-1"}, {"2010-01-03", "2009-W53-7"},
               {"2012-01-01", "2011-W52-7"}, {"1970-01-01", "1970-W01-4"},
               {"1969-12-28", "1969-W52-7"}, {"2016-02-29", "2016-W09-1"}};
  for (const auto& c : cases)
    EXPECT_EQ(printed(TimeFormat::joda, "xxxx-'W'ww-e", c.date), c.expected);
}

TEST(JodaFormat, SaysWhereAPatternIsWrong) {
  EXPECT_EQ(printed(TimeFormat::joda, "yyyy-foo", "2015"),
            "time format \"yyyy-foo\", column 6: 'f' is no letter of a time; expected one of "
            "GCYxweEyDMdaKhHkmsSzZ, or text in 'single quotes'");
  EXPECT_FALSE(TimeFormat::joda(""));
  EXPECT_FALSE(TimeFormat::joda(std::string(65, 'y')));
  EXPECT_FALSE(TimeFormat::joda(std::string(1 << 20, 'y')));
  EXPECT_LT(TimeFormat::joda(std::string(1 << 20, 'T')).error().message.size(), 400U);
}

TEST(JavaFormat, PrintsEveryLetter) {
  const Case cases[] = {
      {"yyyy-MM-dd", "2015-10-01"},
      {"YYYY-'W'ww", "2015-W40"},
      {"uuuu-MM-dd'T'HH:mm:ss.SSSXXX", "2015-10-01T15:04:05.678Z"},
      {"u uu uuu uuuuu y yy", "2015 15 2015 02015 2015 15"},
      {"Y YY w ww W F", "2015 15 40 40 1 1"},
      {"G GGGG GGGGG", "AD Anno Domini A"},
      {"M MM MMM MMMM MMMMM L LL LLL LLLL", "10 10 Oct October O 10 10 Oct October"},
      {"Q QQ QQQ QQQQ QQQQQ q qqqq", "4 04 Q4 4th quarter 4 4 4th quarter"},
      {"d dd D DDD g", "1 01 274 274 57296"},
      {"E EE EEE EEEE EEEEE", "Thu Thu Thu Thursday T"},
      {"e ee eee eeee c ccc cccc", "5 05 Thu Thursday 5 Thu Thursday"},
      {"a B BBBB h hh H HH K KK k kk",
       "PM in the afternoon in the afternoon 3 03 15 15 3 03 15 15"},
      {"m mm s ss", "4 04 5 05"},
      {"S SSSSSS SSSSSSSSS n A N", "6 678912 678912345 678912345 54245678 54245678912345"},
      {"VV z zzzz v O OOOO", "Z Z Z Z GMT GMT"},
      {"X XX XXX x xx xxx Z ZZZZ ZZZZZ", "Z Z Z +00 +0000 +00:00 +0000 GMT Z"},
      {"ppppd|pph|ppyyyy", "   1| 3|2015"},
      {"yyyy[-MM[-dd]]", "2015-10-01"},
      {"''yy'' 'o''clock'", "'15' o'clock"},
      {"yyyy/é, _.", "2015/é, _."},
  };
  for (const Case& c : cases)
    EXPECT_EQ(printed(TimeFormat::java, c.pattern, "2015-10-01T15:04:05.678912345Z"), c.expected)
        << c.pattern;
}

TEST(JavaFormat, BeginsWeeksOnSunday) {
  const struct {
    const char* date;
    const char* expected;
  } cases[] = {{"2016-01-01", "2016-01-6"}, {"2016-01-02", "2016-01-7"},
               {"2016-01-03", "2016-02-1"}, {"2015-12-27", "2016-01-1"},
               {"2015-12-26", "2015-52-7"}, {"2000-12-31", "2001-01-1"}};
  for (const auto& c : cases)
    EXPECT_EQ(printed(TimeFormat::java, "YYYY-ww-e", c.date), c.expected) << c.date;
}

TEST(JavaFormat, KnowsThePeriodsOfTheDay) {
  const struct {
    const char* time;
    const char* expected;
  } cases[] = {{"2015-10-01T00:00", "midnight"},         {"2015-10-01T00:01", "at night"},
               {"2015-10-01T06:00", "in the morning"},   {"2015-10-01T12:00", "noon"},
               {"2015-10-01T12:01", "in the afternoon"}, {"2015-10-01T18:00", "in the evening"},
               {"2015-10-01T21:00", "at night"}};
  for (const auto& c : cases) EXPECT_EQ(printed(TimeFormat::java, "B", c.time), c.expected);
}

TEST(JavaFormat, SaysWhereAPatternIsWrong) {
  EXPECT_EQ(printed(TimeFormat::java, "BAD_TIME_NOW", "2015"),
            "time format \"BAD_TIME_NOW\", column 5: 'T' is no letter of a time; expected one of "
            "GuyYQqMLwWDdFgEecaBHkKhmsSAnNVvzOXxZp, or text in 'single quotes'");
  for (const char* pattern :
       {"",       "yyyy'",      "yyyy]", "{yyyy}", "#",      "p",   "pp-", "ppp",
        "ddd",    "cc",         "aa",    "BB",     "V",      "VVV", "OO",  "XXXXXX",
        "MMMMMM", "SSSSSSSSSS", "www",   "zzzzz",  "GGGGGG", "b"})
    EXPECT_FALSE(TimeFormat::java(pattern)) << pattern;
  EXPECT_FALSE(TimeFormat::java(std::string(1 << 20, 'p') + "d"));
}

TEST(TimeFormat, NeverWritesMoreThanItSays) {
  const char* kAll =
      "G C y yy yyyyyyyy x xx w e E EEEE D M MMM MMMM d a K h H k m s SSSSSSSSSSSSSSSSSSSSSSS z Z "
      "'text'";
  const auto format = TimeFormat::joda(kAll);
  ASSERT_TRUE(format);
  for (const std::int64_t ns : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, INT64_MAX}) {
    std::string buffer(format->max_bytes(), '\0');
    const char* end = format->write({ns}, buffer.data());
    EXPECT_LE(static_cast<std::size_t>(end - buffer.data()), buffer.size());
  }
}

TEST(TimeFormat, PrintsTheEnds) {
  std::string text;
  TimeFormat::java("uuuu-MM-dd HH:mm:ss.n Y w N")->append({INT64_MIN}, text);
  EXPECT_EQ(text, "1677-09-21 00:12:43.145224192 1677 39 763145224192");
}

}  // namespace
}  // namespace millrace
