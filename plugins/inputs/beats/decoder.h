#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/result.h"
#include "plugins/inputs/beats/inflater.h"
#include "plugins/inputs/beats/stream_buffer.h"

/// The lumberjack protocol, versions 1 and 2 in any mixture: frames of big-endian integers,
///
///     W  version 'W' count                      opens a window of so many events
///     J  version 'J' sequence length JSON       one event
///     D  version 'D' sequence pairs (klen key vlen value)*
///     C  version 'C' length zlib-stream         holds whole frames, but no C
///
/// Facts from elastic/go-lumber, elastic/beats and logstash-input-beats's PROTOCOL.md.
namespace millrace::beats {

struct Limits {
  std::uint32_t window_events = 65'536;
  std::size_t event_bytes = std::size_t{16} << 20;      ///< larger events are skipped
  std::size_t frame_bytes = std::size_t{128} << 20;     ///< as sent; also of a skipped event
  std::size_t inflated_bytes = std::size_t{256} << 20;  ///< of one window or compressed frame
  std::uint32_t pairs = 10'000;                         ///< of one D frame
  /// An event outside of a window is refused; else it is a window of its own.
  bool strict_windows = true;
};

/// What the stream says next.
struct Item {
  enum class Kind {
    window,     ///< `count` events will follow; none: the window is complete
    json,       ///< an event: `payload` is its text
    pairs,      ///< an event: `payload` is read with PairReader
    oversized,  ///< an event past Limits::event_bytes: `payload` is how its texts begin
  };
  Kind kind = Kind::window;
  char version = '2';  ///< of the frame; of its window's W where ends_window
  std::uint32_t sequence = 0;
  std::uint32_t count = 0;     ///< of a window: events; of pairs: pairs
  std::string_view payload{};  ///< until the next call of the decoder, or as long as block()
  std::uint64_t length = 0;    ///< of an oversized event, in bytes as sent
  bool ends_window = false;    ///< the last event of its window (or the window has none)
};

/// Bytes of one connection -> items, a pure function of the bytes however they are cut. Memory
/// grows with what has arrived, up to the limits; nothing is allocated by an announced size.
class Decoder {
 public:
  /// How much of an oversized event is kept.
  static constexpr std::size_t kOversizedHead = 64 * 1024;

  explicit Decoder(Limits limits) : limits_(limits) {}

  /// Where the stream's next bytes go, and how many were put there.
  std::span<char> room() { return raw_.room(kLeastRoom); }
  void commit(std::size_t bytes) { raw_.commit(bytes); }

  /// nullopt: more bytes are needed. Errors: Errc::protocol or Errc::limit; the position in the
  /// stream is lost then, and the decoder must not be used any more.
  Result<std::optional<Item>> next();

  /// What the payload of the latest json or pairs item lies in, for a batch that views it. Before
  /// such a batch is given away, share_blocks() must be called.
  const BlockRef& block() const { return current().block(); }
  /// Bytes in block() behind the latest item.
  std::size_t bytes_behind() const { return current().unread().size(); }
  void share_blocks() { raw_.share(), inflated_.share(); }

  /// A compressed frame is unpacked when all of it is there, which is faster. This one shall not be
  /// waited for: memory is short.
  void stop_collecting() { collects_ = false; }

  /// Call when the source has nothing more for now: idle connections hold little memory.
  void park() { raw_.park(), inflated_.park(); }

  /// Somewhere inside a frame.
  bool in_frame() const { return inside_ || skip_ || !raw_.unread().empty(); }
  bool in_window() const { return window_.open; }
  std::size_t footprint() const {
    return raw_.footprint() + inflated_.footprint() + (inflater_ ? Inflater::kFootprint : 0);
  }

 private:
  static constexpr std::size_t kLeastRoom = 16 * 1024;

  struct Window {
    bool open = false;
    char version = '2';
    std::uint32_t announced = 0;
    std::uint32_t received = 0;
  };
  /// An event that is too large to be kept, on its way past.
  struct Skip {
    Item item;
    std::uint64_t left;            // bytes of the text under way
    std::uint64_t texts_left = 0;  // further texts, each with its length before it
    std::string head;
  };
  /// How far the lengths inside an unfinished D frame were followed.
  struct PairScan {
    std::size_t at = 0;  // 0: none under way
    std::uint64_t texts_left = 0;
  };
  using Next = Result<std::optional<Item>>;

  StreamBuffer& current() { return inside_ ? inflated_ : raw_; }
  const StreamBuffer& current() const { return inside_ ? inflated_ : raw_; }

  Next parse();
  Next parse_window(std::string_view bytes);
  Next parse_json(std::string_view bytes);
  Next parse_pairs(std::string_view bytes);
  Next begin_compressed(std::string_view bytes);
  Next skip();
  Result<void> begin_event(char version);
  std::optional<Item> end_event(Item item);
  std::optional<Item> take(Item item, std::size_t header, std::size_t payload);
  Next begin_skip(Item item, std::size_t consumed, std::uint64_t left, std::uint64_t texts);
  bool inflate_at_once(std::string_view stream);
  /// False: more compressed bytes are needed.
  Result<bool> inflate_more();
  Result<bool> end_compressed();
  Error refuse(Errc code, std::string what) const;

  const Limits limits_;
  StreamBuffer raw_;
  StreamBuffer inflated_;
  bool inside_ = false;                 // of a C frame
  bool collects_ = true;                // the C frame that is next or under way
  std::unique_ptr<Inflater> inflater_;  // of one that is not unpacked as a whole
  std::size_t ratio_ = 12;              // to which the next one will inflate, about
  std::uint64_t compressed_left_ = 0;   // of the C frame, in raw_ or still to come
  bool inflated_all_ = false;           // its zlib stream has ended
  std::uint64_t inflated_bytes_ = 0;    // of this window
  Window window_;
  std::optional<Skip> skip_;
  PairScan pairs_;
  std::string oversized_head_;  // what the latest oversized item views
};

/// The pairs of a D frame, whose lengths the decoder has checked.
class PairReader {
 public:
  explicit PairReader(const Item& item) : rest_(item.payload) {}
  struct Pair {
    std::string_view key;
    std::string_view value;
  };
  std::optional<Pair> next();

 private:
  std::string_view text();
  std::string_view rest_;
};

}  // namespace millrace::beats
