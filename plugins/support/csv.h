#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/event/batch.h"
#include "pipeline/plugin/registry.h"

namespace millrace {

/// Reads rows by the rules of Ruby's CSV library: a quoted value begins and ends with the quote and
/// holds it doubled; an unquoted one holds neither the quote nor a line end; an empty one is null, a
/// quoted empty one is "". Rows end with what ends the first line of the text: \r\n, \n or \r.
/// Linear in the text. Immutable; shared by threads.
class CsvReader {
 public:
  CsvReader() : CsvReader(",", "\"") {}

  /// `quote`: one character; "", NUL and `\x00` mean that nothing is quoted. nullopt: an option is
  /// wrong, and that was reported.
  static std::optional<CsvReader> create(const std::string& separator, const std::string& quote,
                                         const PluginContext& context);

  enum class Outcome { row, end, malformed };

  /// Reads the row that `rest` begins with into `cells`, and takes it off `rest`. Cells are null or
  /// strings that view `rest` or `arena`. `row_end`: row_end_of() the whole text. Outcome::end:
  /// `rest` was empty.
  Outcome read(std::string_view& rest, std::string_view row_end, Arena& arena,
               std::vector<Value>& cells) const;

  static std::string_view row_end_of(std::string_view text);

  const std::string& separator() const { return separator_; }
  const std::string& quote() const { return quote_; }

 private:
  CsvReader(std::string separator, std::string quote)
      : separator_(std::move(separator)), quote_(std::move(quote)) {}
  bool read_cell(std::string_view& rest, Arena& arena, Value& cell) const;
  bool read_quoted(std::string_view& rest, Arena& arena, Value& cell) const;
  std::string_view take_unquoted(std::string_view& rest) const;

  std::string separator_;
  std::string quote_;  // "": none
};

}  // namespace millrace
