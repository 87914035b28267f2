#pragma once

#include <string>
#include <vector>

#include "pipeline/event/event_bytes.h"
#include "pipeline/queue/dead_letter_store.h"

/// Dead letters as texts: what the queue's tests speak in.
namespace millrace {

/// A batch of events with these messages.
inline Batch::Ptr events_of(const std::vector<std::string>& messages) {
  auto batch = Batch::make();
  for (const std::string& message : messages)
    batch->add(Timestamp{0}).put(name::message, batch->copy(message));
  return batch;
}

inline std::vector<DeadLetter> letters_of(const Batch& batch) {
  std::vector<DeadLetter> letters;
  for (std::uint32_t at = 0; at < batch.size(); ++at)
    letters.push_back({batch,
                       at,
                       {.code = "mapping",
                        .message = "no such field",
                        .plugin_type = "test",
                        .plugin_id = "out"}});
  return letters;
}

/// What write() makes of events with these messages: how many are dealt with.
inline std::size_t put(DeadLetters& queue, const std::vector<std::string>& messages,
                       std::vector<DeadLetterOutcome>* outcomes = nullptr) {
  const auto batch = events_of(messages);
  const auto letters = letters_of(*batch);
  std::vector<DeadLetterOutcome> made(letters.size(), DeadLetterOutcome::full);
  const std::size_t done = queue.write(letters, made);
  if (outcomes) *outcomes = made;
  return done;
}

/// The messages of all whole letters in the queue, in order.
inline std::vector<std::string> messages_in(const std::filesystem::path& directory) {
  std::vector<std::string> messages;
  const auto segments = dlq::list_segments(directory);
  for (const auto& segment : segments.value()) {
    auto reader = dlq::SegmentReader::open(segment);
    if (!reader) continue;
    for (;;) {
      auto entry = reader->next();
      if (!entry || !*entry) break;
      const auto batch = Batch::make();
      auto event = read_event_bytes((*entry)->record.event, *batch);
      messages.emplace_back(event ? event->get(name::message)->text() : "unreadable");
    }
  }
  return messages;
}

}  // namespace millrace
