#include "pipeline/cli/grok_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <istream>

#include "pipeline/cli/runner.h"
#include "pipeline/event/json_write.h"

namespace millrace::cli {
namespace {

/// The pattern as it must be written into a config: as a string that it cannot end.
std::string quoted(const std::string& pattern) {
  const char quote = pattern.find('"') == std::string::npos ? '"' : '\'';
  return quote + pattern + quote;
}

void print_fields(const Batch& batch, const Object& fields, const std::string& prefix) {
  for (std::uint32_t i = 0; i < fields.size; ++i) {
    const std::string name = fmt::format("{}[{}]", prefix, batch.names()[fields.names[i]].text);
    if (fields.values[i].is_object()) {
      print_fields(batch, fields.values[i].object(), name);
      continue;
    }
    Buffer value;
    write_json(batch, fields.values[i], value);
    fmt::print("  {:<36} {}\n", name, value.view());
  }
}

}  // namespace

int try_grok(const std::string& pattern, std::istream& lines, const PipelineInfo& info,
             const Registry& registry) {
  config::Loaded loaded =
      config::load_string("filter { grok { match => { \"message\" => " + quoted(pattern) +
                              " } target => \"captured\" } }\ninput { }\noutput { }",
                          "pattern", {});
  const Maker maker{registry, info, loaded.diagnostics};
  const auto plan = Plan::build(loaded.config, loaded.sources, maker);
  print_diagnostics(loaded);
  if (!plan) return kBadConfig;
  const NameId captured = Names::intern("captured");
  Plan::Worker worker(*plan);
  for (std::string line; std::getline(lines, line);) {
    auto batch = Batch::make();
    batch->add(Timestamp::now()).put(name::message, batch->copy(line));
    worker.run(*batch);
    const Value* fields = (*batch)[0].get(captured);
    fmt::print("{}  {}\n", (*batch)[0].get(name::tags) ? "no match:" : "match:", line);
    if (fields && fields->is_object()) print_fields(*batch, fields->object(), "");
  }
  return kSuccess;
}

}  // namespace millrace::cli
