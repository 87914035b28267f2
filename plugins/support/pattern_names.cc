#include "plugins/support/pattern_names.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace millrace {
namespace {

namespace fs = std::filesystem;

/// No useful expression is longer; definitions that multiply each other are.
constexpr std::size_t kMostBytes = 1 << 20;

struct Definition {
  const char* name;
  const char* expression;
};
constexpr Definition kDefinitions[] = {
    {"WORD", R"(\b\w+\b)"},
    {"NOTSPACE", R"(\S+)"},
    {"SPACE", R"(\s*)"},
    {"DATA", R"(.*?)"},
    {"GREEDYDATA", R"(.*)"},
    {"INT", R"([+-]?[0-9]+)"},
    {"POSINT", R"(\b[1-9][0-9]*\b)"},
    {"NONNEGINT", R"(\b[0-9]+\b)"},
    {"NUMBER", R"((?<![0-9.+-])[+-]?(?>[0-9]+(?:\.[0-9]+)?|\.[0-9]+))"},
    {"YEAR", R"((?>\d{4}|\d{2}))"},
    {"MONTHNUM", R"((?:1[0-2]|0?[1-9]))"},
    {"MONTHDAY", R"((?:3[01]|[12][0-9]|0?[1-9]))"},
    {"MONTH",
     R"(\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b)"},
    {"DAY",
     R"((?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?))"},
    {"HOUR", R"((?:2[0-3]|[01]?[0-9]))"},
    {"MINUTE", R"([0-5][0-9])"},
    {"SECOND", R"((?:60|[0-5]?[0-9])(?:[:.,][0-9]+)?)"},
    {"TIME", R"((?<![0-9])%{HOUR}:%{MINUTE}(?::%{SECOND})(?![0-9]))"},
    {"ISO8601_TIMEZONE", R"((?:Z|[+-]%{HOUR}:?%{MINUTE}))"},
    {"TIMESTAMP_ISO8601",
     R"(%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?)"},
    {"SYSLOGTIMESTAMP", R"(%{MONTH} +%{MONTHDAY} %{TIME})"},
    {"HTTPDATE", R"(%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT})"},
    {"LOGLEVEL",
     R"((?i:trace|debug|info(?:rmation)?|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|alert|emerg(?:ency)?))"},
};

bool is_name(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

}  // namespace

PatternNames::PatternNames() {
  for (const Definition& definition : kDefinitions)
    patterns_[definition.name] = definition.expression;
}

Result<void> PatternNames::load(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return fail(Errc::not_found, "`" + path + "` does not exist");
  if (!fs::is_directory(path, error)) return load_file(path);
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(path, error))
    if (entry.is_regular_file(error) && !entry.path().string().ends_with('~'))
      files.push_back(entry.path().string());
  if (error) return fail(Errc::io, "cannot list `" + path + "`: " + error.message());
  std::sort(files.begin(), files.end());
  for (const std::string& file : files)
    if (auto loaded = load_file(file); !loaded) return loaded;
  return {};
}

Result<void> PatternNames::load_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) return fail(Errc::io, "cannot read `" + path + "`");
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    const std::size_t end = line.find_first_of(" \t");
    if (line.starts_with('#') || end == std::string::npos) continue;
    const std::size_t begin = line.find_first_not_of(" \t", end);
    if (begin != std::string::npos) patterns_[line.substr(0, end)] = line.substr(begin);
  }
  return {};
}

Result<std::string> PatternNames::expand(std::string_view expression) const {
  std::string out;
  std::vector<std::string> open;
  if (auto expanded = expand_into(expression, open, out); !expanded)
    return fail(std::move(expanded).error());
  return out;
}

/// `open`: the names that are being expanded.
Result<void> PatternNames::expand_into(std::string_view expression, std::vector<std::string>& open,
                                       std::string& out) const {
  while (!expression.empty()) {
    const std::size_t begin = std::min(expression.find("%{"), expression.size());
    out += expression.substr(0, begin);
    expression.remove_prefix(begin);
    if (out.size() > kMostBytes)
      return fail(Errc::limit, "the expression is longer than 1 MiB once its patterns are expanded");
    if (expression.empty()) break;
    const std::string_view inside = expression.substr(2, expression.find('}') - 2);
    const auto name_end = std::find_if_not(inside.begin(), inside.end(), is_name);
    const std::string name(inside.begin(), name_end);
    if (expression.find('}') == std::string_view::npos || name.empty()) {  // not a reference
      out += expression.substr(0, 2);
      expression.remove_prefix(2);
      continue;
    }
    expression.remove_prefix(inside.size() + 3);
    const auto found = patterns_.find(name);
    if (found == patterns_.end())
      return fail(Errc::not_found, "no pattern is called `" + name + "`");
    if (std::find(open.begin(), open.end(), name) != open.end())
      return fail(Errc::invalid, "pattern `" + name + "` contains itself");
    open.push_back(name);
    out += "(?:";
    if (auto expanded = expand_into(found->second, open, out); !expanded) return expanded;
    out += ")";
    open.pop_back();
  }
  return {};
}

}  // namespace millrace
