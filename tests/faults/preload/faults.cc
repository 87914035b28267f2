// Stands before the C library's calls (LD_PRELOAD) and injects what rules.h describes. Programs
// that are built with 64-bit offsets or with fortified headers call the same functions by other
// names, so each has several here. What stdio writes of its own accord does not come by: of a
// FILE*, fwrite and fflush do.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <vector>

#include "tests/faults/preload/rules.h"

namespace {

using faults::Action;
using Kind = faults::Action::Kind;

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

void die() {
  ::kill(getpid(), SIGKILL);
  for (;;) pause();  // the signal is on its way
}

/// For calls that have no bytes: half of one is all of it.
template <typename Call>
int run(const Action& action, Call call) {
  switch (action.kind) {
    case Kind::error:
      errno = action.error;
      return -1;
    case Kind::kill_before:
      die();
      break;
    case Kind::kill_after:
    case Kind::kill_half:
      call();
      die();
      break;
    case Kind::none:
    case Kind::short_write:
      break;
  }
  return call();
}

/// `call(n)` writes the first n of `size` bytes.
template <typename Call>
ssize_t run_write(const Action& action, std::size_t size, Call call) {
  switch (action.kind) {
    case Kind::kill_half:
      call(action.bytes < 0 ? size / 2 : static_cast<std::size_t>(action.bytes));
      die();
      break;
    case Kind::kill_after:
      call(size);
      die();
      break;
    case Kind::kill_before:
      die();
      break;
    case Kind::error:
      errno = action.error;
      return -1;
    case Kind::short_write: {
      const std::size_t wanted =
          action.bytes < 0 ? size / 2 : static_cast<std::size_t>(action.bytes);
      // Nothing of something is no answer of the kernel's: one byte goes out at least.
      return call(std::min(size, std::max<std::size_t>(wanted, 1)));
    }
    case Kind::none:
      break;
  }
  return call(size);
}

std::vector<iovec> first_bytes(const iovec* parts, int count, std::size_t size) {
  std::vector<iovec> some;
  for (int at = 0; at < count && size > 0; ++at) {
    some.push_back({parts[at].iov_base, std::min(parts[at].iov_len, size)});
    size -= some.back().iov_len;
  }
  return some;
}

std::size_t total(const iovec* parts, int count) {
  std::size_t size = 0;
  for (int at = 0; at < count; ++at) size += parts[at].iov_len;
  return size;
}

unsigned kinds_of_open(int flags) {
  return faults::open_call | ((flags & (O_CREAT | O_TRUNC)) ? faults::create_call : 0u);
}

bool takes_mode(int flags) { return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE; }

mode_t mode_of(int flags, va_list arguments) {
  return takes_mode(flags) ? va_arg(arguments, mode_t) : 0;
}

int open_at(int directory, const char* path, int flags, mode_t mode) {
  static const auto call = real<int(int, const char*, int, ...)>("openat");
  return run(faults::on_call(kinds_of_open(flags), path),
             [&] { return call(directory, path, flags, mode); });
}

ssize_t write_at(int fd, const void* bytes, std::size_t size, off_t offset) {
  static const auto call = real<ssize_t(int, const void*, size_t, off_t)>("pwrite64");
  return run_write(faults::on_call(faults::pwrite_call, fd, size), size,
                   [&](std::size_t n) { return call(fd, bytes, n, offset); });
}

int cut(int fd, off_t size) {
  static const auto call = real<int(int, off_t)>("ftruncate64");
  return run(faults::on_call(faults::ftruncate_call, fd), [&] { return call(fd, size); });
}

FILE* open_stream(const char* path, const char* mode) {
  static const auto call = real<FILE*(const char*, const char*)>("fopen64");
  FILE* stream = nullptr;
  const bool creates = mode[0] != 'r';
  const int failed = run(faults::on_call(kinds_of_open(creates ? O_CREAT : 0), path),
                         [&] { return (stream = call(path, mode)) ? 0 : -1; });
  return failed ? nullptr : stream;
}

std::size_t write_stream(const char* name, const void* bytes, std::size_t size, std::size_t count,
                         FILE* stream) {
  const auto call = real<size_t(const void*, size_t, size_t, FILE*)>(name);
  const ssize_t wrote =
      run_write(faults::on_call(faults::fwrite_call, fileno(stream)), count,
                [&](std::size_t n) { return static_cast<ssize_t>(call(bytes, size, n, stream)); });
  return wrote < 0 ? 0 : static_cast<std::size_t>(wrote);
}

}  // namespace

#define FAULTS_EXPORT extern "C" __attribute__((visibility("default")))

FAULTS_EXPORT ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto call = real<ssize_t(int, const void*, size_t)>("write");
  return run_write(faults::on_call(faults::write_call, fd, size), size,
                   [&](std::size_t n) { return call(fd, bytes, n); });
}

FAULTS_EXPORT ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto call = real<ssize_t(int, const iovec*, int)>("writev");
  const std::size_t size = total(parts, count);
  return run_write(faults::on_call(faults::writev_call, fd, size), size, [&](std::size_t n) {
    const auto some = first_bytes(parts, count, n);
    return call(fd, some.data(), static_cast<int>(some.size()));
  });
}

FAULTS_EXPORT ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return write_at(fd, bytes, size, offset);
}
FAULTS_EXPORT ssize_t pwrite64(int fd, const void* bytes, size_t size, off_t offset) {
  return write_at(fd, bytes, size, offset);
}

FAULTS_EXPORT int fsync(int fd) {
  static const auto call = real<int(int)>("fsync");
  return run(faults::on_call(faults::fsync_call, fd), [&] { return call(fd); });
}

FAULTS_EXPORT int fdatasync(int fd) {
  static const auto call = real<int(int)>("fdatasync");
  return run(faults::on_call(faults::fdatasync_call, fd), [&] { return call(fd); });
}

FAULTS_EXPORT int ftruncate(int fd, off_t size) noexcept { return cut(fd, size); }
FAULTS_EXPORT int ftruncate64(int fd, off_t size) noexcept { return cut(fd, size); }

FAULTS_EXPORT int rename(const char* from, const char* to) noexcept {
  static const auto call = real<int(const char*, const char*)>("rename");
  return run(faults::on_call(faults::rename_call, from, to), [&] { return call(from, to); });
}

FAULTS_EXPORT int renameat(int from_fd, const char* from, int to_fd, const char* to) noexcept {
  static const auto call = real<int(int, const char*, int, const char*)>("renameat");
  return run(faults::on_call(faults::rename_call, from, to),
             [&] { return call(from_fd, from, to_fd, to); });
}

FAULTS_EXPORT int unlink(const char* path) noexcept {
  static const auto call = real<int(const char*)>("unlink");
  return run(faults::on_call(faults::unlink_call, path), [&] { return call(path); });
}

FAULTS_EXPORT int unlinkat(int fd, const char* path, int flags) noexcept {
  static const auto call = real<int(int, const char*, int)>("unlinkat");
  return run(faults::on_call(faults::unlink_call, path), [&] { return call(fd, path, flags); });
}

FAULTS_EXPORT int remove(const char* path) noexcept {
  static const auto call = real<int(const char*)>("remove");
  return run(faults::on_call(faults::unlink_call, path), [&] { return call(path); });
}

// Variadic functions cannot be forwarded; O_CREAT decides whether there is a mode.
#define FAULTS_OPEN(NAME)                                    \
  FAULTS_EXPORT int NAME(const char* path, int flags, ...) { \
    va_list arguments;                                       \
    va_start(arguments, flags);                              \
    const mode_t mode = mode_of(flags, arguments);           \
    va_end(arguments);                                       \
    return open_at(AT_FDCWD, path, flags, mode);             \
  }
#define FAULTS_OPENAT(NAME)                                                 \
  FAULTS_EXPORT int NAME(int directory, const char* path, int flags, ...) { \
    va_list arguments;                                                      \
    va_start(arguments, flags);                                             \
    const mode_t mode = mode_of(flags, arguments);                          \
    va_end(arguments);                                                      \
    return open_at(directory, path, flags, mode);                           \
  }
FAULTS_OPEN(open)
FAULTS_OPEN(open64)
FAULTS_OPENAT(openat)
FAULTS_OPENAT(openat64)

FAULTS_EXPORT int __open_2(const char* path, int flags) {
  return open_at(AT_FDCWD, path, flags, 0);
}
FAULTS_EXPORT int __open64_2(const char* path, int flags) {
  return open_at(AT_FDCWD, path, flags, 0);
}
FAULTS_EXPORT int __openat_2(int directory, const char* path, int flags) {
  return open_at(directory, path, flags, 0);
}
FAULTS_EXPORT int __openat64_2(int directory, const char* path, int flags) {
  return open_at(directory, path, flags, 0);
}

FAULTS_EXPORT FILE* fopen(const char* path, const char* mode) { return open_stream(path, mode); }
FAULTS_EXPORT FILE* fopen64(const char* path, const char* mode) { return open_stream(path, mode); }

FAULTS_EXPORT size_t fwrite(const void* bytes, size_t size, size_t count, FILE* stream) {
  return write_stream("fwrite", bytes, size, count, stream);
}
FAULTS_EXPORT size_t fwrite_unlocked(const void* bytes, size_t size, size_t count, FILE* stream) {
  return write_stream("fwrite_unlocked", bytes, size, count, stream);
}

FAULTS_EXPORT int fflush(FILE* stream) {
  static const auto call = real<int(FILE*)>("fflush");
  if (!stream) return call(stream);
  return run(faults::on_call(faults::fflush_call, fileno(stream)), [&] { return call(stream); });
}
