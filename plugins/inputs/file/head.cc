#include "plugins/inputs/file/head.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cerrno>

namespace millrace {

Head Head::of(std::string_view content) {
  content = content.substr(0, kMost);
  return {static_cast<std::uint32_t>(content.size()), XXH3_64bits(content.data(), content.size())};
}

bool Head::begins(std::string_view content) const {
  return bytes == 0 || (content.size() >= bytes && of(content.substr(0, bytes)) == *this);
}

std::string read_head(int fd) {
  std::array<char, Head::kMost> room;
  std::size_t size = 0;
  while (size < room.size()) {
    const ssize_t got = pread(fd, room.data() + size, room.size() - size, static_cast<off_t>(size));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  return {room.data(), size};
}

std::string read_head(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return "";
  std::string content = read_head(fd);
  close(fd);
  return content;
}

}  // namespace millrace
