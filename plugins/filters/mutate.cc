#include "plugins/filters/mutate.h"

#include <array>

#include "plugins/filters/mutate/convert.h"
#include "plugins/filters/mutate/operation.h"
#include "plugins/filters/mutate/text.h"
#include "plugins/support/letter_case.h"

namespace millrace {
namespace {

using mutate::Mapping;
using mutate::Operation;

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

class MutateFilter : public Filter {
 public:
  MutateFilter(std::vector<Operation> operations, std::string tag)
      : operations_(std::move(operations)), tag_(std::move(tag)) {}
  static std::unique_ptr<Filter> create(MutateOptions options, const PluginContext& context);

  std::unique_ptr<FilterScratch> make_scratch() const override {
    return std::make_unique<mutate::Workspace>();
  }

  void apply(FilterRun& run) override {
    auto& workspace = static_cast<mutate::Workspace&>(*run.scratch);
    for (std::uint32_t at : run.events) {
      if (mutate(run.batch[at], workspace))
        run.matched.push_back(at);
      else
        run.batch[at].tag(tag_);
    }
  }

  std::optional<std::string> common_failure_tag() const override { return tag_; }

 private:
  bool mutate(Event event, mutate::Workspace& workspace) const {
    for (const Operation& operation : operations_)
      if (!operation(event, workspace)) return false;
    return true;
  }

  const std::vector<Operation> operations_;
  const std::string tag_;
};

/// A mapping for strings only.
template <typename Text>
Mapping of_text(Text text) {
  return [text](const Value& value, Batch& batch) -> std::optional<Value> {
    return value.is_string() ? std::optional(text(value.text(), batch)) : std::nullopt;
  };
}

/// nullptr: there is no such type.
Mapping conversion(std::string_view type) {
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
    return [](const Value& v, Batch& b) { return std::optional(mutate::to_boolean(v, b)); };
  if (type == "string") return [](const Value& v, Batch& b) { return mutate::to_string(v, b); };
  return nullptr;
}

/// Turns the options into operations, in the fixed order that Logstash documents.
class Compiler {
 public:
  Compiler(const MutateOptions& options, const PluginContext& context)
      : options_(options), context_(context) {}

  /// nullopt: something is wrong, and reported.
  std::optional<std::vector<Operation>> compile() {
    add_texts("coerce", options_.coerce, [](const Value* v) { return v && v->is_null(); });
    add_rename();
    add_texts("update", options_.update, [](const Value* v) { return v != nullptr; });
    add_texts("replace", options_.replace, [](const Value*) { return true; });
    add_convert();
    add_gsub();
    add_mapping("uppercase", options_.uppercase, of_text(millrace::uppercase));
    add_mapping("capitalize", options_.capitalize, of_text(millrace::capitalize));
    add_mapping("lowercase", options_.lowercase, of_text(millrace::lowercase));
    add_mapping("strip", options_.strip,
                of_text([](std::string_view text, Batch&) { return mutate::strip(text); }),
                mutate::Items::text);
    add_of_key("split", options_.split, mutate::split);
    add_of_key("join", options_.join, mutate::join);
    add_of_fields("merge", options_.merge, mutate::merge);
    add_of_fields("copy", options_.copy, mutate::copy);
    return good_ ? std::optional(std::move(operations_)) : std::nullopt;
  }

 private:
  using OfTexts = std::function<Operation(const std::string& key, const std::string& text)>;

  /// An operation for each text of each entry.
  void add_each(const char* option, const Hash& hash, const OfTexts& make) {
    for (const config::HashEntry& entry : hash) {
      auto read = texts(entry.value);
      if (!read)
        refuse(option,
               "the value of `" + entry.key + "` must be text, not " + config::show(entry.value));
      else
        for (const std::string& text : *read) operations_.push_back(make(entry.key, text));
    }
  }

  void add_of_key(const char* option, const Hash& hash,
                  const std::function<Operation(FieldName, const std::string&)>& make) {
    add_each(option, hash, [&](const std::string& key, const std::string& text) {
      return make(field(option, key), text);
    });
  }

  /// For entries whose value names a field as well.
  void add_of_fields(const char* option, const Hash& hash,
                     Operation (*make)(FieldName, FieldName)) {
    add_of_key(option, hash, [=, this](FieldName key, const std::string& text) {
      return make(std::move(key), field(option, text));
    });
  }

  void add_rename() {
    const auto name = [](const std::string& text) {
      auto parsed = FieldName::parse(text);
      return parsed ? std::move(*parsed) : FieldName::as_written(text);
    };
    add_each("rename", options_.rename, [=](const std::string& from, const std::string& to) {
      return mutate::rename(name(from), name(to));
    });
  }

  /// Of all operations, only `rename` fills references into names, as in Logstash.
  FieldName field(const char* option, const std::string& name) {
    const auto parsed = Template::parse(name);
    if (!parsed || !parsed->is_constant())
      context_.warning(option, "`" + name + "` is the name of a field as it is written",
                       "of mutate's options, only `rename` fills references into names");
    return FieldName::as_written(name);
  }

  /// A malformed template fails at each event, as in Logstash.
  void add_texts(const char* option, const Hash& hash, bool (*wanted)(const Value*)) {
    add_of_key(option, hash, [=, this](FieldName field, const std::string& text) {
      auto parsed = Template::parse(text);
      if (!parsed) context_.warning(option, parsed.error().message, "every event fails here");
      return mutate::set_text(std::move(field),
                              parsed ? std::optional(std::move(*parsed)) : std::nullopt, wanted);
    });
  }

  void add_convert() {
    add_of_key("convert", options_.convert, [this](FieldName field, const std::string& type) {
      Mapping mapping = conversion(type);
      if (!mapping) refuse_type(type);
      const bool to_number = type.starts_with("integer") || type.starts_with("float");
      return mutate::map(std::move(field), std::move(mapping),
                         to_number ? mutate::Items::scalar : mutate::Items::of_any_type);
    });
  }

  void refuse_type(const std::string& type) {
    static constexpr std::array<std::string_view, 6> kTypes{"integer",  "integer_eu", "float",
                                                            "float_eu", "boolean",    "string"};
    std::string hint = config::did_you_mean(type, kTypes);
    if (hint.empty()) hint = "one of integer, integer_eu, float, float_eu, boolean, string";
    refuse("convert", "there is no type `" + type + "`", std::move(hint));
  }

  void add_gsub() {
    if (options_.gsub.size() % 3 != 0)
      return refuse("gsub", "expected triples of field, expression and replacement, got " +
                                std::to_string(options_.gsub.size()) + " texts");
    for (std::size_t i = 0; i < options_.gsub.size(); i += 3) add_substitution(i);
  }

  /// `at`: of the triple in the option's list.
  void add_substitution(std::size_t at) {
    auto expression = Template::parse(options_.gsub[at + 1]);
    auto replacement = Template::parse(options_.gsub[at + 2]);
    std::optional<Regex> regex;
    if (!replacement) refuse_item(at + 2, replacement.error().message);
    if (!expression || expression->is_constant()) {
      auto compiled = Regex::compile(options_.gsub[at + 1]);
      if (!compiled) return refuse_item(at + 1, compiled.error().message);
      regex = std::move(*compiled);
    }
    if (!replacement) return;
    operations_.push_back(
        mutate::substitute(field("gsub", options_.gsub[at]), std::move(regex),
                           expression ? std::optional(std::move(*expression)) : std::nullopt,
                           std::move(*replacement)));
  }

  void add_mapping(const char* option, const std::vector<std::string>& fields,
                   const Mapping& mapping, mutate::Items items = mutate::Items::of_any_type) {
    for (const std::string& text : fields)
      operations_.push_back(mutate::map(field(option, text), mapping, items));
  }

  void refuse(const char* option, std::string message, std::string hint = {}) {
    context_.error(option, std::move(message), std::move(hint));
    good_ = false;
  }

  void refuse_item(std::size_t index, std::string message) {
    context_.places.error(context_.diagnostics, "gsub", index, std::move(message));
    good_ = false;
  }

  const MutateOptions& options_;
  const PluginContext& context_;
  std::vector<Operation> operations_;
  bool good_ = true;
};

std::unique_ptr<Filter> MutateFilter::create(MutateOptions options, const PluginContext& context) {
  auto operations = Compiler(options, context).compile();
  if (!operations) return nullptr;
  return std::make_unique<MutateFilter>(std::move(*operations), std::move(options.tag_on_failure));
}

}  // namespace

FilterPlugin mutate_filter() {
  using O = MutateOptions;
  return filter_plugin(
      "mutate",
      "Renames, rewrites, converts and copies fields, in the fixed order of the options below.",
      Options<O>()
          .add("coerce", &O::coerce, "A default for each field that is there but null.")
          .add("rename", &O::rename,
               "From each field to its new name; references in both are filled in.")
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
