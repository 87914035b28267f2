#include "pipeline/config/source.h"

#include <algorithm>

namespace millrace::config {
namespace {

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

Span join(Span a, Span b) {
  if (a.source != b.source) return b;
  return Span{a.source, std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

SourceId SourceSet::add(std::string name, std::string text) {
  std::vector<std::uint32_t> starts{0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts.push_back(static_cast<std::uint32_t>(i + 1));
  }
  sources_.push_back(Source{std::move(name), std::move(text), std::move(starts)});
  return static_cast<SourceId>(sources_.size() - 1);
}

std::string_view SourceSet::text(Span span) const {
  if (span.source >= sources_.size()) return {};
  const std::string_view all = sources_[span.source].text;
  const std::size_t begin = std::min<std::size_t>(span.begin, all.size());
  return all.substr(begin, std::max(span.begin, span.end) - span.begin);
}

std::size_t SourceSet::line_index(const Source& source, std::uint32_t offset) {
  const auto after = std::upper_bound(source.line_starts.begin(), source.line_starts.end(), offset);
  return static_cast<std::size_t>(after - source.line_starts.begin()) - 1;
}

std::string_view SourceSet::line_at(const Source& source, std::size_t index) {
  const std::size_t begin = source.line_starts[index];
  const std::size_t end = index + 1 < source.line_starts.size() ? source.line_starts[index + 1] - 1
                                                                : source.text.size();
  std::string_view line = std::string_view(source.text).substr(begin, end - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Place SourceSet::place(Span span) const {
  if (span.source >= sources_.size()) return {};
  const Source& source = sources_[span.source];
  const auto offset = std::min<std::uint32_t>(span.begin, source.text.size());
  const std::size_t index = line_index(source, offset);
  const auto before = std::string_view(source.text)
                          .substr(source.line_starts[index], offset - source.line_starts[index]);
  const auto characters = std::count_if(before.begin(), before.end(), starts_character);
  return Place{source.name, index + 1, static_cast<std::size_t>(characters) + 1};
}

std::string SourceSet::describe(Span span) const {
  const Place at = place(span);
  if (at.line == 0) return "";
  return std::string(at.name) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string_view SourceSet::line(Span span) const {
  if (span.source >= sources_.size()) return {};
  const Source& source = sources_[span.source];
  return line_at(source,
                 line_index(source, std::min<std::uint32_t>(span.begin, source.text.size())));
}

std::uint32_t SourceSet::line_offset(SourceId id, std::size_t line) const {
  const Source& source = sources_[id];
  if (line == 0) return 0;
  if (line > source.line_starts.size()) return static_cast<std::uint32_t>(source.text.size());
  return source.line_starts[line - 1];
}

}  // namespace millrace::config
