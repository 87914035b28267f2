#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/event/batch.h"
#include "pipeline/event/field_ref.h"
#include "pipeline/plugin/registry.h"
#include "plugins/support/csv_convert.h"

namespace millrace {

/// The options of CSV that decide which field gets which column.
struct CsvColumnOptions {
  std::vector<std::string> columns;
  StringPairs convert;
  std::string target;
  bool autogenerate_column_names = true;
  bool skip_empty_columns = false;
};

/// Sets the fields of a row. Immutable; shared by threads.
class CsvColumns {
 public:
  /// nullptr: `columns`, `convert` or `target` is wrong, and that was reported.
  static std::shared_ptr<const CsvColumns> create(const CsvColumnOptions& options,
                                                  const PluginContext& context);

  /// The same with the columns that a row of the data names; a null names none.
  std::shared_ptr<const CsvColumns> with_names(std::span<const Value> names) const;

  /// No columns are named yet.
  bool empty() const { return columns_.empty(); }
  /// Whether the row holds just the names of the columns.
  bool is_header(std::span<const Value> cells) const;

  /// False: a field could not be set; those before it are.
  bool set(Event event, std::span<const Value> cells) const;

 private:
  struct Column {
    std::string name;  // "": none
    std::optional<FieldRef> ref;
    CsvType type = CsvType::text;
  };

  bool read_types(const StringPairs& convert, const PluginContext& context);
  Result<Column> column(const std::string& name) const;
  bool set(Event event, const Column& column, const Value& cell) const;

  std::string target_;  // "" or a reference in brackets
  std::vector<std::pair<std::string, CsvType>> types_;
  std::vector<Column> columns_;
  std::vector<Column> generated_;  // column1, column2, ...: for the first places without a name
  bool autogenerate_ = true;
  bool skip_empty_ = false;
  CsvConverter converter_;
};

}  // namespace millrace
