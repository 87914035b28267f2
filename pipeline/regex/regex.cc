#include "pipeline/regex/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "pipeline/regex/ruby_regex.h"

namespace millrace {
namespace {

constexpr std::uint32_t kMatchLimit = 1'000'000;
constexpr std::uint32_t kDepthLimit = 10'000;
constexpr std::size_t kGroups = 33;  // of a match: the whole and those that may be referred to

/// The groups of one match, those that took no part with npos.
using Groups = std::array<Regex::Span, kGroups>;
constexpr Regex::Span kNone{std::string_view::npos, std::string_view::npos};

PCRE2_SPTR bytes(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.data() ? text.data() : "");
}

/// This thread's room for PCRE2's groups.
pcre2_match_data* match_data() {
  struct Owner {
    pcre2_match_data* data = pcre2_match_data_create(kGroups, nullptr);
    ~Owner() { pcre2_match_data_free(data); }
  };
  thread_local Owner owner;
  return owner.data;
}

std::unique_ptr<RE2> linear(const RubyRegex& ruby) {
  if (!ruby.re2_agrees) return nullptr;
  RE2::Options options;
  options.set_log_errors(false);
  auto made = std::make_unique<RE2>("(?m)" + ruby.text, options);
  return made->ok() ? std::move(made) : nullptr;
}

}  // namespace

struct Regex::Code {
  std::unique_ptr<RE2> re2;  // else the two below
  pcre2_code* pcre2 = nullptr;
  pcre2_match_context* limits = nullptr;
  std::vector<std::pair<std::string, int>> names;
  std::size_t groups = 1;  // of a match, itself included, at most kGroups

  Code() = default;
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ~Code() {
    pcre2_code_free(pcre2);
    pcre2_match_context_free(limits);
  }

  /// Fills the first `wanted` of `found`.
  bool match(std::string_view text, std::size_t from, std::size_t wanted, Groups& found) const {
    return re2 ? match_re2(text, from, wanted, found) : match_pcre2(text, from, wanted, found);
  }

  bool match_re2(std::string_view text, std::size_t from, std::size_t wanted, Groups& found) const {
    std::array<re2::StringPiece, kGroups> pieces;
    const re2::StringPiece subject(text.data() ? text.data() : "", text.size());
    if (!re2->Match(subject, from, text.size(), RE2::UNANCHORED, pieces.data(),
                    static_cast<int>(wanted)))
      return false;
    for (std::size_t i = 0; i < wanted; ++i) {
      const auto begin = static_cast<std::size_t>(pieces[i].data() - subject.data());
      found[i] = pieces[i].data() ? Span{begin, begin + pieces[i].size()} : kNone;
    }
    return true;
  }

  std::optional<bool> matches(std::string_view text) const {
    if (re2) return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *re2);
    const int found = pcre2_match(pcre2, bytes(text), text.size(), 0, 0, match_data(), limits);
    if (found < 0 && found != PCRE2_ERROR_NOMATCH) return std::nullopt;
    return found >= 0;
  }

  bool match_pcre2(std::string_view text, std::size_t from, std::size_t wanted,
                   Groups& found) const {
    pcre2_match_data* const data = match_data();
    if (pcre2_match(pcre2, bytes(text), text.size(), from, 0, data, limits) < 0) return false;
    const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data);
    for (std::size_t i = 0; i < wanted; ++i)
      found[i] = ends[2 * i] == PCRE2_UNSET ? kNone : Span{ends[2 * i], ends[2 * i + 1]};
    // `\K` in a look-ahead can put the begin behind the end.
    return found[0].begin <= found[0].end && found[0].begin >= from;
  }

  /// The error's place in `ruby` is one of `expression`.
  Result<void> compile_pcre2(const RubyRegex& ruby, std::string_view expression) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    pcre2 = pcre2_compile(bytes(ruby.text), ruby.text.size(),
                          PCRE2_MULTILINE | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
                              PCRE2_NEVER_BACKSLASH_C | PCRE2_DUPNAMES |
                              (ruby.unicode_words ? PCRE2_UCP : 0),
                          &error, &offset, nullptr);
    if (!pcre2) {
      PCRE2_UCHAR message[200];
      pcre2_get_error_message(error, message, sizeof message);
      const std::size_t at =
          offset < ruby.origin.size() ? ruby.origin[offset] + 1 : expression.size();
      return fail(Errc::invalid, fmt::format("regular expression `{}`: {} at character {}",
                                             expression, reinterpret_cast<const char*>(message),
                                             std::max<std::size_t>(at, 1)));
    }
    pcre2_jit_compile(pcre2, PCRE2_JIT_COMPLETE);  // without it the interpreter runs
    limits = pcre2_match_context_create(nullptr);
    pcre2_set_match_limit(limits, kMatchLimit);
    pcre2_set_depth_limit(limits, kDepthLimit);
    return {};
  }

  int group_named(std::string_view name) const {
    for (const auto& [known, group] : names)
      if (known == name) return group;
    return -1;
  }
};

namespace {

/// Appends what a replacement says for one match.
class Replacer {
 public:
  Replacer(std::string_view text, std::string_view replacement, Buffer& out)
      : text_(text), replacement_(replacement), out_(out) {}

  /// Where groups have names, numbers stand for nothing, as in Ruby.
  template <typename GroupNamed>
  void append(const Groups& found, std::size_t groups, bool has_names, GroupNamed group_named) {
    for (std::size_t i = 0; i < replacement_.size(); ++i) {
      if (replacement_[i] != '\\' || i + 1 == replacement_.size()) {
        out_.push_back(replacement_[i]);
        continue;
      }
      const char c = replacement_[++i];
      const auto append_group = [&](int group) {
        if (group < 0 || static_cast<std::size_t>(group) >= groups) return;
        const Regex::Span span = found[static_cast<std::size_t>(group)];
        if (span.begin != kNone.begin) out_.append(text_.substr(span.begin, span.end - span.begin));
      };
      const std::size_t close = c == 'k' && replacement_.substr(i).starts_with("k<")
                                    ? replacement_.find('>', i)
                                    : std::string_view::npos;
      if (c >= '0' && c <= '9') {
        if (c == '0' || !has_names) append_group(c - '0');
      } else if (close != std::string_view::npos) {
        append_group(group_named(replacement_.substr(i + 2, close - i - 2)));
        i = close;
      } else {
        append_special(c, found[0]);
      }
    }
  }

 private:
  void append_special(char c, const Regex::Span& whole) {
    switch (c) {
      case '&':
        return out_.append(text_.substr(whole.begin, whole.end - whole.begin));
      case '`':
        return out_.append(text_.substr(0, whole.begin));
      case '\'':
        return out_.append(text_.substr(whole.end));
      case '\\':
        return out_.push_back('\\');
      default:
        out_.push_back('\\');
        out_.push_back(c);
    }
  }

  std::string_view text_;
  std::string_view replacement_;
  Buffer& out_;
};

std::size_t behind_character(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return std::min(at, text.size());
}

}  // namespace

Result<Regex> Regex::compile(std::string_view expression) {
  auto ruby = translate_ruby_regex(expression);
  if (!ruby) return std::move(ruby).error();
  auto made = std::make_shared<Code>();
  made->re2 = linear(*ruby);
  if (!made->re2) {
    auto compiled = made->compile_pcre2(*ruby, expression);
    if (!compiled) return std::move(compiled).error();
  }
  made->names = std::move(ruby->names);
  made->groups = std::min(static_cast<std::size_t>(ruby->groups) + 1, kGroups);
  return Regex(std::move(made));
}

bool Regex::is_linear() const { return code_->re2 != nullptr; }

std::optional<bool> Regex::matches(std::string_view text) const { return code_->matches(text); }

std::optional<Regex::Span> Regex::find(std::string_view text, std::size_t from) const {
  Groups found;
  if (from > text.size() || !code_->match(text, from, 1, found)) return std::nullopt;
  return found[0];
}

bool Regex::replace_all(std::string_view text, std::string_view replacement, Buffer& out) const {
  const std::size_t wanted = replacement.find('\\') == std::string_view::npos ? 1 : code_->groups;
  Replacer replacer(text, replacement, out);
  Groups found;
  std::size_t copied = 0;
  std::size_t from = 0;
  bool any = false;
  while (from <= text.size() && code_->match(text, from, wanted, found)) {
    any = true;
    const Span whole = found[0];
    out.append(text.substr(copied, whole.begin - copied));
    replacer.append(found, wanted, !code_->names.empty(),
                    [this](std::string_view name) { return code_->group_named(name); });
    copied = whole.end;
    if (whole.begin < whole.end) {
      from = whole.end;
    } else if (whole.end == text.size()) {
      break;
    } else {
      from = behind_character(text, whole.end);
    }
  }
  if (any) out.append(text.substr(copied));
  return any;
}

}  // namespace millrace
