#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pipeline/event/batch.h"
#include "pipeline/event/buffer.h"

namespace millrace {

/// Bytes -> events, for one stream (a file, a connection) or for the messages of one input thread.
/// Keeps what it must hold back between calls, within its own bound in bytes. Not thread-safe.
class Decoder {
 public:
  virtual ~Decoder() = default;

  /// Appends the events of whole `messages` to `out`. The messages' bytes live as long as `out` and
  /// have kReadPadding readable bytes behind them, so values may view them. Bytes that make no
  /// sense become an event with a failure tag, never nothing.
  virtual void decode(std::span<const std::string_view> messages, Batch& out) = 0;

  /// Appends what is held back: the source has ended, or has been quiet for auto_flush().
  virtual void flush(Batch& /*out*/) {}

  /// How many of the latest messages are not covered by events yet. An input's position must not
  /// pass them.
  virtual std::size_t held_messages() const { return 0; }

  /// Flush after this much silence; nullopt: only at the end.
  virtual std::optional<std::chrono::milliseconds> auto_flush() const { return std::nullopt; }
};

/// Event -> bytes. Shared by all workers: encode() is const and thread-safe.
class Encoder {
 public:
  virtual ~Encoder() = default;
  /// Appends the event, with whatever delimiter the codec puts behind it.
  virtual void encode(const ConstEvent& event, Buffer& out) const = 0;

  /// What the bytes of every event end with and what is found nowhere else in them, or nearly so: a
  /// file's reader tells events apart by it, and so does the file output after a crash. "": nothing
  /// of the kind.
  virtual std::string_view ending() const { return {}; }
};

/// How an input that reads a stream of bytes cuts messages for a codec.
struct Framing {
  std::string delimiter = "\n";
  /// A longer message is cut here and its pieces are tagged `_messagetoolong`, so that nothing is
  /// lost and memory has a bound.
  std::size_t max_bytes = std::size_t{16} << 20;
  /// A carriage return before the delimiter is not part of the message.
  bool strip_cr = false;
};

/// A codec as a config names it, options read: makes the coders for it.
class Codec {
 public:
  virtual ~Codec() = default;

  /// For inputs whose protocol delivers whole messages (a Kafka record, generator's lines).
  virtual std::unique_ptr<Decoder> message_decoder() const = 0;

  /// For inputs that read a stream and cut it by framing(): each message is one line. As in
  /// Logstash `plain` means `line` here, and `json` means `json_lines`.
  virtual std::unique_ptr<Decoder> stream_decoder() const { return message_decoder(); }
  virtual Framing framing() const { return {}; }

  virtual std::unique_ptr<Encoder> encoder() const = 0;
};

}  // namespace millrace
