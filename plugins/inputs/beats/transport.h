#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "plugins/support/tls_server.h"

namespace millrace::beats {

/// A connected TCP socket, plain or under TLS; nothing here ever waits. read() and write() may be
/// called by two threads at once; the rest by one.
class Transport {
 public:
  enum class State {
    done,
    wants_read,   ///< try again when the socket is readable
    wants_write,  ///< ... writable
    ended,        ///< the peer will send no more
    failed,
  };
  struct Io {
    State state = State::done;
    std::size_t bytes = 0;
    std::string error{};  ///< of failed
  };

  /// `fd` is not blocking and stays the caller's. `tls` is nullptr for a plain connection.
  Transport(int fd, TlsSession tls) : fd_(fd), tls_(std::move(tls)) {}

  Io handshake();
  Io read(std::span<char> into);
  /// The byte that read() will give first; nullopt: there is none yet.
  std::optional<char> peek();
  Io write(std::string_view bytes);
  /// No more will be written: the peer sees the end behind what was.
  void end_writing();

  /// nullptr: a plain connection.
  const SSL* tls() const { return tls_.get(); }

 private:
  Io tls_result(int result);

  const int fd_;
  std::mutex mutex_;  // TLS can do one thing at a time
  TlsSession tls_;    // guarded by mutex_
};

}  // namespace millrace::beats
