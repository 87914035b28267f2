#include "pipeline/event/names.h"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "pipeline/event/buffer.h"
#include "pipeline/event/json_write.h"

namespace millrace {
namespace {

std::uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

/// Open-addressing table of ids, readable while it is written: slots only ever go from empty to an
/// id.
struct Table {
  explicit Table(std::size_t capacity)
      : mask(capacity - 1), slots(new std::atomic<NameId>[capacity]) {
    for (std::size_t i = 0; i < capacity; ++i) slots[i].store(kNoName, std::memory_order_relaxed);
  }
  std::size_t mask;
  std::unique_ptr<std::atomic<NameId>[]> slots;
};

}  // namespace

constinit std::atomic<Name*> Names::segments_[kMostSegments] = {};

/// Finds names by their text and adds them.
class NameTable {
 public:
  static NameTable& instance() {
    static auto* all = new NameTable;
    return *all;
  }

  NameTable() {
    table_.store(tables_.emplace_back(std::make_unique<Table>(1024)).get());
    for (std::string_view text :
         {"@timestamp", "@version", "@metadata", "message", "tags", "event", "original", "host"})
      add(text);
  }

  std::size_t count() const { return count_.load(std::memory_order_acquire); }

  NameId find(std::string_view text) const {
    const Table& table = *table_.load(std::memory_order_acquire);
    for (std::size_t i = hash_of(text);; ++i) {
      const NameId id = table.slots[i & table.mask].load(std::memory_order_acquire);
      if (id == kNoName) return kFirstLocalName;
      if (Names::get(id).text == text) return id;
    }
  }

  NameId intern(std::string_view text) {
    std::lock_guard lock(mutex_);
    const NameId id = find(text);
    return id != kFirstLocalName ? id : add(text);
  }

 private:
  NameId add(std::string_view text) {
    const std::size_t id = count_.load(std::memory_order_relaxed);
    constexpr std::size_t kSegment = Names::kSegment;
    if (id / kSegment >= Names::kMostSegments)
      std::abort();  // four million names in configs: a runaway generator, not a config
    std::atomic<Name*>& segment = Names::segments_[id / kSegment];
    if (id % kSegment == 0) segment.store(new Name[kSegment], std::memory_order_release);
    const std::string& own = texts_.emplace_back(text);
    Buffer key;
    write_json_string(own, key);
    key.push_back(':');
    const std::string& padded = texts_.emplace_back(key.view()).append(kReadPadding, '\0');
    segment.load(std::memory_order_relaxed)[id % kSegment] = {
        own, std::string_view(padded).substr(0, key.size())};
    if ((id + 1) * 2 > tables_.back()->mask) grow();
    place(*tables_.back(), static_cast<NameId>(id));
    count_.store(id + 1, std::memory_order_release);
    return static_cast<NameId>(id);
  }

  void place(Table& table, NameId id) {
    std::size_t i = hash_of(Names::get(id).text);
    while (table.slots[i & table.mask].load(std::memory_order_relaxed) != kNoName) ++i;
    table.slots[i & table.mask].store(id, std::memory_order_release);
  }

  void grow() {  // readers may still be in the old table, so it is kept
    auto& bigger = tables_.emplace_back(std::make_unique<Table>((tables_.back()->mask + 1) * 2));
    for (NameId id = 0; id < count_.load(std::memory_order_relaxed); ++id) place(*bigger, id);
    table_.store(bigger.get(), std::memory_order_release);
  }

  std::mutex mutex_;  // serialises add()
  std::deque<std::string> texts_;
  std::vector<std::unique_ptr<Table>> tables_;
  std::atomic<Table*> table_;
  std::atomic<std::size_t> count_{0};
};

namespace {

/// Makes the table before main(): get() does not look whether it is there.
[[maybe_unused]] const NameTable& made_at_start = NameTable::instance();

}  // namespace

NameId Names::intern(std::string_view text) { return NameTable::instance().intern(text); }
NameId Names::find(std::string_view text) { return NameTable::instance().find(text); }
std::size_t Names::count() { return NameTable::instance().count(); }

NameId BatchNames::id(std::string_view text) {
  // A name that became process-wide after this batch was begun keeps the local id that it may have
  // here.
  if (const NameId known = find(text); known != kNoName) return known;
  const NameId id = kFirstLocalName + static_cast<NameId>(local_.size());
  const std::string_view own = arena_.copy(text);
  Buffer key;
  write_json_string(own, key);
  key.push_back(':');
  local_.push_back({own, arena_.copy(key.view())});
  local_ids_.emplace(own, id);
  return id;
}

NameId BatchNames::find(std::string_view text) const {
  if (const NameId global = Names::find(text); global != kFirstLocalName)
    return as_known_here(global);
  if (local_ids_.empty()) return kNoName;
  auto found = local_ids_.find(text);
  return found == local_ids_.end() ? kNoName : found->second;
}

NameId BatchNames::renamed(NameId id) const {
  if (id >= kFirstLocalName) return id;
  auto found = local_ids_.find(Names::get(id).text);
  return found == local_ids_.end() ? id : found->second;
}

void BatchNames::reset() {
  local_.clear();
  local_ids_.clear();
  known_ = Names::count();
}

}  // namespace millrace
