#include "plugins/filters/truncate.h"

#include "pipeline/event/utf8.h"
#include "plugins/support/field_name.h"

namespace millrace {
namespace {

struct TruncateOptions {
  std::optional<std::vector<std::string>> fields;
  std::size_t length_bytes = 0;
};

/// nullopt: one is malformed; all that are, are reported.
std::optional<std::vector<FieldName>> parse_names(const std::vector<std::string>& texts,
                                                  const PluginContext& context) {
  std::vector<FieldName> names;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto name = FieldName::parse(texts[i]);
    if (name)
      names.push_back(std::move(*name));
    else
      context.places.error(context.diagnostics, "fields", i, name.error().message);
  }
  return names.size() == texts.size() ? std::optional(std::move(names)) : std::nullopt;
}

class TruncateFilter : public Filter {
 public:
  /// `names` nullopt: all fields.
  TruncateFilter(std::optional<std::vector<FieldName>> names, std::size_t most_bytes)
      : names_(std::move(names)), most_bytes_(most_bytes) {}

  static std::unique_ptr<Filter> create(TruncateOptions options, const PluginContext& context) {
    std::optional<std::vector<FieldName>> names;
    if (options.fields) {
      if (options.fields->empty()) context.warning("fields", "is empty: nothing is cut");
      names = parse_names(*options.fields, context);
      if (!names) return nullptr;
    }
    return std::make_unique<TruncateFilter>(std::move(names), options.length_bytes);
  }

  /// Common options are for the events of which something was cut.
  void apply(FilterRun& run) override {
    for (std::uint32_t at : run.events) {
      const Event event = run.batch[at];
      if (names_ ? cut_named(event) : cut_all(event)) run.matched.push_back(at);
    }
  }

 private:
  /// `@metadata` is not among an event's own fields.
  bool cut_all(Event event) const {
    bool any = false;
    const Object& fields = event.fields();
    for (std::uint32_t i = 0; i < fields.size; ++i)
      if (fields.names[i] != name::metadata) any |= cut(fields.values[i], event.batch());
    return any;
  }

  /// False also where a name is malformed; the other fields are cut all the same.
  bool cut_named(Event event) const {
    bool any = false;
    bool good = true;
    for (const FieldName& name : *names_) {
      std::optional<FieldRef> holder;
      const FieldRef* const ref = name.of(event, holder);
      good &= ref != nullptr;
      any |= ref && cut_field(event, *ref);
    }
    if (!good) event.tag("_truncate_error");
    return any && good;
  }

  bool cut_field(Event event, const FieldRef& ref) const {
    const Value* const found = event.get(ref);
    if (!found) return false;
    // What the field lies in may be shared, which its own mark does not say.
    Value value = ref.is_top() ? *found : share(*found);
    return cut(value, event.batch()) && event.set(ref, value);
  }

  /// A text in `value`, or as deep in it as it may be, was too long. Containers are written to only
  /// then: one that is shared is copied before. The depth is bounded by what readers let in.
  bool cut(Value& value, Batch& batch) const {
    if (value.is_string()) return cut_text(value);
    if (value.is_array()) return cut_items(value, batch, value.array().size);
    if (value.is_object()) return cut_items(value, batch, value.object().size);
    return false;
  }

  bool cut_text(Value& value) const {
    const std::string_view text = value.text();
    if (text.size() <= most_bytes_) return false;
    value = Value::of(cut_utf8(text, most_bytes_));
    return true;
  }

  bool cut_items(Value& container, Batch& batch, std::uint32_t count) const {
    bool any = false;
    for (std::uint32_t i = 0; i < count; ++i) {
      Value item = items(container)[i];
      if (is_shared(container)) share(item);
      if (!cut(item, batch)) continue;
      batch.own(container);
      items(container)[i] = item;
      any = true;
    }
    return any;
  }

  static Value* items(const Value& container) {
    return container.is_array() ? container.array().items : container.object().values;
  }
  static bool is_shared(const Value& container) {
    return container.is_array() ? container.array().shared : container.object().shared;
  }

  const std::optional<std::vector<FieldName>> names_;
  const std::size_t most_bytes_;
};

}  // namespace

FilterPlugin truncate_filter() {
  using O = TruncateOptions;
  return filter_plugin(
      "truncate", "Cuts texts that are too long, in lists and objects too; numbers and times stay.",
      Options<O>()
          .add("fields", &O::fields,
               "The fields to look at; references in their names are filled in. All but "
               "`@metadata` where it is not set.")
          .add("length_bytes", &O::length_bytes,
               "The most bytes that a text keeps: fewer where the cut would divide a UTF-8 "
               "character.",
               required, at_least(0)),
      TruncateFilter::create);
}

}  // namespace millrace
