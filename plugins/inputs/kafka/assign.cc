#include "plugins/inputs/kafka/assign.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

namespace millrace::kafka::in {
namespace {

std::optional<std::int32_t> number_of(std::string_view text) {
  std::int32_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && number >= 0 ? std::optional(number) : std::nullopt;
}

struct Run {
  std::string topic;
  std::int32_t first;
  std::int32_t last;
};

std::optional<Run> run_of(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == 0 || colon == std::string_view::npos) return std::nullopt;
  const std::string_view numbers = text.substr(colon + 1);
  const std::size_t dash = numbers.find('-');
  const auto first = number_of(numbers.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number_of(numbers.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return Run{std::string(text.substr(0, colon)), *first, *last};
}

}  // namespace

Result<std::vector<TopicPartition>> parse_assigned(std::span<const std::string> texts) {
  std::vector<TopicPartition> out;
  std::set<TopicPartition> seen;
  for (const std::string& text : texts) {
    const auto run = run_of(text);
    if (!run)
      return fail(Errc::invalid,
                  fmt::format("`{}` names no partition: a topic, a colon and a number are "
                              "expected, or two numbers with a dash",
                              text));
    const auto count = static_cast<std::size_t>(std::int64_t{run->last} - run->first + 1);
    if (count > kMostAssigned - out.size())
      return fail(Errc::invalid,
                  fmt::format("`{}` makes more than {} partitions", text, kMostAssigned));
    for (std::size_t i = 0; i < count; ++i) {
      TopicPartition place{run->topic, run->first + static_cast<std::int32_t>(i)};
      if (!seen.insert(place).second)
        return fail(Errc::invalid,
                    fmt::format("`{}:{}` is there twice", place.topic, place.partition));
      out.push_back(std::move(place));
    }
  }
  return out;
}

std::vector<TopicPartition> share_of(std::span<const TopicPartition> all, std::size_t number,
                                     std::size_t members) {
  std::vector<TopicPartition> out;
  for (std::size_t i = number; i < all.size(); i += members) out.push_back(all[i]);
  return out;
}

}  // namespace millrace::kafka::in
