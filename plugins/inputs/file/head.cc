#include "plugins/inputs/file/head.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>

namespace millrace {
namespace {

int open_to_look(const std::string& path) {
  return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/// Up to `most` bytes from `offset` on.
std::string read_at(int fd, std::uint64_t offset, std::size_t most) {
  std::string room(most, '\0');
  std::size_t size = 0;
  while (size < most) {
    const ssize_t got =
        pread(fd, room.data() + size, most - size, static_cast<off_t>(offset + size));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  room.resize(size);
  return room;
}

}  // namespace

Head Head::of(std::string_view content) {
  content = content.substr(0, kMost);
  return {static_cast<std::uint32_t>(content.size()), XXH3_64bits(content.data(), content.size())};
}

bool Head::begins(std::string_view content) const {
  return bytes == 0 || (content.size() >= bytes && of(content.substr(0, bytes)) == *this);
}

std::string read_head(int fd) { return read_at(fd, 0, Head::kMost); }

std::string read_head(const std::string& path) {
  const int fd = open_to_look(path);
  if (fd < 0) return "";
  std::string content = read_head(fd);
  close(fd);
  return content;
}

bool is_alike_up_to(std::uint64_t size, const std::string& path, const std::string& other) {
  constexpr std::uint64_t kEnd = 64 * 1024;
  if (size < Head::kMost) return false;
  const std::uint64_t end = std::min(size, kEnd);
  const auto look = [&](const std::string& at) {
    const int fd = open_to_look(at);
    if (fd < 0) return std::string();
    std::string seen = read_head(fd) + read_at(fd, size - end, end);
    close(fd);
    return seen;
  };
  const std::string seen = look(path);
  return seen.size() == Head::kMost + end && seen == look(other);
}

}  // namespace millrace
