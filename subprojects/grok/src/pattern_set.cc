#include <algorithm>

#include "grok/grok.h"

namespace grok {
namespace {

/// Levenshtein's distance, for short names.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

std::optional<Error> PatternSet::add_file(std::string_view text, const std::string& file) {
  if (text.size() > kMaxFileBytes) return Error{file + " is larger than 4 MiB", "", 0, "", ""};
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::size_t name_end = line.find_first_of(" \t");
    const std::size_t start = line.find_first_not_of(" \t", name_end);
    if (name_end == std::string_view::npos || start == std::string_view::npos) {
      return Error{file + ":" + std::to_string(line_number) + ": expected `NAME definition`", "", 0,
                   std::string(line.substr(0, 200)), ""};
    }
    add(std::string(line.substr(0, name_end)), std::string(line.substr(start)));
  }
  return std::nullopt;
}

const std::string* PatternSet::find(std::string_view name) const {
  const auto found = patterns_.find(name);
  return found == patterns_.end() ? nullptr : &found->second;
}

std::string PatternSet::nearest(std::string_view name) const {
  std::string best;
  std::size_t best_distance = name.size() / 3 + 2;
  if (name.size() > 100) return best;
  for (const auto& [candidate, definition] : patterns_) {
    const std::size_t d = distance(name, candidate);
    if (d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

std::string render(const Error& error) {
  std::string out =
      error.message + (error.where.empty() ? "" : " (in pattern " + error.where + ")");
  if (!error.text.empty()) {
    const std::size_t from =
        error.offset > 60 ? error.offset - 60 : 0;  // a window around the place
    std::string shown = error.text.substr(from, 100);
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; },
        ' ');
    out += "\n  " + shown + "\n  " + std::string(error.offset - from, ' ') + "^";
  }
  if (!error.hint.empty()) out += "\n  hint: " + error.hint;
  return out;
}

}  // namespace grok
