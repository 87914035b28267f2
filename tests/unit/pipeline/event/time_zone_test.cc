#include "pipeline/event/time_zone.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "pipeline/event/civil_time.h"

namespace millrace {
namespace {

std::int64_t wall(int year, int month, int day, int hour, int minute, int second = 0) {
  return civil::days_of(year, month, day) * 86'400 + hour * 3600 + minute * 60 + second;
}

TEST(FindZone, KnowsNamesAndOffsets) {
  const struct {
    const char* name;
    int offset;  // on 2020-07-01, in seconds
  } cases[] = {
      {"UTC", 0},
      {"GMT", 0},
      {"Z", 0},
      {"z", 0},
      {"Etc/UTC", 0},
      {"Europe/Berlin", 7200},
      {"CET", 7200},
      {"EST", -18'000},
      {"America/New_York", -14'400},
      {"+08:00", 28'800},
      {"-0530", -19'800},
      {"+02", 7200},
      {"+01:00:30", 3630},
      {"UTC+01:00", 3600},
      {"GMT-03:30", -12'600},
      {"Etc/GMT+8", -28'800},
  };
  for (const auto& c : cases) {
    const auto zone = find_zone(c.name);
    ASSERT_TRUE(zone) << c.name;
    EXPECT_EQ(zone->offset_at_local(wall(2020, 7, 1, 12, 0)), c.offset) << c.name;
    EXPECT_EQ(zone->offset_at(wall(2020, 7, 1, 12, 0)), c.offset) << c.name;
  }
}

TEST(FindZone, SaysWhatItExpected) {
  using namespace std::string_view_literals;
  for (const std::string_view name :
       {""sv, "Mars/Olympus"sv, "+"sv, "+8"sv, "+25:00"sv, "+08:00x"sv, "%{mytz}"sv,
        "../../etc/passwd"sv, "Europe/Berlin\0"sv, "/"sv, "UTC+"sv})
    EXPECT_FALSE(find_zone(name)) << name;
  const auto missing = find_zone("europe/berlin");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "unknown time zone 'europe/berlin': expected a name such as Europe/Berlin or UTC, "
            "or an offset such as +02:00; did you mean 'Europe/Berlin'?");
  EXPECT_LT(find_zone(std::string(1 << 20, 'x')).error().message.size(), 300U);
}

TEST(Zone, SkipsGapsAndTakesTheFirstOfATimeThatOccursTwice) {
  const struct {
    const char* zone;
    std::int64_t wall;
    std::optional<int> offset;
  } cases[] = {
      {"Europe/Berlin", wall(2016, 3, 27, 1, 59, 59), 3600},
      {"Europe/Berlin", wall(2016, 3, 27, 2, 0), std::nullopt},
      {"Europe/Berlin", wall(2016, 3, 27, 2, 59, 59), std::nullopt},
      {"Europe/Berlin", wall(2016, 3, 27, 3, 0), 7200},
      {"Europe/Berlin", wall(2016, 10, 30, 2, 30), 7200},
      {"Europe/Berlin", wall(2016, 10, 30, 3, 0), 3600},
      {"America/New_York", wall(2013, 3, 10, 2, 30), std::nullopt},
      {"America/New_York", wall(2013, 11, 3, 1, 30), -14'400},
      {"America/New_York", wall(2013, 11, 3, 2, 0), -18'000},
      {"Pacific/Apia", wall(2011, 12, 30, 12, 0), std::nullopt},  // a whole day skipped
  };
  for (int round = 0; round < 2; ++round)  // the second time through what the thread keeps
    for (const auto& c : cases)
      EXPECT_EQ(find_zone(c.zone)->offset_at_local(c.wall), c.offset) << c.zone << ' ' << c.wall;
}

TEST(Zone, AgreesWithItselfWhateverWasAskedBefore) {
  const Zone zone = *find_zone("America/New_York");
  for (int day = 1; day <= 365; ++day) {
    const std::int64_t noon = (civil::days_of(2019, 1, 1) + day - 1) * 86'400 + 43'200;
    const bool summer = noon > wall(2019, 3, 10, 2, 0) && noon < wall(2019, 11, 3, 2, 0);
    EXPECT_EQ(zone.offset_at_local(noon), summer ? -14'400 : -18'000) << day;
  }
  EXPECT_TRUE(zone.offset_at_local(wall(1700, 1, 1, 0, 0)));
  EXPECT_TRUE(zone.offset_at_local(wall(2262, 1, 1, 0, 0)));
}

TEST(Zone, GoesOnWithItsRulesWhenTheDatabaseEnds) {
  const auto berlin = find_zone("Europe/Berlin");
  const auto kolkata = find_zone("Asia/Kolkata");
  const auto sydney = find_zone("Australia/Sydney");
  ASSERT_TRUE(berlin && kolkata && sydney);
  for (int year = 2037; year < 2100; ++year) {
    // Summer is between the last Sundays of March and of October.
    const auto sunday = [&](int month) {
      return civil::monday_of(civil::days_of(year, month, 31) + 1) - 1;
    };
    const std::int64_t begin = sunday(3) * 86'400;
    const std::int64_t end = sunday(10) * 86'400;
    EXPECT_EQ(berlin->offset_at_local(begin + 2 * 3600 - 1), 3600) << year;
    EXPECT_EQ(berlin->offset_at_local(begin + 2 * 3600), std::nullopt) << year;
    EXPECT_EQ(berlin->offset_at_local(begin + 3 * 3600), 7200) << year;
    EXPECT_EQ(berlin->offset_at_local(end + 2 * 3600), 7200) << year;
    EXPECT_EQ(berlin->offset_at_local(end + 3 * 3600), 3600) << year;
    EXPECT_EQ(berlin->offset_at(begin + 3599), 3600) << year;
    EXPECT_EQ(berlin->offset_at(begin + 3600), 7200) << year;
    EXPECT_EQ(berlin->offset_at_local(wall(year, 12, 31, 23, 59)), 3600) << year;
    EXPECT_EQ(kolkata->offset_at(begin), 19'800) << year;
    EXPECT_EQ(sydney->offset_at_local(wall(year, 1, 1, 0, 0)), 39'600) << year;
    EXPECT_EQ(sydney->offset_at_local(wall(year, 7, 1, 0, 0)), 36'000) << year;
  }
  EXPECT_EQ(berlin->offset_at(wall(2040, 2, 29, 0, 0)), 3600);
}

TEST(HostZone, FollowsTheVariable) {
  const struct {
    const char* variable;
    int offset;  // on 2020-07-01
  } cases[] = {
      {"UTC", 0},        {"Etc/GMT+8", -28'800},   {":Europe/Berlin", 7200}, {"CET-1", 3600},
      {"EST5", -18'000}, {"<+0530>-5:30", 19'800}, {"nonsense", 0},          {"", 0}};
  for (const auto& c : cases) {
    ASSERT_EQ(setenv("TZ", c.variable, 1), 0);
    EXPECT_EQ(host_zone().offset_at(wall(2020, 7, 1, 12, 0)), c.offset) << c.variable;
  }
  unsetenv("TZ");
  EXPECT_TRUE(host_zone().offset_at_local(0));
}

TEST(ZonePrefix, TakesTheLongestNameOrOffset) {
  EXPECT_EQ(match_zone_name("America/New_York rest")->length, 16U);
  EXPECT_EQ(match_zone_name("UTC]")->length, 3U);
  EXPECT_FALSE(match_zone_name("nowhere"));
  EXPECT_FALSE(match_zone_name(std::string(1 << 20, 'A')));
  EXPECT_EQ(match_zone_offset("+0200 rest")->length, 5U);
  EXPECT_EQ(match_zone_offset("-01:30:15")->length, 9U);
  EXPECT_EQ(match_zone_offset("+02abc")->length, 3U);
  for (const char* text : {"", "+", "+1", "+24", "+0160", "+02:", "+02:6", "0200"})
    EXPECT_FALSE(match_zone_offset(text)) << text;
}

}  // namespace
}  // namespace millrace
