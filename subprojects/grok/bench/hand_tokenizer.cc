#include "hand_tokenizer.h"

#include <cstring>

namespace grok::bench {
namespace {

enum Field : std::size_t {
  clientip,
  ident,
  auth,
  timestamp,
  verb,
  request,
  httpversion,
  rawrequest,
  response,
  bytes,
  referrer,
  agent
};
static_assert(agent + 1 == kHandCaptures);

class HandTokenizer : public testing::Engine {
 public:
  Outcome match(std::string_view subject, std::span<Span> spans) override {
    begin_ = at_ = subject.data();
    end_ = begin_ + subject.size();
    spans_ = spans;
    const bool good = until(clientip, ' ') && until(ident, ' ') && until(auth, ' ') && skip("[") &&
                      until(timestamp, ']') && skip(" \"") && request_line() && skip(" ") &&
                      number(response) && skip(" ") && number(bytes) && skip(" ") &&
                      quoted(referrer) && skip(" ") && quoted(agent);
    return good ? Outcome::match : Outcome::no_match;
  }

 private:
  void set(Field field, const char* from, const char* to) {
    spans_[field] = Span{from - begin_, to - begin_};
  }
  const char* find(char c) const {
    return static_cast<const char*>(std::memchr(at_, c, static_cast<std::size_t>(end_ - at_)));
  }

  bool until(Field field, char stop) {
    const char* const found = find(stop);
    if (!found) return false;
    set(field, at_, found);
    at_ = found + 1;
    return true;
  }

  bool skip(std::string_view text) {
    if (static_cast<std::size_t>(end_ - at_) < text.size() ||
        std::memcmp(at_, text.data(), text.size()) != 0)
      return false;
    at_ += text.size();
    return true;
  }

  /// Up to and with the closing quote.
  bool request_line() {
    spans_[verb] = spans_[request] = spans_[httpversion] = spans_[rawrequest] = Span{};
    const char* const quote = find('"');
    if (!quote) return false;
    const char* const blank = find(' ');
    if (!blank || blank > quote) {
      set(rawrequest, at_, quote);
    } else {
      set(verb, at_, blank);
      const auto* const last =
          static_cast<const char*>(memrchr(blank, ' ', static_cast<std::size_t>(quote - blank)));
      const bool versioned = last != blank && quote - last > 6 && !std::memcmp(last, " HTTP/", 6);
      set(request, blank + 1, versioned ? last : quote);
      if (versioned) set(httpversion, last + 6, quote);
    }
    at_ = quote + 1;
    return true;
  }

  bool number(Field field) {
    spans_[field] = Span{};
    if (skip("-")) return true;
    const char* const from = at_;
    while (at_ < end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    set(field, from, at_);
    return at_ > from;
  }

  /// With its quotes; a backslash takes the next character along.
  bool quoted(Field field) {
    if (at_ == end_ || *at_ != '"') return false;
    const char* const from = at_++;
    for (const char* quote = find('"'); quote; quote = find('"')) {
      std::size_t slashes = 0;
      while (quote[-1 - static_cast<std::ptrdiff_t>(slashes)] == '\\') ++slashes;
      at_ = quote + 1;
      if (slashes % 2 == 1) continue;
      set(field, from, at_);
      return true;
    }
    return false;
  }

  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::span<Span> spans_;
};

}  // namespace

std::unique_ptr<testing::Engine> make_hand_tokenizer() { return std::make_unique<HandTokenizer>(); }

}  // namespace grok::bench
