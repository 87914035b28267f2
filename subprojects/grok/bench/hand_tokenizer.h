#pragma once

#include "testing/engine.h"

namespace grok::bench {

/// How many captures COMBINEDAPACHELOG of the legacy set has.
constexpr std::size_t kHandCaptures = 12;

/// What somebody would write by hand who has nothing but combined log lines to read: cuts at
/// blanks, brackets and quotes, and checks no more than it must to find them. Its captures are
/// those of the legacy COMBINEDAPACHELOG, in that order.
std::unique_ptr<testing::Engine> make_hand_tokenizer();

}  // namespace grok::bench
