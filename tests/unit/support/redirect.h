#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

namespace millrace {

/// Standard input or output of this process, put elsewhere as long as it lives.
class Redirect {
 public:
  /// `descriptor` becomes `to`, which it takes over.
  Redirect(int descriptor, int to) : descriptor_(descriptor), before_(dup(descriptor)) {
    dup2(to, descriptor);
    close(to);
  }
  ~Redirect() {
    dup2(before_, descriptor_);
    close(before_);
  }
  Redirect(const Redirect&) = delete;
  Redirect& operator=(const Redirect&) = delete;

 private:
  const int descriptor_;
  const int before_;
};

/// A pipe; what is not taken is closed with it.
class Pipe {
 public:
  Pipe() { ok_ = pipe2(ends_, O_CLOEXEC) == 0; }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int take_reader() { return std::exchange(ends_[0], -1); }
  int take_writer() { return std::exchange(ends_[1], -1); }
  void close_reader() { end(take_reader()); }
  void close_writer() { end(take_writer()); }

  /// What fits into a pipe's buffer, at the most.
  bool write(std::string_view bytes) {
    return ok_ &&
           ::write(ends_[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  }
  /// Until nobody can write any more.
  std::string read_all() {
    std::string all;
    char piece[4096];
    for (ssize_t got; (got = ::read(ends_[0], piece, sizeof piece)) > 0;)
      all.append(piece, static_cast<std::size_t>(got));
    return all;
  }

 private:
  static void end(int descriptor) {
    if (descriptor >= 0) close(descriptor);
  }
  int ends_[2] = {-1, -1};
  bool ok_;
};

}  // namespace millrace
