#include "plugins/support/lazy/library.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace millrace {
namespace {

[[noreturn]] void give_up(const char* soname) {
  std::fprintf(stderr, "millrace: cannot load %s: %s\n", soname, dlerror());
  std::_Exit(1);
}

}  // namespace

void load_library(const char* soname, std::span<const char* const> names,
                  std::span<LazyEntry> table) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  void* const library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
  if (!library) give_up(soname);
  void* const first = dlsym(library, names.front());
  if (first && reinterpret_cast<LazyEntry>(first) == table.front())
    return;  // another thread did it
  for (std::size_t i = 0; i < names.size(); ++i) {
    void* const function = dlsym(library, names[i]);
    if (!function) give_up(soname);
    __atomic_store_n(&table[i], reinterpret_cast<LazyEntry>(function), __ATOMIC_RELAXED);
  }
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  mprotect(table.data(), (table.size_bytes() + page - 1) / page * page, PROT_READ);
}

}  // namespace millrace
