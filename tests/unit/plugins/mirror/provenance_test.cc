#include "plugins/mirror/provenance.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace::mirror {
namespace {

std::vector<kafka::Header> hops(std::initializer_list<std::string_view> clusters) {
  std::vector<kafka::Header> out{{"other", "target"}};
  for (const std::string_view cluster : clusters) out.push_back({kHopHeader, cluster});
  return out;
}

TEST(MirrorProvenance, ARecordThatWasAtTheTargetDoesNotGoBack) {
  EXPECT_FALSE(goes_in_circles(hops({}), "source", "target", 8));
  EXPECT_FALSE(goes_in_circles(hops({"north"}), "source", "target", 8));
  EXPECT_TRUE(goes_in_circles(hops({"target", "north"}), "source", "target", 8));
  EXPECT_TRUE(goes_in_circles(hops({"north", "target"}), "source", "target", 8));
}

TEST(MirrorProvenance, OnlyHeadersOfThatNameCount) {
  const std::vector<kafka::Header> headers{{"millrace", "target"}, {kHopHeader, std::nullopt}};
  EXPECT_FALSE(goes_in_circles(headers, "source", "target", 8));
}

TEST(MirrorProvenance, ARecordPassesAsManyClustersAsAreAllowed) {
  EXPECT_FALSE(goes_in_circles(hops({"a"}), "b", "target", 2));
  EXPECT_TRUE(goes_in_circles(hops({"a", "b"}), "c", "target", 2));
}

TEST(MirrorProvenance, NothingIsMirroredToItself) {
  EXPECT_TRUE(goes_in_circles({}, "same", "same", 8));
}

}  // namespace
}  // namespace millrace::mirror
