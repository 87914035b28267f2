#include "pipeline/config/variables.h"

#include <algorithm>
#include <cstdlib>

namespace millrace::config {
namespace {

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

bool continues_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

/// One `${...}` at the start of a text.
struct Reference {
  std::string_view name;
  std::optional<std::string_view> fallback;
  std::size_t size = 0;
};

std::optional<Reference> reference_at(std::string_view text) {
  constexpr std::size_t kOpening = 2;
  if (text.size() <= kOpening || !starts_name(text[kOpening])) return std::nullopt;
  const auto begin = text.begin() + kOpening;
  const auto end = std::find_if_not(begin, text.end(), continues_name);
  Reference found{.name = std::string_view(begin, end)};
  std::size_t at = static_cast<std::size_t>(end - text.begin());
  if (at < text.size() && text[at] == ':') {
    const std::size_t close = text.find('}', at);
    if (close == std::string_view::npos) return std::nullopt;
    found.fallback = text.substr(at + 1, close - at - 1);
    at = close;
  }
  if (at >= text.size() || text[at] != '}') return std::nullopt;
  found.size = at + 1;
  return found;
}

}  // namespace

VariableLookup environment() {
  return [](std::string_view name) -> std::optional<Variable> {
    const char* const text = std::getenv(std::string(name).c_str());
    if (text == nullptr) return std::nullopt;
    return Variable{text, false};
  };
}

VariableLookup either(VariableLookup first, VariableLookup second) {
  return [first = std::move(first), second = std::move(second)](std::string_view name) {
    auto found = first(name);
    return found ? found : second(name);
  };
}

Result<Variable> Variables::value_of(std::string_view name,
                                     std::optional<std::string_view> fallback) {
  auto found = lookup_(name);
  if (!found && fallback) found = Variable{std::string(*fallback), false};
  if (!found) return fail(Errc::not_found, "variable `" + std::string(name) + "` is not set");
  replaced_bytes_ += found->text.size();
  if (replaced_bytes_ > kMaxTextBytes) {
    return fail(Errc::limit, "variables add more than " + std::to_string(kMaxTextBytes) + " bytes");
  }
  return std::move(*found);
}

Result<Variable> Variables::replace(std::string_view text) {
  Variable out;
  // No reference begins behind the last brace, so that no search for one runs to the end in vain.
  const std::size_t last_brace = text.rfind('}');
  const char* const last =
      last_brace == std::string_view::npos ? text.data() : text.data() + last_brace;
  while (!text.empty()) {
    const std::size_t dollar = text.find("${");
    out.text += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    const auto reference = text.data() < last ? reference_at(text) : std::nullopt;
    if (!reference) {
      out.text += text.substr(0, 2);
      text.remove_prefix(2);
      continue;
    }
    auto value = value_of(reference->name, reference->fallback);
    if (!value) return value;
    out.text += value->text;
    out.secret = out.secret || value->secret;
    text.remove_prefix(reference->size);
  }
  return out;
}

}  // namespace millrace::config
