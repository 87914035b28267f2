#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "../program.h"
#include "grok/grok.h"

namespace grok::native {

/// What compiled code reads and writes while it runs.
struct Context {
  /// What to go on with when a way has failed. The lowest one ends the run.
  struct Frame {
    const unsigned char* at;  ///< the place in the subject, or what a slot held
    const void* resume;       ///< code
    const void* extra;        ///< as that code wants it
  };

  const unsigned char* begin = nullptr;
  const unsigned char* end = nullptr;  ///< at least kLeastSubject behind begin
  const unsigned char* start = nullptr;
  /// One for each capture. Only those that a loop repeats are read before they are written.
  Span* spans = nullptr;
  Frame* frames = nullptr;
  Frame* frames_end = nullptr;
  /// Bytes that it may still pass in all, together with what it takes up again.
  std::int64_t budget = 0;
  const unsigned char* end_of_match = nullptr;
};

/// The end of a run of compiled code.
enum class Ended : std::uint32_t {
  no_match = 0,
  match = 1,
  undecided = 2,  ///< too much for the budget or the frames, or a character that it does not know
};

/// A program as machine code. Tries one start at a time, depth first, without a memory of what has
/// failed: its budget bounds that. Immutable; thread-safe.
class Code {
 public:
  /// The code reads its blocks backwards from the subject's end.
  static constexpr std::size_t kLeastSubject = 16;

  /// nullptr: the processor is another one, the system allows no new code, or the program has what
  /// is rare: it is left to the matcher.
  /// `ascii`: for subjects without a byte above 0x7f; else for well-formed UTF-8.
  static std::unique_ptr<const Code> compile(const Program& program, bool ascii);
  ~Code();
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;

  Ended run(Context& context) const { return entry_(&context); }

 private:
  Code(void* memory, std::size_t size);

  using Entry = Ended (*)(Context*);
  void* memory_;
  std::size_t size_;
  Entry entry_;
};

}  // namespace grok::native
