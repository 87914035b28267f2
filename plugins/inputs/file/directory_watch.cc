#include "plugins/inputs/file/directory_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>

namespace millrace {
namespace {

constexpr std::uint32_t kNames = IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE;
constexpr std::uint32_t kWatched = kNames | IN_MODIFY | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

DirectoryWatch::DirectoryWatch() : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

DirectoryWatch::~DirectoryWatch() {
  if (fd_ >= 0) close(fd_);
}

bool DirectoryWatch::add(const std::string& directory) {
  if (fd_ < 0) return false;
  const auto [known, is_new] = watches_.emplace(directory, -1);
  if (!is_new) return known->second >= 0;
  known->second = inotify_add_watch(fd_, directory.c_str(), kWatched);
  if (known->second >= 0) directories_[known->second] = directory;
  return known->second >= 0;
}

std::optional<DirectoryWatch::Changes> DirectoryWatch::wait(std::chrono::milliseconds most,
                                                            const StopSignal& stop) {
  pollfd both[] = {{stop.fd(), POLLIN, 0}, {fd_, POLLIN, 0}};
  const auto time = std::clamp<std::int64_t>(most.count(), 0, INT32_MAX);
  poll(both, fd_ >= 0 ? 2 : 1, static_cast<int>(time));
  if (stop.requested()) return std::nullopt;
  Changes changes;
  if (fd_ >= 0 && both[1].revents != 0) take(changes);
  return changes;
}

void DirectoryWatch::take(Changes& out) {
  alignas(inotify_event) char room[16 * 1024];
  for (ssize_t got; (got = read(fd_, room, sizeof room)) > 0;)
    for (const char* at = room; at < room + got;) {
      const auto& event = *reinterpret_cast<const inotify_event*>(at);
      at += sizeof(inotify_event) + event.len;
      out.unknown = out.unknown || (event.mask & IN_Q_OVERFLOW);
      out.names = out.names || (event.mask & kNames);
      const auto directory = directories_.find(event.wd);
      if (directory == directories_.end()) continue;
      if (event.mask & IN_MODIFY) out.written.insert(directory->second + event.name);
      if (event.mask & IN_MOVE_SELF) inotify_rm_watch(fd_, event.wd);  // another may take its path
      if (event.mask & IN_IGNORED) {
        watches_.erase(directory->second);
        directories_.erase(directory);
      }
    }
}

}  // namespace millrace
