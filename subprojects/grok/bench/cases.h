#pragma once

#include <optional>
#include <string>
#include <vector>

#include "testing/lines.h"

namespace grok::bench {

/// What a case is held to; nullopt: nothing.
struct Bars {
  std::optional<double> of_pcre2 = {};
  std::optional<double> of_hand = {};
  std::optional<double> of_re2_match = {};
  std::optional<double> of_last_alone =
      {};  ///< of the same lines with the list's last pattern only
};

struct Case {
  std::string name;
  std::string set;                       ///< "legacy" or "ecs-v1"
  std::vector<std::string> expressions;  ///< tried in order
  testing::LineKind lines;
  Bars bars;
  bool by_hand = false;  ///< the hand-written tokenizer reads these lines, too
};

std::vector<Case> all_cases();

}  // namespace grok::bench
