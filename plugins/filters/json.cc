#include "plugins/filters/json.h"

#include "pipeline/event/json_read.h"
#include "plugins/support/ruby_text.h"

namespace millrace {
namespace {

struct JsonOptions {
  std::string source;
  std::optional<std::string> target;
  std::vector<std::string> tag_on_failure{"_jsonparsefailure"};
  bool skip_on_invalid_json = false;
};

class JsonFilter : public Filter {
 public:
  JsonFilter(JsonOptions options, FieldRef source, std::optional<FieldRef> target)
      : options_(std::move(options)), source_(std::move(source)), target_(std::move(target)) {}

  static std::unique_ptr<Filter> create(JsonOptions options, const PluginContext& context) {
    auto source = FieldRef::parse(options.source);
    if (!source) context.error("source", source.error().message);
    std::optional<FieldRef> target;
    if (options.target) {
      auto parsed = FieldRef::parse(*options.target);
      if (!parsed) {
        context.error("target", parsed.error().message);
        return nullptr;
      }
      target = std::move(*parsed);
    }
    if (!source) return nullptr;
    return std::make_unique<JsonFilter>(std::move(options), std::move(*source), std::move(target));
  }

  struct Scratch : FilterScratch {
    JsonReader reader;
  };
  std::unique_ptr<FilterScratch> make_scratch() const override {
    return std::make_unique<Scratch>();
  }

  void apply(FilterRun& run) override {
    JsonReader& reader = static_cast<Scratch&>(*run.scratch).reader;
    for (std::uint32_t at : run.events) {
      Event event = run.batch[at];
      const Value* source = event.get(source_);
      if (!source || !source->truthy()) continue;
      const auto document = read(event, *source, reader);
      if (document && take(event, *document))
        run.matched.push_back(at);
      else if (document || !options_.skip_on_invalid_json)
        fail(event);
    }
  }

 private:
  static std::optional<Value> read(Event event, const Value& source, JsonReader& reader) {
    if (!source.is_string()) return std::nullopt;
    // A copy: the text may be a constant of the config, which has no readable padding behind it.
    auto document = reader.read(event.batch().arena().copy(source.text()), event.batch());
    return document ? std::optional(*document) : std::nullopt;
  }

  /// False: it is good JSON, but cannot go where it should.
  bool take(Event event, const Value& document) const {
    if (target_) return event.set(*target_, document);
    if (!document.is_object()) return false;
    bool good = true;
    const Object& object = document.object();
    for (std::uint32_t i = 0; i < object.size; ++i)
      good = take_member(event, object.names[i], object.values[i]) && good;
    return good;
  }

  /// A key with brackets is a reference, as in Logstash. False: it is malformed, or its field is no
  /// place for the value.
  static bool take_member(Event event, NameId name, const Value& value) {
    if (name == name::timestamp) {
      take_timestamp(event, value);
      return true;
    }
    BatchNames& names = event.batch().names();
    const std::string_view key = names[name].text;
    if (name != name::tags && key.find_first_of("[]") == std::string_view::npos) {
      event.put(name, value);
      return true;
    }
    const auto ref = FieldRef::parse(key, names);
    return ref && event.set(*ref, value);
  }

  /// What is no time is kept as text beside the current time.
  static void take_timestamp(Event event, Value value) {
    if (!value.truthy()) return;
    Batch& batch = event.batch();
    if (value.type() != Type::timestamp) {
      Buffer text;
      append_to_s(batch, value, text);
      value = batch.copy(text.view());
    }
    Object* const document = Object::make(batch.arena(), 1);
    document->append(batch.arena(), name::timestamp, value);
    event.set_timestamp(Timestamp::now());
    event.merge_document(*document);
  }

  void fail(Event event) const {
    for (const std::string& tag : options_.tag_on_failure) event.tag(tag);
  }

  const JsonOptions options_;
  const FieldRef source_;
  const std::optional<FieldRef> target_;
};

}  // namespace

FilterPlugin json_filter() {
  using O = JsonOptions;
  return filter_plugin(
      "json", "Reads the JSON text of a field into fields.",
      Options<O>()
          .add("source", &O::source, "The field that holds the text.", required)
          .add("target", &O::target,
               "Where the document goes; the top of the event where it is not set.")
          .add("tag_on_failure", &O::tag_on_failure, "Tags for an event whose text is not JSON.")
          .add("skip_on_invalid_json", &O::skip_on_invalid_json,
               "Leave such an event as it is, without tags; JSON that has no place still tags."),
      JsonFilter::create);
}

}  // namespace millrace
