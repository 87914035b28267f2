#include "plugins/support/csv.h"

#include <algorithm>

#include "pipeline/event/utf8.h"

namespace millrace {
namespace {

/// As far as Ruby looks for the first line end.
constexpr std::size_t kSampledBytes = 1024;

}  // namespace

std::optional<CsvReader> CsvReader::create(const std::string& separator, const std::string& quote,
                                           const PluginContext& context) {
  const bool none = quote == "\\x00" || quote == std::string(1, '\0');
  const bool one = !quote.empty() && utf8_length(quote) == quote.size();
  if (!none && !one)
    context.error("quote_char", "`" + quote + "` is not one character",
                  "`\\x00` means that nothing is quoted");
  if (separator.empty()) context.error("separator", "must not be empty");
  if ((!none && !one) || separator.empty()) return std::nullopt;
  return CsvReader(separator, none ? "" : quote);
}

std::string_view CsvReader::row_end_of(std::string_view text) {
  const std::string_view sample = text.substr(0, kSampledBytes);
  const std::size_t first = sample.find_first_of("\r\n");
  if (first == std::string_view::npos || text[first] == '\n') return "\n";
  return text.substr(first + 1).starts_with('\n') ? "\r\n" : "\r";
}

CsvReader::Outcome CsvReader::read(std::string_view& rest, std::string_view row_end, Arena& arena,
                                   std::vector<Value>& cells) const {
  cells.clear();
  if (rest.empty()) return Outcome::end;
  if (rest.starts_with(row_end)) {
    rest.remove_prefix(row_end.size());
    return Outcome::row;
  }
  for (;;) {
    Value cell;
    if (!read_cell(rest, arena, cell)) return Outcome::malformed;
    cells.push_back(cell);
    if (rest.empty()) return Outcome::row;
    if (rest.starts_with(row_end)) {
      rest.remove_prefix(row_end.size());
      return Outcome::row;
    }
    if (!rest.starts_with(separator_)) return Outcome::malformed;
    rest.remove_prefix(separator_.size());
  }
}

bool CsvReader::read_cell(std::string_view& rest, Arena& arena, Value& cell) const {
  if (!quote_.empty() && rest.starts_with(quote_)) return read_quoted(rest, arena, cell);
  const std::string_view text = take_unquoted(rest);
  if (!text.empty()) cell = Value::of(text);
  return true;
}

/// Up to the next separator, quote or line end.
std::string_view CsvReader::take_unquoted(std::string_view& rest) const {
  const char stops[] = {'\r', '\n', separator_[0], quote_.empty() ? '\n' : quote_[0]};
  std::size_t at = 0;
  for (;; ++at) {
    at = rest.find_first_of(std::string_view(stops, sizeof stops), at);
    if (at == std::string_view::npos) at = rest.size();
    const std::string_view here = rest.substr(at);
    if (here.empty() || here[0] == '\r' || here[0] == '\n' || here.starts_with(separator_)) break;
    if (!quote_.empty() && here.starts_with(quote_)) break;
  }
  const std::string_view text = rest.substr(0, at);
  rest.remove_prefix(at);
  return text;
}

/// `rest` begins with a quote. False: it is never closed.
bool CsvReader::read_quoted(std::string_view& rest, Arena& arena, Value& cell) const {
  rest.remove_prefix(quote_.size());
  std::size_t end = 0;
  bool doubled = false;
  for (;;) {
    end = rest.find(quote_, end);
    if (end == std::string_view::npos) return false;
    if (!rest.substr(end + quote_.size()).starts_with(quote_)) break;
    doubled = true;
    end += 2 * quote_.size();
  }
  std::string_view inside = rest.substr(0, end);
  rest.remove_prefix(end + quote_.size());
  cell = Value::of(inside);
  if (!doubled) return true;
  char* const text = arena.array<char>(inside.size());
  char* to = text;
  while (!inside.empty()) {
    const std::size_t quote = std::min(inside.find(quote_), inside.size());
    const std::size_t kept = std::min(quote + quote_.size(), inside.size());
    to = std::copy_n(inside.begin(), kept, to);
    inside.remove_prefix(std::min(kept + quote_.size(), inside.size()));
  }
  cell = Value::of(std::string_view(text, static_cast<std::size_t>(to - text)));
  return true;
}

}  // namespace millrace
