#include "pipeline/delivery/frontier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace millrace {
namespace {

TEST(Frontier, MovesOnlyOverAnUnbrokenRun) {
  Frontier frontier;
  const auto a = frontier.open(10);
  const auto b = frontier.open(20);
  const auto c = frontier.open(30);
  EXPECT_EQ(frontier.settle(b), std::nullopt);
  EXPECT_EQ(frontier.settle(a), 20u);
  EXPECT_EQ(frontier.settle(c), 30u);
  EXPECT_EQ(frontier.waiting(), 0u);
}

/// The slow, obvious model: every receipt in a list; the frontier is the position of the last one
/// before the first unsettled one.
class Model {
 public:
  std::size_t open(std::uint64_t position) {
    all_.push_back({position, false});
    return all_.size() - 1;
  }
  std::optional<std::uint64_t> settle(std::size_t number) {
    const auto before = frontier();
    all_[number].settled = true;
    return frontier() == before ? std::nullopt : std::optional(all_[frontier() - 1].position);
  }

 private:
  struct Entry {
    std::uint64_t position;
    bool settled;
  };
  std::size_t frontier() const {
    return static_cast<std::size_t>(
        std::find_if(all_.begin(), all_.end(), [](const Entry& e) { return !e.settled; }) -
        all_.begin());
  }
  std::vector<Entry> all_;
};

TEST(Frontier, AgreesWithTheModelOnRandomSchedules) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    Frontier frontier;
    Model model;
    std::vector<std::uint64_t> open;
    std::uint64_t position = 0;
    for (int step = 0; step < 200; ++step) {
      if (open.empty() || random() % 2 == 0) {
        position += random() % 3;
        const auto number = frontier.open(position);
        ASSERT_EQ(number, model.open(position));
        open.push_back(number);
      } else {
        const auto at = random() % open.size();
        ASSERT_EQ(frontier.settle(open[at]), model.settle(open[at]))
            << "seed " << seed << " step " << step;
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
      }
      ASSERT_GE(frontier.waiting(), open.size());
    }
  }
}

}  // namespace
}  // namespace millrace
