#include "pipeline/cli/dlq_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <ostream>
#include <tuple>

#include "pipeline/cli/letter_json.h"

namespace millrace::cli {
namespace {

constexpr std::size_t kMostReasons = 10'000;  // told apart by `top`
constexpr std::size_t kShownReasons = 20;
constexpr std::size_t kMostExampleBytes = 200;
constexpr std::size_t kMarksAtOnce = 10'000;

std::string time_text(Timestamp time) {
  std::string text;
  append_iso8601(floor_to_millis(time), text);
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void warn_of_damage(const std::string& queue, const dlq::Browsed& browsed) {
  if (browsed.damaged_bytes > 0)
    fmt::print(stderr,
               "millrace dlq: warning: queue {}: {} bytes are damaged and are left out: their "
               "checksums do not agree\n",
               queue, browsed.damaged_bytes);
}

/// The queues that are meant. Errors: Errc::not_found where there is none.
Result<std::vector<std::string>> queues_of(const DlqOptions& options,
                                           const std::filesystem::path& base) {
  std::vector<std::string> queues = dlq::list_queues(base);
  if (!options.pipeline) return queues;
  if (std::find(queues.begin(), queues.end(), *options.pipeline) != queues.end())
    return std::vector{*options.pipeline};
  return fail(
      Errc::not_found,
      fmt::format("no dead letters of a pipeline `{}` in {}{}", *options.pipeline, base.native(),
                  queues.empty() ? "" : fmt::format("; there are: {}", joined(queues))));
}

/// Browses all queues that are meant, until `see` returns false. Returns an exit status.
int browse_all(const DlqOptions& options, const std::filesystem::path& base,
               const std::function<bool(const std::string&, const dlq::Letter&)>& see) {
  const auto queues = queues_of(options, base);
  if (!queues) return dlq_failed(queues.error());
  bool more = true;
  for (const std::string& queue : *queues) {
    if (!more) break;
    const auto browsed = dlq::browse(base / queue, options.filter, [&](const dlq::Letter& letter) {
      return more = see(queue, letter);
    });
    if (!browsed) return dlq_failed(browsed.error());
    warn_of_damage(queue, *browsed);
  }
  return kSuccess;
}

struct QueueTotals {
  std::uint64_t letters = 0;
  std::uint64_t done = 0;
  Timestamp oldest{INT64_MAX};
  Timestamp newest{INT64_MIN};

  void add(const dlq::Letter& letter) {
    ++(letter.done ? done : letters);
    if (letter.done) return;
    oldest = std::min(oldest, letter.record.time);
    newest = std::max(newest, letter.record.time);
  }
};

struct ReasonTotals {
  std::uint64_t letters = 0;
  Timestamp newest{};
  std::string example;  ///< its id and message
};
using ReasonKey = std::tuple<std::string, std::string, std::string>;  // queue, plugin, code

/// Marks all letters that are meant and returns their number.
Result<std::uint64_t> mark_purged(const DlqOptions& options,
                                  const std::filesystem::path& directory) {
  std::uint64_t purged = 0;
  std::uint64_t segment = 0;
  std::vector<dlq::Mark> marks;
  Result<void> written;
  const auto flush = [&] {
    if (!options.dry_run && !marks.empty())
      written = dlq::append_marks(directory, segment, marks, Timestamp::now());
    if (written) purged += marks.size();
    marks.clear();
    return bool(written);
  };
  const auto browsed = dlq::browse(directory, options.filter, [&](const dlq::Letter& letter) {
    if ((letter.id.segment != segment || marks.size() == kMarksAtOnce) && !flush()) return false;
    segment = letter.id.segment;
    marks.push_back({letter.id.offset, dlq::MarkKind::purged});
    return true;
  });
  if (!browsed) return browsed.error();
  if (written) flush();
  if (!written) return std::move(written).error();
  return purged;
}

}  // namespace

int dlq_failed(const Error& error) {
  fmt::print(stderr, "millrace dlq: {}\n", error.message);
  return error.code == Errc::io ? kPipelineDied : kBadConfig;
}

Result<std::string> one_queue(const DlqOptions& options, const std::filesystem::path& base) {
  auto queues = queues_of(options, base);
  if (!queues) return std::move(queues).error();
  if (queues->size() == 1) return queues->front();
  if (queues->empty())
    return fail(Errc::not_found, fmt::format("no dead letters in {}", base.native()));
  return fail(Errc::invalid, fmt::format("there are several queues ({}): choose one by --pipeline",
                                         joined(*queues)));
}

int dlq_ls(const DlqOptions& options, const std::filesystem::path& base, std::ostream& out) {
  const auto queues = queues_of(options, base);
  if (!queues) return dlq_failed(queues.error());
  dlq::LetterFilter filter = options.filter;
  filter.done_too = true;
  if (queues->empty()) fmt::print(stderr, "no dead letters in {}\n", base.native());
  for (const std::string& queue : *queues) {
    QueueTotals totals;
    const auto browsed = dlq::browse(base / queue, filter, [&](const dlq::Letter& letter) {
      totals.add(letter);
      return true;
    });
    if (!browsed) return dlq_failed(browsed.error());
    out << fmt::format("{}: {} letters, {} done with, {} bytes in {} segments", queue,
                       totals.letters, totals.done, browsed->bytes, browsed->segments);
    if (totals.letters > 0)
      out << fmt::format(", from {} to {}", time_text(totals.oldest), time_text(totals.newest));
    out << '\n';
    warn_of_damage(queue, *browsed);
  }
  return kSuccess;
}

int dlq_show(const DlqOptions& options, const std::filesystem::path& base, std::ostream& out) {
  std::uint64_t left = options.limit.value_or(UINT64_MAX);
  if (left == 0) return kSuccess;
  LetterPrinter printer;
  return browse_all(options, base, [&](const std::string& queue, const dlq::Letter& letter) {
    const std::string_view line = printer.line(queue, letter);
    out.write(line.data(), static_cast<std::streamsize>(line.size()));
    return --left > 0 && out.good();
  });
}

int dlq_top(const DlqOptions& options, const std::filesystem::path& base, std::ostream& out) {
  std::map<ReasonKey, ReasonTotals> reasons;
  const int status =
      browse_all(options, base, [&](const std::string& queue, const dlq::Letter& letter) {
        ReasonKey key{queue, std::string(letter.record.plugin_id), std::string(letter.record.code)};
        if (reasons.size() >= kMostReasons && !reasons.contains(key)) std::get<2>(key) = "(others)";
        ReasonTotals& totals = reasons[std::move(key)];
        if (totals.letters++ == 0)
          totals.example =
              letter.id.text() + " " + quoted(letter.record.message, kMostExampleBytes);
        totals.newest = std::max(totals.newest, letter.record.time);
        return true;
      });
  std::vector<std::pair<ReasonKey, ReasonTotals>> sorted(reasons.begin(), reasons.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second.letters > b.second.letters;
  });
  if (sorted.size() > options.limit.value_or(kShownReasons))
    sorted.resize(options.limit.value_or(kShownReasons));
  for (const auto& [key, totals] : sorted)
    out << fmt::format("{:>8}  {} {} {}, last {}: {}\n", totals.letters, std::get<0>(key),
                       quoted(std::get<1>(key), kMostExampleBytes),
                       quoted(std::get<2>(key), kMostExampleBytes), time_text(totals.newest),
                       totals.example);
  return status;
}

int dlq_purge(const DlqOptions& options, const std::filesystem::path& base, std::ostream& out) {
  if (!options.has_filter() && !options.all)
    return dlq_failed(fail(Errc::invalid,
                           "purge removes letters for good: say which by --since, --until, "
                           "--reason, --component or --id, or say --all"));
  const auto queue = one_queue(options, base);
  if (!queue) return dlq_failed(queue.error());
  const auto lock = dlq::lock_for_operator(base / *queue);
  if (!lock) return dlq_failed(lock.error());
  const auto purged = mark_purged(options, base / *queue);
  if (!purged) return dlq_failed(purged.error());
  if (options.dry_run) {
    out << fmt::format("would remove {} letters of {}\n", *purged, *queue);
    return kSuccess;
  }
  const auto freed = dlq::remove_done_segments(base / *queue);
  if (!freed) return dlq_failed(freed.error());
  out << fmt::format("removed {} letters of {}, {} bytes came free\n", *purged, *queue, *freed);
  return kSuccess;
}

}  // namespace millrace::cli
