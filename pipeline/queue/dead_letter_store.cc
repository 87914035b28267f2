#include "pipeline/queue/dead_letter_store.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "pipeline/observe/log.h"
#include "pipeline/observe/thread_name.h"
#include "pipeline/queue/dead_letter_marks.h"

namespace millrace {
namespace {

using namespace dlq;

constexpr std::uint64_t kMostSegmentBytes = std::uint64_t{10} << 20;
constexpr std::uint64_t kLeastSegmentBytes = std::uint64_t{4} << 10;
constexpr std::size_t kMostPendingBytes = std::size_t{1} << 20;

/// A power cut may leave a file with its size but without what was written.
bool is_blank(const File& file) {
  char header[kSegmentHeader.size()] = {};
  const auto read = file.read_at(header, sizeof header, 0);
  return read && std::all_of(header, header + *read, [](char c) { return c == 0; });
}

}  // namespace

/// One call of write().
struct DeadLetterStore::Pass {
  const Timestamp now = Timestamp::now();
  Buffer record;              // of the letter that is looked at
  Buffer pending{};           // records that are not on the disk yet
  DeadLetterCounts counts{};  // of the letters since the last commit
  std::size_t settled = 0;    // letters that are dealt with and on the disk
};

DeadLetterStore::DeadLetterStore(DeadLetterSettings settings)
    : settings_(std::move(settings)),
      most_segment_bytes_(
          std::clamp(settings_.max_bytes / 10, kLeastSegmentBytes, kMostSegmentBytes)) {}

DeadLetterStore::~DeadLetterStore() { close(); }

Result<void> DeadLetterStore::open() {
  const std::lock_guard lock(mutex_);
  std::error_code error;
  std::filesystem::create_directories(settings_.directory, error);
  if (error)
    return fail(Errc::io, fmt::format("dead_letter_queue: cannot create {}: {}",
                                      settings_.directory.native(), error.message()));
  auto claimed = File::open(settings_.directory / ".lock", O_RDWR | O_CREAT);
  if (!claimed) return std::move(claimed).error().at("dead_letter_queue");
  if (!claimed->try_lock())
    return fail(Errc::closed,
                fmt::format("dead_letter_queue: another millrace writes to {}; give this one its "
                            "own with --path.dead_letter_queue DIR",
                            settings_.directory.native()));
  lock_ = std::move(*claimed);
  auto recovered = recover();
  if (!recovered) {
    segment_ = File();
    lock_ = File();  // nothing is written to what is not understood, and open() may be called again
    return std::move(recovered).error().at("dead_letter_queue");
  }
  tender_ = std::thread([this] {
    name_thread("dead letters");
    std::unique_lock waiting(mutex_);
    while (!closed_.wait_for(waiting, settings_.flush_interval, [&] { return closing_; }))
      tend_now();
  });
  return {};
}

void DeadLetterStore::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  closed_.notify_all();
  if (tender_.joinable()) tender_.join();
  const std::lock_guard lock(mutex_);
  if (!lock_.is_open()) return;
  seal();
  lock_ = File();
}

/// What a process that ended badly left open is sealed without its torn end. Caller holds mutex_,
/// as in all that follows.
Result<void> DeadLetterStore::recover() {
  auto segments = list_segments(settings_.directory);
  if (!segments) return std::move(segments).error();
  std::uint64_t latest = last_number(settings_.directory);
  for (const SegmentFile& file : *segments) {
    latest = std::max(latest, file.number);
    if (file.path.extension() == ".dlq") continue;
    auto opened = File::open(file.path, O_RDWR);
    if (!opened) return std::move(opened).error();
    const auto summary = is_blank(*opened) ? SegmentSummary() : summarize(file);
    if (!summary) return summary.error();
    if (file.bytes > summary->good_bytes) {
      log::warn(settings_.component, "{}: {} bytes of a letter that was never whole are cut off",
                file.path.native(), file.bytes - summary->good_bytes);
      auto cut = opened->truncate(summary->good_bytes);
      if (cut) cut = opened->sync();
      if (!cut) return cut;
    }
    segment_ = std::move(*opened);
    good_bytes_ = summary->good_bytes;
    entries_ = summary->entries;
    number_ = file.number;
    seal();
  }
  number_ = latest;
  recount();
  remove_expired();
  return {};
}

std::size_t DeadLetterStore::write(std::span<const DeadLetter> letters,
                                   std::span<DeadLetterOutcome> outcomes) {
  const std::lock_guard lock(mutex_);
  if (!lock_.is_open()) return 0;
  Pass pass;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const auto outcome = add(letters[i], pass);
    if (!outcome) break;
    outcomes[i] = *outcome;
    if (pass.pending.size() >= kMostPendingBytes && !commit(pass)) break;
  }
  commit(pass);
  return pass.settled;
}

/// nullopt: it has to wait.
std::optional<DeadLetterOutcome> DeadLetterStore::add(const DeadLetter& letter, Pass& pass) {
  const auto drop = [&] {
    ++pass.counts.dropped;
    return DeadLetterOutcome::dropped;
  };
  pass.record.clear();
  const auto encoded = write_record(letter, pass.now, pass.record);
  const std::uint64_t size = pass.record.size();
  if (!encoded || kSegmentHeader.size() + size > settings_.max_bytes) {
    log::warn(settings_.component, "not kept: {}",
              encoded ? fmt::format("a dead letter of {} bytes; dead_letter_queue.max_bytes is {}",
                                    size, settings_.max_bytes)
                      : encoded.error().message);
    return drop();
  }
  const std::uint64_t before = segment_bytes(pass);
  if (before > kSegmentHeader.size() && before + size > most_segment_bytes_) {
    if (!commit(pass)) return std::nullopt;
    seal();
  }
  if (!fits(kSegmentHeader.size() + pass.pending.size() + size)) {
    if (!commit(pass)) return std::nullopt;
    if (!make_room(kSegmentHeader.size() + size)) {
      if (settings_.when_full == FullQueue::block) return std::nullopt;
      return drop();
    }
  }
  pass.pending.append(pass.record.view());
  ++pass.counts.kept;
  return DeadLetterOutcome::kept;
}

std::uint64_t DeadLetterStore::segment_bytes(const Pass& pass) const {
  return (segment_.is_open() ? good_bytes_ : kSegmentHeader.size()) + pass.pending.size();
}

/// Settles what was added. False: it could not be written; none of it is settled.
bool DeadLetterStore::commit(Pass& pass) {
  auto written = pass.pending.empty() ? Result<void>() : write_pending(pass);
  if (written) {
    if (!pass.pending.empty() && !trouble_.empty() && fits(most_segment_bytes_)) {
      log::info(settings_.component, "takes letters again");
      trouble_.clear();
    }
    good_bytes_ += pass.pending.size();
    bytes_ += pass.pending.size();
    entries_ += pass.counts.kept;
    counts_.kept += pass.counts.kept;
    counts_.dropped += pass.counts.dropped;
    pass.settled += pass.counts.kept + pass.counts.dropped;
  } else {
    say_trouble(written.error().message + "; events wait");
    abandon_pending();
  }
  pass.pending.clear();
  pass.counts = {};
  return bool(written);
}

Result<void> DeadLetterStore::write_pending(const Pass& pass) {
  if (!segment_.is_open()) {
    auto begun = begin_segment();
    if (!begun) return begun;
  }
  written_ = Clock::now();
  auto written = segment_.write(pass.pending.view());
  return written ? segment_.sync() : written;
}

Result<void> DeadLetterStore::begin_segment() {
  // The number is kept before it is used: readers remember how far they are by it.
  auto done = lock_.write_at(fmt::format("{:020}\n", number_ + 1), 0);
  if (done) done = lock_.sync();
  if (!done) return done;
  auto made = File::open(open_path(settings_.directory, number_ + 1),
                         O_RDWR | O_CREAT | O_TRUNC | O_APPEND);
  if (!made) return std::move(made).error();
  ++number_;
  segment_ = std::move(*made);
  good_bytes_ = kSegmentHeader.size();
  entries_ = 0;
  bytes_ += good_bytes_;
  done = segment_.write(kSegmentHeader);
  return done ? sync_directory(settings_.directory) : done;
}

/// After a write or a sync that failed nobody knows what is on the disk: what was settled stays,
/// the rest is cut off, and the next try begins a segment of its own.
void DeadLetterStore::abandon_pending() {
  if (!segment_.is_open()) return;
  const auto cut = segment_.truncate(good_bytes_);
  if (!cut) log::warn(settings_.component, "{}", cut.error().message);
  seal();
}

/// Ends the open segment. One in which nothing is left to do goes at once.
void DeadLetterStore::seal() {
  if (!segment_.is_open()) return;
  const File ended = std::move(segment_);
  const auto marks = Marks::load(settings_.directory, number_);
  if (entries_ == 0 || (marks && marks->done() >= entries_)) {
    std::error_code ignored;  // it would be found again by open()
    std::filesystem::remove(ended.path(), ignored);
    std::filesystem::remove(marks_path(settings_.directory, number_), ignored);
    bytes_ -= std::min(bytes_, good_bytes_);
    return;
  }
  std::error_code error;
  std::filesystem::rename(ended.path(), sealed_path(settings_.directory, number_), error);
  if (error)
    log::warn(settings_.component, "cannot rename {}: {}", ended.path().native(), error.message());
}

/// True where `more` bytes fit by now. A full queue is looked at anew: consumers and operators
/// remove whole segments, but not one that is being written.
bool DeadLetterStore::make_room(std::uint64_t more) {
  if (Clock::now() - counted_ >= settings_.look_again) {
    seal();
    remove_expired();
    recount();
  }
  if (settings_.when_full == FullQueue::drop_older && !fits(more)) {
    seal();
    auto segments = list_segments(settings_.directory);
    for (std::size_t i = 0; segments && i < segments->size() && !fits(more); ++i)
      remove((*segments)[i], counts_.dropped_older);
  }
  if (fits(more)) return true;
  say_trouble(fmt::format("full: {} of dead_letter_queue.max_bytes {}; {}", bytes_,
                          settings_.max_bytes,
                          settings_.when_full == FullQueue::block
                              ? "events wait until `millrace dlq replay` or `purge` makes room"
                              : "new letters are dropped and counted"));
  return false;
}

/// `counter` gets the letters that nobody had dealt with.
void DeadLetterStore::remove(const SegmentFile& segment, std::uint64_t& counter) {
  const auto summary = summarize(segment);
  const auto marks = Marks::load(settings_.directory, segment.number);
  const std::uint64_t entries = summary ? summary->entries : 0;
  const std::uint64_t done = marks ? marks->done() : 0;
  std::error_code error;
  if (!std::filesystem::remove(segment.path, error) && error) {
    log::warn(settings_.component, "cannot remove {}: {}", segment.path.native(), error.message());
    return;
  }
  std::filesystem::remove(marks_path(settings_.directory, segment.number), error);
  bytes_ -= std::min(bytes_, segment.bytes);
  const std::uint64_t lost = entries - std::min(entries, done);
  counter += lost;
  log::warn(settings_.component, "{} is removed with {} letters: {}", segment.path.native(), lost,
            &counter == &counts_.expired ? "older than dead_letter_queue.retain.age"
                                         : "the queue is full");
}

void DeadLetterStore::remove_expired() {
  if (!settings_.retain_age) return;
  const auto segments = list_segments(settings_.directory);
  if (!segments) return;
  const auto oldest = std::filesystem::file_time_type::clock::now() - *settings_.retain_age;
  for (const SegmentFile& segment : *segments) {
    std::error_code error;
    const auto written = std::filesystem::last_write_time(segment.path, error);
    if (segment.sealed && !error && written < oldest) remove(segment, counts_.expired);
  }
}

void DeadLetterStore::recount() {
  counted_ = Clock::now();
  const auto segments = list_segments(settings_.directory);
  if (!segments) return;
  bytes_ = 0;
  for (const SegmentFile& segment : *segments) bytes_ += segment.bytes;
}

void DeadLetterStore::tend() {
  const std::lock_guard lock(mutex_);
  tend_now();
}

void DeadLetterStore::tend_now() {
  if (segment_.is_open() && Clock::now() - written_ >= settings_.flush_interval) seal();
  remove_expired();
}

void DeadLetterStore::say_trouble(std::string what) {
  if (!trouble_.empty()) return;
  log::error(settings_.component, "{}", what);
  trouble_ = std::move(what);
}

DeadLetterCounts DeadLetterStore::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::uint64_t DeadLetterStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace millrace
