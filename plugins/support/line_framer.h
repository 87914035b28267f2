#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "pipeline/event/block.h"
#include "pipeline/plugin/codec.h"

namespace millrace {

/// Cuts a stream of bytes into a codec's messages. The messages are views of the blocks that the
/// stream was read into; only what a read leaves unfinished is ever moved.
///
///     LineFramer framer(codec->framing(), offset);
///     std::span<char> room = framer.room();
///     framer.commit(read(fd, room.data(), room.size()));
///     framer.decode(0, framer.messages().size(), *decoder, *batch);
///     // the source may go on at framer.position_of(framer.messages().size() - held), where held
///     is
///     // decoder->held_messages(); where that is more than messages(), at the position before
///
/// Memory: one block of 128 KiB, or two and a half times the unfinished message where that is
/// larger, which framing.max_bytes bounds; plus the blocks that batches hold.
class LineFramer {
 public:
  /// `offset`: the stream's position of the first byte to come.
  explicit LineFramer(Framing framing, std::uint64_t offset = 0);

  /// Where to read the next bytes of the stream into; never empty. Does not touch bytes of messages
  /// that were given out.
  std::span<char> room();

  /// The first `got` bytes of the latest room() were filled. messages() are the ones that are
  /// complete now.
  void commit(std::size_t got);

  /// The stream has ended: messages() is the unfinished rest, if there is one.
  void finish();

  /// What the latest commit() or finish() found, in order. The views hold until the next room(), or
  /// as long as block() is held.
  std::span<const std::string_view> messages() const { return messages_; }
  const BlockRef& block() const { return block_; }

  /// Decodes `count` messages from `first` on into `out`, which holds the block from then on. The
  /// events of messages longer than framing.max_bytes, which were cut, are tagged
  /// `_messagetoolong`.
  void decode(std::size_t first, std::size_t count, Decoder& decoder, Batch& out) const;

  /// Stream position at which message `index` begins; of messages().size(): where the first
  /// unfinished message begins.
  std::uint64_t position_of(std::size_t index) const;

  /// Bytes read that are in no message yet.
  std::size_t unfinished() const { return end_ - begin_; }

 private:
  void move_unfinished(BlockRef to, std::size_t at);
  const char* find_delimiter(const char* from, const char* end) const;
  void add(std::size_t size, bool cut);
  void add_long(std::size_t size);
  void add_last(std::size_t size);

  Framing framing_;
  BlockRef block_;
  std::size_t begin_ = 0;    // of the unfinished message in block_
  std::size_t end_ = 0;      // of what was read
  std::size_t scanned_ = 0;  // no delimiter begins before this
  std::size_t shared_ = 0;   // messages before this were given out
  std::uint64_t base_;       // stream position of block_'s first byte; wraps below zero at times
  bool cut_before_ = false;  // the unfinished message is the rest of one that was cut
  std::vector<std::string_view> messages_;
  std::vector<std::size_t> cut_;  // indexes of messages that are pieces, ascending
};

}  // namespace millrace
