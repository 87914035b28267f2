#include "tier_table.h"

#include <array>
#include <cstdio>
#include <map>

#include "testing/pattern_files.h"

namespace grok {
namespace {

constexpr std::array kSets{"legacy", "ecs-v1"};
constexpr std::array kTiers{Tier::automaton, Tier::re2, Tier::pcre2_jit};

/// Of one set: what runs each pattern, and why no faster tier does.
struct Run {
  std::map<std::string, Tier> tiers;
  std::map<std::string, std::string> reasons;
};

Run run_of(const PatternSet& patterns) {
  Run run;
  for (const auto& [name, definition] : patterns.all()) {
    auto pattern = Pattern::compile("%{" + name + "}", patterns);
    if (!pattern) continue;  // another test sees to it that all compile
    run.tiers[name] = (*pattern)->tier();
    if (const auto& why = (*pattern)->slower_because())
      run.reasons[name] = why->message + (why->where.empty() ? "" : " (in " + why->where + ")");
  }
  return run;
}

std::string fractions(const std::string& set, const Run& run) {
  std::string text = "| " + set + " | " + std::to_string(run.tiers.size());
  for (const Tier tier : kTiers) {
    std::size_t count = 0;
    for (const auto& [name, is] : run.tiers) count += is == tier;
    std::array<char, 40> cell{};
    std::snprintf(cell.data(), cell.size(), " | %zu (%.1f %%)", count,
                  100.0 * static_cast<double>(count) / static_cast<double>(run.tiers.size()));
    text += cell.data();
  }
  return text + " |\n";
}

std::string cell_of(const Run& run, const std::string& name) {
  const auto found = run.tiers.find(name);
  return found == run.tiers.end() ? "-" : std::string(describe(found->second));
}

}  // namespace

std::string tier_page(const std::string& directory) {
  std::map<std::string, Run> runs;
  std::map<std::string, bool> names;  // whether a slower tier runs it in any set
  for (const std::string set : kSets) {
    const Run& run = runs[set] = run_of(testing::read_patterns(directory + "/" + set));
    for (const auto& [name, tier] : run.tiers) names[name] |= tier != Tier::automaton;
  }
  std::string page =
      "# The tier of each standard grok pattern\n\n"
      "Made by `grok_tiers patterns`; a test compares. What a tier is stands in the library's "
      "[README](../../subprojects/grok/README.md).\n\n| set | patterns";
  for (const Tier tier : kTiers) page += " | " + std::string(describe(tier));
  page += " |\n|---|---|---|---|---|\n";
  for (const std::string set : kSets) page += fractions(set, runs[set]);
  page += "\n## Not in the fastest\n\n| pattern | set | tier | why |\n|---|---|---|---|\n";
  for (const auto& [name, slower] : names)
    for (const std::string set : kSets)
      if (const auto found = runs[set].reasons.find(name); found != runs[set].reasons.end())
        page += "| `" + name + "` | " + set + " | " + cell_of(runs[set], name) + " | " +
                found->second + " |\n";
  page += "\n## All\n\n| pattern | legacy | ecs-v1 |\n|---|---|---|\n";
  for (const auto& [name, slower] : names)
    page += "| `" + name + "` | " + cell_of(runs["legacy"], name) + " | " +
            cell_of(runs["ecs-v1"], name) + " |\n";
  return page;
}

}  // namespace grok
