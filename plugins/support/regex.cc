#include "plugins/support/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

namespace millrace {

struct Regex::Code {
  pcre2_code* code = nullptr;
  pcre2_match_context* limits = nullptr;
  ~Code() {
    pcre2_code_free(code);
    pcre2_match_context_free(limits);
  }
};

namespace {

constexpr std::uint32_t kMatchLimit = 1'000'000;
constexpr std::uint32_t kDepthLimit = 10'000;

/// This thread's room for the groups of a match.
pcre2_match_data* match_data() {
  struct Owner {
    pcre2_match_data* data = pcre2_match_data_create(64, nullptr);
    ~Owner() { pcre2_match_data_free(data); }
  };
  thread_local Owner owner;
  return owner.data;
}

PCRE2_SPTR bytes(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data() ? text.data() : "");
}

/// What Ruby writes otherwise than PCRE2.
std::string translated(std::string_view ruby) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < ruby.size(); ++i) {
    const char c = ruby[i];
    if (c == '\\' && i + 1 < ruby.size()) {
      const char next = ruby[++i];
      if (next == 'h')
        out += in_class ? "0-9a-fA-F" : "[0-9a-fA-F]";
      else if (next == 'H' && !in_class)
        out += "[^0-9a-fA-F]";
      else
        (out += '\\') += next;
      continue;
    }
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    if (ruby.substr(i).starts_with("(?m")) {  // Ruby's m lets the dot match newlines
      out += "(?s";
      i += 2;
      continue;
    }
    out += c;
  }
  return out;
}

/// Appends what a replacement says for the match in `data`.
void append_replacement(std::string_view text, std::string_view replacement, const pcre2_code* code,
                        pcre2_match_data* data, Buffer& out) {
  const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data);
  const std::uint32_t groups = pcre2_get_ovector_count(data);
  const auto append_group = [&](int group) {
    if (group < 0 || static_cast<std::uint32_t>(group) >= groups || ends[2 * group] == PCRE2_UNSET)
      return;
    out.append(text.substr(ends[2 * group], ends[2 * group + 1] - ends[2 * group]));
  };
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '\\' || i + 1 == replacement.size()) {
      out.push_back(replacement[i]);
      continue;
    }
    const char next = replacement[++i];
    if (next >= '0' && next <= '9') {
      append_group(next - '0');
    } else if (next == 'k' && replacement.substr(i).starts_with("k<") &&
               replacement.find('>', i) != std::string_view::npos) {
      const std::size_t end = replacement.find('>', i);
      const std::string name(replacement.substr(i + 2, end - i - 2));
      append_group(pcre2_substring_number_from_name(code, bytes(name)));
      i = end;
    } else if (next == '\\') {
      out.push_back('\\');
    } else {
      out.push_back('\\');
      out.push_back(next);
    }
  }
}

}  // namespace

Result<Regex> Regex::compile(std::string_view expression) {
  const std::string pattern = translated(expression);
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto made = std::make_shared<Code>();
  made->code = pcre2_compile(bytes(pattern), pattern.size(),
                             PCRE2_MULTILINE | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
                                 PCRE2_NEVER_BACKSLASH_C | PCRE2_DUPNAMES,
                             &error, &offset, nullptr);
  if (!made->code) {
    PCRE2_UCHAR message[200];
    pcre2_get_error_message(error, message, sizeof message);
    return fail(Errc::invalid,
                fmt::format("regular expression `{}`: {} at character {}", expression,
                            reinterpret_cast<const char*>(message), offset + 1));
  }
  pcre2_jit_compile(made->code, PCRE2_JIT_COMPLETE);  // without it the interpreter runs
  made->limits = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(made->limits, kMatchLimit);
  pcre2_set_depth_limit(made->limits, kDepthLimit);
  return Regex(std::move(made));
}

std::optional<Regex::Span> Regex::find(std::string_view text, std::size_t from) const {
  pcre2_match_data* const data = match_data();
  if (pcre2_match(code_->code, bytes(text), text.size(), from, 0, data, code_->limits) < 0)
    return std::nullopt;
  const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data);
  return Span{ends[0], ends[1]};
}

bool Regex::replace_all(std::string_view text, std::string_view replacement, Buffer& out) const {
  pcre2_match_data* const data = match_data();
  std::size_t copied = 0;
  std::size_t from = 0;
  bool any = false;
  while (from <= text.size() &&
         pcre2_match(code_->code, bytes(text), text.size(), from, 0, data, code_->limits) >= 0) {
    const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data);
    const std::size_t begin = ends[0];
    const std::size_t end = ends[1];
    any = true;
    out.append(text.substr(copied, begin - copied));
    append_replacement(text, replacement, code_->code, data, out);
    copied = end;
    from = end;
    if (begin == end) {  // an empty match: go on behind the next character
      if (end == text.size()) break;
      ++from;
      while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80) ++from;
      out.append(text.substr(end, from - end));
      copied = from;
    }
  }
  if (any) out.append(text.substr(copied));
  return any;
}

}  // namespace millrace
