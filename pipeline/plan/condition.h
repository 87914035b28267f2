#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>

#include "pipeline/config/ast.h"
#include "pipeline/config/diagnostics.h"
#include "pipeline/event/batch.h"

namespace millrace {

/// A condition of an `if`, compiled (meaning: docs/config-language.md). Immutable apart from a
/// counter; shared by threads.
class Condition {
 public:
  virtual ~Condition() = default;

  virtual bool holds(const ConstEvent& event) const = 0;

  /// nullptr: malformed references or regular expressions are in `diagnostics`.
  static std::unique_ptr<Condition> compile(const config::Condition& condition,
                                            config::Diagnostics& diagnostics);

  /// Divides `events` into those for which it holds and the others; both keep their order.
  void divide(const Batch& batch, std::span<const std::uint32_t> events, Selection& holding,
              Selection& others) const;
};

}  // namespace millrace
