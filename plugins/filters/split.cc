#include "plugins/filters/split.h"

#include <algorithm>

namespace millrace {
namespace {

/// Fields that the pieces of one event may have in all: many pieces of an event with many fields
/// must not take all memory.
constexpr std::size_t kMostCopies = 1 << 24;
constexpr std::size_t kMostKept = 1 << 16;  // pieces that a worker keeps room for
constexpr std::string_view kSpace = " \t\n\v\f\r";

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

  struct Scratch : FilterScratch {
    std::vector<Value> pieces;
  };
  std::unique_ptr<FilterScratch> make_scratch() const override {
    return std::make_unique<Scratch>();
  }

  void apply(FilterRun& run) override {
    Selection& out = run.reshape();
    std::vector<Value>& pieces = static_cast<Scratch&>(*run.scratch).pieces;
    for (std::uint32_t at : run.events) {
      pieces.clear();
      const Event event = run.batch[at];
      switch (cut(event.get(field_), pieces)) {
        case Cut::impossible:
          keep(event, "_split_type_failure", out);
          break;
        case Cut::single:  // the event stays what it is
          out.push_back(at);
          break;
        case Cut::pieces:
          if (pieces.size() * event.fields().size > kMostCopies)
            keep(event, "_split_limit_failure", out);
          else
            replace(run, at, pieces, out);
      }
    }
    if (pieces.capacity() > kMostKept) std::vector<Value>().swap(pieces);
  }

 private:
  enum class Cut {
    impossible,  ///< neither text nor list
    single,      ///< a text without terminators
    pieces,
  };

  static void keep(Event event, std::string_view tag, Selection& out) {
    event.tag(tag);
    out.push_back(event.at());
  }

  /// Empty pieces and items make no event.
  Cut cut(const Value* value, std::vector<Value>& pieces) const {
    if (value && value->is_string()) return cut_text(value->text(), pieces);
    if (!value || !value->is_array()) return Cut::impossible;
    for (const Value& item : value->array()) {
      if (item.is_null() || (item.is_string() && item.text().empty())) continue;
      pieces.push_back(share(item));  // the list may stay beside it
    }
    return Cut::pieces;
  }

  Cut cut_text(std::string_view text, std::vector<Value>& pieces) const {
    if (text.empty()) return Cut::pieces;  // none
    std::size_t terminators = 0;
    const bool at_white_space = terminator_ == " ";  // as Ruby's split(" ")
    if (at_white_space) text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    for (;; ++terminators) {
      const std::size_t end = at_white_space ? text.find_first_of(kSpace) : text.find(terminator_);
      if (end != 0 && !text.empty()) pieces.push_back(Value::of(text.substr(0, end)));
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + terminator_.size());
    }
    return terminators == 0 ? Cut::single : Cut::pieces;
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
