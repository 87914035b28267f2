#include <cstdint>
#include <string>

#include "pipeline/config/lint.h"
#include "pipeline/config/parser.h"
#include "pipeline/config/yaml_reader.h"

/// The first byte chooses: bit 0 YAML or `.conf`, bit 1 escapes. What can be read is also linted,
/// and every message is rendered, which looks up its place.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace::config;
  if (size == 0) return 0;
  SourceSet sources;
  Diagnostics diagnostics;
  Variables variables([](std::string_view name) -> std::optional<Variable> {
    if (name.size() > 1) return std::nullopt;
    return Variable{"text", name == "S"};
  });
  ReadContext context{sources, variables, diagnostics, (data[0] & 2) != 0};
  const SourceId source =
      sources.add("fuzz", std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  Config config;
  if ((data[0] & 1) != 0)
    parse_yaml(source, context, config);
  else
    parse_conf(source, context, config);
  lint(
      config,
      [](SectionKind, const Plugin& plugin) { return Effects{.any_tag = plugin.name.size() > 3}; },
      diagnostics);
  diagnostics.render(sources, true);
  return 0;
}
