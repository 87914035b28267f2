#include "plugins/filters/drop.h"

#include <random>

namespace millrace {
namespace {

struct DropOptions {
  double percentage = 100;
};

class DropFilter : public Filter {
 public:
  explicit DropFilter(DropOptions options) : options_(options) {}
  static std::unique_ptr<Filter> create(DropOptions options, const PluginContext&) {
    return std::make_unique<DropFilter>(options);
  }

  void apply(FilterRun& run) override {
    Selection& out = run.reshape();
    for (std::uint32_t at : run.events) {
      if (chosen())
        run.batch.set_state(at, EventState::dropped);
      else
        out.push_back(at);
    }
  }

 private:
  bool chosen() const {
    if (options_.percentage >= 100) return true;
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 100)(random) < options_.percentage;
  }

  const DropOptions options_;
};

}  // namespace

FilterPlugin drop_filter() {
  using O = DropOptions;
  return filter_plugin(
      "drop", "Drops the events that reach it.",
      Options<O>().add("percentage", &O::percentage, "How many of them, chosen at random.",
                       at_least(0.0), at_most(100.0)),
      DropFilter::create);
}

}  // namespace millrace
