#include "plugins/mirror/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <unordered_map>

namespace millrace::mirror {
namespace {

using Kind = Finding::Kind;

std::string range(std::int64_t first, std::int64_t last) {
  return first == last ? fmt::format("offset {}", first)
                       : fmt::format("offsets {} to {}", first, last);
}

/// A side with what is held of it: the head and, on demand, what follows.
class Window {
 public:
  explicit Window(Fingerprints& from, Side& side) : from_(from), side_(side) {}

  /// Holds `count` records, or all that there are.
  Result<void> fill(std::size_t count) {
    while (held_.size() < count && !ended_) {
      auto next = from_.next();
      if (!next) return fail(std::move(next).error());
      if (*next)
        held_.push_back(**next);
      else
        ended_ = true;
    }
    return {};
  }

  bool empty() const { return held_.empty(); }
  std::size_t size() const { return held_.size(); }
  const Fingerprint& operator[](std::size_t i) const { return held_[i]; }

  Fingerprint take() {
    const Fingerprint head = held_.front();
    held_.pop_front();
    if (side_.records++ == 0) side_.first = head.offset;
    side_.last = head.offset;
    side_.hash = roll(side_.hash, head);
    return head;
  }

 private:
  Fingerprints& from_;
  Side& side_;
  std::deque<Fingerprint> held_;
  bool ended_ = false;
};

class Auditor {
 public:
  Auditor(Fingerprints& source, Fingerprints& target,
          const std::function<void(const Finding&)>& report)
      : source_(source, audit_.source), target_(target, audit_.target), report_(report) {}

  Result<Audit> run() {
    if (auto filled = fill(1); !filled) return fail(std::move(filled).error());
    audit_.by_origin = !target_.empty() && target_[0].origin;
    while (!source_.empty() || !target_.empty()) {
      if (auto done = audit_.by_origin ? step_by_origin() : step_by_order(); !done)
        return fail(std::move(done).error());
      if (auto filled = fill(1); !filled) return fail(std::move(filled).error());
    }
    if (open_.kind == Kind::missing) open_.at_end = true;
    close();
    return audit_;
  }

 private:
  Result<void> fill(std::size_t count) {
    if (auto filled = source_.fill(count); !filled) return filled;
    return target_.fill(count);
  }

  Result<void> step_by_origin() {
    if (target_.empty()) {
      missing();
    } else if (const Fingerprint& copy = target_[0]; !copy.origin) {
      extra(Kind::extra);
    } else if (*copy.origin <= seen_) {
      extra(Kind::repeated);
    } else if (!source_.empty() && source_[0].offset < *copy.origin) {
      missing();
    } else {
      const bool known = !source_.empty() && source_[0].offset == *copy.origin;
      seen_ = *copy.origin;
      known ? pair() : extra(Kind::extra);
    }
    return {};
  }

  Result<void> step_by_order() {
    if (source_.empty()) {
      extra(Kind::extra);
    } else if (target_.empty()) {
      missing();
    } else if (difference(source_[0], target_[0]).empty()) {
      pair();
    } else {
      return step_over_difference();
    }
    return {};
  }

  Result<void> step_over_difference() {
    // Most differences are short; a wide look for each would cost.
    for (std::size_t width = 64;; width *= 16) {
      const bool last = width >= kAuditWindow;
      if (auto filled = fill(last ? kAuditWindow : width); !filled) return filled;
      const auto [s, t] = agreement();
      if (!last && s == source_.size() && t == target_.size()) continue;
      explain(s, t);
      return {};
    }
  }

  /// How many records to pass on each side until two are the same again; the fewest together.
  std::pair<std::size_t, std::size_t> agreement() const {
    std::unordered_map<std::uint64_t, std::size_t> places;  // in target_, of the first alike
    for (std::size_t t = target_.size(); t-- > 0;) places[likeness(target_[t])] = t;
    std::pair<std::size_t, std::size_t> best{source_.size(), target_.size()};
    const auto consider = [&](std::size_t s, std::size_t t) {
      if (t < target_.size() && s + t < best.first + best.second && agree(s, t)) best = {s, t};
    };
    for (std::size_t s = 0; s < source_.size() && s < best.first + best.second; ++s) {
      consider(s, s);
      if (const auto found = places.find(likeness(source_[s])); found != places.end())
        consider(s, found->second);
    }
    return best;
  }

  static std::uint64_t likeness(const Fingerprint& record) {
    return roll(static_cast<std::uint64_t>(record.time_ms), record);
  }

  /// Two in a row, or the last: one alone may be a coincidence.
  bool agree(std::size_t s, std::size_t t) const {
    if (!difference(source_[s], target_[t]).empty()) return false;
    if (s + 1 >= source_.size() || t + 1 >= target_.size()) return true;
    return difference(source_[s + 1], target_[t + 1]).empty();
  }

  /// The next `s` and `t` records do not agree. Those with the same key and time are the same
  /// record, altered; as are all of them where both sides have as many.
  void explain(std::size_t s, std::size_t t) {
    for (; s > 0 && t > 0; --s, --t) {
      if (s != t) {
        const std::size_t at = twin(s);
        if (at == s) {
          extra(Kind::extra);
          ++s;  // nothing of the source was passed
          continue;
        }
        for (std::size_t i = 0; i < at; ++i, --s) missing();
      }
      pair();
    }
    for (; s > 0; --s) missing();
    for (; t > 0; --t) extra(Kind::extra);
  }

  /// Which of the next `s` records of the source is the target's head, altered; `s`: none.
  std::size_t twin(std::size_t s) const {
    const Fingerprint& copy = target_[0];
    for (std::size_t i = 0; i < s; ++i)
      if (source_[i].key == copy.key && source_[i].time_ms == copy.time_ms) return i;
    return s;
  }

  void pair() {
    const Fingerprint record = source_.take();
    const Fingerprint copy = target_.take();
    std::string parts = difference(record, copy);
    if (parts.empty()) return close();
    ++audit_.altered;
    add({Kind::altered, 1, record.offset, record.offset, copy.offset, copy.offset,
         std::move(parts)});
  }

  void missing() {
    ++audit_.missing;
    const std::int64_t offset = source_.take().offset;
    add({Kind::missing, 1, offset, offset});
  }

  void extra(Kind kind) {
    ++(kind == Kind::extra ? audit_.extra : audit_.repeated);
    const std::int64_t offset = target_.take().offset;
    add({kind, 1, -1, -1, offset, offset});
  }

  void add(Finding finding) {
    if (open_.records > 0 && open_.kind == finding.kind && open_.parts == finding.parts) {
      ++open_.records;
      open_.source_last = finding.source_last;
      open_.target_last = finding.target_last;
      return;
    }
    close();
    open_ = std::move(finding);
  }

  void close() {
    if (open_.records > 0) report_(open_);
    open_.records = 0;
  }

  Audit audit_;
  Window source_;
  Window target_;
  const std::function<void(const Finding&)>& report_;
  Finding open_;            // goes on as long as records of its kind follow; none: 0 records
  std::int64_t seen_ = -1;  // highest origin so far
};

}  // namespace

std::string describe(const Finding& finding) {
  const std::string source = range(finding.source_first, finding.source_last) + " of the source";
  const std::string target = range(finding.target_first, finding.target_last) + " of the target";
  const std::string count =
      finding.records > 1 ? fmt::format(" ({} records)", finding.records) : "";
  switch (finding.kind) {
    case Kind::altered:
      return fmt::format("altered: {} at {} is at {}{}", finding.parts, source, target, count);
    case Kind::missing:
      return fmt::format("missing: {}{}{}", source, count,
                         finding.at_end ? ", at the end: not mirrored yet, or lost" : "");
    case Kind::extra:
      return fmt::format("extra: {} is not on the source{}", target, count);
    case Kind::repeated:
      return fmt::format("extra: {} was there before{}", target, count);
  }
  return {};
}

Result<Audit> audit(Fingerprints& source, Fingerprints& target,
                    const std::function<void(const Finding&)>& report) {
  return Auditor(source, target, report).run();
}

}  // namespace millrace::mirror
