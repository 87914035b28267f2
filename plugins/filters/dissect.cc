#include "plugins/filters/dissect.h"

#include <algorithm>

#include "pipeline/event/template.h"
#include "plugins/filters/dissect_convert.h"
#include "plugins/filters/dissect_pattern.h"

namespace millrace {
namespace {

struct DissectOptions {
  StringPairs mapping;
  StringPairs convert_datatype;
  std::vector<std::string> tag_on_failure{"_dissectfailure"};
};

struct Mapping {
  FieldRef source;
  DissectPattern pattern;
};

struct Conversion {
  FieldRef field;
  bool to_whole;
  std::string missing_tag;
  std::string failure_tag;
};

class DissectScratch : public FilterScratch {
 public:
  explicit DissectScratch(std::size_t fields) : values(fields) {}
  std::vector<std::string_view> values;
};

/// Cuts fields at fixed delimiters, and reads numbers.
class DissectFilter : public Filter {
 public:
  static std::unique_ptr<Filter> create(DissectOptions options, const PluginContext& context);

  std::unique_ptr<FilterScratch> make_scratch() const override {
    std::size_t most = 0;
    for (const Mapping& mapping : mappings_) most = std::max(most, mapping.pattern.field_count());
    return std::make_unique<DissectScratch>(most);
  }
  void apply(FilterRun& run) override;

 private:
  enum class Outcome { nothing, matched, failed };

  bool read_mapping(const StringPairs& mapping, const PluginContext& context);
  bool read_conversions(const StringPairs& types, const PluginContext& context);
  Outcome dissect(Event event, DissectScratch& scratch) const;
  Outcome dissect(const Mapping& mapping, Event event, DissectScratch& scratch) const;
  static bool convert(const Conversion& conversion, Event event);

  std::vector<Mapping> mappings_;
  std::vector<Conversion> conversions_;
  std::vector<std::string> failure_tags_;
};

std::unique_ptr<Filter> DissectFilter::create(DissectOptions options,
                                              const PluginContext& context) {
  auto filter = std::make_unique<DissectFilter>();
  const bool mapped = filter->read_mapping(options.mapping, context);
  if (!filter->read_conversions(options.convert_datatype, context) || !mapped) return nullptr;
  filter->failure_tags_ = std::move(options.tag_on_failure);
  return filter;
}

bool DissectFilter::read_mapping(const StringPairs& mapping, const PluginContext& context) {
  const std::size_t errors = context.diagnostics.error_count();
  for (std::size_t i = 0; i < mapping.size(); ++i) {
    const auto& [field, text] = mapping[i];
    auto source = FieldRef::parse(field);
    auto pattern = DissectPattern::parse(text);
    if (!source)
      context.places.error(context.diagnostics, "mapping", i, source.error().message);
    else if (!pattern)
      context.places.error(context.diagnostics, "mapping", i, pattern.error().message);
    else if (mappings_.push_back({std::move(*source), std::move(*pattern)});
             mappings_.back().pattern.matches_nothing())
      context.warning("mapping", "`" + text +
                                     "` has two fields with nothing between them: it matches no "
                                     "text");
  }
  return context.diagnostics.error_count() == errors;
}

bool DissectFilter::read_conversions(const StringPairs& types, const PluginContext& context) {
  const std::size_t errors = context.diagnostics.error_count();
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto& [field, type] = types[i];
    auto ref = FieldRef::parse(field);
    const std::string suffix = "_" + field + "_" + type;
    if (!ref)
      context.places.error(context.diagnostics, "convert_datatype", i, ref.error().message);
    else if (type != "int" && type != "float")
      context.places.error(context.diagnostics, "convert_datatype", i,
                           "unknown type `" + type + "`; expected int or float",
                           type == "integer" ? "did you mean `int`?" : "");
    else
      conversions_.push_back({std::move(*ref), type == "int", "_dataconversionnullvalue" + suffix,
                              "_dataconversionuncoercible" + suffix});
  }
  return context.diagnostics.error_count() == errors;
}

void DissectFilter::apply(FilterRun& run) {
  auto& scratch = static_cast<DissectScratch&>(*run.scratch);
  for (const std::uint32_t at : run.events) {
    const Event event = run.batch[at];
    const Outcome outcome = dissect(event, scratch);
    bool converted = true;
    for (const Conversion& conversion : conversions_)
      converted = convert(conversion, event) && converted;
    const bool did_something =
        outcome == Outcome::matched || (mappings_.empty() && !conversions_.empty() && converted);
    if (did_something) run.matched.push_back(at);
  }
}

DissectFilter::Outcome DissectFilter::dissect(Event event, DissectScratch& scratch) const {
  Outcome all = Outcome::nothing;
  for (const Mapping& mapping : mappings_) {
    const Outcome one = dissect(mapping, event, scratch);
    all = std::max(all, one);
    if (one != Outcome::failed) continue;
    for (const std::string& tag : failure_tags_) event.tag(tag);
  }
  return all;
}

DissectFilter::Outcome DissectFilter::dissect(const Mapping& mapping, Event event,
                                              DissectScratch& scratch) const {
  const Value* const source = event.get(mapping.source);
  if (!source) return Outcome::nothing;
  std::string_view text;
  if (source->is_string()) {
    text = source->text();
  } else if (!source->is_object() && !source->is_array()) {
    Buffer shown;
    append_text(event.batch(), *source, shown);
    text = event.batch().arena().copy(shown.view());
  }
  const std::span<std::string_view> values(scratch.values.data(), mapping.pattern.field_count());
  const bool good =
      !text.empty() && mapping.pattern.match(text, values) && mapping.pattern.save(event, values);
  return good ? Outcome::matched : Outcome::failed;
}

bool DissectFilter::convert(const Conversion& conversion, Event event) {
  const Value* const value = event.get(conversion.field);
  if (!value || value->is_null()) {
    event.tag(conversion.missing_tag);
    return false;
  }
  const auto number =
      conversion.to_whole ? to_whole_number(*value, event.batch()) : to_real_number(*value);
  const bool good = number && event.set(conversion.field, *number);
  if (!good) event.tag(conversion.failure_tag);
  return good;
}

}  // namespace

FilterPlugin dissect_filter() {
  using O = DissectOptions;
  return filter_plugin(
      "dissect", "Cut fields out of text at fixed delimiters.",
      Options<O>()
          .add("mapping", &O::mapping, "A pattern for each field that is to be cut.")
          .add("convert_datatype", &O::convert_datatype,
               "Fields to read as numbers, `int` or `float`.")
          .add("tag_on_failure", &O::tag_on_failure, "Tags where a pattern does not match."),
      DissectFilter::create);
}

}  // namespace millrace
