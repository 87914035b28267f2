#include "pipeline/cli/commands.h"
#include "plugins/builtin.h"
#include "plugins/effects.h"
#include "plugins/tools/grok_tool.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return millrace::cli::main(arguments, millrace::builtin_plugins(), millrace::effects_of,
                             {millrace::grok_tool()});
}
