#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/config/source.h"

namespace millrace::config {

enum class Severity { error, warning };

/// One thing that is wrong, or looks wrong, at one place of a configuration.
struct Diagnostic {
  Severity severity = Severity::error;
  Span span;
  std::string message;                ///< names the offending value; no final full stop
  std::vector<std::string> expected;  ///< what could stand there instead: "a value", "`}`"
  std::string hint;                   ///< what was probably meant, or what to do; may be empty
};

/// Collects what a reader of configurations has to say, so that the user sees all of it at once.
///
/// Keeps the first kMaxKept of each severity and counts the rest: a broken file of megabytes must
/// not fill memory.
class Diagnostics {
 public:
  static constexpr std::size_t kMaxKept = 200;

  void add(Diagnostic diagnostic);
  void error(Span span, std::string message, std::string hint = {});
  void warning(Span span, std::string message, std::string hint = {});

  /// What stands there is a secret: it is shown as `*` wherever a source line is quoted.
  void conceal(Span span);

  std::span<const Diagnostic> all() const { return all_; }
  std::size_t error_count() const { return errors_; }
  std::size_t warning_count() const { return warnings_; }
  bool has_errors() const { return errors_ != 0; }

  /// Everything, in order of files and places, each as
  ///     file:line:col: error: message
  ///       source line
  ///          ^~~~
  ///       expected: ...
  ///       hint: ...
  /// Control characters of the source are shown as `?`, long lines are cut around the caret. Ends
  /// with a newline, or is empty. `colour` adds ANSI colours.
  std::string render(const SourceSet& sources, bool colour) const;

 private:
  std::vector<Diagnostic> all_;
  std::vector<Span> secrets_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

/// One diagnostic in the form that Diagnostics::render() describes.
std::string render(const Diagnostic& diagnostic, const SourceSet& sources, bool colour,
                   std::span<const Span> secrets = {});

/// The candidate that `name` was most probably meant to be: few edits away for its length, or
/// equal but for case, `-` and `_`. Empty where none is near. The view is one of `candidates`.
std::string_view closest(std::string_view name, std::span<const std::string_view> candidates);

/// "did you mean `mutate`?", or "" where nothing is near.
std::string did_you_mean(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace millrace::config
