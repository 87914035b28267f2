#include "plugins/support/read_stdin.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace millrace {

Result<StdinSaid> read_stdin(LineFramer& framer, const StopSignal& stop,
                             std::optional<std::chrono::milliseconds> quiet) {
  for (;;) {
    pollfd waiting[] = {{STDIN_FILENO, POLLIN, 0}, {stop.fd(), POLLIN, 0}};
    const int ready = poll(waiting, 2, quiet ? static_cast<int>(quiet->count()) : -1);
    if (stop.requested()) return StdinSaid::stop;
    if (ready == 0) return StdinSaid::quiet;
    const std::span<char> room = framer.room();
    const ssize_t got = read(STDIN_FILENO, room.data(), room.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return fail(Errc::io, std::string("cannot read: ") + std::strerror(errno));
    if (got == 0) return StdinSaid::end;
    framer.commit(static_cast<std::size_t>(got));
    return StdinSaid::bytes;
  }
}

}  // namespace millrace
