#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/event/batch.h"
#include "pipeline/event/field_ref.h"
#include "pipeline/result.h"

namespace millrace {

/// Text that stands between two fields of a dissect pattern.
class Delimiter {
 public:
  Delimiter() = default;
  explicit Delimiter(std::string text) : text_(std::move(text)) {}

  const std::string& text() const { return text_; }
  std::size_t size() const { return text_.size(); }
  bool empty() const { return text_.empty(); }

  /// Where it next stands in `in` at `from` or later; npos where it does not. An empty one is found
  /// nowhere. Linear in what it passes over.
  std::size_t find(std::string_view in, std::size_t from) const;
  bool stands_at(std::string_view in, std::size_t at) const {
    return in.compare(at, text_.size(), text_) == 0;
  }

 private:
  std::string text_;
};

/// A dissect pattern such as `[%{time}] %{level->} %{?key}=%{&key} %{+rest/2}`, compiled:
///     %{a} %{[a][b]}  sets a field        %{+a} %{+a/2}  joins onto a field, in the order given
///     %{} %{?a}       sets nothing        %{&a}          sets the field that a's value names
///     %{a->}          the delimiter after it may be repeated
/// Immutable; shared by threads.
class DissectPattern {
 public:
  /// Errors: Errc::invalid naming the field that makes no sense.
  static Result<DissectPattern> parse(std::string_view pattern);

  std::size_t field_count() const { return fields_.size(); }
  /// Two fields with nothing between them: no text can match.
  bool matches_nothing() const;

  /// Cuts `text`; `values`, one for each field, get views of it. False: it does not match. One pass,
  /// without backtracking.
  bool match(std::string_view text, std::span<std::string_view> values) const;

  /// Sets the event's fields to what match() found, which views memory of the event's batch. False:
  /// a field could not be set; those before it are.
  bool save(Event event, std::span<const std::string_view> values) const;

 private:
  enum class Kind : std::uint8_t { skip, plain, append, indirect };
  struct Field {
    Kind kind = Kind::skip;
    bool greedy = false;  // the delimiter after it may be repeated
    std::string name;
    std::optional<FieldRef> ref;
    NameId direct = kNoName;  // a top-level field that takes any string
    Delimiter next;
    std::string join;           // of append
    std::int64_t ordinal = 0;   // of append
    std::optional<std::uint32_t> named_by{};  // of indirect: the field whose value is the name
  };

  Result<void> add_field(std::string_view inside, const std::string& before);
  Result<void> name_field(Field& field, std::string_view written);
  void find_names();
  bool save_field(const Field& field, Event event, std::span<const std::string_view> values,
                  std::string_view value) const;

  Delimiter first_;  // before the first field
  std::vector<Field> fields_;
  std::vector<std::uint32_t> save_order_;
};

}  // namespace millrace
