#include "plugins/support/line_framer.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace millrace {
namespace {

constexpr std::size_t kBlockBytes = 128 * 1024;
constexpr std::size_t kLeastRoom = 16 * 1024;
constexpr std::string_view kTooLongTag = "_messagetoolong";

/// `size` or up to three bytes less, so that no UTF-8 character is cut.
std::size_t whole_characters(const char* text, std::size_t size) {
  for (std::size_t back = 0; back < 4 && back < size; ++back)
    if ((static_cast<unsigned char>(text[size - back]) & 0xC0) != 0x80) return size - back;
  return size;
}

}  // namespace

LineFramer::LineFramer(Framing framing, std::uint64_t offset)
    : framing_(std::move(framing)), base_(offset) {
  assert(!framing_.delimiter.empty() && framing_.max_bytes > 0);
}

std::span<char> LineFramer::room() {
  messages_.clear();
  cut_.clear();
  if (!block_) block_ = Block::acquire(kBlockBytes);
  // Readers of a message may look kReadPadding bytes past it: nothing there may change any more.
  const std::size_t writable = shared_ == 0 ? 0 : shared_ + kReadPadding;
  const std::size_t at = end_ >= writable ? begin_ : writable;
  const std::size_t size = unfinished();
  if (at + size + std::max(kLeastRoom, size / 2) > block_->capacity())
    move_unfinished(Block::acquire(std::max(kBlockBytes, size * 5 / 2)), 0);
  else if (at != begin_)
    move_unfinished(block_, at);
  return {block_->data() + end_, block_->capacity() - end_};
}

void LineFramer::move_unfinished(BlockRef to, std::size_t at) {
  const std::size_t size = unfinished();
  std::memmove(to->data() + at, block_->data() + begin_, size);
  base_ += begin_ - at;
  scanned_ = at + (scanned_ - begin_);
  begin_ = at;
  end_ = at + size;
  if (&*to != &*block_) shared_ = 0;
  block_ = std::move(to);
}

void LineFramer::commit(std::size_t got) {
  messages_.clear();
  cut_.clear();
  if (!block_) return;
  end_ += got;
  const char* const end = block_->data() + end_;
  while (const char* found = find_delimiter(block_->data() + scanned_, end)) {
    add_last(static_cast<std::size_t>(found - block_->data()) - begin_);
    begin_ += framing_.delimiter.size();
    scanned_ = begin_;
  }
  const std::size_t partial = framing_.delimiter.size() - 1;
  scanned_ = std::max(begin_, end_ > partial ? end_ - partial : 0);
  add_long(scanned_ - begin_);
  scanned_ = std::max(begin_, scanned_);
}

void LineFramer::finish() {
  commit(0);
  if (begin_ < end_) add_last(unfinished());
  scanned_ = begin_;
}

const char* LineFramer::find_delimiter(const char* from, const char* end) const {
  const std::string& delimiter = framing_.delimiter;
  const auto left = static_cast<std::size_t>(end - from);
  if (delimiter.size() == 1) return static_cast<const char*>(std::memchr(from, delimiter[0], left));
  return static_cast<const char*>(memmem(from, left, delimiter.data(), delimiter.size()));
}

void LineFramer::add(std::size_t size, bool cut) {
  if (cut) cut_.push_back(messages_.size());
  messages_.emplace_back(block_->data() + begin_, size);
  begin_ += size;
  shared_ = begin_;
}

/// Gives out pieces for as long as `size` bytes, which begin at begin_, are more than one message.
void LineFramer::add_long(std::size_t size) {
  while (size > framing_.max_bytes) {
    const std::size_t piece = whole_characters(block_->data() + begin_, framing_.max_bytes);
    add(piece, true);
    size -= piece;
    cut_before_ = true;
  }
}

/// The message that ends `size` bytes after begin_, or what is left of it.
void LineFramer::add_last(std::size_t size) {
  const std::size_t message_end = begin_ + size;
  add_long(size);
  size = message_end - begin_;
  const bool carriage_return =
      framing_.strip_cr && size > 0 && block_->data()[message_end - 1] == '\r';
  add(carriage_return ? size - 1 : size, std::exchange(cut_before_, false));
  begin_ = message_end;
}

void LineFramer::decode(std::size_t first, std::size_t count, Decoder& decoder, Batch& out) const {
  if (count == 0) return;
  out.hold(block_);
  const std::span<const std::string_view> all = messages();
  const std::size_t end = first + count;
  for (auto cut = std::lower_bound(cut_.begin(), cut_.end(), first);
       cut != cut_.end() && *cut < end; ++cut) {
    if (*cut > first) decoder.decode(all.subspan(first, *cut - first), out);
    const std::uint32_t before = out.size();
    decoder.decode(all.subspan(*cut, 1), out);
    for (std::uint32_t at = before; at < out.size(); ++at) out[at].tag(kTooLongTag);
    first = *cut + 1;
  }
  if (first < end) decoder.decode(all.subspan(first, end - first), out);
}

std::uint64_t LineFramer::position_of(std::size_t index) const {
  if (index >= messages_.size()) return base_ + begin_;
  return base_ + static_cast<std::uint64_t>(messages_[index].data() - block_->data());
}

}  // namespace millrace
