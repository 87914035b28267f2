#include "pipeline/event/timestamp.h"

#include <gtest/gtest.h>

#include <climits>
#include <string>

namespace millrace {
namespace {

std::string printed(Timestamp time) {
  std::string text;
  append_iso8601(time, text);
  return text;
}

std::string reread(std::string_view text, const Zone& zone = {}) {
  const auto time = parse_iso8601(text, zone);
  return time ? printed(*time) : "refused";
}

TEST(Iso8601Writer, PrintsTheFewestDigitGroupsThatLoseNothing) {
  const struct {
    std::int64_t ns;
    const char* text;
  } cases[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {1'382'141'672'996'000'000, "2013-10-19T00:14:32.996Z"},
      {1'382'141'672'996'120'000, "2013-10-19T00:14:32.996120Z"},
      {1'382'141'672'000'000'001, "2013-10-19T00:14:32.000000001Z"},
      {-1, "1969-12-31T23:59:59.999999999Z"},
      {-1'000'000, "1969-12-31T23:59:59.999Z"},
      {951'782'400'000'000'000, "2000-02-29T00:00:00.000Z"},
      {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
      {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
  };
  for (const auto& c : cases) EXPECT_EQ(printed({c.ns}), c.text);
}

TEST(Iso8601Writer, FollowsTheDayBackwardsAndForwards) {
  const std::int64_t noon = 1'382'184'000'000'000'000;
  const std::int64_t day = 86'400'000'000'000;
  EXPECT_EQ(printed({noon}), "2013-10-19T12:00:00.000Z");
  EXPECT_EQ(printed({noon + day}), "2013-10-20T12:00:00.000Z");
  EXPECT_EQ(printed({noon - day}), "2013-10-18T12:00:00.000Z");
}

TEST(Iso8601Reader, ReadsWhatLogstashReads) {
  const struct {
    const char* text;
    const char* expected;
  } cases[] = {
      {"2013-10-19T00:14:32.996Z", "2013-10-19T00:14:32.996Z"},
      {"2013-10-19t00:14:32.996z", "2013-10-19T00:14:32.996Z"},
      {"2001-01-01T00:00:00-0800", "2001-01-01T08:00:00.000Z"},
      {"2010-05-03T08:18:18+00:00", "2010-05-03T08:18:18.000Z"},
      {"2004-07-04T12:27:27.123-04:00", "2004-07-04T16:27:27.123Z"},
      {"2004-07-04T12:27:27.123-04", "2004-07-04T16:27:27.123Z"},
      {"2001-12-07T23:54:54,123Z", "2001-12-07T23:54:54.123Z"},
      {"2001-11-06 20:45:45.123-0000", "2001-11-06T20:45:45.123Z"},
      {"2001-11-06 20:45:45.123 +0100", "2001-11-06T19:45:45.123Z"},
      {"2014-09-23T13:49:52.987654321Z", "2014-09-23T13:49:52.987654321Z"},
      {"2014-09-23T12:34:56.000000000-0800", "2014-09-23T20:34:56.000Z"},
      {"2014-09-23-08:00", "2014-09-23T08:00:00.000Z"},
      {"2014-09-23", "2014-09-23T00:00:00.000Z"},
      {"2014-09", "2014-09-01T00:00:00.000Z"},
      {"2014", "2014-01-01T00:00:00.000Z"},
      {"2014-9-3T1:2:3", "2014-09-03T01:02:03.000Z"},
      {"2016-366", "2016-12-31T00:00:00.000Z"},
      {"2009-W01-1", "2008-12-29T00:00:00.000Z"},
      {"2009-W53", "2009-12-28T00:00:00.000Z"},
      {"2014-09-23T12", "2014-09-23T12:00:00.000Z"},
      {"2014-09-23T12.5", "2014-09-23T12:30:00.000Z"},
      {"2014-09-23T12:10,25Z", "2014-09-23T12:10:15.000Z"},
      {"2012-02-29T00:00:00Z", "2012-02-29T00:00:00.000Z"},
      {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
      {"1677-09-21T00:12:43.145224192Z", "1677-09-21T00:12:43.145224192Z"},
      {"2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775807Z"},
      {"1789-07-14", "1789-07-14T00:00:00.000Z"},
  };
  for (const auto& c : cases) EXPECT_EQ(reread(c.text), c.expected) << c.text;
}

TEST(Iso8601Reader, RefusesWhatIsNoTime) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      "Z"sv,
                                      "T"sv,
                                      "201"sv,
                                      "20131"sv,
                                      "2013-"sv,
                                      "2013-00-01"sv,
                                      "2013-13-01"sv,
                                      "2013-02-29"sv,
                                      "2013-04-31"sv,
                                      "2013-366"sv,
                                      "2013-000"sv,
                                      "2013-W00-1"sv,
                                      "2013-W53-1"sv,
                                      "2013-W01-8"sv,
                                      "2013-10-19T"sv,
                                      "2013-10-19T24:00:00Z"sv,
                                      "2013-10-19T00:60:00Z"sv,
                                      "2013-10-19T00:00:60Z"sv,
                                      "2013-10-19T00:14:32."sv,
                                      "2013-10-19T00:14:32.1234567890Z"sv,
                                      "2013-10-19T00:14:32Z "sv,
                                      " 2013-10-19T00:14:32Z"sv,
                                      "2013-10-19T00:14:32+24:00"sv,
                                      "2013-10-19T00:14:32+0"sv,
                                      "2013-10-19T00:14:32+01:60"sv,
                                      "2013-10-19T00:14:32ZZ"sv,
                                      "2013-10-19T00:14:32\0Z"sv,
                                      "2013\0"sv,
                                      "1677-09-20"sv,
                                      "2262-04-11T23:47:16.854775808Z"sv,
                                      "9999-12-31T00:00:00Z"sv,
                                      "-2013-10-19"sv,
                                      "0000-00-00"sv})
    EXPECT_EQ(reread(text), "refused") << text;
  EXPECT_EQ(reread(std::string(1 << 20, '9')), "refused");
  EXPECT_EQ(reread("2013-10-19T00:14:32." + std::string(1 << 20, '0')), "refused");
}

TEST(Iso8601Reader, TakesTheZoneForATextWithoutOffset) {
  const Zone caracas = *find_zone("America/Caracas");  // -04:00, then -04:30 from 2007-12-09T03:00
  EXPECT_EQ(reread("2007-12-09T01:00:00", caracas), "2007-12-09T05:00:00.000Z");
  EXPECT_EQ(reread("2007-12-09T10:00:00", caracas), "2007-12-09T14:30:00.000Z");
  EXPECT_EQ(reread("2007-12-09T10:00:00Z", caracas), "2007-12-09T10:00:00.000Z");
  EXPECT_EQ(reread("2016-03-27T02:30:00", *find_zone("Europe/Berlin")), "refused");
}

TEST(Timestamp, RefusesSecondsOutOfRange) {
  EXPECT_EQ(timestamp_from_seconds(9'223'372'036, 854'775'807)->ns, INT64_MAX);
  EXPECT_EQ(timestamp_from_seconds(-9'223'372'037, 145'224'192)->ns, INT64_MIN);
  EXPECT_FALSE(timestamp_from_seconds(9'223'372'036, 854'775'808));
  EXPECT_FALSE(timestamp_from_seconds(-9'223'372'037, 145'224'191));
  EXPECT_FALSE(timestamp_from_seconds(INT64_MAX, 0));
  EXPECT_FALSE(timestamp_from_seconds(INT64_MIN, 999'999'999));
  EXPECT_EQ(timestamp_from_millis(-1)->ns, -1'000'000);
  EXPECT_FALSE(timestamp_from_millis(INT64_MIN));
  EXPECT_FALSE(timestamp_from_millis(INT64_MAX));
}

TEST(Timestamp, CutsOffBelowTheMillisecondTowardsThePast) {
  EXPECT_EQ(floor_to_millis({1'999'999}).ns, 1'000'000);
  EXPECT_EQ(floor_to_millis({-1}).ns, -1'000'000);
  EXPECT_EQ(floor_to_millis({INT64_MIN}).ns, INT64_MIN);
  EXPECT_EQ(epoch_seconds({-1}), -1);
}

}  // namespace
}  // namespace millrace
