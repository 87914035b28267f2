#pragma once

#include <span>

#include "pipeline/delivery/delivery.h"
#include "pipeline/plugin/stop.h"
#include "pipeline/queue/dead_letter.h"

namespace millrace {

/// Hands `letters`, events of `delivery` in its order, to the dead-letter queue and settles them.
/// Those before a full queue are settled all the same. Returns how many are settled; with fewer
/// than given, the rest is to be tried again later. Does not block but for the disk.
std::size_t dead_letter(Delivery& delivery, std::span<const DeadLetter> letters,
                        DeadLetters& queue);

/// The same, trying on while the queue is full: for outputs whose deliveries may wait behind these.
/// Fewer than given only once `stop` was requested; the rest is still in the delivery.
std::size_t dead_letter_or_wait(Delivery& delivery, std::span<const DeadLetter> letters,
                                DeadLetters& queue, const StopSignal& stop);

}  // namespace millrace
