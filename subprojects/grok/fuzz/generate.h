#pragma once

#include <string>

#include "testing/expression.h"
#include "testing/random.h"

namespace grok::fuzz {

/// A random expression of what the library supports, captures named c0, c1, ... in their order.
testing::Node random_expression(testing::Random& random);

/// A text that the expression matches, as far as can be told without looking around: what stands in
/// a look-around is not held to.
std::string derive(const testing::Node& node, testing::Random& random);

/// Characters such as random expressions are made of.
std::string random_text(testing::Random& random, std::size_t characters);

/// The text with a few things done to it: bytes left out, put in, doubled, exchanged.
std::string mutate(std::string text, testing::Random& random);

/// Makes it something that is no UTF-8.
std::string break_utf8(std::string text, testing::Random& random);

}  // namespace grok::fuzz
