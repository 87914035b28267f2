#pragma once

#include <array>
#include <string>
#include <vector>

#include "cases.h"
#include "testing/engine.h"

namespace grok::bench {

enum Column : std::size_t { grok, pcre2, pcre2_utf, re2, re2_match, oniguruma, hand };
constexpr std::size_t kColumns = 7;
constexpr std::array<const char*, kColumns> kColumnNames{"grok",    "pcre2", "pcre2u", "re2",
                                                         "re2 m/o", "onig",  "hand"};

/// The engines that run a case. A column without one stays empty.
struct Contestants {
  std::array<std::unique_ptr<testing::Engine>, kColumns> engines;
  std::size_t captures = 0;  ///< the most of one expression
  std::string tiers;         ///< which tier of grok runs it
  std::vector<std::string> notes;
};

Contestants make_contestants(const Case& which, const PatternSet& patterns);

}  // namespace grok::bench
