#include "pipeline/plugin/options.h"

#include <gtest/gtest.h>

#include "pipeline/plugin/common_options.h"
#include "tests/unit/pipeline/config/reading.h"

namespace millrace {
namespace {

using config::Reading;
using std::chrono::milliseconds;

enum class Mode { tail, read };

struct Sample {
  std::vector<std::string> hosts;
  std::string name = "x";
  Secret password;
  std::string token;
  bool enabled = false;
  std::uint16_t port = 9200;
  std::int64_t count = -1;
  double ratio = 0.5;
  Bytes size{10 << 20};
  milliseconds timeout{60'000};
  milliseconds pause{5};
  Mode mode = Mode::tail;
  std::string level = "info";
  std::optional<int> limit;
  Hash match;
  StringPairs labels;
  bool tidy = false;
  CodecChoice codec{"line"};
  std::vector<std::int64_t> codes;
  config::Value raw;
  std::filesystem::path file;
};

Options<Sample> sample_options() {
  using O = Sample;
  return Options<O>()
      .add("hosts", &O::hosts, "Where to.")
      .add("name", &O::name, "A name.")
      .add("password", &O::password, "A secret.")
      .add("token", &O::token, "Another.", secret, one_of("good"))
      .add("enabled", &O::enabled, "On or off.")
      .add("port", &O::port, "A port.", at_least(1))
      .add("count", &O::count, "A count.", at_most(100))
      .add("ratio", &O::ratio, "A ratio.")
      .add("size", &O::size, "A size.", at_least(Bytes{1024}))
      .add("timeout", &O::timeout, "A duration.")
      .add("pause", &O::pause, "Another.", bare_unit(milliseconds(1)))
      .add("mode", &O::mode, "How.", choices<Mode>({{"tail", Mode::tail}, {"read", Mode::read}}))
      .add("level", &O::level, "How much.", one_of("info", "debug"))
      .add("limit", &O::limit, "A bound.", also_called("maximum"))
      .add("match", &O::match, "Pairs.")
      .add("labels", &O::labels, "Text pairs.", deprecated("use `match`"))
      .add("tidy", &O::tidy, "Nothing here.", no_effect("there is nothing to tidy"))
      .add("codec", &O::codec, "A codec.")
      .add("codes", &O::codes, "Numbers.")
      .add("raw", &O::raw, "Anything.")
      .add("file", &O::file, "A file.", must_exist)
      .obsolete("ssl", "use `ssl_enabled`")
      .refused("workers", "outputs run beside each other", "1");
}

struct Bound {
  Reading reading;
  Sample options;
  OptionPlaces places;
  bool good = false;
};

Bound bind(const std::string& attributes) {
  Bound out{.reading = config::read("filter { sample { " + attributes + " } }")};
  EXPECT_EQ(out.reading.messages(), "");
  const Options<Sample> table = sample_options();
  out.good = OptionBinder()
                 .to(table, out.options)
                 .bind(out.reading.plugin(0, 0), out.places, out.reading.diagnostics);
  return out;
}

TEST(Options, KeepDefaultsWhereNothingIsGiven) {
  const Bound bound = bind("");
  EXPECT_TRUE(bound.good);
  EXPECT_EQ(bound.options.port, 9200);
  EXPECT_EQ(bound.options.codec.plugin.name, "line");
  EXPECT_FALSE(bound.options.limit.has_value());
  EXPECT_FALSE(bound.places.given("port"));
}

TEST(Options, ReadEveryType) {
  const Bound bound = bind(R"(
    hosts => ["a", "b"] name => word password => "s3cret" enabled => "true" port => "5044" count => -7 ratio => 2.5
    size => "5 MiB" timeout => "1.5 hours" pause => 20 mode => "read" level => debug limit => 3
    match => { "b" => "1" "a" => ["2", "3"] } labels => { "k" => 5 }
    codec => json { charset => "UTF-8" } codes => [1, "2"] raw => { "x" => 1 } file => "/")");
  EXPECT_TRUE(bound.good) << bound.reading.messages();
  const Sample& options = bound.options;
  EXPECT_EQ(options.hosts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options.name, "word");
  EXPECT_EQ(options.password.reveal(), "s3cret");
  EXPECT_TRUE(options.enabled);
  EXPECT_EQ(options.port, 5044);
  EXPECT_EQ(options.count, -7);
  EXPECT_EQ(options.ratio, 2.5);
  EXPECT_EQ(options.size.count, 5U << 20);
  EXPECT_EQ(options.timeout, milliseconds(5'400'000));
  EXPECT_EQ(options.pause, milliseconds(20));
  EXPECT_EQ(options.mode, Mode::read);
  EXPECT_EQ(options.limit, 3);
  EXPECT_EQ(options.match.entries.at(0).key, "b");
  EXPECT_EQ(*texts(options.match.entries.at(1).value), (std::vector<std::string>{"2", "3"}));
  EXPECT_EQ(options.labels, (StringPairs{{"k", "5"}}));
  EXPECT_EQ(options.codec.plugin.attributes.at(0).name, "charset");
  EXPECT_EQ(options.codes, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(bound.reading.diagnostics.warning_count(), 1U);  // labels is deprecated
}

TEST(Options, TakeAScalarForAListAndAListOfOneForAScalar) {
  EXPECT_EQ(bind("hosts => a1").options.hosts, (std::vector<std::string>{"a1"}));
  EXPECT_EQ(bind("name => [\"one\"]").options.name, "one");
}

TEST(Options, ReadACodecAsYamlWritesIt) {
  const CodecChoice codec =
      bind("codec => { \"json\" => { \"charset\" => \"UTF-8\" } }").options.codec;
  EXPECT_EQ(codec.plugin.name, "json");
  EXPECT_EQ(codec.plugin.attributes.at(0).name, "charset");
}

TEST(Options, JoinRepeatedListsAndHashes) {
  EXPECT_EQ(bind("hosts => [\"1\"] hosts => \"2\" hosts => ['3', '4']").options.hosts,
            (std::vector<std::string>{"1", "2", "3", "4"}));
  const Hash merged =
      bind("match => { \"a\" => \"1\" } match => { \"b\" => \"2\" \"a\" => \"3\" }").options.match;
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(*texts(merged.find("a")->value), (std::vector<std::string>{"1", "3"}));
  const Hash pairs = bind("match => [\"a\", \"1\"] match => [\"a\", \"2\"]").options.match;
  EXPECT_EQ(*texts(pairs.find("a")->value), (std::vector<std::string>{"1", "2"}));
}

TEST(Options, ShowNumbersAsTextsInTheirShortestForm) {
  const Hash match = bind("match => { \"a\" => [1.50, 2., 007, -0, -012, 0.00001] }").options.match;
  EXPECT_EQ(*texts(match.find("a")->value),
            (std::vector<std::string>{"1.5", "2.0", "7", "0", "-12", "1.0e-05"}));
}

struct ErrorCase {
  const char* attributes;
  const char* message;
};

TEST(Options, SayWhatIsWrong) {
  constexpr ErrorCase kCases[] = {
      {"hots => \"x\"", "sample: unknown option `hots`"},
      {"hots => \"x\"", "did you mean `hosts`?"},
      {"name => \"a\" name => \"b\"", "option `name` is given twice"},
      {"name => { \"a\" => 1 }", "name: expected a string, got { \"a\" => 1 }"},
      {"name => [\"a\", \"b\"]", "name: expected a string, got [\"a\", \"b\"]"},
      {"enabled => yes", "enabled: expected true or false, got yes"},
      {"port => 0", "port: expected at least 1, got 0"},
      {"port => 70000", "port: expected at most 65535, got 70000"},
      {"port => 1.5", "port: expected a whole number, got 1.5"},
      {"port => \"http\"", "port: expected a whole number, got \"http\""},
      {"count => 101", "count: expected at most 100, got 101"},
      {"ratio => \"1e999\"", "ratio: expected a number"},
      {"size => \"12 parsecs\"", "size: expected a size such as 10mb or 5 MiB, got \"12 parsecs\""},
      {"size => 10", "size: expected at least 1024 bytes, got 10"},
      {"timeout => \"soon\"", "timeout: expected a duration such as"},
      {"timeout => -1", "timeout: expected a duration of 0 or more, got -1"},
      {"mode => \"raed\"", "mode: expected one of tail, read, got \"raed\""},
      {"mode => \"raed\"", "did you mean `read`?"},
      {"level => \"all\"", "level: expected one of info, debug"},
      {"token => \"topsecret\"", "token: expected one of good, got <password>"},
      {"match => \"x\"", "match: expected a hash, got \"x\""},
      {"match => [\"a\"]", "match: expected a hash"},
      {"labels => { \"k\" => [1, 2] }", "labels: expected a string for `k`, got [1, 2]"},
      {"codec => [1, 2]", "codec: expected a codec"},
      {"codes => [1, \"x\"]", "codes: expected a whole number, got \"x\""},
      {"file => \"/no/such/file\"", "file: expected a path that exists and can be read"},
      {"ssl => true", "option `ssl` is obsolete"},
      {"workers => 2", "option `workers` is not supported"},
      {"limit => 1 maximum => 2", "option `limit` is given twice"},
  };
  for (const ErrorCase& c : kCases) {
    const Bound bound = bind(c.attributes);
    EXPECT_FALSE(bound.good) << c.attributes;
    EXPECT_NE(bound.reading.messages().find(c.message), std::string::npos)
        << c.attributes << "\n"
        << bound.reading.messages();
    EXPECT_EQ(bound.reading.messages().find("topsecret\""),
              bound.reading.messages().rfind("topsecret\""));
  }
}

TEST(Options, AcceptAnInertValueOfWhatIsRefusedAndAnOlderName) {
  EXPECT_TRUE(bind("workers => 1").good);
  const Bound renamed = bind("maximum => 4");
  EXPECT_TRUE(renamed.good);
  EXPECT_EQ(renamed.options.limit, 4);
  EXPECT_NE(renamed.reading.messages().find("warning: sample: option `maximum` is deprecated"),
            std::string::npos);
}

TEST(Options, SayWhyAnOptionHasNoEffect) {
  const Bound bound = bind("tidy => true");
  EXPECT_TRUE(bound.good);
  const std::string messages = bound.reading.messages();
  EXPECT_NE(messages.find("warning: sample: option `tidy` has no effect"), std::string::npos);
  EXPECT_NE(messages.find("there is nothing to tidy"), std::string::npos);
  EXPECT_FALSE(bind("tidy => 3").good);
}

TEST(Options, ReportAllErrorsOfAPlugin) {
  EXPECT_EQ(bind("port => x1 count => x2 nme => 33").reading.diagnostics.error_count(), 3U);
}

TEST(Options, NameWhatIsRequired) {
  struct Needy {
    std::string path;
  };
  const auto table = Options<Needy>().add("path", &Needy::path, "Where to write.", required);
  Reading reading = config::read("output {\n  file { }\n}");
  Needy needy;
  OptionPlaces places;
  EXPECT_FALSE(
      OptionBinder().to(table, needy).bind(reading.plugin(0, 0), places, reading.diagnostics));
  EXPECT_NE(reading.messages().find("test.conf:2:3: error: file: option `path` is required"),
            std::string::npos);
}

TEST(Options, TellPluginsWhereAnOptionStands) {
  Bound bound = bind("hosts => [\"a\",\n \"b\"] name => \"n\"");
  const config::SourceSet& sources = bound.reading.sources;
  EXPECT_EQ(sources.describe(bound.places.of("hosts", 1)), "test.conf:2:2");
  EXPECT_EQ(sources.text(bound.places.of("name")), "\"n\"");
  EXPECT_EQ(sources.text(bound.places.of("port")), "sample");
  bound.places.error(bound.reading.diagnostics, "hosts", 1, "not a host");
  EXPECT_NE(bound.reading.messages().find("test.conf:2:2: error: sample: hosts: not a host"),
            std::string::npos);
}

TEST(Options, BindCommonOptionsBesideAPluginsOwn) {
  Reading reading = config::read(
      "filter { sample { id => \"me\" add_tag => tt name => nn ecs_compatibility => v1 } }");
  const auto own = sample_options();
  const auto common = common_filter_options();
  Sample sample;
  CommonFilterOptions shared;
  OptionPlaces places;
  EXPECT_TRUE(OptionBinder()
                  .to(own, sample)
                  .to(common, shared)
                  .bind(reading.plugin(0, 0), places, reading.diagnostics));
  EXPECT_EQ(shared.id, "me");
  EXPECT_EQ(shared.add_tag, (std::vector<std::string>{"tt"}));
  EXPECT_EQ(shared.ecs_compatibility, EcsMode::v1);
  EXPECT_EQ(sample.name, "nn");
  EXPECT_EQ(common_output_options("rubydebug").defaults().codec.plugin.name, "rubydebug");
}

TEST(Options, DescribeThemselves) {
  const Options<Sample> table = sample_options();
  const auto text = [&](const char* name) {
    return table.find(name)->type + " = " + table.find(name)->default_text;
  };
  EXPECT_EQ(text("hosts"), "list of string = []");
  EXPECT_EQ(text("name"), "string = \"x\"");
  EXPECT_EQ(text("password"), "password = ");
  EXPECT_EQ(text("enabled"), "boolean = false");
  EXPECT_EQ(text("size"), "size = 10 MiB");
  EXPECT_EQ(text("timeout"), "duration = 1m");
  EXPECT_EQ(text("pause"), "duration = 5ms");
  EXPECT_EQ(text("mode"), "one of tail, read = tail");
  EXPECT_EQ(text("limit"), "whole number = ");
  EXPECT_EQ(text("codec"), "codec = line");
  EXPECT_EQ(table.find("maximum"), table.find("limit"));
  EXPECT_EQ(table.find("none"), nullptr);
}

struct SizeCase {
  const char* text;
  std::uint64_t decimal;
  std::uint64_t binary;
};

TEST(ParseBytes, ReadsDecimalAndBinaryUnits) {
  constexpr SizeCase kCases[] = {
      {"1113", 1113, 1113},
      {"10MiB", 10 << 20, 10 << 20},
      {"100kib", 100 << 10, 100 << 10},
      {"180 mb", 180'000'000, 180 << 20},
      {"1.5k", 1500, 1536},
      {"2g", 2'000'000'000, 2ULL << 30},
      {"7 B", 7, 7},
  };
  for (const SizeCase& c : kCases) {
    EXPECT_EQ(parse_bytes(c.text, ByteUnits::decimal)->count, c.decimal) << c.text;
    EXPECT_EQ(parse_bytes(c.text, ByteUnits::binary)->count, c.binary) << c.text;
  }
  for (const char* bad :
       {"", "mb", "-1", "1 xb", "1mib2", "nan", "inf", "9e99", "99999999eb", "1..2"}) {
    EXPECT_FALSE(parse_bytes(bad, ByteUnits::decimal)) << bad;
  }
}

TEST(ParseDuration, ReadsUnitsAndBareNumbers) {
  EXPECT_EQ(*parse_duration("45s", milliseconds(1)), milliseconds(45'000));
  EXPECT_EQ(*parse_duration("45 s", milliseconds(1)), milliseconds(45'000));
  EXPECT_EQ(*parse_duration("3", milliseconds(1000)), milliseconds(3000));
  EXPECT_EQ(*parse_duration("0.25", milliseconds(1000)), milliseconds(250));
  EXPECT_EQ(*parse_duration("2 weeks", milliseconds(1)), milliseconds(14LL * 86'400'000));
  EXPECT_EQ(*parse_duration("1500 us", milliseconds(1)), milliseconds(2));
  for (const char* bad : {"", "s", "1 fortnight", "99999999999 days", "1 s s"}) {
    EXPECT_FALSE(parse_duration(bad, milliseconds(1))) << bad;
  }
}

}  // namespace
}  // namespace millrace
