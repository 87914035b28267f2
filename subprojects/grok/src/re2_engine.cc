#include "re2_engine.h"

#include <re2/re2.h>

#include <algorithm>

#include "emit.h"

namespace grok {
namespace {

/// Of the automaton that RE2 builds while it matches, and of the program.
constexpr std::int64_t kMaxMemory = std::int64_t{16} << 20;

std::unique_ptr<re2::RE2> make(const Emitted& emitted, bool captures) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_never_capture(!captures);
  options.set_max_mem(kMaxMemory);
  auto made = std::make_unique<re2::RE2>("(?m:" + emitted.text + ")", options);
  return made->ok() ? std::move(made) : nullptr;
}

}  // namespace

Re2Engine::Re2Engine() = default;
Re2Engine::~Re2Engine() = default;

std::unique_ptr<Re2Engine> Re2Engine::compile(const Syntax& syntax, bool plain_atomic) {
  Emitted emitted = emit(syntax, Dialect::re2, plain_atomic);
  if (!emitted.exact) return nullptr;
  std::unique_ptr<Re2Engine> engine(new Re2Engine);
  engine->re2_ = make(emitted, true);
  engine->groups_ = std::move(emitted.group_of_capture);
  engine->groups_.resize(syntax.named);
  return engine->re2_ ? std::move(engine) : nullptr;
}

std::unique_ptr<Re2Engine> Re2Engine::compile_filter(const Syntax& syntax, bool plain_atomic) {
  std::unique_ptr<Re2Engine> engine(new Re2Engine);
  engine->re2_ = make(emit(syntax, Dialect::re2_filter, plain_atomic), false);
  return engine->re2_ ? std::move(engine) : nullptr;
}

bool Re2Engine::contains(std::string_view subject) const {
  const re2::StringPiece text(subject.data() ? subject.data() : "", subject.size());
  return re2_->Match(text, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

Outcome Re2Engine::match(std::string_view subject, std::span<Span> spans, Span& whole) const {
  const re2::StringPiece text(subject.data() ? subject.data() : "", subject.size());
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(re2_->NumberOfCapturingGroups()) +
                                      1);
  if (!re2_->Match(text, 0, text.size(), re2::RE2::UNANCHORED, found.data(),
                   static_cast<int>(found.size())))
    return Outcome::no_match;
  const auto span_of = [&](std::uint32_t group) {
    const re2::StringPiece& piece = found[group];
    if (!piece.data()) return Span{};
    const std::int64_t begin = piece.data() - text.data();
    return Span{begin, begin + static_cast<std::int64_t>(piece.size())};
  };
  whole = span_of(0);
  const std::size_t count = std::min(spans.size(), groups_.size());
  for (std::size_t i = 0; i < count; ++i) spans[i] = groups_[i] > 0 ? span_of(groups_[i]) : Span{};
  return Outcome::match;
}

}  // namespace grok
