#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "compare.h"
#include "testing/random.h"

namespace grok::fuzz {

/// One expression and the lines to try it on.
struct Trial {
  std::string expression;  ///< as a user would write it
  testing::Node tree;      ///< what it expands to
  std::shared_ptr<Comparison> comparison;
  std::vector<std::string> lines;
};

/// Where trials come from. Not thread-safe; the same `random` gives the same trial.
class Source {
 public:
  virtual ~Source() = default;
  virtual Trial next(testing::Random& random) = 0;
};

/// Random expressions on random lines and lines derived from them.
std::unique_ptr<Source> random_source(bool judge);

/// The patterns of the directories in `sets`, alone and put together as users do, on lines derived
/// from them, on `lines`, and on log lines of our own; most of them mutated.
std::unique_ptr<Source> standard_source(const std::vector<PatternSet>& sets,
                                        std::vector<std::string> lines, bool judge);

}  // namespace grok::fuzz
