#include "plugins/filters/clone.h"

namespace millrace {
namespace {

struct CloneOptions {
  std::vector<std::string> clones;
};

class CloneFilter : public Filter {
 public:
  CloneFilter(CloneOptions options, EcsMode ecs) : options_(std::move(options)), ecs_(ecs) {}
  static std::unique_ptr<Filter> create(CloneOptions options, const PluginContext& context) {
    if (options.clones.empty()) context.warning("clones", "is empty: nothing is cloned");
    return std::make_unique<CloneFilter>(std::move(options), context.ecs);
  }

  /// Common options are for the clones alone.
  void apply(FilterRun& run) override {
    Selection& out = run.reshape();
    for (std::uint32_t at : run.events) {
      out.push_back(at);
      for (const std::string& name : options_.clones) {
        Event clone = run.batch.add_child(at, run.batch.copy_fields(at));
        mark(clone, name);
        out.push_back(clone.at());
        run.matched.push_back(clone.at());
      }
    }
  }

 private:
  void mark(Event clone, const std::string& name) const {
    static const NameId type = Names::intern("type");
    if (ecs_ == EcsMode::disabled)
      clone.put(type, clone.batch().copy(name));
    else
      clone.tag(name);
  }

  const CloneOptions options_;
  const EcsMode ecs_;
};

}  // namespace

FilterPlugin clone_filter() {
  using O = CloneOptions;
  return filter_plugin(
      "clone", "Copies events; the original goes first, unchanged.",
      Options<O>().add("clones", &O::clones,
                       "A copy for each name, which becomes its `type`, or with ECS a tag.",
                       required),
      CloneFilter::create);
}

}  // namespace millrace
