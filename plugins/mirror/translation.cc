#include "plugins/mirror/translation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::mirror {
namespace {

constexpr std::string_view kPrefix = "v=1 pairs=";

/// A number at the front of `text`, which is taken off; nullopt: there is none, or a negative one.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return number;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

void Translation::add(OffsetPair pair) {
  if (!pairs_.empty()) {
    if (pair == pairs_.back()) return;
    if (pair.target <= pairs_.back().target || pair.source <= pairs_.front().source)
      pairs_.clear();
    else if (pair.source <= pairs_.back().source)
      return;
  }
  pairs_.push_back(pair);
  thin();
}

/// Drops each pair whose older neighbour is close enough to its younger one.
void Translation::thin() {
  const std::int64_t newest = pairs_.back().source;
  std::size_t kept = std::min<std::size_t>(pairs_.size(), 1);
  for (std::size_t i = 1; i < pairs_.size(); ++i) {
    const bool last = i + 1 == pairs_.size();
    // Distances, halved rather than doubled: offsets may be anywhere in 63 bits.
    const bool stands =
        last || (newest - pairs_[kept - 1].source) / 2 > newest - pairs_[i + 1].source;
    if (stands) pairs_[kept++] = pairs_[i];
  }
  pairs_.resize(kept);
  if (pairs_.size() > kMostPairs) pairs_.erase(pairs_.begin() + 1);
}

std::optional<std::int64_t> Translation::translate(std::int64_t next) const {
  const auto later = std::upper_bound(
      pairs_.begin(), pairs_.end(), next,
      [](std::int64_t offset, const OffsetPair& pair) { return offset < pair.source; });
  if (later == pairs_.begin()) return std::nullopt;
  const OffsetPair& pair = *(later - 1);
  return pair.source < next ? pair.target + 1 : pair.target;
}

std::string Translation::encode() const {
  std::string out(kPrefix);
  for (const OffsetPair& pair : pairs_)
    out +=
        fmt::format("{}{}:{}", out.size() == kPrefix.size() ? "" : ",", pair.source, pair.target);
  return out;
}

Result<Translation> Translation::decode(std::string_view value) {
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::invalid, fmt::format("`{}` are no pairs of offsets: {}",
                                           std::string(value.substr(0, 200)), why));
  };
  std::string_view text = value;
  if (!text.starts_with(kPrefix)) return refuse("expected `v=1 pairs=`");
  text.remove_prefix(kPrefix.size());
  Translation out;
  while (!text.empty()) {
    if (out.pairs_.size() == kMostPairs) return refuse("more than 64");
    if (!out.pairs_.empty() && !take(text, ',')) return refuse("expected `,` between two");
    const auto source = take_number(text);
    const bool colon = take(text, ':');
    const auto target = take_number(text);
    if (!source || !colon || !target) return refuse("expected SOURCE:TARGET");
    const OffsetPair pair{*source, *target};
    if (!out.pairs_.empty() &&
        (pair.source <= out.pairs_.back().source || pair.target <= out.pairs_.back().target))
      return refuse("they do not go up");
    out.pairs_.push_back(pair);
  }
  return out;
}

}  // namespace millrace::mirror
