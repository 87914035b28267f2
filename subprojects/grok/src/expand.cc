#include "expand.h"

#include <algorithm>
#include <set>

namespace grok {
namespace {

constexpr std::size_t kMaxDepth = 500;
constexpr std::size_t kMaxBytes = std::size_t{1} << 20;

bool is_name(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_field(char c) {
  return is_name(c) || c == '@' || c == '[' || c == ']' || c == '.' || c == '-';
}

/// `NAME`, `NAME:field` or `NAME:field:type`, each with `=definition` behind it where it is defined
/// on the spot, as it stands between `%{` and `}`.
struct Reference {
  std::string_view name;
  std::string_view field;
  std::string_view type;
  std::optional<std::string_view> definition;
};

Reference parse_reference(std::string_view inside) {
  Reference reference;
  const auto take = [&](auto allowed) {
    const auto end = std::find_if_not(inside.begin(), inside.end(), allowed);
    const std::string_view taken = inside.substr(0, static_cast<std::size_t>(end - inside.begin()));
    inside.remove_prefix(taken.size());
    return taken;
  };
  reference.name = take(is_name);
  if (inside.starts_with(':')) {
    inside.remove_prefix(1);
    reference.field = take(is_field);
  }
  if (inside.starts_with(':')) {
    inside.remove_prefix(1);
    reference.type = take(is_name);
  }
  if (inside.starts_with('=')) reference.definition = inside.substr(1);
  return reference;
}

/// Where the reference that begins at `start` ends: its brace, past those of references inside it.
std::size_t end_of_reference(std::string_view text, std::size_t start) {
  int depth = 0;
  for (std::size_t i = start + 1; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

class Expander {
 public:
  Expander(const PatternSet& patterns, bool named_captures_only)
      : patterns_(patterns), named_only_(named_captures_only) {}

  std::optional<Error> run(std::string_view text, const std::string& where) {
    if (open_.size() > kMaxDepth)
      return at(text, where, 0, "patterns are nested more than 500 deep");
    for (std::size_t i = 0; i < text.size();) {
      mark(where, i);
      if (text[i] == '\\' && i + 1 < text.size()) {
        out_.text += text.substr(i, 2);
        i += 2;
      } else if (text.substr(i).starts_with("%{") &&
                 end_of_reference(text, i) != std::string_view::npos) {
        const std::size_t end = end_of_reference(text, i);
        if (auto error =
                reference(parse_reference(text.substr(i + 2, end - i - 2)), text, where, i))
          return error;
        i = end + 1;
      } else if (is_named_group(text, i)) {
        const std::size_t end = text.find(text[i + 2] == '<' ? '>' : '\'', i + 3);
        out_.text += "(?<" + add(std::string(text.substr(i + 3, end - i - 3))) + ">";
        i = end + 1;
      } else {
        out_.text += text[i++];
      }
      if (out_.text.size() > kMaxBytes)
        return at(text, where, i - 1, "the expression expands to more than 1 MiB");
    }
    return std::nullopt;
  }

  Expanded take() { return std::move(out_); }

 private:
  /// `(?<name>` or `(?'name'`.
  static bool is_named_group(std::string_view text, std::size_t i) {
    text = text.substr(i);
    if (text.starts_with("(?'")) return text.find('\'', 3) != std::string_view::npos;
    return text.starts_with("(?<") && text.size() > 3 && text[3] != '=' && text[3] != '!' &&
           text.find('>') != std::string_view::npos;
  }

  void mark(const std::string& where, std::size_t offset) {
    if (!out_.pieces.empty() && out_.pieces.back().where == where &&
        offset - out_.pieces.back().offset == out_.text.size() - out_.pieces.back().begin)
      return;  // goes on in the same definition
    out_.pieces.push_back({out_.text.size(), where, offset});
  }

  std::optional<Error> reference(const Reference& reference, std::string_view text,
                                 const std::string& where, std::size_t offset) {
    const std::string name(reference.name);
    // Before the definition changes that is being read.
    if (open_.contains(name))
      return at(text, where, offset, "the pattern `" + name + "` is built of itself");
    if (reference.definition) out_.own[name] = *reference.definition;
    const auto own = out_.own.find(name);
    const std::string* definition = own != out_.own.end() ? &own->second : patterns_.find(name);
    if (!definition) {
      Error error = at(text, where, offset, "there is no pattern `" + name + "`");
      if (const std::string near = patterns_.nearest(name); !near.empty())
        error.hint = "did you mean `" + near + "`?";
      return error;
    }
    open_.insert(name);
    const bool captures = !reference.field.empty() || !named_only_;
    out_.text += captures ? "(?<" + add(group_of(reference)) + ">" : "(?:";
    auto error = run(*definition, name);
    out_.text += ")";
    open_.erase(name);
    return error;
  }

  static std::string group_of(const Reference& reference) {
    std::string group(reference.name);
    if (!reference.field.empty()) group.append(":").append(reference.field);
    if (!reference.type.empty()) group.append(":").append(reference.type);
    return group;
  }

  /// A new capture; the name that its group has in the expansion. `group` is that which Logstash
  /// gives it and reads again: `field`, `pattern:field` or `pattern:field:type`, also where a group
  /// is written out. Of several captures of one group only the first keeps a type.
  std::string add(std::string group) {
    const std::size_t field_at = group.find(':') + 1;  // 0: there is no pattern
    const std::size_t type_at = field_at ? group.find(':', field_at) : std::string::npos;
    std::string field = group.substr(field_at, type_at - field_at);
    if (field.empty()) field = group.substr(0, group.find(':'));
    std::string_view type;
    if (type_at != std::string::npos) type = std::string_view(group).substr(type_at + 1);
    const bool again = std::any_of(out_.captures.begin(), out_.captures.end(),
                                   [&](const Capture& other) { return other.group == group; });
    const CaptureType kept = again             ? CaptureType::text
                             : type == "int"   ? CaptureType::integer
                             : type == "float" ? CaptureType::real
                                               : CaptureType::text;
    out_.captures.push_back({std::move(field), kept, std::move(group)});
    return "g" + std::to_string(out_.captures.size() - 1);
  }

  static Error at(std::string_view text, const std::string& where, std::size_t offset,
                  std::string message) {
    return {std::move(message), where, offset, std::string(text), {}};
  }

  const PatternSet& patterns_;
  const bool named_only_;
  Expanded out_;
  std::set<std::string> open_;  // the definitions that are being expanded
};

}  // namespace

Error Expanded::error_at(std::size_t at, std::string message, std::string_view expression,
                         const PatternSet& patterns) const {
  const auto behind = std::upper_bound(
      pieces.begin(), pieces.end(), at,
      [](std::size_t position, const Piece& piece) { return position < piece.begin; });
  Error error{std::move(message), "", 0, std::string(expression), {}};
  if (behind == pieces.begin()) return error;
  const Piece& piece = *std::prev(behind);
  error.where = piece.where;
  if (!piece.where.empty()) {
    const auto of_its_own = own.find(piece.where);
    error.text = of_its_own != own.end() ? of_its_own->second : *patterns.find(piece.where);
  }
  error.offset = std::min(piece.offset + (at - piece.begin), error.text.size());
  return error;
}

std::size_t Expanded::place_in_expression(std::size_t at, std::string_view expression) const {
  const Piece* own_piece = nullptr;  // the last that is the expression's
  const Piece* next = nullptr;       // the one behind it, of a definition
  for (const Piece& piece : pieces) {
    if (piece.begin > at) break;
    if (piece.where.empty()) {
      own_piece = &piece;
      next = nullptr;
    } else if (!next) {
      next = &piece;
    }
  }
  if (!own_piece) return 0;
  const std::size_t offset = own_piece->offset + (next ? next->begin : at) - own_piece->begin;
  if (!next) return std::min(offset, expression.size());
  const std::size_t reference = expression.rfind("%{", offset);
  return reference == std::string_view::npos ? 0 : reference;
}

Result<Expanded> expand(std::string_view expression, const PatternSet& patterns,
                        bool named_captures_only) {
  Expander expander(patterns, named_captures_only);
  if (auto error = expander.run(expression, "")) return std::move(*error);
  return expander.take();
}

}  // namespace grok
