#include <malloc.h>

#include "pipeline/cli/commands.h"
#include "plugins/builtin.h"
#include "plugins/effects.h"
#include "plugins/mirror/command.h"
#include "plugins/mirror/form.h"
#include "plugins/tools/grok_tool.h"

namespace {

/// The allocator would learn from the first large event that such sizes are usual, and keep as much
/// and more for each thread from then on: what bounds memory could not count on getting it back.
void give_back_large_memory() {
  constexpr int kOfItsOwn = 5 << 20;  // what is larger is mapped, and unmapped when it is freed
  constexpr int kMostKept = 16 << 20;
  mallopt(M_MMAP_THRESHOLD, kOfItsOwn);
  mallopt(M_TRIM_THRESHOLD, kMostKept);
}

}  // namespace

int main(int argc, char** argv) {
  give_back_large_memory();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return millrace::cli::main(arguments, millrace::builtin_plugins(), millrace::effects_of,
                             {millrace::mirror_form()},
                             {millrace::grok_tool(), millrace::mirror_tool()});
}
