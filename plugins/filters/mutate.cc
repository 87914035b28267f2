#include "plugins/filters/mutate.h"

#include <array>
#include <functional>

#include "pipeline/event/template.h"
#include "plugins/filters/mutate_convert.h"
#include "plugins/filters/mutate_text.h"
#include "plugins/support/letter_case.h"
#include "plugins/support/regex.h"

namespace millrace {
namespace {

struct MutateOptions {
  Hash coerce;
  Hash rename;
  Hash replace;
  Hash update;
  Hash convert;
  std::vector<std::string> gsub;
  std::vector<std::string> uppercase;
  std::vector<std::string> lowercase;
  std::vector<std::string> capitalize;
  Hash split;
  Hash join;
  std::vector<std::string> strip;
  Hash merge;
  Hash copy;
  std::string tag_on_failure = "_mutate_error";
};

/// A template that names a field. One that is malformed, or becomes so with the event's data, gives
/// no reference: the operation fails.
class Field {
 public:
  explicit Field(const std::string& text) {
    auto parsed = Template::parse(text);
    if (parsed && !parsed->is_constant()) {
      computed_ = std::move(*parsed);
      return;
    }
    auto ref = FieldRef::parse(text);
    if (ref) fixed_ = std::move(*ref);
  }

  std::optional<FieldRef> of(Event event) const {
    if (!computed_) return fixed_;
    Buffer text;
    computed_->append(event, text);
    auto ref = FieldRef::parse(text.view(), event.batch().names());
    return ref ? std::optional(std::move(*ref)) : std::nullopt;
  }

 private:
  std::optional<FieldRef> fixed_;
  std::optional<Template> computed_;
};

/// One step; false: it failed, and what follows is not done.
using Operation = std::function<bool(Event)>;
using Mapping = std::function<std::optional<Value>(const Value&, Batch&)>;

/// Replaces a field's value, or each item of a list, by what `mapping` makes of it. What it cannot
/// map stays.
bool map_field(Event event, const Field& field, const Mapping& mapping) {
  const auto ref = field.of(event);
  if (!ref) return false;
  const Value* value = event.get(*ref);
  if (!value || value->is_null()) return true;
  Batch& batch = event.batch();
  if (!value->is_array()) {
    const auto mapped = mapping(*value, batch);
    return !mapped || event.set(*ref, *mapped);
  }
  Array* list = Array::make(batch.arena(), value->array().size);
  for (const Value& item : value->array())
    list->push(batch.arena(), mapping(item, batch).value_or(item));
  return event.set(*ref, Value::of(list));
}

/// A mapping for strings only.
template <typename Text>
Mapping of_text(Text text) {
  return [text](const Value& value, Batch& batch) -> std::optional<Value> {
    return value.is_string() ? std::optional(text(value.text(), batch)) : std::nullopt;
  };
}

Mapping conversion(const std::string& type) {
  using mutate::Grouping;
  if (type == "integer")
    return [](const Value& v, Batch& b) { return mutate::to_integer(v, Grouping::comma, b); };
  if (type == "integer_eu")
    return [](const Value& v, Batch& b) { return mutate::to_integer(v, Grouping::point, b); };
  if (type == "float")
    return [](const Value& v, Batch&) { return mutate::to_float(v, Grouping::comma); };
  if (type == "float_eu")
    return [](const Value& v, Batch&) { return mutate::to_float(v, Grouping::point); };
  if (type == "boolean")
    return [](const Value& v, Batch&) { return std::optional(mutate::to_boolean(v)); };
  if (type == "string") return [](const Value& v, Batch& b) { return mutate::to_string(v, b); };
  return nullptr;
}

/// gsub's expression may hold references: then it is compiled for each event anew, the last one
/// kept by each thread.
class Substitution {
 public:
  Substitution(std::optional<Regex> fixed, std::optional<Template> pattern, Template replacement)
      : fixed_(std::move(fixed)),
        pattern_(std::move(pattern)),
        replacement_(std::move(replacement)) {}

  bool apply(Event event, const Field& field) const {
    Buffer replacement;
    replacement_.append(event, replacement);
    const auto regex = regex_for(event);
    if (!regex) return false;
    return map_field(event, field, of_text([&](std::string_view text, Batch& batch) {
                       Buffer out;
                       return regex->replace_all(text, replacement.view(), out)
                                  ? batch.copy(out.view())
                                  : Value::of(text);
                     }));
  }

 private:
  std::optional<Regex> regex_for(Event event) const {
    if (fixed_) return fixed_;
    Buffer text;
    pattern_->append(event, text);
    thread_local std::string latest;
    thread_local std::optional<Regex> compiled;
    if (!compiled || latest != text.view()) {
      auto made = Regex::compile(text.view());
      compiled = made ? std::optional(std::move(*made)) : std::nullopt;
      latest = text.view();
    }
    return compiled;
  }

  const std::optional<Regex> fixed_;
  const std::optional<Template> pattern_;
  const Template replacement_;
};

bool copy_or_move(Event event, const Field& from, const Field& to, bool move) {
  const auto source = from.of(event);
  const auto target = to.of(event);
  if (!source || !target) return false;
  const Value* present = event.get(*source);
  if (!present || (present->is_null() && !move)) return true;
  Batch& batch = event.batch();
  const Value value =
      batch.adopt(batch, *present);  // two fields must not share what can be written to
  if (!move) return event.set(*target, value);
  event.remove(*source);
  if (event.set(*target, value)) return true;
  return event.set(*source, value) && false;  // as it was: nothing is lost
}

bool set_text(Event event, const Field& field, const std::optional<Template>& text) {
  const auto ref = field.of(event);
  return ref && text && event.set(*ref, text->value(event, event.batch()));
}

/// Both as lists, one behind the other; two objects become one.
bool merge_fields(Event event, const Field& into, const Field& from) {
  const auto target = into.of(event);
  const auto source = from.of(event);
  if (!target || !source) return false;
  const Value* added = event.get(*source);
  if (!added || added->is_null()) return true;
  const Value* present = event.get(*target);
  Batch& batch = event.batch();
  const Value copy = batch.adopt(batch, *added);
  if (!present || present->is_null()) {
    if (copy.is_array() || copy.is_object()) return event.set(*target, copy);
  } else if (present->is_object() || copy.is_object()) {
    if (!present->is_object() || !copy.is_object())
      return true;  // a list and an object do not merge
    Value* object = event.mutate(*target);
    for (std::uint32_t i = 0; i < copy.object().size; ++i)
      object->object().slot(batch.arena(), copy.object().names[i]) = copy.object().values[i];
    return true;
  }
  Array* list = Array::make(batch.arena(), 4);
  for (const Value* part : {present, &copy}) {
    if (!part || part->is_null()) continue;
    if (!part->is_array()) list->push(batch.arena(), *part);
    if (part->is_array())
      for (const Value& item : part->array()) list->push(batch.arena(), item);
  }
  return event.set(*target, Value::of(list));
}

bool join_field(Event event, const Field& field, const std::string& separator) {
  const auto ref = field.of(event);
  if (!ref) return false;
  const Value* value = event.get(*ref);
  if (!value || !value->is_array()) return true;
  Buffer text;
  for (std::uint32_t i = 0; i < value->array().size; ++i) {
    if (i) text.append(separator);
    append_text(event.batch(), value->array().items[i], text);
  }
  return event.set(*ref, event.batch().copy(text.view()));
}

class MutateFilter : public Filter {
 public:
  MutateFilter(std::vector<Operation> operations, std::string tag)
      : operations_(std::move(operations)), tag_(std::move(tag)) {}
  static std::unique_ptr<Filter> create(MutateOptions options, const PluginContext& context);

  void apply(FilterRun& run) override {
    for (std::uint32_t at : run.events) {
      if (mutate(run.batch[at]))
        run.matched.push_back(at);
      else
        run.batch[at].tag(tag_);
    }
  }

  std::optional<std::string> common_failure_tag() const override { return tag_; }

 private:
  bool mutate(Event event) const {
    for (const Operation& operation : operations_)
      if (!operation(event)) return false;
    return true;
  }

  const std::vector<Operation> operations_;
  const std::string tag_;
};

/// Turns the options into operations, in the fixed order that Logstash documents.
class Compiler {
 public:
  Compiler(MutateOptions options, const PluginContext& context)
      : options_(std::move(options)), context_(context) {}

  std::optional<std::vector<Operation>> compile() {
    add_coerce();
    for_texts("rename", options_.rename, [](Field from, const std::string& to) -> Operation {
      return [from, target = Field(to)](Event event) {
        return copy_or_move(event, from, target, true);
      };
    });
    add_update();
    add_replace();
    add_convert();
    add_gsub();
    add_mapping(options_.uppercase, of_text(millrace::uppercase));
    add_mapping(options_.capitalize, of_text(millrace::capitalize));
    add_mapping(options_.lowercase, of_text(millrace::lowercase));
    add_mapping(options_.strip,
                of_text([](std::string_view text, Batch&) { return mutate::strip(text); }));
    for_texts("split", options_.split, [](Field field, const std::string& separator) -> Operation {
      return [field, separator](Event event) { return split_field(event, field, separator); };
    });
    for_texts("join", options_.join, [](Field field, const std::string& separator) -> Operation {
      return [field, separator](Event event) { return join_field(event, field, separator); };
    });
    for_texts("merge", options_.merge, [](Field into, const std::string& from) -> Operation {
      return
          [into, source = Field(from)](Event event) { return merge_fields(event, into, source); };
    });
    for_texts("copy", options_.copy, [](Field from, const std::string& to) -> Operation {
      return [from, target = Field(to)](Event event) {
        return copy_or_move(event, from, target, false);
      };
    });
    return good_ ? std::optional(std::move(operations_)) : std::nullopt;
  }

 private:
  static bool split_field(Event event, const Field& field, const std::string& separator) {
    const auto ref = field.of(event);
    if (!ref) return false;
    const Value* value = event.get(*ref);
    if (!value || !value->is_string()) return true;
    return event.set(*ref, mutate::split(value->text(), separator, event.batch()));
  }

  /// An operation for each text of each entry.
  template <typename Make>
  void for_texts(const char* option, const Hash& hash, Make make) {
    for (const config::HashEntry& entry : hash) {
      auto read = texts(entry.value);
      if (!read) {
        refuse(option,
               "the value of `" + entry.key + "` must be text, not " + config::show(entry.value));
        continue;
      }
      for (const std::string& text : *read) operations_.push_back(make(Field(entry.key), text));
    }
  }

  /// A malformed template fails at each event, as in Logstash.
  std::optional<Template> parse(const char* option, const std::string& text) {
    auto parsed = Template::parse(text);
    if (parsed) return std::move(*parsed);
    context_.warning(option, parsed.error().message, "every event fails here");
    return std::nullopt;
  }

  void add_coerce() {
    for_texts("coerce", options_.coerce, [this](Field field, const std::string& text) -> Operation {
      return [field, value = parse("coerce", text)](Event event) {
        const auto ref = field.of(event);
        if (!ref) return false;
        const Value* present = event.get(*ref);
        return !present || !present->is_null() || set_text(event, field, value);
      };
    });
  }

  void add_update() {
    for_texts("update", options_.update, [this](Field field, const std::string& text) -> Operation {
      return [field, value = parse("update", text)](Event event) {
        const auto ref = field.of(event);
        return ref && (!event.get(*ref) || set_text(event, field, value));
      };
    });
  }

  void add_replace() {
    for_texts("replace", options_.replace,
              [this](Field field, const std::string& text) -> Operation {
                return [field, value = parse("replace", text)](Event event) {
                  return set_text(event, field, value);
                };
              });
  }

  void add_convert() {
    for_texts(
        "convert", options_.convert, [this](Field field, const std::string& type) -> Operation {
          const Mapping mapping = conversion(type);
          if (!mapping) {
            static constexpr std::array<std::string_view, 6> kTypes{
                "integer", "integer_eu", "float", "float_eu", "boolean", "string"};
            std::string hint = config::did_you_mean(type, kTypes);
            refuse("convert", "there is no type `" + type + "`",
                   hint.empty() ? "one of integer, integer_eu, float, float_eu, boolean, string"
                                : hint);
          }
          return [field, mapping](Event event) { return map_field(event, field, mapping); };
        });
  }

  void add_gsub() {
    if (options_.gsub.size() % 3 != 0) {
      refuse("gsub", "expected triples of field, expression and replacement, got " +
                         std::to_string(options_.gsub.size()) + " texts");
      return;
    }
    for (std::size_t i = 0; i < options_.gsub.size(); i += 3) {
      const Field field(options_.gsub[i]);
      auto pattern = Template::parse(options_.gsub[i + 1]);
      auto replacement = Template::parse(options_.gsub[i + 2]);
      std::optional<Regex> fixed;
      if (!pattern || pattern->is_constant()) {
        auto compiled = Regex::compile(options_.gsub[i + 1]);
        if (!compiled) {
          refuse("gsub", compiled.error().message);
          continue;
        }
        fixed = std::move(*compiled);
      }
      if (!replacement) {
        refuse("gsub", replacement.error().message);
        continue;
      }
      auto substitution = std::make_shared<const Substitution>(
          std::move(fixed), pattern ? std::optional(std::move(*pattern)) : std::nullopt,
          std::move(*replacement));
      operations_.push_back(
          [field, substitution](Event event) { return substitution->apply(event, field); });
    }
  }

  void add_mapping(const std::vector<std::string>& fields, const Mapping& mapping) {
    for (const std::string& text : fields)
      operations_.push_back(
          [field = Field(text), mapping](Event event) { return map_field(event, field, mapping); });
  }

  void refuse(const char* option, std::string message, std::string hint = {}) {
    context_.error(option, std::move(message), std::move(hint));
    good_ = false;
  }

  const MutateOptions options_;
  const PluginContext& context_;
  std::vector<Operation> operations_;
  bool good_ = true;
};

std::unique_ptr<Filter> MutateFilter::create(MutateOptions options, const PluginContext& context) {
  std::string tag = options.tag_on_failure;
  auto operations = Compiler(std::move(options), context).compile();
  return operations ? std::make_unique<MutateFilter>(std::move(*operations), std::move(tag))
                    : nullptr;
}

}  // namespace

FilterPlugin mutate_filter() {
  using O = MutateOptions;
  return filter_plugin(
      "mutate",
      "Renames, rewrites, converts and copies fields, in the fixed order of the options below.",
      Options<O>()
          .add("coerce", &O::coerce, "A default for each field that is there but null.")
          .add("rename", &O::rename, "From each field to its new name.")
          .add("update", &O::update, "A new text for each field that is there.")
          .add("replace", &O::replace, "A text for each field, made where it is missing.")
          .add("convert", &O::convert,
               "Each field to integer, integer_eu, float, float_eu, boolean or string.")
          .add("gsub", &O::gsub, "Triples of field, regular expression and replacement.")
          .add("uppercase", &O::uppercase, "Fields to write in capitals.")
          .add("capitalize", &O::capitalize, "Fields to begin with a capital.")
          .add("lowercase", &O::lowercase, "Fields to write in small letters.")
          .add("strip", &O::strip, "Fields to free of white space at both ends.")
          .add("split", &O::split,
               "From each field to the separator at which its text becomes a list.")
          .add("join", &O::join, "From each list to the separator with which it becomes a text.")
          .add("merge", &O::merge, "To each list or object the fields to add to it.")
          .add("copy", &O::copy, "From each field to its copy.")
          .add("tag_on_failure", &O::tag_on_failure,
               "The tag of an event on which an operation failed; those after it are not done."),
      MutateFilter::create);
}

}  // namespace millrace
