#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "grok/grok.h"
#include "syntax.h"

namespace re2 {
class RE2;
}

namespace grok {

/// An expression run by RE2: in time linear in the subject, whatever it is. Immutable; thread-safe.
class Re2Engine {
 public:
  /// nullptr: RE2 cannot say the expression exactly, or finds it too large.
  static std::unique_ptr<Re2Engine> compile(const Syntax& syntax, bool plain_atomic);
  /// One that matches wherever the expression does, and perhaps elsewhere: what does not match it
  /// needs no further look. nullptr: RE2 finds it too large.
  static std::unique_ptr<Re2Engine> compile_filter(const Syntax& syntax, bool plain_atomic);
  ~Re2Engine();

  /// `subject` is well-formed UTF-8.
  Outcome match(std::string_view subject, std::span<Span> spans, Span& whole) const;
  bool contains(std::string_view subject) const;

 private:
  Re2Engine();
  std::unique_ptr<re2::RE2> re2_;
  std::vector<std::uint32_t> groups_;
};

}  // namespace grok
