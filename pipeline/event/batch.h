#pragma once

#include <memory>
#include <span>
#include <vector>

#include "pipeline/event/arena.h"
#include "pipeline/event/block.h"
#include "pipeline/event/event.h"
#include "pipeline/event/names.h"
#include "pipeline/event/value.h"

namespace millrace {

class Receipt;  // pipeline/run/receipt.h; here it is only carried along

/// Positions of events in a batch, in the order in which they leave.
using Selection = std::vector<std::uint32_t>;

enum class EventState : std::uint8_t {
  live,
  dropped,        ///< the config said so
  replaced,       ///< its children stand for it (split)
  dead_lettered,  ///< an input or a filter refused it for good and the dead-letter queue has dealt
                  ///< with it
};

/// The unit of work: events with all the memory that their values view. Inputs fill it, workers run
/// filters over it, outputs read it.
///
/// Owned by one thread at a time until the outputs get it; then it is shared and nobody changes it
/// any more. Batches are pooled: make() and the deleter keep their memory warm.
class Batch {
 public:
  struct Recycle {
    void operator()(Batch* batch) const;
  };
  using Ptr = std::unique_ptr<Batch, Recycle>;

  /// An empty batch, from the pool where one is free.
  static Ptr make();

  Arena& arena() { return arena_; }
  BatchNames& names() { return names_; }
  const BatchNames& names() const { return names_; }

  std::uint32_t size() const { return static_cast<std::uint32_t>(slots_.size()); }
  bool empty() const { return slots_.empty(); }
  Event operator[](std::uint32_t at) { return Event(*this, at); }
  ConstEvent operator[](std::uint32_t at) const { return ConstEvent(*this, at); }

  /// A new event at the end with `@timestamp` and `@version` set and room for some more fields.
  Event add(Timestamp now);

  /// A new event that comes from event `parent` and shares the fate of its receipt. `fields`
  /// becomes its content. Where it leaves is for the selection to say that it is put into.
  Event add_child(std::uint32_t parent, Object* fields);

  /// The content of event `at` for a child: the top level copied, what is below shared until
  /// somebody writes.
  Object* copy_fields(std::uint32_t at);

  EventState state(std::uint32_t at) const { return slots_[at].state; }
  void set_state(std::uint32_t at, EventState state) { slots_[at].state = state; }
  Receipt* receipt(std::uint32_t at) const { return slots_[at].receipt; }
  void set_receipt(std::uint32_t at, Receipt* receipt) { slots_[at].receipt = receipt; }

  /// Removes events from `size` on: an input gives back what it could not complete.
  void truncate(std::uint32_t size) { slots_.resize(size); }

  /// The two selections, which have no event in common, as one in leaving order: by the event that
  /// came in, and among those that come from one event `a` before `b`.
  Selection merge(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) const;

  /// Keeps `block` alive as long as the batch.
  void hold(BlockRef block) {
    const std::size_t all = block->capacity();
    hold(std::move(block), all);
  }
  /// The same for a block that several batches hold: this one's part of it is `bytes`.
  void hold(BlockRef block, std::size_t bytes) {
    held_bytes_ += bytes;
    blocks_.push_back(std::move(block));
  }

  /// Containers that several events may share are copied before they are changed. After this
  /// `value` is safe to write to.
  void own(Value& value);

  /// A deep copy of a value that belongs to `from`.
  Value adopt(const Batch& from, const Value& value);
  /// A copy of `text` that lives as long as the batch.
  Value copy(std::string_view text) { return Value::of(arena_.copy(text)); }

  /// Memory it pins, in bytes: what queues are bounded by.
  std::size_t footprint() const {
    return arena_.footprint() + held_bytes_ + slots_.size() * sizeof(Slot);
  }

 private:
  friend class Event;
  friend class ConstEvent;
  struct Slot {
    Object* fields;
    Receipt* receipt = nullptr;
    std::uint32_t origin;  // the event that came in and that this one comes from, or is
    EventState state = EventState::live;
  };

  Batch() : names_(arena_) {}
  void clear();

  Arena arena_;
  BatchNames names_;
  std::vector<Slot> slots_;
  std::vector<BlockRef> blocks_;
  std::size_t held_bytes_ = 0;
  // Fields that a new event has room for: as many as the first one had when the batch was last
  // over.
  static constexpr std::uint32_t kLeastRoom = 8, kMostRoom = 64;
  std::uint32_t room_ = kLeastRoom;
};

inline const Object& ConstEvent::fields() const { return *batch_->slots_[at_].fields; }
inline Object& Event::fields() const { return *writable_->slots_[at_].fields; }

}  // namespace millrace
