#include "code.h"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/mman.h>

#include <cstring>

#include "compiler.h"
#endif

namespace grok::native {

Code::Code(void* memory, std::size_t size)
    : memory_(memory), size_(size), entry_(reinterpret_cast<Entry>(memory)) {}

#if defined(__x86_64__) && defined(__linux__)

Code::~Code() { munmap(memory_, size_); }

/// The memory is never writable and executable at once.
std::unique_ptr<const Code> Code::compile(const Program& program, bool ascii) {
  if (!__builtin_cpu_supports("ssse3") || !__builtin_cpu_supports("bmi")) return nullptr;
  Compiler compiler(program, ascii);
  if (!compiler.run()) return nullptr;
  const std::vector<std::uint8_t> bytes = compiler.take();
  void* const memory =
      mmap(nullptr, bytes.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  std::memcpy(memory, bytes.data(), bytes.size());
  std::unique_ptr<const Code> code(new Code(memory, bytes.size()));
  if (mprotect(memory, bytes.size(), PROT_READ | PROT_EXEC) != 0) return nullptr;
  return code;
}

#else

Code::~Code() = default;
std::unique_ptr<const Code> Code::compile(const Program&, bool) { return nullptr; }

#endif

}  // namespace grok::native
