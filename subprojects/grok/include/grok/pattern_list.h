#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "grok/grok.h"

namespace grok {

class Sieve;

/// Patterns that are tried in order on the same subjects. One look at a subject tells which of them
/// can match it at all, so that most are never run. Immutable; shared by threads, each with a
/// Candidates of its own for each list.
class PatternList {
 public:
  PatternList();
  explicit PatternList(std::vector<std::shared_ptr<const Pattern>> patterns);
  ~PatternList();
  PatternList(PatternList&&) noexcept;
  PatternList& operator=(PatternList&&) noexcept;

  std::size_t size() const { return patterns_.size(); }
  const Pattern& operator[](std::size_t index) const { return *patterns_[index]; }

  /// The patterns that are worth trying on one subject after the other; remembers what the last
  /// subjects were like, for speed.
  class Candidates {
   public:
    Candidates();
    ~Candidates();
    Candidates(Candidates&&) noexcept;

    /// Begins on a subject, which must stay until the last next().
    void begin(const PatternList& list, std::string_view subject);
    /// Index of the next pattern that may match; list.size(): none of those left can.
    std::size_t next();

   private:
    struct State;
    std::unique_ptr<State> state_;
  };

 private:
  std::vector<std::shared_ptr<const Pattern>> patterns_;
  std::unique_ptr<const Sieve> sieve_;  // nullptr: a single pattern needs none
};

}  // namespace grok
