#include "plugins/filters/split.h"

namespace millrace {
namespace {

struct SplitOptions {
  std::string terminator = "\n";
  std::string field = "message";
  std::optional<std::string> target;
};

class SplitFilter : public Filter {
 public:
  SplitFilter(std::string terminator, FieldRef field, FieldRef target)
      : terminator_(std::move(terminator)), field_(std::move(field)), target_(std::move(target)) {}

  static std::unique_ptr<Filter> create(SplitOptions options, const PluginContext& context) {
    auto field = FieldRef::parse(options.field);
    auto target = FieldRef::parse(options.target.value_or(options.field));
    if (!field) context.error("field", field.error().message);
    if (options.target && !target) context.error("target", target.error().message);
    if (options.terminator.empty())
      context.error("terminator", "is empty", "name the text between the pieces");
    if (!field || !target || options.terminator.empty()) return nullptr;
    return std::make_unique<SplitFilter>(std::move(options.terminator), std::move(*field),
                                         std::move(*target));
  }

  void apply(FilterRun& run) override {
    Selection& out = run.reshape();
    std::vector<Value> pieces;
    for (std::uint32_t at : run.events) {
      pieces.clear();
      Event event = run.batch[at];
      const Value* value = event.get(field_);
      if (!cut(value, pieces)) {
        event.tag("_split_type_failure");
        out.push_back(at);
      } else if (value->is_string() && value->text().find(terminator_) == std::string_view::npos) {
        out.push_back(at);  // one piece: the event stays what it is
      } else {
        replace(run, at, pieces, out);
      }
    }
  }

 private:
  /// Empty pieces and items make no event. False: neither text nor list.
  bool cut(const Value* value, std::vector<Value>& pieces) const {
    if (!value) return false;
    if (value->is_array()) {
      for (const Value& item : value->array()) {
        if (item.is_null() || (item.is_string() && item.text().empty())) continue;
        pieces.push_back(item);
      }
      return true;
    }
    if (!value->is_string()) return false;
    std::string_view rest = value->text();
    for (std::size_t end; (end = rest.find(terminator_)) != std::string_view::npos;
         rest.remove_prefix(end + terminator_.size())) {
      if (end > 0) pieces.push_back(Value::of(rest.substr(0, end)));
    }
    if (!rest.empty()) pieces.push_back(Value::of(rest));
    return true;
  }

  /// An event of which no piece is left is dropped, as in Logstash, but counted.
  void replace(FilterRun& run, std::uint32_t at, const std::vector<Value>& pieces,
               Selection& out) const {
    run.batch.set_state(at, pieces.empty() ? EventState::dropped : EventState::replaced);
    for (const Value& piece : pieces) {
      Event child = run.batch.add_child(at, run.batch.copy_fields(at));
      out.push_back(child.at());
      if (child.set(target_, piece))
        run.matched.push_back(child.at());
      else
        child.tag("_split_type_failure");
    }
  }

  const std::string terminator_;
  const FieldRef field_;
  const FieldRef target_;
};

}  // namespace

FilterPlugin split_filter() {
  using O = SplitOptions;
  return filter_plugin(
      "split", "Makes an event of each item of a list or each piece of a text.",
      Options<O>()
          .add("field", &O::field, "The field with the list or the text.")
          .add("terminator", &O::terminator, "What stands between the pieces of a text.")
          .add("target", &O::target,
               "Where each piece goes; the field itself where it is not set."),
      SplitFilter::create);
}

}  // namespace millrace
