#include "plugins/filters/dissect_pattern.h"

#include <emmintrin.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <tuple>

#include "plugins/support/named_field.h"

namespace millrace {
namespace {

constexpr std::int64_t kBeforeAppends = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

/// A bit for each of 16 positions from `p` on where `first` stands, and `last` `reach` bytes later.
unsigned candidates(const char* p, std::size_t reach, __m128i first, __m128i last) {
  const auto* at = reinterpret_cast<const __m128i*>(p);
  const auto* later = reinterpret_cast<const __m128i*>(p + reach);
  const __m128i hits = _mm_and_si128(_mm_cmpeq_epi8(_mm_loadu_si128(at), first),
                                     _mm_cmpeq_epi8(_mm_loadu_si128(later), last));
  return static_cast<unsigned>(_mm_movemask_epi8(hits));
}

}  // namespace

std::size_t Delimiter::find(std::string_view in, std::size_t from) const {
  if (text_.empty()) return std::string_view::npos;
  const std::size_t reach = text_.size() - 1;
  const __m128i first = _mm_set1_epi8(text_.front());
  const __m128i last = _mm_set1_epi8(text_.back());
  // Only bytes of `in` are read, so the last few positions are left to the plain search.
  while (from + reach + 16 <= in.size()) {
    for (unsigned hits = candidates(in.data() + from, reach, first, last); hits != 0;
         hits &= hits - 1) {
      const std::size_t at = from + static_cast<unsigned>(__builtin_ctz(hits));
      if (reach < 2 || std::memcmp(in.data() + at, text_.data(), reach) == 0) return at;
    }
    from += 16;
  }
  return in.find(text_, from);
}

Result<DissectPattern> DissectPattern::parse(std::string_view pattern) {
  DissectPattern out;
  std::string before;
  for (;;) {
    const std::size_t open = pattern.find("%{");
    const std::size_t close = open == std::string_view::npos ? open : pattern.find('}', open);
    if (close == std::string_view::npos) break;
    before = pattern.substr(0, open);
    (out.fields_.empty() ? out.first_ : out.fields_.back().next) = Delimiter(before);
    if (auto added = out.add_field(pattern.substr(open + 2, close - open - 2), before); !added)
      return fail(std::move(added).error());
    pattern.remove_prefix(close + 1);
  }
  if (out.fields_.empty())
    return fail(Errc::invalid,
                "`" + std::string(pattern) + "` names no field; expected some, as in `%{name}`");
  out.fields_.back().next = Delimiter(std::string(pattern));
  out.find_names();
  return out;
}

/// `inside`: what stands between the braces.
Result<void> DissectPattern::add_field(std::string_view inside, const std::string& before) {
  Field field;
  std::string_view name = inside;
  if (name.ends_with("->")) {
    field.greedy = true;
    name.remove_suffix(2);
  }
  if (name.starts_with("+&") || name.starts_with("&+"))
    return fail(Errc::invalid, "`%{" + std::string(inside) +
                                   "}` both appends and is indirect; expected `+` or `&`, not both");
  const char prefix = name.empty() ? '?' : name[0];
  if (prefix == '?' || prefix == '+' || prefix == '&') name.remove_prefix(name.empty() ? 0 : 1);
  field.kind = prefix == '?'   ? Kind::skip
               : prefix == '+' ? Kind::append
               : prefix == '&' ? Kind::indirect
                               : Kind::plain;
  field.ordinal = field.kind == Kind::plain ? kBeforeAppends : kLast;
  if (const std::size_t slash = name.rfind('/');
      field.kind == Kind::append && slash != std::string_view::npos) {
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + slash + 1, end, field.ordinal);
    if (error != std::errc() || stop != end)
      return fail(Errc::invalid, "`%{" + std::string(inside) +
                                     "}`: what follows the `/` is not a number that orders it");
    name = name.substr(0, slash);
  }
  field.join = before.empty() ? " " : before;
  if (auto named = name_field(field, name); !named)
    return fail(std::move(named).error().at("`%{" + std::string(inside) + "}`"));
  fields_.push_back(std::move(field));
  return {};
}

Result<void> DissectPattern::name_field(Field& field, std::string_view name) {
  field.name = name;
  if (field.kind == Kind::skip) return {};
  auto ref = FieldRef::parse(name);
  if (!ref) return fail(std::move(ref).error());
  field.ref = std::move(*ref);
  const NameId top = field.ref->first();
  if (field.ref->is_top() && top != name::timestamp && top != name::metadata) field.direct = top;
  return {};
}

/// Fixes what save() does in which order, and which values are names for indirect fields.
void DissectPattern::find_names() {
  for (std::uint32_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].kind == Kind::skip) continue;
    save_order_.push_back(i);
    if (fields_[i].kind != Kind::indirect) continue;
    for (std::uint32_t other = 0; other < fields_.size(); ++other)
      if (other != i && fields_[other].kind != Kind::indirect &&
          fields_[other].name == fields_[i].name)
        fields_[i].named_by = other;
  }
  std::stable_sort(save_order_.begin(), save_order_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto key = [&](const Field& f) { return std::tuple(f.kind == Kind::indirect, f.ordinal); };
    return key(fields_[a]) < key(fields_[b]);
  });
}

bool DissectPattern::matches_nothing() const {
  return std::any_of(fields_.begin(), fields_.end() - 1,
                     [](const Field& field) { return field.next.empty(); });
}

bool DissectPattern::match(std::string_view text, std::span<std::string_view> values) const {
  if (!first_.stands_at(text, 0)) return false;
  std::size_t left = first_.size();
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Field& field = fields_[i];
    if (i + 1 == fields_.size() && field.next.empty()) {
      values[i] = text.substr(left);
      return true;
    }
    const std::size_t end = field.next.find(text, left);
    if (end == std::string_view::npos) return false;
    values[i] = text.substr(left, end - left);
    left = end + field.next.size();
    if (field.greedy)
      while (field.next.stands_at(text, left)) left += field.next.size();
  }
  return true;
}

bool DissectPattern::save(Event event, std::span<const std::string_view> values) const {
  Object& fields = event.fields();
  Arena& arena = event.batch().arena();
  const BatchNames& names = event.batch().names();
  fields.reserve(arena, static_cast<std::uint32_t>(save_order_.size()));
  for (const std::uint32_t at : save_order_) {
    const Field& field = fields_[at];
    if (field.kind == Kind::plain && field.direct != kNoName) {
      fields.slot(arena, names.as_known_here(field.direct)) = Value::of(values[at]);
    } else if (!save_field(field, event, values, values[at])) {
      return false;
    }
  }
  return true;
}

namespace {

/// `existing`, if there is any, and `value` with `join` between them.
Value joined(Event event, const Value* existing, std::string_view join, std::string_view value) {
  if (!existing || !existing->is_string()) return Value::of(value);
  const std::string_view before = existing->text();
  char* const text = event.batch().arena().array<char>(before.size() + join.size() + value.size());
  char* to = std::copy(before.begin(), before.end(), text);
  to = std::copy(join.begin(), join.end(), to);
  to = std::copy(value.begin(), value.end(), to);
  return Value::of(std::string_view(text, static_cast<std::size_t>(to - text)));
}

}  // namespace

bool DissectPattern::save_field(const Field& field, Event event,
                                std::span<const std::string_view> values,
                                std::string_view value) const {
  switch (field.kind) {
    case Kind::skip:
      return true;
    case Kind::plain:
      return event.set(*field.ref, Value::of(value));
    case Kind::append:
      return event.set(*field.ref, joined(event, event.get(*field.ref), field.join, value));
    case Kind::indirect: {
      const Value* const in_event = event.get(*field.ref);
      const std::string_view name = field.named_by                       ? values[*field.named_by]
                                    : in_event && in_event->is_string() ? in_event->text()
                                                                        : std::string_view();
      return name.empty() || set_named_field(event, name, Value::of(value));
    }
  }
  return true;
}

}  // namespace millrace
