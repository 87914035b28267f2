#include "pipeline/event/joda_pattern.h"

namespace millrace {

namespace {

constexpr std::string_view kLetters = "GCYxweEyDMdaKhHkmsSzZ";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Reads literal text up to the next letter outside of quotes; '' is a quote character, inside and
/// outside.
std::string read_literal(std::string_view pattern, std::size_t& at) {
  std::string text;
  bool quoted = false;
  for (; at < pattern.size() && (quoted || !is_letter(pattern[at])); ++at) {
    if (pattern[at] != '\'') {
      text += pattern[at];
    } else if (at + 1 < pattern.size() && pattern[at + 1] == '\'') {
      text += pattern[at++];
    } else {
      quoted = !quoted;
    }
  }
  return text;
}

std::string letter_problem(char letter) {
  return std::string("'") + letter + "' is no letter of a time; expected one of " +
         std::string(kLetters) + ", or text in 'single quotes'";
}

}  // namespace

bool JodaToken::is_number() const {
  if (letter == 'M') return count <= 2;
  return letter != '\0' &&
         std::string_view("CxyYdhHmsSeDwkK").find(letter) != std::string_view::npos;
}

std::size_t letter_run(std::string_view pattern, std::size_t at) {
  std::size_t end = at + 1;
  while (end < pattern.size() && pattern[end] == pattern[at]) ++end;
  return end - at;
}

Error pattern_error(std::string_view pattern, std::size_t column, std::string_view why) {
  constexpr std::size_t kShown = 80;
  std::string message = "time format \"" + std::string(pattern.substr(0, kShown)) +
                        (pattern.size() > kShown ? "...\"" : "\"") + ", column " +
                        std::to_string(column) + ": ";
  message += why;
  return fail(Errc::invalid, std::move(message));
}

Result<std::vector<JodaToken>> tokenize_joda(std::string_view pattern) {
  if (pattern.empty())
    return pattern_error(pattern, 1, "is empty; expected one such as yyyy-MM-dd");
  std::vector<JodaToken> tokens;
  for (std::size_t at = 0; at < pattern.size();) {
    JodaToken token;
    token.column = at + 1;
    if (!is_letter(pattern[at])) {
      token.text = read_literal(pattern, at);
    } else {
      token.letter = pattern[at];
      const std::size_t run = letter_run(pattern, at);
      if (kLetters.find(token.letter) == std::string_view::npos)
        return pattern_error(pattern, token.column, letter_problem(token.letter));
      if (run > std::size_t{kMaxLetterRun})
        return pattern_error(pattern, token.column,
                             "more than " + std::to_string(kMaxLetterRun) + " letters in a row");
      token.count = static_cast<int>(run);
      at += run;
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace millrace
