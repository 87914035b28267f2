#include "plugins/filters/kv.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "pipeline/event/template.h"
#include "plugins/filters/kv_scanner.h"
#include "plugins/support/letter_case.h"
#include "plugins/support/named_field.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

/// Values inside values are looked through to this depth, so that a hostile text costs linear time.
constexpr int kMostNesting = 32;
/// Pairs between two looks at the clock.
constexpr unsigned kStepsPerLook = 16;

enum class Transform { none, lowercase, uppercase, capitalize };

struct KvOptions {
  std::string trim_value, trim_key;
  std::string remove_char_value, remove_char_key;
  Transform transform_value = Transform::none;
  Transform transform_key = Transform::none;
  std::string field_split = " ";
  std::optional<std::string> field_split_pattern;
  std::string value_split = "=";
  std::optional<std::string> value_split_pattern;
  std::string prefix;
  std::string source = "message";
  std::string target;
  std::vector<std::string> include_keys, exclude_keys;
  Hash default_keys;
  bool allow_duplicate_values = true;
  bool allow_empty_values = false;
  bool include_brackets = true;
  bool recursive = false;
  std::string whitespace = "lenient";
  std::chrono::milliseconds timeout_millis{30'000};
  std::string tag_on_timeout = "_kv_filter_timeout";
  std::vector<std::string> tag_on_failure{"_kv_filter_error"};
};

/// What happens to a key or to a value once it is found.
struct Cleaning {
  std::optional<CharClass> trim;
  std::optional<CharClass> remove;
  Transform transform = Transform::none;

  std::string_view apply(std::string_view text, Batch& batch) const;
};

/// Bytes of the characters of `set` that stand at `at`, one after the other.
std::size_t run_of(std::string_view text, std::size_t at, const CharClass& set) {
  std::size_t end = at;
  while (const std::size_t size = set.match(text, end)) end += size;
  return end - at;
}

/// How many bytes of the `run` at `at` go: all of them at the begin of a line, else those before
/// the last end of a line.
std::size_t trimmed_of_run(std::string_view text, std::size_t at, std::size_t run) {
  if (at == 0 || text[at - 1] == '\n') return run;
  if (at + run == text.size() || text[at + run] == '\n') return run;
  const std::size_t line_end = text.substr(at, run).rfind('\n');
  return line_end == std::string_view::npos ? 0 : line_end;
}

/// Each line trimmed, as Logstash does, where `^` and `$` are the ends of lines.
std::string_view trimmed_lines(std::string_view text, const CharClass& set, Batch& batch) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t run = run_of(text, at, set);
    const std::size_t gone = trimmed_of_run(text, at, run);
    at += gone;
    if (gone > 0) continue;
    const std::size_t stays = run > 0 && text[at] != '\n' ? run : 1;  // a line begins behind '\n'
    kept += text.substr(at, stays);
    at += stays;
  }
  return batch.arena().copy(kept);
}

std::string_view trimmed(std::string_view text, const CharClass& set, Batch& batch) {
  if (text.find('\n') != std::string_view::npos) return trimmed_lines(text, set, batch);
  text.remove_prefix(run_of(text, 0, set));
  std::size_t end = 0;  // behind the last character that is not in the set
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = set.match(text, at);
    at += std::max<std::size_t>(size, 1);
    if (size == 0) end = at;
  }
  return text.substr(0, end);
}

std::string_view without(std::string_view text, const CharClass& set, Batch& batch) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = set.match(text, at);
    if (size == 0) kept.push_back(text[at]);
    at += std::max<std::size_t>(size, 1);
  }
  return kept.size() == text.size() ? text : batch.arena().copy(kept);
}

std::string_view Cleaning::apply(std::string_view text, Batch& batch) const {
  if (trim) text = trimmed(text, *trim, batch);
  if (remove) text = without(text, *remove, batch);
  switch (transform) {
    case Transform::none:
      return text;
    case Transform::lowercase:
      return lowercase(text, batch).text();
    case Transform::uppercase:
      return uppercase(text, batch).text();
    case Transform::capitalize:
      return capitalize(text, batch).text();
  }
  return text;
}

/// Keys that an option lists, which may be templates.
class KeyList {
 public:
  bool read(const std::vector<std::string>& keys, std::string_view option,
            const PluginContext& context) {
    for (const std::string& key : keys) {
      auto compiled = Template::parse(key);
      if (!compiled) {
        context.error(option, compiled.error().message);
        return false;
      }
      keys_.push_back(std::move(*compiled));
    }
    return true;
  }

  bool empty() const { return keys_.empty(); }
  bool has(const ConstEvent& event, std::string_view key) const {
    return std::any_of(keys_.begin(), keys_.end(), [&](const Template& listed) {
      if (listed.is_constant()) return listed.text() == key;
      Buffer text;
      listed.append(event, text);
      return text.view() == key;
    });
  }

 private:
  std::vector<Template> keys_;
};

/// The value that `value` of a config stands for, viewing it.
Value constant(const config::Value& value, Batch& batch) {
  if (value.kind == config::ValueKind::array) {
    Array* list = Array::make(batch.arena(), static_cast<std::uint32_t>(value.items.size()));
    for (const config::Value& item : value.items) list->push(batch.arena(), constant(item, batch));
    return Value::of(list);
  }
  if (value.kind != config::ValueKind::number) return Value::of(std::string_view(value.text));
  std::int64_t whole = 0;
  const char* const end = value.text.data() + value.text.size();
  if (const auto read = std::from_chars(value.text.data(), end, whole);
      read.ec == std::errc() && read.ptr == end)
    return Value::of(whole);
  double real = 0;
  std::from_chars(value.text.data(), end, real);
  return Value::of(real);
}

/// Finds key=value pairs in text.
class KvFilter : public Filter {
 public:
  static std::unique_ptr<Filter> create(KvOptions options, const PluginContext& context);

  KvFilter(KvOptions options, FieldRef source, KvScanner scanner, Template prefix)
      : options_(std::move(options)),
        source_(std::move(source)),
        scanner_(std::move(scanner)),
        prefix_(std::move(prefix)) {}

  void apply(FilterRun& run) override;

 private:
  /// One event at work.
  struct Work {
    Event event;
    std::string_view prefix;
    Clock::time_point deadline;
    unsigned steps = 0;
    bool late = false;
  };
  enum class Outcome { nothing, set, failed, late };

  bool read_options(const PluginContext& context);
  Outcome process(Event event) const;
  void parse(std::string_view text, int depth, Object& found, Work& work) const;
  void add(std::string_view key, std::string_view value, int depth, Object& found,
           Work& work) const;
  bool is_wanted(std::string_view key, const Event& event) const;
  Object* with_defaults(Object* found, Batch& batch) const;
  bool store(Event event, const Object& found) const;
  bool is_late(Work& work) const;

  const KvOptions options_;
  const FieldRef source_;
  const KvScanner scanner_;
  const Template prefix_;
  std::optional<FieldRef> target_;
  Cleaning key_;
  Cleaning value_;
  KeyList include_;
  KeyList exclude_;
};

std::unique_ptr<Filter> KvFilter::create(KvOptions options, const PluginContext& context) {
  const std::size_t errors = context.diagnostics.error_count();
  const auto must_not_be_empty = [&](const char* option, const std::string& text) {
    if (text.empty()) context.error(option, "must not be empty");
  };
  must_not_be_empty("field_split", options.field_split);
  must_not_be_empty("value_split", options.value_split);
  must_not_be_empty("field_split_pattern", options.field_split_pattern.value_or(" "));
  must_not_be_empty("value_split_pattern", options.value_split_pattern.value_or(" "));
  auto source = FieldRef::parse(options.source);
  if (!source) context.error("source", source.error().message);
  auto prefix = Template::parse(options.prefix);
  if (!prefix) context.error("prefix", prefix.error().message);
  auto scanner = KvScanner::create({options.field_split, options.value_split,
                                    options.field_split_pattern, options.value_split_pattern,
                                    options.whitespace == "lenient", options.include_brackets});
  if (!scanner) {  // its message begins with the option
    const std::string& message = scanner.error().message;
    const std::size_t colon = message.find(": ");
    context.error(message.substr(0, colon), message.substr(colon + 2));
  }
  if (context.diagnostics.error_count() != errors) return nullptr;
  auto filter = std::make_unique<KvFilter>(std::move(options), std::move(*source),
                                           std::move(*scanner), std::move(*prefix));
  if (!filter->read_options(context)) return nullptr;
  return filter;
}

bool KvFilter::read_options(const PluginContext& context) {
  bool good = true;
  const auto read_set = [&](const char* option, const std::string& text,
                            std::optional<CharClass>& out) {
    if (text.empty()) return;
    if (auto set = CharClass::parse(text)) {
      out = std::move(*set);
    } else {
      context.error(option, set.error().message);
      good = false;
    }
  };
  read_set("trim_key", options_.trim_key, key_.trim);
  read_set("trim_value", options_.trim_value, value_.trim);
  read_set("remove_char_key", options_.remove_char_key, key_.remove);
  read_set("remove_char_value", options_.remove_char_value, value_.remove);
  key_.transform = options_.transform_key;
  value_.transform = options_.transform_value;
  good = include_.read(options_.include_keys, "include_keys", context) && good;
  good = exclude_.read(options_.exclude_keys, "exclude_keys", context) && good;
  if (!options_.target.empty()) {
    auto target = FieldRef::parse(options_.target);
    if (target) {
      target_ = std::move(*target);
    } else {
      context.error("target", target.error().message);
      good = false;
    }
  }
  return good;
}

void KvFilter::apply(FilterRun& run) {
  for (const std::uint32_t at : run.events) {
    Event event = run.batch[at];
    switch (process(event)) {
      case Outcome::nothing:
        break;
      case Outcome::set:
        run.matched.push_back(at);
        break;
      case Outcome::late:
        event.tag(options_.tag_on_timeout);
        break;
      case Outcome::failed:
        for (const std::string& tag : options_.tag_on_failure) event.tag(tag);
    }
  }
}

KvFilter::Outcome KvFilter::process(Event event) const {
  Batch& batch = event.batch();
  const Value* const source = event.get(source_);
  Object* found = Object::make(batch.arena(), 8);
  const bool timed = options_.timeout_millis.count() > 0;
  Work work{event, prefix_.value(event, batch).text(),
            timed ? Clock::now() + options_.timeout_millis : Clock::time_point::max()};
  if (source && source->is_string()) {
    parse(source->text(), 0, *found, work);
  } else if (source && source->is_array()) {
    for (const Value& item : source->array())
      if (item.is_string()) parse(item.text(), 0, *found, work);
  }
  if (work.late) return Outcome::late;
  if (!options_.default_keys.empty()) found = with_defaults(found, batch);
  if (found->size == 0) return Outcome::nothing;
  return store(event, *found) ? Outcome::set : Outcome::failed;
}

/// Adds the pairs of `text` to `found`.
void KvFilter::parse(std::string_view text, int depth, Object& found, Work& work) const {
  KvScan scan(scanner_, text);
  std::string_view key;
  std::string_view value;
  while (!is_late(work)) {
    const KvScan::Step step = scan.next(key, value);
    if (step == KvScan::Step::end) return;
    if (step == KvScan::Step::pair && (!value.empty() || options_.allow_empty_values))
      add(key, value, depth, found, work);
  }
}

bool KvFilter::is_late(Work& work) const {
  if (++work.steps % kStepsPerLook == 0) work.late = work.late || Clock::now() > work.deadline;
  return work.late;
}

bool KvFilter::is_wanted(std::string_view key, const Event& event) const {
  return (include_.empty() || include_.has(event, key)) && !exclude_.has(event, key);
}

/// Whether `value` is in what a key holds already: part of a text, item of a list, or a field.
bool holds(const Value& held, const Value& value, const Batch& batch) {
  if (held.is_string()) return held.text().find(value.text()) != std::string_view::npos;
  if (held.is_object()) {
    const NameId id = batch.names().find(value.text());
    return id != kNoName && held.object().find(id);
  }
  return held.is_array() && std::any_of(held.array().begin(), held.array().end(),
                                        [&](const Value& item) { return equal(item, value); });
}

void KvFilter::add(std::string_view key, std::string_view value, int depth, Object& found,
                   Work& work) const {
  Batch& batch = work.event.batch();
  Arena& arena = batch.arena();
  key = key_.apply(key, batch);
  if (!is_wanted(key, work.event)) return;
  NameId id = 0;
  if (work.prefix.empty()) {
    id = batch.names().id(key);
  } else {
    Buffer name;
    name.append(work.prefix);
    name.append(key);
    id = batch.names().id(name.view());
  }
  Value held = Value::of(value_.apply(value, batch));
  Value* const present = found.find(id);
  if (present && !options_.allow_duplicate_values && holds(*present, held, batch)) return;
  if (options_.recursive && depth < kMostNesting) {
    Object* inner = Object::make(arena, 4);
    parse(held.text(), depth + 1, *inner, work);
    if (inner->size > 0) held = Value::of(inner);
  }
  if (!present) {
    found.append(arena, id, held);
  } else if (present->is_array()) {
    present->array().push(arena, held);
  } else {
    Array* list = Array::make(arena, 2);
    list->push(arena, *present);
    list->push(arena, held);
    *present = Value::of(list);
  }
}

/// The default keys, and what was found over them.
Object* KvFilter::with_defaults(Object* found, Batch& batch) const {
  Object* all = Object::make(batch.arena(), found->size + 8);
  for (const config::HashEntry& entry : options_.default_keys)
    all->slot(batch.arena(), batch.names().id(entry.key)) = constant(entry.value, batch);
  for (std::uint32_t i = 0; i < found->size; ++i)
    all->slot(batch.arena(), found->names[i]) = found->values[i];
  return all;
}

bool KvFilter::store(Event event, const Object& found) const {
  if (target_) {
    Object* own = Object::make(event.batch().arena(), found.size);
    for (std::uint32_t i = 0; i < found.size; ++i)
      own->append(event.batch().arena(), found.names[i], found.values[i]);
    return event.set(*target_, Value::of(own));
  }
  bool good = true;
  for (std::uint32_t i = 0; i < found.size; ++i) {
    const std::string_view name = event.batch().names()[found.names[i]].text;
    good = set_named_field(event, name, found.values[i]) && good;
  }
  return good;
}

}  // namespace

FilterPlugin kv_filter() {
  using O = KvOptions;
  const auto transforms = choices<Transform>({{"lowercase", Transform::lowercase},
                                              {"uppercase", Transform::uppercase},
                                              {"capitalize", Transform::capitalize}});
  return filter_plugin(
      "kv", "Find key=value pairs in text.",
      Options<O>()
          .add("source", &O::source, "The field that holds the pairs.")
          .add("target", &O::target, "Field that gets the pairs; without it, the event does.")
          .add("prefix", &O::prefix, "Template that is put before each key.")
          .add("field_split", &O::field_split, "Characters that separate pairs.")
          .add("field_split_pattern", &O::field_split_pattern,
               "Regular expression that separates pairs, instead.")
          .add("value_split", &O::value_split, "Characters between a key and its value.")
          .add("value_split_pattern", &O::value_split_pattern,
               "Regular expression between a key and its value, instead.")
          .add("whitespace", &O::whitespace,
               "Whether spaces may stand around what separates a key from its value.",
               one_of("lenient", "strict"))
          .add("include_brackets", &O::include_brackets,
               "Values may be in (), [] or <>, which are taken away.")
          .add("recursive", &O::recursive, "Find pairs in values too, 32 levels deep.")
          .add("trim_key", &O::trim_key, "Characters taken off both ends of keys.")
          .add("trim_value", &O::trim_value, "Characters taken off both ends of values.")
          .add("remove_char_key", &O::remove_char_key, "Characters taken out of keys.")
          .add("remove_char_value", &O::remove_char_value, "Characters taken out of values.")
          .add("transform_key", &O::transform_key, "How keys are written.", transforms)
          .add("transform_value", &O::transform_value, "How values are written.", transforms)
          .add("include_keys", &O::include_keys, "Keys to keep; all where none is listed.")
          .add("exclude_keys", &O::exclude_keys, "Keys to leave out.")
          .add("default_keys", &O::default_keys, "Keys and values for when they are not found.")
          .add("allow_duplicate_values", &O::allow_duplicate_values,
               "Keep a value that its key has already.")
          .add("allow_empty_values", &O::allow_empty_values, "Keep keys that have no value.")
          .add("timeout_millis", &O::timeout_millis, "Give an event up after this; 0 for never.",
               bare_unit(std::chrono::milliseconds(1)), at_least(std::chrono::milliseconds(0)))
          .add("tag_on_timeout", &O::tag_on_timeout, "Tag of an event that was given up.")
          .add("tag_on_failure", &O::tag_on_failure, "Tags where a field could not be set."),
      KvFilter::create);
}

}  // namespace millrace
