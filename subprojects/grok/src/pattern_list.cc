#include "grok/pattern_list.h"

#include <bit>

#include "sieve.h"

namespace grok {

PatternList::PatternList() = default;
PatternList::~PatternList() = default;
PatternList::PatternList(PatternList&&) noexcept = default;
PatternList& PatternList::operator=(PatternList&&) noexcept = default;

PatternList::PatternList(std::vector<std::shared_ptr<const Pattern>> patterns)
    : patterns_(std::move(patterns)) {
  if (patterns_.size() < 2) return;
  std::vector<Clues> clues;
  for (const auto& pattern : patterns_) clues.push_back(find_clues(pattern->syntax()));
  sieve_ = std::make_unique<Sieve>(clues);
}

struct PatternList::Candidates::State {
  const PatternList* list = nullptr;
  std::string_view subject;
  std::size_t at = 0;
  bool sifted = false;
  bool first_goes_first = false;
  Sieve::Mask possible;
  Sieve::Habits habits;
};

PatternList::Candidates::Candidates() : state_(std::make_unique<State>()) {}
PatternList::Candidates::~Candidates() = default;
PatternList::Candidates::Candidates(Candidates&&) noexcept = default;

void PatternList::Candidates::begin(const PatternList& list, std::string_view subject) {
  State& state = *state_;
  // Where the first pattern was all that the last subject needed, it is tried without looking.
  state.first_goes_first = state.at == 1 && state.list == &list;
  state.list = &list;
  state.subject = subject;
  state.at = 0;
  state.sifted = false;
}

std::size_t PatternList::Candidates::next() {
  State& state = *state_;
  const std::size_t end = state.list->size();
  if (!state.list->sieve_ || (state.at == 0 && state.first_goes_first))
    return state.at < end ? state.at++ : end;
  if (!state.sifted) state.list->sieve_->sift(state.subject, state.habits, state.possible);
  state.sifted = true;
  for (std::size_t word = state.at / 64; word < state.possible.size(); ++word) {
    const std::uint64_t from = word == state.at / 64 ? state.at % 64 : 0;
    const std::uint64_t left = state.possible[word] & (~std::uint64_t{0} << from);
    if (left == 0) continue;
    const std::size_t found = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
    state.at = found + 1;
    return found;
  }
  return state.at = end;
}

}  // namespace grok
