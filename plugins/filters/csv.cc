#include "plugins/filters/csv.h"

#include <mutex>

#include "plugins/support/csv.h"
#include "plugins/support/csv_columns.h"

namespace millrace {
namespace {

struct CsvOptions {
  std::string source = "message";
  std::vector<std::string> columns;
  StringPairs convert;
  std::string target;
  bool autogenerate_column_names = true;
  bool skip_empty_columns = false;
  std::string separator = ",";
  std::string quote_char = "\"";
  bool skip_header = false;
  bool skip_empty_rows = false;
  bool autodetect_column_names = false;
};

class CsvScratch : public FilterScratch {
 public:
  std::vector<Value> cells;
};

/// Reads the first row of a text into fields.
class CsvFilter : public Filter {
 public:
  static std::unique_ptr<Filter> create(CsvOptions options, const PluginContext& context);

  CsvFilter(FieldRef source, CsvReader reader, std::shared_ptr<const CsvColumns> columns,
            CsvOptions options)
      : source_(std::move(source)),
        reader_(std::move(reader)),
        options_(std::move(options)),
        columns_(std::move(columns)) {}

  std::unique_ptr<FilterScratch> make_scratch() const override {
    return std::make_unique<CsvScratch>();
  }
  void apply(FilterRun& run) override;

 private:
  enum class Outcome { nothing, set, failed, header };

  Outcome read(Event event, std::vector<Value>& cells);
  std::shared_ptr<const CsvColumns> columns() const {
    if (!options_.autodetect_column_names) return columns_;
    std::lock_guard lock(mutex_);
    return columns_;
  }
  bool took_names(std::span<const Value> cells);

  const FieldRef source_;
  const CsvReader reader_;
  const CsvOptions options_;
  mutable std::mutex mutex_;
  std::shared_ptr<const CsvColumns> columns_;  // guarded by mutex_ where the data names them
};

std::unique_ptr<Filter> CsvFilter::create(CsvOptions options, const PluginContext& context) {
  auto source = FieldRef::parse(options.source);
  if (!source) context.error("source", source.error().message);
  auto reader = CsvReader::create(options.separator, options.quote_char, context);
  auto columns = CsvColumns::create(
      {options.columns, options.convert, options.target, options.autogenerate_column_names,
       options.skip_empty_columns},
      context);
  if (!source || !reader || !columns) return nullptr;
  return std::make_unique<CsvFilter>(std::move(*source), std::move(*reader), std::move(columns),
                                     std::move(options));
}

void CsvFilter::apply(FilterRun& run) {
  auto& cells = static_cast<CsvScratch&>(*run.scratch).cells;
  const bool may_drop = options_.skip_header || options_.autodetect_column_names;
  for (const std::uint32_t at : run.events) {
    Event event = run.batch[at];
    const Outcome outcome = read(event, cells);
    if (outcome == Outcome::failed) event.tag("_csvparsefailure");
    if (outcome == Outcome::set) run.matched.push_back(at);
    if (!may_drop) continue;
    if (outcome == Outcome::header)
      run.batch.set_state(at, EventState::dropped);
    else
      run.reshape().push_back(at);
  }
  if (may_drop) run.reshape();
}

CsvFilter::Outcome CsvFilter::read(Event event, std::vector<Value>& cells) {
  const Value* const source = event.get(source_);
  if (!source || !source->truthy()) return Outcome::nothing;
  if (!source->is_string()) return Outcome::failed;
  std::string_view text = source->text();
  const auto row = reader_.read(text, CsvReader::row_end_of(text), event.batch().arena(), cells);
  if (row == CsvReader::Outcome::malformed) return Outcome::failed;
  if (row == CsvReader::Outcome::end) {
    if (!options_.skip_empty_rows) return Outcome::failed;
    event.tag("_csvskippedemptyfield");
    return Outcome::nothing;
  }
  if (options_.autodetect_column_names && took_names(cells)) return Outcome::header;
  const auto columns = this->columns();
  if (options_.skip_header && !columns->empty() && columns->is_header(cells))
    return Outcome::header;
  return columns->set(event, cells) ? Outcome::set : Outcome::failed;
}

/// The first row of all names the columns.
bool CsvFilter::took_names(std::span<const Value> cells) {
  std::lock_guard lock(mutex_);
  if (!columns_->empty()) return false;
  columns_ = columns_->with_names(cells);
  return true;
}

}  // namespace

FilterPlugin csv_filter() {
  using O = CsvOptions;
  return filter_plugin(
      "csv", "Read a row of comma-separated values into fields.",
      Options<O>()
          .add("source", &O::source, "The field that holds the row.")
          .add("columns", &O::columns, "Names of the columns, in order.")
          .add("separator", &O::separator, "What stands between values.")
          .add("quote_char", &O::quote_char, "What quotes a value; `\\x00` for nothing.")
          .add("target", &O::target, "Field that gets the columns; without it, the event does.")
          .add("autogenerate_column_names", &O::autogenerate_column_names,
               "Call a column without a name column1, column2, ...; otherwise leave it out.")
          .add("autodetect_column_names", &O::autodetect_column_names,
               "The first row of all names the columns, and is dropped; use one worker.")
          .add("skip_header", &O::skip_header, "Drop a row that is just the column names.")
          .add("skip_empty_columns", &O::skip_empty_columns, "Leave empty values out.")
          .add("skip_empty_rows", &O::skip_empty_rows,
               "Tag an empty row `_csvskippedemptyfield` instead of as a failure.")
          .add("convert", &O::convert,
               "Types of columns: integer, float, date, date_time or boolean."),
      CsvFilter::create);
}

}  // namespace millrace
