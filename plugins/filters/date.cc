#include "plugins/filters/date.h"

#include "pipeline/event/date_parser.h"
#include "pipeline/event/template.h"

namespace millrace {
namespace {

struct DateOptions {
  std::vector<std::string> match;
  std::optional<std::string> timezone;
  std::string locale;
  std::string target = "@timestamp";
  std::vector<std::string> tag_on_failure{"_dateparsefailure"};
};

class DateFilter : public Filter {
 public:
  static std::unique_ptr<Filter> create(DateOptions options, const PluginContext& context) {
    auto filter = std::make_unique<DateFilter>();
    bool good = filter->read_match(options, context);  // all three, so that every error is reported
    good = filter->read_target(options, context) && good;
    good = filter->read_timezone(options, context) && good;
    filter->tags_ = std::move(options.tag_on_failure);
    return good ? std::move(filter) : nullptr;
  }

  void apply(FilterRun& run) override {
    const Timestamp now = Timestamp::now();
    for (std::uint32_t at : run.events) {
      Event event = run.batch[at];
      const Value* value = event.get(*field_);
      if (!value || value->is_null()) continue;
      const std::optional<Zone> zone = zone_of(event);
      const auto time = read(*value, {zone.value_or(Zone()), now}, zone.has_value());
      if (time && event.set(*target_, Value::of(*time)))
        run.matched.push_back(at);
      else
        for (const std::string& tag : tags_) event.tag(tag);
    }
  }

 private:
  bool read_match(const DateOptions& options, const PluginContext& context) {
    if (options.match.size() < 2) {
      context.error("match", "expected a field and at least one format",
                    R"(for example match => ["timestamp", "dd/MMM/yyyy:HH:mm:ss Z", "ISO8601"])");
      return false;
    }
    auto field = FieldRef::parse(options.match.front());
    if (!field) {
      context.error("match", field.error().message);
      return false;
    }
    field_ = std::move(*field);
    bool good = true;
    for (std::size_t i = 1; i < options.match.size(); ++i) {
      auto parser = DateParser::compile(options.match[i], options.locale);
      if (parser) {
        parsers_.push_back(std::move(*parser));
        continue;
      }
      context.places.error(context.diagnostics, "match", i, parser.error().message);
      good = false;
    }
    return good;
  }

  bool read_target(const DateOptions& options, const PluginContext& context) {
    auto target = FieldRef::parse(options.target);
    if (target)
      target_ = std::move(*target);
    else
      context.error("target", target.error().message);
    return target_.has_value();
  }

  bool read_timezone(const DateOptions& options, const PluginContext& context) {
    zone_ = host_zone();
    if (!options.timezone) return true;
    auto text = Template::parse(*options.timezone);
    if (!text) {
      context.error("timezone", text.error().message);
      return false;
    }
    if (!text->is_constant()) {
      zone_text_ = std::move(*text);
      return true;
    }
    auto zone = find_zone(*options.timezone);
    if (zone)
      zone_ = *zone;
    else
      context.error("timezone", zone.error().message);
    return zone.has_value();
  }

  /// nullopt: the event names no zone, or one that there is not.
  std::optional<Zone> zone_of(const Event& event) const {
    if (!zone_text_) return zone_;
    Buffer text;
    zone_text_->append(event, text);
    auto zone = find_zone(text.view());
    return zone ? std::optional(*zone) : std::nullopt;
  }

  /// Without a zone, by the formats that need none.
  std::optional<Timestamp> read(const Value& value, const DateContext& context,
                                bool has_zone) const {
    if (value.type() == Type::timestamp) return value.timestamp();
    for (const DateParser& parser : parsers_)
      if (const auto time =
              has_zone || !parser.reads_zone() ? read(parser, value, context) : std::nullopt)
        return time;
    return std::nullopt;
  }

  static std::optional<Timestamp> read(const DateParser& parser, const Value& value,
                                       const DateContext& context) {
    switch (value.type()) {
      case Type::string:
      case Type::number_text:
        return parser.parse(value.text(), context);
      case Type::integer:
        return parser.parse(value.integer(), context);
      case Type::real:
        return parser.parse(value.real(), context);
      default:
        return std::nullopt;
    }
  }

  std::optional<FieldRef> field_;
  std::optional<FieldRef> target_;
  std::vector<DateParser> parsers_;
  Zone zone_;
  std::optional<Template> zone_text_;
  std::vector<std::string> tags_;
};

}  // namespace

FilterPlugin date_filter() {
  using O = DateOptions;
  return filter_plugin(
      "date", "Reads a time out of a field and makes it the event's time.",
      Options<O>()
          .add("match", &O::match,
               "The field, then the formats to try: ISO8601, UNIX, UNIX_MS, TAI64N or Joda-Time "
               "patterns.",
               required)
          .add("timezone", &O::timezone,
               "The zone of times that do not name theirs; may hold references. Where these name "
               "no zone, a time "
               "that needs one is not read.",
               default_text("the host's"))
          .add("locale", &O::locale, "The language of month and weekday names.", default_text("en"))
          .add("target", &O::target, "Where the time goes.")
          .add("tag_on_failure", &O::tag_on_failure,
               "Tags for an event whose field fits no format."),
      DateFilter::create);
}

}  // namespace millrace
