#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// What the library of injected faults does at which call. It reads the environment:
///
///   MILLRACE_FAULTS         rules, with ';' between them, each
///                             CALLS:PATH:WHICH:ACTION[:while=FILE]
///     CALLS    names with ',' between them: write writev pwrite fsync fdatasync rename open create
///              ftruncate unlink fwrite fflush; `create` is an open that may make or empty a file;
///              `writing` is every call that changes something on a disk, fwrite left out (what it
///              buffers fflush or fclose hand over)
///     PATH     pattern as of fnmatch(3) for the file's absolute path ('*' spans '/'); of rename,
///              either path; of a pipe `pipe*`
///     WHICH    the calls that the rule counts from 1: `3`, `3-5`, `3-` (from there on), `*`
///     ACTION   an error (ENOSPC, EIO, EDQUOT, EACCES, EROFS, EINTR, EMFILE); `short`: half of the
///              bytes are written, `short=N`: N of them; `kill-before`, `kill-after`, `kill-half`:
///              SIGKILL before the call, after it, after half of its bytes were written;
///              `kill-at=N`: SIGKILL as soon as the rule's calls have written N bytes together;
///              `count`
///     while=   the rule acts (and counts on) only while this file is there
///   MILLRACE_FAULTS_COUNTS  a file of 64-bit numbers in native order: how many calls each rule has
///                           counted so far; it outlives the process
///
/// A rule that cannot be read ends the process with a message and exit status 125: a fault that is
/// silently not injected would let a test pass for nothing.
namespace faults {

enum Call : unsigned {
  write_call = 1,
  writev_call = 2,
  pwrite_call = 4,
  fsync_call = 8,
  fdatasync_call = 16,
  rename_call = 32,
  open_call = 64,
  create_call = 128,
  ftruncate_call = 256,
  unlink_call = 512,
  fwrite_call = 1024,
  fflush_call = 2048,
};

struct Action {
  enum class Kind { none, error, short_write, kill_before, kill_after, kill_half };
  Kind kind = Kind::none;
  int error = 0;    ///< an errno
  long bytes = -1;  ///< of a short write or kill_half; -1: half of them
};

/// Counts a call of the kinds `calls` on `path` (and `other_path`) with every rule; what the first
/// that acts wants done. Thread-safe.
Action on_call(unsigned calls, const char* path, const char* other_path = nullptr);

/// The same for a file that is open, of which `size` bytes are to be written; its path is what
/// /proc says.
Action on_call(unsigned calls, int fd, std::size_t size = 0);

}  // namespace faults
