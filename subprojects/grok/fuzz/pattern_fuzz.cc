#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>

#include "grok/grok.h"

/// The input's first line is an expression, which may refer to the patterns below; the rest is the
/// line to match. Whatever they are, the result is an error with its place inside the text, or
/// captures inside the line; and the same when asked again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view expression = input.substr(0, input.find('\n'));
  const std::string_view subject = input.substr(std::min(expression.size() + 1, size));

  static const grok::PatternSet patterns = [] {
    grok::PatternSet set;
    set.add("W", R"(\b\w+\b)");
    set.add("N", R"((?<![0-9.+-])(?>[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)))");
    set.add("D", ".*?");
    set.add("Q", R"re("(?>(?:[^\\"]+|\\.)*)")re");
    set.add("P", "%{W:key}=(?:%{Q:quoted}|%{N:number:float}|%{D})");
    return set;
  }();
  auto pattern = grok::Pattern::compile(expression, patterns);
  if (!pattern) {
    assert(!pattern.error().message.empty());
    assert(pattern.error().offset <= pattern.error().text.size());
    assert(!render(pattern.error()).empty());
    return 0;
  }
  const grok::Pattern& compiled = **pattern;
  std::vector<grok::Span> spans(compiled.captures().size());
  std::vector<grok::Span> again(spans.size());
  grok::Pattern::Scratch scratch;
  scratch.set_timeout(std::chrono::milliseconds(20));
  const grok::Outcome outcome = compiled.match(subject, scratch, spans);
  assert(compiled.match(subject, scratch, again) == outcome);
  if (outcome != grok::Outcome::match) return 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    assert(spans[i].begin == again[i].begin && spans[i].end == again[i].end);
    if (spans[i].begin < 0) continue;
    assert(spans[i].begin <= spans[i].end);
    assert(static_cast<std::size_t>(spans[i].end) <= subject.size());
  }
  return 0;
}
