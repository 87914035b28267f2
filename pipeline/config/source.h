#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// Names one text of a SourceSet.
using SourceId = std::uint32_t;

/// The id of a Span that points nowhere: a value that came from no text, such as a default.
inline constexpr SourceId kNoSource = UINT32_MAX;

/// A run of bytes [begin, end) in one source. A config is at most kMaxSourceBytes, so 32 bits do.
struct Span {
  SourceId source = kNoSource;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool known() const { return source != kNoSource; }
  friend bool operator==(const Span&, const Span&) = default;
};

/// The smallest span that covers both; `b` alone where the sources differ.
Span join(Span a, Span b);

/// Where a human looks: line and column count from 1, columns in UTF-8 characters.
struct Place {
  std::string_view name;  ///< file name, or what the text was given as ("-e")
  std::size_t line = 0;
  std::size_t column = 0;
};

/// The texts that one configuration was read from, for as long as places in them may be shown.
///
/// Views and ids stay valid as long as the set; texts are never removed. A set may be moved, not
/// copied. Reading is safe from several threads once nothing is added any more.
class SourceSet {
 public:
  SourceSet() = default;
  SourceSet(SourceSet&&) = default;
  SourceSet& operator=(SourceSet&&) = default;

  /// `name` is shown in diagnostics as it is.
  SourceId add(std::string name, std::string text);

  std::size_t size() const { return sources_.size(); }
  std::string_view name(SourceId id) const { return sources_[id].name; }
  std::string_view text(SourceId id) const { return sources_[id].text; }

  /// The bytes that `span` covers; empty for an unknown one.
  std::string_view text(Span span) const;

  /// Where `span` begins. Line 0 for an unknown span.
  Place place(Span span) const;

  /// `name:line:column` of where `span` begins; "" for an unknown one.
  std::string describe(Span span) const;

  /// The whole line in which `span` begins, without its line break.
  std::string_view line(Span span) const;

  /// The offset at which a line (from 1) begins; the end of the text where there is no such line.
  std::uint32_t line_offset(SourceId id, std::size_t line) const;

 private:
  struct Source {
    std::string name;
    std::string text;
    std::vector<std::uint32_t> line_starts;
  };

  /// The index from 0 of the line that holds `offset`.
  static std::size_t line_index(const Source& source, std::uint32_t offset);
  static std::string_view line_at(const Source& source, std::size_t index);

  std::deque<Source> sources_;  // a deque: views into its texts survive growth
};

}  // namespace millrace::config
