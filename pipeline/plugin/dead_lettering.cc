#include "pipeline/plugin/dead_lettering.h"

#include <vector>

namespace millrace {
namespace {

/// Between two tries of a full queue; what makes room is an operator or another process.
constexpr std::chrono::milliseconds kPause{200};

}  // namespace

std::size_t dead_letter(Delivery& delivery, std::span<const DeadLetter> letters,
                        DeadLetters& queue) {
  std::vector<DeadLetterOutcome> outcomes(letters.size());
  const std::size_t done = queue.write(letters, outcomes);
  Selection settled;
  for (const DeadLetter& letter : letters.first(done)) settled.push_back(letter.at);
  delivery.settle(settled, Verdict::dead_lettered);
  return done;
}

std::size_t dead_letter_or_wait(Delivery& delivery, std::span<const DeadLetter> letters,
                                DeadLetters& queue, const StopSignal& stop) {
  std::size_t done = 0;
  do {
    done += dead_letter(delivery, letters.subspan(done), queue);
  } while (done < letters.size() && stop.wait(kPause));
  return done;
}

}  // namespace millrace
