#pragma once

#include <chrono>

#include "grok/grok.h"

namespace grok::testing {

/// Lets a match that backtracks give up soon.
template <typename Options>
void give_up_soon(Options& options) {
  if constexpr (requires { options.match_limit; }) options.match_limit = 100'000;
}
template <typename Scratch>
void give_up_soon_in(Scratch& scratch) {
  if constexpr (requires { scratch.set_timeout(std::chrono::milliseconds(1)); })
    scratch.set_timeout(std::chrono::milliseconds(2));
}

}  // namespace grok::testing
