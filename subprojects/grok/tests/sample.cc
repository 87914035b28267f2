#include <cstdio>

#include "grok/grok.h"

int main() {
  grok::PatternSet patterns;
  if (auto wrong = patterns.add_file("WORD \\b\\w+\\b\nINT [+-]?[0-9]+\n", "my-patterns")) {
    std::fprintf(stderr, "%s\n", grok::render(*wrong).c_str());
    return 1;
  }
  auto pattern = grok::Pattern::compile("%{WORD:user} paid %{INT:[amount]:int}", patterns);
  if (!pattern) {
    std::fprintf(stderr, "%s\n", grok::render(pattern.error()).c_str());
    return 1;
  }
  const grok::Pattern& compiled = **pattern;
  grok::Pattern::Scratch scratch;  // one for each thread, kept from line to line
  std::vector<grok::Span> spans(compiled.captures().size());

  const std::string_view line = "then ilse paid 42 marks";
  if (compiled.match(line, scratch, spans) != grok::Outcome::match) return 1;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (spans[i].begin < 0) continue;  // its group took no part
    const auto begin = static_cast<std::size_t>(spans[i].begin);
    const std::string text(line.substr(begin, static_cast<std::size_t>(spans[i].end) - begin));
    std::printf("%s = %s\n", compiled.captures()[i].field.c_str(), text.c_str());
  }
}
