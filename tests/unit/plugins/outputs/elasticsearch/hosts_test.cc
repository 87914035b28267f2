#include "plugins/outputs/elasticsearch/hosts.h"

#include <gtest/gtest.h>

namespace millrace::elasticsearch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ParseHost, TakesUrlsAndPlainNames) {
  const auto base = [](std::string_view text, bool tls = false, std::string_view path = "") {
    const auto address = parse_host(text, tls, path);
    return address ? address->base : "refused: " + address.error().message;
  };
  EXPECT_EQ(base("es1"), "http://es1:9200");
  EXPECT_EQ(base("es1", true), "https://es1:9200");
  EXPECT_EQ(base("es1:9201"), "http://es1:9201");
  EXPECT_EQ(base("https://es1/prefix/"), "https://es1:9200/prefix");
  EXPECT_EQ(base("http://es1:80", false, "es/"), "http://es1:80/es");
  EXPECT_EQ(base("http://[::1]:9200"), "http://[::1]:9200");
  EXPECT_TRUE(base("ftp://es1").starts_with("refused"));
  EXPECT_TRUE(base("http://").starts_with("refused"));
  EXPECT_TRUE(base("http://a b").starts_with("refused"));
  EXPECT_TRUE(base("http://es1:9200?x=1").starts_with("refused"));
}

TEST(ParseHost, CredentialsStayOutOfAddressesAndMessages) {
  const auto address = parse_host("https://us%40er:canary@es1:9200", false, "");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->base, "https://es1:9200");
  EXPECT_EQ(address->user, "us@er");
  EXPECT_EQ(address->password.reveal(), "canary");
  for (const char* wrong :
       {"ftp://user:canary@es1", "http://user:canary@", "user:canary@es1:99999999"}) {
    const auto refused = parse_host(wrong, false, "");
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().message.find("canary"), std::string::npos) << refused.error().message;
  }
}

TEST(ParseCloudId, NamesTheCluster) {
  // "us-east-1.aws.found.io$abc$kibana", with a port, and with things missing.
  EXPECT_EQ(parse_cloud_id("name:dXMtZWFzdC0xLmF3cy5mb3VuZC5pbyRhYmMka2liYW5h")->base,
            "https://abc.us-east-1.aws.found.io:443");
  EXPECT_EQ(parse_cloud_id("n:ZXhhbXBsZS5jb206OTI0MyRhYmM=")->base, "https://abc.example.com:9243");
  for (const char* wrong : {"", "name:", "name:!!!!", "name:YWJj", "name:YWJjJA=="})
    EXPECT_FALSE(parse_cloud_id(wrong)) << wrong;
}

class HostPoolTest : public testing::Test {
 protected:
  HostPoolTest() {
    for (Host& host : pool_.all()) pool_.revived(host, {});
  }
  static std::vector<Host> three() {
    std::vector<Host> hosts(3);
    for (std::size_t i = 0; i < 3; ++i) hosts[i].base = "http://es" + std::to_string(i);
    return hosts;
  }
  Host& host(std::size_t i) { return pool_.all()[i]; }

  HostPool pool_{three(), {{milliseconds(100), milliseconds(1000)}, seconds(5)}};
  const Clock::time_point t0_ = Clock::now();
};

TEST_F(HostPoolTest, TheOneWithTheLeastWorkIsPicked) {
  host(0).in_flight = 2;
  host(1).in_flight = 1;
  host(2).in_flight = 2;
  EXPECT_EQ(pool_.pick(t0_), &host(1));
}

TEST_F(HostPoolTest, TiesGoToEachInTurns) {
  std::set<Host*> picked;
  for (int i = 0; i < 200; ++i) picked.insert(pool_.pick(t0_));
  EXPECT_EQ(picked.size(), 3u);
}

TEST(HostPoolBusy, AnOutageOfAMinuteCostsAtMostOneRequestASecondOnAverage) {
  constexpr int kRuns = 50;
  int requests = 0;
  for (int run = 0; run < kRuns; ++run) {
    HostPool pool(std::vector<Host>(1), {Backoff{}, seconds(5)});
    pool.revived(pool.all()[0], {});
    const auto begin = Clock::now();
    for (auto now = begin; now < begin + seconds(60); now += milliseconds(10))
      while (Host* const host = pool.pick(now)) {
        ++requests;
        pool.busy(*host, now, seconds(0));
      }
  }
  EXPECT_LE(requests, kRuns * 60);
  EXPECT_GE(requests, kRuns * 2) << "it is asked again and again";
}

TEST_F(HostPoolTest, LostHostsAreProbedLaterAndLater) {
  pool_.lost(host(0), t0_);
  pool_.lost(host(0), t0_);  // a second request broke with the first
  EXPECT_EQ(pool_.to_probe(t0_), nullptr);
  EXPECT_EQ(pool_.to_probe(t0_ + seconds(5)), &host(0));
  Clock::duration last{};
  for (int i = 0; i < 10; ++i) {
    host(0).probing = true;
    pool_.lost(host(0), t0_);
    host(0).probing = false;
    last = host(0).not_before - t0_;
  }
  EXPECT_GE(last, seconds(30));
  EXPECT_LE(last, seconds(60));
  for (int i = 0; i < 50; ++i) EXPECT_NE(pool_.pick(t0_), &host(0));
  pool_.revived(host(0), {});
  EXPECT_EQ(pool_.alive(), 3u);
}

TEST_F(HostPoolTest, BusyHostsGetNothingForAsLongAsTheyAsk) {
  pool_.busy(host(0), t0_, seconds(7));
  pool_.busy(host(1), t0_, seconds(7));
  pool_.busy(host(2), t0_, seconds(100'000));
  EXPECT_EQ(pool_.pick(t0_ + milliseconds(6999)), nullptr);
  EXPECT_FALSE(pool_.can_pick(t0_ + milliseconds(6999)));
  EXPECT_NE(pool_.pick(t0_ + seconds(7)), nullptr);
  EXPECT_EQ(pool_.due(t0_), t0_ + seconds(7));
  EXPECT_EQ(host(2).not_before, t0_ + seconds(120));
}

TEST_F(HostPoolTest, ThreeAnswersThatSayNothingLoseAHost) {
  EXPECT_FALSE(pool_.odd(host(0), t0_));
  EXPECT_FALSE(pool_.odd(host(0), t0_));
  pool_.served(host(0));
  EXPECT_FALSE(pool_.odd(host(0), t0_));
  EXPECT_FALSE(pool_.odd(host(0), t0_));
  EXPECT_TRUE(pool_.odd(host(0), t0_));
  EXPECT_EQ(host(0).state, Host::State::dead);
}

TEST(Concurrency, HalvesOnceForRequestsThatFailTogetherAndGrowsByOne) {
  Concurrency concurrency(8);
  EXPECT_EQ(concurrency.allowed(), 8u);
  concurrency.too_much(7);
  for (int i = 0; i < 7; ++i) concurrency.too_much(6);
  EXPECT_EQ(concurrency.allowed(), 4u);
  for (int i = 0; i < 4; ++i) concurrency.good();
  EXPECT_EQ(concurrency.allowed(), 5u);
  for (int i = 0; i < 100; ++i) concurrency.good();
  EXPECT_EQ(concurrency.allowed(), 8u);
  for (int i = 0; i < 100; ++i) concurrency.too_much(0);
  EXPECT_EQ(concurrency.allowed(), 1u);
}

}  // namespace
}  // namespace millrace::elasticsearch
