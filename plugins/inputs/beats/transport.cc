#include "plugins/inputs/beats/transport.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace millrace::beats {
namespace {

Transport::Io failed(int error) { return {Transport::State::failed, 0, std::strerror(error)}; }

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Transport::Io Transport::handshake() {
  if (!tls_) return {};
  std::lock_guard lock(mutex_);
  const int result = SSL_accept(tls_.get());
  if (result == 1) return {};
  Io io = tls_result(result);
  if (io.state == State::ended) return {State::failed, 0, "the client went away"};
  return io;
}

Transport::Io Transport::read(std::span<char> into) {
  if (!tls_) {
    const ssize_t got = recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) return {State::done, static_cast<std::size_t>(got)};
    if (got == 0) return {State::ended};
    return would_block(errno) ? Io{State::wants_read} : failed(errno);
  }
  std::lock_guard lock(mutex_);
  std::size_t got = 0;
  const int result = SSL_read_ex(tls_.get(), into.data(), into.size(), &got);
  return result == 1 ? Io{State::done, got} : tls_result(result);
}

std::optional<char> Transport::peek() {
  char byte = 0;
  if (!tls_) {
    if (recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 1) return std::nullopt;
    return byte;
  }
  std::lock_guard lock(mutex_);
  std::size_t got = 0;
  if (SSL_peek_ex(tls_.get(), &byte, 1, &got) == 1) return byte;
  clear_tls_errors();
  return std::nullopt;
}

Transport::Io Transport::write(std::string_view bytes) {
  if (!tls_) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return {State::done, static_cast<std::size_t>(sent)};
    return would_block(errno) ? Io{State::wants_write} : failed(errno);
  }
  std::lock_guard lock(mutex_);
  std::size_t sent = 0;
  const int result = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &sent);
  return result == 1 ? Io{State::done, sent} : tls_result(result);
}

void Transport::end_writing() {
  if (tls_) {
    std::lock_guard lock(mutex_);
    SSL_shutdown(tls_.get());
    clear_tls_errors();
  }
  shutdown(fd_, SHUT_WR);
}

Transport::Io Transport::tls_result(int result) {
  const int saved = errno;
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {State::wants_read};
    case SSL_ERROR_WANT_WRITE:
      return {State::wants_write};
    case SSL_ERROR_ZERO_RETURN:
      return {State::ended};
    case SSL_ERROR_SYSCALL:
      clear_tls_errors();
      return saved == 0 ? Io{State::ended} : failed(saved);
    default:
      return {State::failed, 0, take_tls_error()};
  }
}

}  // namespace millrace::beats
