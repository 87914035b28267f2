#include "plugins/mirror/form.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/mirror/flow.h"

namespace millrace {
namespace mirror {
namespace {

using config::Attribute;
using config::HashEntry;
using config::Plugin;
using config::Value;
using config::ValueKind;

Value text_value(std::string text, config::Span span) {
  Value value;
  value.span = span;
  value.text = std::move(text);
  return value;
}

Value hash_at(config::Span span) {
  Value value;
  value.kind = ValueKind::hash;
  value.span = span;
  return value;
}

/// A topic's name as an expression that matches nothing else.
std::string exactly(const std::string& topic) {
  std::string out;
  for (const char c : topic) (c == '.' ? out += '\\' : out) += c;
  return out;
}

/// Makes of two plugins what a flow's file would say.
class FormReader {
 public:
  FormReader(const Plugin& input, const Plugin& output, const PipelineInfo& info,
             config::Diagnostics& diagnostics)
      : input_(input), output_(output), info_(info), diagnostics_(diagnostics) {
    const Options<ClusterOptions> table = cluster_options();
    for (const OptionInfo& option : table.list())
      if (option.name != "alias") of_connection_.push_back(option.name);
  }

  std::optional<FlowSettings> run() {
    for (const Attribute& one : input_.attributes) take_of_input(one);
    for (const Attribute& one : output_.attributes) take_of_output(one);
    if (!has("flow")) add("flow", output_.span, text_value(info_.id, output_.span));
    if (!has("topics"))
      error(input_, input_.span, "topics", "is not given",
            "name topics, or give `topics_pattern => \".*\"` for all of them");
    add("source", input_.span, std::move(source_));
    add("target", output_.span, std::move(target_));
    if (diagnostics_.has_errors()) return std::nullopt;
    return compile_flow(flow_, info_, diagnostics_);
  }

 private:
  void take_of_input(const Attribute& one) {
    if (is_of_connection(one)) return put(source_, one.name, one);
    if (one.name == "topics") return add_topics(one);
    if (one.name == "topics_pattern") return add("topics", one.name_span, one.value);
    if (one.name == "auto_offset_reset")
      return add("start", one.name_span,
                 text_value(one.value.text == "none" ? "error" : one.value.text, one.value.span));
    if (one.name == "isolation_level" && one.value.text == "read_committed") return;
    refuse(input_, one);
  }

  void take_of_output(const Attribute& one) {
    if (is_of_connection(one)) return put(target_, one.name, one);
    if (one.name == "mirror") return;
    if (one.name == "mirror_options") return take_keys(one);
    if (one.name == "compression_type") return add(one.name, one.name_span, one.value);
    if (one.name == "linger_ms")
      return add("linger", one.name_span, text_value(one.value.text + "ms", one.value.span));
    if (one.name == "acks" && one.value.text == "all") return;
    refuse(output_, one);
  }

  /// Keys of a flow's file.
  void take_keys(const Attribute& options) {
    if (options.value.kind != ValueKind::hash)
      return error(output_, options.value.span, options.name, "expected a hash",
                   "mirror_options => { flow => \"orders\" mode => \"exactly_once\" }");
    for (const HashEntry& entry : options.value.entries) {
      const Attribute key{entry.key, entry.key_span, entry.value};
      if (entry.key == "source_alias") {
        put(source_, "alias", key);
      } else if (entry.key == "target_alias") {
        put(target_, "alias", key);
      } else if (entry.key == "source" || entry.key == "target" || entry.key == "topics") {
        error(output_, entry.key_span, options.name, fmt::format("`{}` is for files", entry.key),
              "the input says what is read, this output where it goes");
      } else {
        add(entry.key, entry.key_span, entry.value);
      }
    }
  }

  void add_topics(const Attribute& topics) {
    Value value = topics.value;
    value.text = exactly(value.text);
    for (Value& item : value.items) item.text = exactly(item.text);
    add("topics", topics.name_span, std::move(value));
  }

  bool is_of_connection(const Attribute& one) const {
    return std::find(of_connection_.begin(), of_connection_.end(), one.name) !=
           of_connection_.end();
  }

  static void put(Value& side, std::string_view key, const Attribute& from) {
    side.entries.push_back({std::string(key), from.name_span, from.value});
  }
  void add(std::string_view key, config::Span span, Value value) {
    flow_.attributes.push_back({std::string(key), span, std::move(value)});
  }
  bool has(std::string_view key) const {
    return std::any_of(flow_.attributes.begin(), flow_.attributes.end(),
                       [&](const Attribute& one) { return one.name == key; });
  }

  void refuse(const Plugin& plugin, const Attribute& one) {
    error(plugin, one.name_span, one.name, "a mirror has no use for it",
          "records go on as they are; what a mirror can do is in `mirror_options`, see "
          "docs/mirroring.md");
  }
  void error(const Plugin& plugin, config::Span span, std::string_view option,
             std::string_view what, std::string hint) {
    diagnostics_.error(span, fmt::format("{}: {}: {}", plugin.name, option, what), std::move(hint));
  }

  const Plugin& input_;
  const Plugin& output_;
  const PipelineInfo& info_;
  config::Diagnostics& diagnostics_;
  std::vector<std::string> of_connection_;
  Plugin flow_{"mirror", output_.span, output_.full_span, {}};
  Value source_ = hash_at(input_.span);
  Value target_ = hash_at(output_.span);
};

/// Runs a flow; emits nothing.
class MirrorInput : public Input {
 public:
  MirrorInput(FlowSettings settings, TopicRules rules, const PipelineInfo& info)
      : flow_(std::move(settings), std::move(rules), instance_name(info)) {}

  Result<void> run(Emitter& emitter) override {
    if (flow_.run(emitter.stop())) return {};
    return fail(Errc::closed, "the flow cannot go on");
  }

 private:
  Flow flow_;
};

/// Where there is exactly one plugin in the sections of that kind, without a condition.
const Plugin* only_one(const config::Config& config, config::SectionKind kind) {
  const Plugin* found = nullptr;
  for (const config::Section& section : config.sections) {
    if (section.kind != kind) continue;
    for (const config::Statement& statement : section.statements) {
      if (found || !statement.plugin()) return nullptr;
      found = statement.plugin();
    }
  }
  return found;
}

bool is_empty(const config::Config& config, config::SectionKind kind) {
  return std::all_of(config.sections.begin(), config.sections.end(),
                     [&](const config::Section& section) {
                       return section.kind != kind || section.statements.empty();
                     });
}

bool asks_for_mirror(const Plugin& output) {
  return std::any_of(output.attributes.begin(), output.attributes.end(), [](const Attribute& one) {
    return one.name == "mirror" && one.value.text == "true";
  });
}

std::optional<std::unique_ptr<Input>> make_form(const config::Config& config, const Maker& maker) {
  const Plugin* const input = only_one(config, config::SectionKind::input);
  const Plugin* const output = only_one(config, config::SectionKind::output);
  if (!input || input->name != "kafka" || !output || output->name != "kafka" ||
      !asks_for_mirror(*output) || !is_empty(config, config::SectionKind::filter))
    return std::nullopt;
  auto settings = read_form(*input, *output, maker.pipeline, maker.diagnostics);
  if (!settings) return std::unique_ptr<Input>();
  auto rules = TopicRules::create(settings->options);
  return std::make_unique<MirrorInput>(std::move(*settings), std::move(*rules), maker.pipeline);
}

}  // namespace

std::optional<FlowSettings> read_form(const Plugin& input, const Plugin& output,
                                      const PipelineInfo& info, config::Diagnostics& diagnostics) {
  return FormReader(input, output, info, diagnostics).run();
}

}  // namespace mirror

cli::PipelineForm mirror_form() { return {"mirror", mirror::make_form}; }

}  // namespace millrace
