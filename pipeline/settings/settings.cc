#include "pipeline/settings/settings.h"

#include <algorithm>
#include <system_error>

#include "pipeline/config/load.h"
#include "pipeline/config/yaml_document.h"
#include "pipeline/settings/flags.h"
#include "pipeline/settings/foreign.h"

namespace millrace::settings {
namespace {

using config::Attribute;
using config::YamlNode;

using Layer = std::vector<Attribute>;

/// `over` wins where both set something.
Layer laid_over(const Layer& under, const Layer& over) {
  Layer out;
  for (const Attribute& attribute : under) {
    const bool hidden = std::any_of(over.begin(), over.end(), [&](const Attribute& upper) {
      return upper.name == attribute.name;
    });
    if (!hidden) out.push_back(attribute);
  }
  out.insert(out.end(), over.begin(), over.end());
  return out;
}

const Attribute* find(const Layer& layer, std::string_view name) {
  const auto at =
      std::find_if(layer.begin(), layer.end(), [&](const Attribute& a) { return a.name == name; });
  return at == layer.end() ? nullptr : &*at;
}

/// Takes the last of several uses of a flag.
Layer last_of_each(const Layer& layer) {
  Layer out;
  for (const Attribute& attribute : layer) out = laid_over(out, {attribute});
  return out;
}

class SettingsReader {
 public:
  SettingsReader(const config::VariableLookup& lookup, Settings& out)
      : variables_(lookup), out_(out) {}

  void run(std::span<const std::string> arguments);

 private:
  Layer read_flag_layer(std::span<const std::string> arguments);
  std::string settings_directory(const Layer& flags);
  Layer read_settings_file(const std::string& path);
  std::optional<YamlNode> read_file(const std::string& path);
  void read_pipelines(const std::string& path, const Layer& files, const Layer& flags);
  void flatten(const YamlNode& map, const std::string& prefix, Layer& into);
  void bind_process(const Layer& layer);
  void bind_pipeline(const Layer& layer);
  void report_once(const config::Diagnostics& found);
  Layer known_of(const Layer& layer, const OptionTable& table) const;
  void check_names(const Layer& layer, bool pipeline_only);
  void warn_of_foreign();

  config::Variables variables_;
  Settings& out_;
  const Options<Process> process_ = process_settings();
  const Options<Pipeline> pipeline_ = pipeline_settings();
  std::vector<Attribute> foreign_;
};

bool is_boolean(const OptionInfo& info) {
  return info.type == "boolean" || info.inert_value == "true" || info.inert_value == "false";
}

Layer SettingsReader::read_flag_layer(std::span<const std::string> arguments) {
  std::vector<FlagType> types;
  for (const OptionTable* table :
       std::initializer_list<const OptionTable*>{&process_, &pipeline_}) {
    for (const OptionInfo& info : table->list()) types.push_back({info.name, is_boolean(info)});
  }
  Flags flags = read_flags(arguments, types, out_.sources, out_.diagnostics);
  out_.rest = std::move(flags.rest);
  return last_of_each(flags.settings);
}

void SettingsReader::flatten(const YamlNode& map, const std::string& prefix, Layer& into) {
  for (const auto& [key, node] : map.entries) {
    const std::string name = prefix + key.text;
    if (node.kind == YamlNode::Kind::null) continue;
    if (node.kind == YamlNode::Kind::map) {
      flatten(node, name + ".", into);
      continue;
    }
    config::ReadContext context{out_.sources, variables_, out_.diagnostics};
    // The configuration replaces its own variables, and knows better where they stand.
    const bool whole = name == "config.string" && node.kind == YamlNode::Kind::scalar;
    auto value = whole ? config::Value{.span = node.span, .text = node.text}
                       : config::yaml_value(node, context);
    if (!value) continue;
    if (const Attribute* twice = find(into, name)) {
      out_.diagnostics.error(key.span, "setting `" + name + "` is given twice",
                             "first at " + out_.sources.describe(twice->name_span));
      continue;
    }
    into.push_back({name, key.span, std::move(*value)});
  }
}

std::optional<YamlNode> SettingsReader::read_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  auto text = config::read_text_file(path, config::kMaxYamlBytes);
  if (!text) {
    out_.diagnostics.error({}, text.error().message);
    return std::nullopt;
  }
  return config::read_yaml(out_.sources.add(path, std::move(*text)), out_.sources,
                           out_.diagnostics);
}

Layer SettingsReader::read_settings_file(const std::string& path) {
  Layer out;
  const auto root = read_file(path);
  if (!root || root->kind == YamlNode::Kind::null) return out;
  if (root->kind != YamlNode::Kind::map) {
    out_.diagnostics.error(root->span, "expected settings as name: value");
    return out;
  }
  flatten(*root, "", out);
  check_names(out, false);
  return out;
}

/// Sorts names into known, foreign and unknown ones. The flags were checked when they were read.
void SettingsReader::check_names(const Layer& layer, bool pipeline_only) {
  std::vector<std::string_view> names;
  for (const OptionInfo& info : pipeline_.list()) names.push_back(info.name);
  for (const OptionInfo& info : process_.list()) names.push_back(info.name);
  for (const Attribute& attribute : layer) {
    const bool process = process_.find(attribute.name) != nullptr;
    if (pipeline_.find(attribute.name) != nullptr || (process && !pipeline_only)) continue;
    if (process) {
      out_.diagnostics.error(attribute.name_span,
                             "setting `" + attribute.name + "` is one of the whole process",
                             "it belongs in millrace.yml");
    } else if (is_foreign(attribute.name)) {
      foreign_.push_back(attribute);
    } else {
      out_.diagnostics.error(attribute.name_span, "unknown setting `" + attribute.name + "`",
                             config::did_you_mean(attribute.name, names));
    }
  }
}

Layer SettingsReader::known_of(const Layer& layer, const OptionTable& table) const {
  Layer out;
  std::copy_if(layer.begin(), layer.end(), std::back_inserter(out),
               [&](const Attribute& attribute) { return table.find(attribute.name) != nullptr; });
  return out;
}

void SettingsReader::bind_process(const Layer& layer) {
  config::Plugin settings{.name = "settings", .attributes = known_of(layer, process_)};
  OptionPlaces places;
  OptionBinder().to(process_, out_.process).bind(settings, places, out_.diagnostics);
}

/// What the settings file got wrong is found again for each pipeline, but said once.
void SettingsReader::report_once(const config::Diagnostics& found) {
  for (const config::Diagnostic& one : found.all()) {
    const auto said = out_.diagnostics.all();
    const bool known = std::any_of(said.begin(), said.end(), [&](const config::Diagnostic& other) {
      return other.span == one.span && other.message == one.message;
    });
    if (!known) out_.diagnostics.add(one);
  }
}

void SettingsReader::bind_pipeline(const Layer& layer) {
  config::Plugin settings{.name = "settings", .attributes = known_of(layer, pipeline_)};
  Pipeline pipeline;
  OptionPlaces places;
  config::Diagnostics found;
  OptionBinder().to(pipeline_, pipeline).bind(settings, places, found);
  report_once(found);
  if (places.given("path.config") && places.given("config.string")) {
    out_.diagnostics.error(places.of("config.string"), "both config.string and path.config are set",
                           "a pipeline has one configuration: -e or -f");
  }
  const bool names_a_directory = !pipeline.id.empty() && pipeline.id != "." &&
                                 pipeline.id != ".." && pipeline.id.find('/') == std::string::npos;
  if (pipeline.dead_letters && !names_a_directory) {
    out_.diagnostics.error(places.of("pipeline.id"),
                           "the id `" + pipeline.id + "` cannot name a dead-letter queue",
                           "the queue is a directory of that name: leave out /, . and ..");
  }
  const auto same = [&](const Pipeline& other) { return other.id == pipeline.id; };
  if (std::any_of(out_.pipelines.begin(), out_.pipelines.end(), same)) {
    out_.diagnostics.error(places.of("pipeline.id"),
                           "two pipelines have the id `" + pipeline.id + "`");
  }
  out_.pipelines.push_back(std::move(pipeline));
}

void SettingsReader::read_pipelines(const std::string& path, const Layer& files,
                                    const Layer& flags) {
  const auto root = read_file(path);
  if (!root || root->kind == YamlNode::Kind::null) return;
  if (root->kind != YamlNode::Kind::sequence) {
    out_.diagnostics.error(root->span,
                           "expected a list of pipelines, each beginning with `- pipeline.id:`");
    return;
  }
  for (const YamlNode& entry : root->items) {
    Layer layer;
    flatten(entry, "", layer);
    check_names(layer, true);
    if (find(layer, "path.config") == nullptr && find(layer, "config.string") == nullptr) {
      out_.diagnostics.error(entry.span, "a pipeline needs path.config or config.string");
    }
    bind_pipeline(laid_over(laid_over(files, layer), flags));
  }
}

std::string SettingsReader::settings_directory(const Layer& flags) {
  const Attribute* const flag = find(flags, "path.settings");
  if (flag == nullptr) return process_.defaults().settings_directory.string();
  std::error_code error;
  if (!std::filesystem::is_directory(flag->value.text, error)) {
    out_.diagnostics.error(flag->value.span,
                           "path.settings: `" + flag->value.text + "` is not a directory");
  }
  return flag->value.text;
}

void SettingsReader::warn_of_foreign() {
  if (foreign_.empty()) return;
  std::string names;
  for (const Attribute& attribute : foreign_) names += (names.empty() ? "" : ", ") + attribute.name;
  out_.diagnostics.warning(foreign_.front().name_span,
                           "settings that mean nothing to millrace: " + names);
}

void SettingsReader::run(std::span<const std::string> arguments) {
  const Layer flags = read_flag_layer(arguments);
  check_names(flags, false);
  const std::string directory = settings_directory(flags);
  const Layer files = laid_over(read_settings_file(directory + "/logstash.yml"),
                                read_settings_file(directory + "/millrace.yml"));
  const Layer all = laid_over(files, flags);
  bind_process(all);
  if (find(all, "path.config") != nullptr || find(all, "config.string") != nullptr)
    bind_pipeline(all);
  else
    read_pipelines(directory + "/pipelines.yml", files, flags);
  warn_of_foreign();
}

}  // namespace

std::filesystem::path dead_letter_path(const Process& process, const Pipeline& pipeline) {
  return pipeline.dead_letter_path.empty() ? process.data_directory / "dead_letter_queue"
                                           : pipeline.dead_letter_path;
}

Settings read(std::span<const std::string> arguments, const config::VariableLookup& variables) {
  Settings out;
  SettingsReader(variables, out).run(arguments);
  return out;
}

}  // namespace millrace::settings
