#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "pipeline/event/batch.h"
#include "pipeline/event/date_parser.h"

namespace millrace {

/// What the option `convert` of CSV can make of a column.
enum class CsvType { text, integer, real, date, date_time, boolean };

/// "integer", "float", "date", "date_time", "boolean"; nullopt for anything else.
std::optional<CsvType> csv_type(std::string_view name);

/// Converts columns as Ruby's CSV library does: what does not read as the type stays what it was.
/// Immutable; shared by threads.
class CsvConverter {
 public:
  /// Dates without a zone are midnights on this host's clock, times without one are UTC.
  CsvConverter();

  /// `cell` is null, which stays null, or a string.
  Value convert(CsvType type, const Value& cell, Batch& batch) const;

 private:
  Value read_date(const std::vector<DateParser>& formats, const Zone& zone,
                  const Value& cell) const;

  std::vector<DateParser> dates_;
  std::vector<DateParser> date_times_;
  Zone local_;
};

}  // namespace millrace
