#include "pipeline/config/diagnostics.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>

namespace millrace::config {
namespace {

constexpr std::size_t kLineBefore = 60;       // characters shown left of the caret
constexpr std::size_t kLineWidth = 120;       // characters shown of one source line
constexpr std::size_t kLongestCharacter = 4;  // bytes
constexpr std::size_t kLongestName =
    100;  // longer names are not compared: the distance is quadratic

struct Palette {
  const char* severity;
  const char* place;
  const char* caret;
  const char* off;
};

Palette palette(Severity severity, bool colour) {
  if (!colour) return {"", "", "", ""};
  if (severity == Severity::error) return {"\x1b[1;31m", "\x1b[1m", "\x1b[1;32m", "\x1b[0m"};
  return {"\x1b[1;35m", "\x1b[1m", "\x1b[1;32m", "\x1b[0m"};
}

/// Splits UTF-8 into characters; a broken byte is a character of its own.
std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= text.size(); ++i) {
    if (i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    out.push_back(text.substr(begin, i - begin));
    begin = i;
  }
  if (text.empty()) out.clear();
  return out;
}

std::string printable(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character.front());
  if (byte == '\t') return " ";
  if (byte < 0x20 || byte == 0x7F || (byte & 0xC0) == 0x80) return "?";
  return std::string(character);
}

/// A copy of `text`, which is a part of a source, with the secrets in it as asterisks; quotes stay.
std::string without_secrets(std::string_view text, const SourceSet& sources,
                            std::span<const Span> secrets) {
  std::string shown(text);
  for (const Span& span : secrets) {
    const std::string_view secret = sources.text(span);
    const std::less<const char*> before;
    const char* const begin = before(secret.data(), text.data()) ? text.data() : secret.data();
    const char* const text_end = text.data() + text.size();
    const char* const secret_end = secret.data() + secret.size();
    const char* const end = before(secret_end, text_end) ? secret_end : text_end;
    for (const char* at = begin; before(at, end); ++at)
      if (*at != '"' && *at != '\'') shown[static_cast<std::size_t>(at - text.data())] = '*';
  }
  return shown;
}

/// The source line and the caret line below it, each indented and ended.
std::string excerpt(const Diagnostic& diagnostic, const SourceSet& sources, const Palette& ink,
                    std::span<const Span> secrets) {
  // Only a window around the place is cut into characters: a line may be megabytes long.
  const std::string_view line = sources.line(diagnostic.span);
  const std::string_view marked_text = sources.text(diagnostic.span);
  const std::size_t at =
      std::min(static_cast<std::size_t>(marked_text.data() - line.data()), line.size());
  const std::size_t start = at - std::min(at, kLineBefore * kLongestCharacter);
  const std::string window = without_secrets(
      line.substr(start, at - start + kLineWidth * kLongestCharacter), sources, secrets);
  const auto before = characters(std::string_view(window).substr(0, at - start));
  const auto after = characters(std::string_view(window).substr(at - start));
  const std::size_t shown_before = std::min(before.size(), kLineBefore);
  const std::size_t shown_after = std::min(after.size(), kLineWidth - shown_before);
  std::string shown = "  ";
  for (std::size_t i = before.size() - shown_before; i < before.size(); ++i)
    shown += printable(before[i]);
  for (std::size_t i = 0; i < shown_after; ++i) shown += printable(after[i]);
  const std::size_t marked =
      characters(marked_text.substr(0, kLineWidth * kLongestCharacter)).size();
  const std::size_t width =
      std::clamp<std::size_t>(marked, 1, std::max<std::size_t>(shown_after, 1));
  std::string caret(2 + shown_before, ' ');
  return shown + "\n" + caret + ink.caret + "^" + std::string(width - 1, '~') + ink.off + "\n";
}

std::string listed(const std::vector<std::string>& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i != 0) out += i + 1 == items.size() ? " or " : ", ";
    out += items[i];
  }
  return out;
}

std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '-' || c == '_') continue;
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

/// Edits (insert, delete, replace, swap neighbours) from one to the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({replaced, previous[j] + 1, current[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    before.swap(previous);
    previous.swap(current);
  }
  return previous[b.size()];
}

}  // namespace

void Diagnostics::add(Diagnostic diagnostic) {
  std::size_t& count = diagnostic.severity == Severity::error ? errors_ : warnings_;
  if (count++ < kMaxKept) all_.push_back(std::move(diagnostic));
}

void Diagnostics::error(Span span, std::string message, std::string hint) {
  add(Diagnostic{Severity::error, span, std::move(message), {}, std::move(hint)});
}

void Diagnostics::warning(Span span, std::string message, std::string hint) {
  add(Diagnostic{Severity::warning, span, std::move(message), {}, std::move(hint)});
}

void Diagnostics::conceal(Span span) {
  if (span.known() && secrets_.size() < kMaxKept) secrets_.push_back(span);
}

std::string render(const Diagnostic& diagnostic, const SourceSet& sources, bool colour,
                   std::span<const Span> secrets) {
  const Palette ink = palette(diagnostic.severity, colour);
  const std::string place = sources.describe(diagnostic.span);
  std::string out;
  if (!place.empty()) out += std::string(ink.place) + place + ": " + ink.off;
  out += std::string(ink.severity) +
         (diagnostic.severity == Severity::error ? "error: " : "warning: ") + ink.off +
         diagnostic.message + "\n";
  if (!place.empty()) out += excerpt(diagnostic, sources, ink, secrets);
  if (!diagnostic.expected.empty()) out += "  expected: " + listed(diagnostic.expected) + "\n";
  if (!diagnostic.hint.empty()) out += "  hint: " + diagnostic.hint + "\n";
  return out;
}

std::string Diagnostics::render(const SourceSet& sources, bool colour) const {
  std::vector<const Diagnostic*> sorted;
  for (const Diagnostic& diagnostic : all_) sorted.push_back(&diagnostic);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic* a, const Diagnostic* b) {
    return std::pair(a->span.source, a->span.begin) < std::pair(b->span.source, b->span.begin);
  });
  std::string out;
  for (const Diagnostic* diagnostic : sorted)
    out += config::render(*diagnostic, sources, colour, secrets_);
  const std::size_t unseen = errors_ + warnings_ - all_.size();
  if (unseen != 0) out += "... and " + std::to_string(unseen) + " more\n";
  return out;
}

std::string_view closest(std::string_view name, std::span<const std::string_view> candidates) {
  if (name.empty() || name.size() > kLongestName) return {};
  const std::string wanted = folded(name);
  std::string_view best;
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongestName) continue;
    const std::size_t edits = folded(candidate) == wanted ? 0 : distance(name, candidate);
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> candidates) {
  const std::string_view best = closest(name, candidates);
  return best.empty() ? "" : "did you mean `" + std::string(best) + "`?";
}

}  // namespace millrace::config
