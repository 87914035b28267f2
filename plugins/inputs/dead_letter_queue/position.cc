#include "plugins/inputs/dead_letter_queue/position.h"

#include <fmt/format.h>

#include <fstream>

#include "pipeline/queue/file.h"

namespace millrace::dead_letter_input {

Result<std::optional<Place>> Position::load() {
  std::error_code error;
  if (store_.empty() || !std::filesystem::exists(store_, error)) return std::optional<Place>();
  std::ifstream in(store_);
  if (!in) return fail(Errc::io, fmt::format("sincedb_path: cannot read {}", store_.native()));
  Place place;
  if (!(in >> place.segment >> place.offset))
    return fail(
        Errc::invalid,
        fmt::format("sincedb_path: {} holds no position of a dead-letter queue; expected two "
                    "numbers. Remove it to read the queue from its start",
                    store_.native()));
  return std::optional<Place>(place);
}

std::uint64_t Position::emitted(Place end, bool segment_done) {
  const std::lock_guard lock(mutex_);
  on_the_way_.push_back({end, std::nullopt});
  if (segment_done) on_the_way_.back().done_segment = end.segment - 1;
  return first_ + on_the_way_.size() - 1;
}

void Position::acknowledged(std::uint64_t position) noexcept {
  const std::lock_guard lock(mutex_);
  for (; !on_the_way_.empty() && first_ <= position; ++first_) {
    delivered_ = on_the_way_.front().end;
    if (const auto done = on_the_way_.front().done_segment) done_segments_.push_back(*done);
    on_the_way_.pop_front();
    changed_ = true;
  }
}

Result<void> Position::save() {
  Place place;
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(changed_, false) || store_.empty()) return {};
    place = *delivered_;
  }
  auto saved = replace_file(store_, fmt::format("{} {}\n", place.segment, place.offset));
  if (saved) return saved;
  const std::lock_guard lock(mutex_);
  changed_ = true;
  return saved;
}

std::vector<std::uint64_t> Position::take_done_segments() {
  const std::lock_guard lock(mutex_);
  return std::exchange(done_segments_, {});
}

}  // namespace millrace::dead_letter_input
