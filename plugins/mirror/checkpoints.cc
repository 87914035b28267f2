#include "plugins/mirror/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::mirror {
namespace {

bool take_text(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// A number that is not negative, at the front of `text`.
template <typename Number>
bool take_number(std::string_view& text, Number& to) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  if (error != std::errc() || to < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return true;
}

}  // namespace

std::string encode(const Checkpoint& checkpoint) {
  return fmt::format("v=1 source={} target={}", checkpoint.source, checkpoint.target);
}

Result<Checkpoint> decode_checkpoint(std::string_view value) {
  std::string_view text = value;
  Checkpoint out;
  const bool good = take_text(text, "v=1 source=") && take_number(text, out.source) &&
                    take_text(text, " target=") && take_number(text, out.target) && text.empty();
  if (good) return out;
  return fail(Errc::invalid, fmt::format("`{}` is no checkpoint, `v=1 source=OFFSET target=OFFSET`",
                                         std::string(value.substr(0, 200))));
}

std::string encode(const CheckpointKey& key) {
  return fmt::format("{}/{}/{}", key.partition.partition, key.partition.topic, key.group);
}

std::optional<CheckpointKey> decode_checkpoint_key(std::string_view key) {
  CheckpointKey out;
  if (!take_number(key, out.partition.partition) || !take_text(key, "/")) return std::nullopt;
  const std::size_t slash = key.find('/');
  if (slash == 0 || slash == std::string_view::npos) return std::nullopt;
  out.partition.topic = key.substr(0, slash);
  out.group = key.substr(slash + 1);
  return out;
}

bool Translations::take(const Standing& standing) {
  State& state = all_[standing.source];
  const OffsetPair newest{standing.sync_source, standing.sync_target};
  const auto known = [&] {
    return state.translation.pairs().empty() ? OffsetPair{-1, -1}
                                             : state.translation.pairs().back();
  };
  const OffsetPair before = known();
  // Further on the source, but not on the target: the copy was made again.
  if (newest.source > before.source && newest.source < standing.stored && newest.target >= 0 &&
      newest.target <= before.target)
    state.add(newest);
  for (const OffsetPair& pair : standing.pairs.pairs())
    if (pair.target > known().target && pair.source < standing.stored) state.add(pair);
  if (newest.target > known().target && newest.source < standing.stored) state.add(newest);
  return known() != before;
}

void Translations::State::add(OffsetPair pair) {
  const bool is_first = translation.pairs().empty();
  const OffsetPair first = is_first ? pair : translation.pairs().front();
  translation.add(pair);
  lives += translation.pairs().front() != first;
}

void Translations::restore(const kafka::TopicPartition& partition, Translation translation) {
  all_[partition].translation = std::move(translation);
}

const Translation* Translations::of(const kafka::TopicPartition& partition) const {
  const auto found = all_.find(partition);
  return found == all_.end() ? nullptr : &found->second.translation;
}

int Translations::lives(const kafka::TopicPartition& partition) const {
  const auto found = all_.find(partition);
  return found == all_.end() ? 0 : found->second.lives;
}

std::optional<Checkpoint> Checkpoints::take(const CheckpointKey& key, std::int64_t next,
                                            std::int64_t translated, int life) {
  const auto [at, is_new] = all_.try_emplace(key, State{{next, translated}, life});
  if (is_new) return at->second.checkpoint;
  State& known = at->second;
  const bool forward_only = next >= known.checkpoint.source && life == known.life;
  const Checkpoint now{next,
                       forward_only ? std::max(translated, known.checkpoint.target) : translated};
  if (now == known.checkpoint && life == known.life) return std::nullopt;
  known = {now, life};
  return now;
}

const Checkpoint* Checkpoints::of(const CheckpointKey& key) const {
  const auto found = all_.find(key);
  return found == all_.end() ? nullptr : &found->second.checkpoint;
}

}  // namespace millrace::mirror
