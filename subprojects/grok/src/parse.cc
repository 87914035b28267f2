#include "parse.h"

#include <algorithm>

namespace grok {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::string_view kSpaces = " \t\r\n\f\v";
constexpr unsigned kMaxStackedQuantifiers = 16;

}  // namespace

std::optional<Syntax> Parser::parse() {
  out_.named = out_.groups = static_cast<std::uint32_t>(captures_.size());
  const Parsed root = alternation();
  if (failed() || !root) return std::nullopt;
  if (more()) return fail(at_, "a `)` that closes nothing", "write `\\)` for the character itself");
  if (!resolve_back_references()) return std::nullopt;
  measure();
  out_.root = *root;
  return std::move(out_);
}

std::nullopt_t Parser::fail(std::size_t at, std::string message, std::string hint) {
  if (!failed()) error_ = {std::move(message), std::move(hint), at};
  return std::nullopt;
}

NodeId Parser::add(Kind kind, std::size_t start, std::uint32_t value) {
  Node made;
  made.kind = kind;
  made.value = value;
  made.offset = static_cast<std::uint32_t>(start);
  out_.nodes.push_back(std::move(made));
  return static_cast<NodeId>(out_.nodes.size() - 1);
}

NodeId Parser::add_set(CharSet set, std::size_t start) {
  const auto known = std::find(out_.sets.begin(), out_.sets.end(), set);
  const auto index = static_cast<std::uint32_t>(known - out_.sets.begin());
  if (known == out_.sets.end()) out_.sets.push_back(std::move(set));
  return add(Kind::set, start, index);
}

NodeId Parser::add_literal(char32_t c, std::size_t start) {
  if (flags_.ignore_case) {
    CharSet cases{{c, c}};
    cases.add_cases();
    if (cases != CharSet{{c, c}}) return add_set(std::move(cases), start);
  }
  return add(Kind::literal, start, c);
}

bool Parser::skip(std::string_view what) {
  if (!looking_at(what)) return false;
  at_ += what.size();
  return true;
}

Parser::Parsed Parser::alternation() {
  const std::size_t start = at_;
  const Flags outer = flags_;
  std::vector<NodeId> branches;
  do {
    const Parsed branch = sequence();
    if (!branch) return std::nullopt;
    branches.push_back(*branch);
  } while (skip("|"));
  flags_ = outer;
  if (branches.size() == 1) return branches[0];
  const NodeId id = add(Kind::alternate, start);
  out_.nodes[id].children = std::move(branches);
  return id;
}

Parser::Parsed Parser::sequence() {
  const std::size_t start = at_;
  std::vector<NodeId> items;
  for (skip_ignored(); more() && text_[at_] != '|' && text_[at_] != ')'; skip_ignored()) {
    Parsed item = atom();
    if (item) item = quantified(*item);
    if (!item) return std::nullopt;
    items.push_back(*item);
    if (out_.nodes.size() > kMaxNodes)
      return fail(start, "the expression has more than " + std::to_string(kMaxNodes) + " elements");
  }
  if (failed()) return std::nullopt;
  if (items.size() == 1) return items[0];
  const NodeId id = add(items.empty() ? Kind::empty : Kind::concat, start);
  out_.nodes[id].children = std::move(items);
  return id;
}

/// Comments, and with the option x white space.
void Parser::skip_ignored() {
  while (more()) {
    if (looking_at("(?#")) {
      const std::size_t end = text_.find(')', at_);
      if (end == std::string::npos) {
        fail(at_, "a comment that is not closed", "close it with `)`");
        at_ = text_.size();
        return;
      }
      at_ = end + 1;
    } else if (flags_.extended && kSpaces.find(text_[at_]) != std::string_view::npos) {
      ++at_;
    } else if (flags_.extended && text_[at_] == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      return;
    }
  }
}

Parser::Parsed Parser::atom() {
  const std::size_t start = at_;
  switch (text_[at_]) {
    case '(':
      return group();
    case '[':
      return bracket();
    case '\\':
      return escape();
    case '.': {
      ++at_;
      CharSet any = CharSet::all();
      if (!flags_.dot_all) any.intersect({{0, '\n' - 1}, {'\n' + 1, CharSet::kLast}});
      return add_set(std::move(any), start);
    }
    case '^':
      ++at_;
      return add(Kind::line_begin, start);
    case '$':
      ++at_;
      return add(Kind::line_end, start);
    case '*':
    case '+':
    case '?':
      return fail(start, "there is nothing to repeat",
                  "write a backslash before it for the character itself");
    default:
      break;
  }
  const auto code = code_point();
  if (!code) return std::nullopt;
  return add_literal(*code, start);
}

/// `{n}`, `{n,}`, `{,m}`, `{n,m}`; nullopt without moving: the brace is a plain character.
std::optional<Parser::Bounds> Parser::bounds() {
  std::size_t i = at_ + 1;
  const auto number = [&](std::uint32_t& value) {
    const std::size_t from = i;
    std::uint64_t sum = 0;
    for (; i < text_.size() && is_digit(text_[i]); ++i)
      sum = std::min<std::uint64_t>(sum * 10 + static_cast<unsigned>(text_[i] - '0'), 1u << 30);
    if (i > from) value = static_cast<std::uint32_t>(sum);
    return i > from;
  };
  Bounds read{0, 0, true};
  const bool low = number(read.min);
  bool high = false;
  read.max = read.min;
  if (i < text_.size() && text_[i] == ',') {
    ++i;
    read.max = kUnbounded;
    high = number(read.max);
  }
  if ((!low && !high) || i >= text_.size() || text_[i] != '}') return std::nullopt;
  const std::size_t start = at_;
  at_ = i + 1;
  if (read.min > kMaxRepeat || (read.max != kUnbounded && read.max > kMaxRepeat))
    fail(start, "a repeat of more than " + std::to_string(kMaxRepeat),
         "leave the upper bound out: `{n,}`");
  else if (read.max < read.min)
    fail(start, "a repeat whose upper bound is below its lower one");
  return read;
}

Parser::Parsed Parser::quantified(NodeId target) {
  for (unsigned stacked = 0;; ++stacked) {
    skip_ignored();
    if (failed()) return std::nullopt;
    if (!more()) return target;
    const std::size_t start = at_;
    const char c = text_[at_];
    std::optional<Bounds> read;
    if (c == '*' || c == '+' || c == '?') {
      ++at_;
      read = Bounds{c == '+' ? 1u : 0u, c == '?' ? 1u : kUnbounded, false};
    } else if (c == '{') {
      read = bounds();
    }
    if (failed()) return std::nullopt;
    if (!read) return target;
    if (stacked == kMaxStackedQuantifiers) return fail(start, "too many quantifiers in a row");
    Greed greed = Greed::greedy;
    // Ruby reads `{n}?` and `{n,m}+` as a second quantifier behind the first.
    if (!(read->in_braces && read->min == read->max) && skip("?"))
      greed = Greed::lazy;
    else if (!read->in_braces && skip("+"))
      greed = Greed::possessive;
    const NodeId id = add(Kind::repeat, start);
    Node& repeat = out_.nodes[id];
    repeat.min = read->min;
    repeat.max = read->max;
    repeat.greed = greed;
    repeat.children = {target};
    target = id;
  }
}

Parser::Parsed Parser::group() {
  const std::size_t start = at_++;
  if (++depth_ > kMaxDepth)
    return fail(start, "groups are nested more than " + std::to_string(kMaxDepth) + " deep");
  // A plain group captures only for references by number.
  const Parsed made =
      skip("?") ? special_group(start) : body(Kind::capture, start, out_.named + plain_groups_++);
  --depth_;
  return made;
}

Parser::Parsed Parser::special_group(std::size_t start) {
  if (skip(":")) return body(Kind::concat, start);
  if (skip(">")) return body(Kind::atomic, start);
  if (skip("=")) return body(Kind::look_ahead, start);
  if (skip("!")) return body(Kind::not_ahead, start);
  if (skip("<=")) return body(Kind::look_behind, start);
  if (skip("<!")) return body(Kind::not_behind, start);
  if (skip("<")) return named_group(start);
  if (looking_at("~"))
    return fail(start, "absent operators (`(?~`) are not supported",
                "use a lazy repeat and what must follow it");
  if (looking_at("("))
    return fail(start, "conditionals (`(?(`) are not supported", "write the cases with `|`");
  if (looking_at("P<")) return fail(start, "`(?P<name>` is not Ruby's syntax", "write `(?<name>`");
  return options_group(start);
}

/// The expansion has named all groups g0, g1, ...
Parser::Parsed Parser::named_group(std::size_t start) {
  const std::size_t end = text_.find('>', at_);
  const std::string_view name =
      end == std::string_view::npos ? std::string_view() : text_.substr(at_, end - at_);
  std::uint32_t number = 0;
  const bool ours = name.size() > 1 && name.size() < 9 && name[0] == 'g' &&
                    std::all_of(name.begin() + 1, name.end(), is_digit);
  if (ours) number = static_cast<std::uint32_t>(std::stoul(std::string(name.substr(1))));
  if (!ours || number >= out_.named)
    return fail(start, "a group whose name is not closed", "write `(?<name>...)`");
  at_ = end + 1;
  return body(Kind::capture, start, number);
}

Parser::Parsed Parser::body(Kind kind, std::size_t start, std::uint32_t value) {
  const Flags outer = flags_;
  const Parsed inner = alternation();
  flags_ = outer;
  if (!inner) return std::nullopt;
  if (!skip(")")) return fail(start, "a group that is not closed", "close it with `)`");
  if (kind == Kind::concat) return inner;
  const NodeId id = add(kind, start, value);
  out_.nodes[id].children = {*inner};
  return id;
}

Parser::Parsed Parser::options_group(std::size_t start) {
  Flags changed = flags_;
  bool on = true;
  for (; more() && text_[at_] != ')' && text_[at_] != ':'; ++at_) {
    switch (text_[at_]) {
      case '-':
        on = false;
        break;
      case 'i':
        changed.ignore_case = on;
        break;
      case 'm':
        changed.dot_all = on;
        break;
      case 'x':
        changed.extended = on;
        break;
      default:
        return fail(at_, std::string("`(?") + text_[at_] + "` begins no group that is known",
                    "options are i, m and x");
    }
  }
  if (!more()) return fail(start, "a group that is not closed", "close it with `)`");
  const Flags outer = flags_;
  flags_ = changed;
  const bool scoped = text_[at_++] == ':';
  // `a(?i)b|c` is `a(?i:b|c)`: options on their own rule the rest of the group they stand in.
  const Parsed made = scoped ? body(Kind::concat, start) : alternation();
  flags_ = outer;
  return made;
}

Parser::Parsed Parser::escape() {
  const std::size_t start = at_++;
  if (!more()) return fail(start, "a backslash at the end", "write `\\\\` for a backslash");
  const char c = text_[at_];
  const auto anchor = [&](Kind kind) {
    ++at_;
    return add(kind, start);
  };
  switch (c) {
    case 'A':
      return anchor(Kind::text_begin);
    case 'z':
      return anchor(Kind::text_end);
    case 'Z':
      return anchor(Kind::text_end_line);
    case 'b':
      return anchor(Kind::word_boundary);
    case 'B':
      return anchor(Kind::no_word_boundary);
    case 'k':
      return named_back_reference(start);
    case 'g':
      return fail(start, "calls of groups (`\\g<name>`) are not supported",
                  "give what the group holds a pattern name and use it twice");
    case 'G':
    case 'K':
    case 'R':
    case 'X':
      return fail(start, std::string("`\\") + c + "` is not supported",
                  c == 'R' ? "write `(?:\\r\\n|\\n)`" : "");
    default:
      break;
  }
  if (c >= '1' && c <= '9') return numbered_back_reference(start);
  at_ = start;
  ClassSet set;
  if (c == 'p' || c == 'P') {
    ++at_;
    if (!property(set, start, true)) return std::nullopt;
    return add_set(std::move(set.all), start);
  }
  if (std::string_view("dDwWsShH").find(c) != std::string_view::npos) {
    if (!class_item(set, 0)) return std::nullopt;
    return add_set(std::move(set.all), start);
  }
  ++at_;
  const auto code = escaped_char(start);
  if (!code) return std::nullopt;
  return add_literal(*code, start);
}

Parser::Parsed Parser::named_back_reference(std::size_t start) {
  ++at_;
  const std::size_t end = skip("<") ? text_.find('>', at_) : std::string_view::npos;
  if (end == std::string_view::npos)
    return fail(start, "`\\k` without a name", "write `\\k<name>`");
  const std::string_view name = text_.substr(at_, end - at_);
  at_ = end + 1;
  std::vector<std::uint32_t> groups;
  for (std::uint32_t i = out_.named; i-- > 0;) {
    if (captures_[i].field == name) groups.push_back(i);
  }
  if (groups.empty())
    return fail(start, "no group is named `" + std::string(name.substr(0, 64)) + "`");
  out_.back_references.push_back(std::move(groups));
  const auto index = static_cast<std::uint32_t>(out_.back_references.size() - 1);
  const NodeId id = add(Kind::back_reference, start, index);
  out_.nodes[id].caseless = flags_.ignore_case;
  return id;
}

Parser::Parsed Parser::numbered_back_reference(std::size_t start) {
  if (out_.named > 0)
    return fail(start, "a reference by number beside groups with names",
                "name the group, `(?<name>...)`, and write `\\k<name>`");
  const auto number = static_cast<std::uint32_t>(text_[at_++] - '0');
  if (more() && is_digit(text_[at_]))
    return fail(start, "only `\\1` to `\\9` are known", "name the group and write `\\k<name>`");
  out_.back_references.push_back({number - 1});
  const auto index = static_cast<std::uint32_t>(out_.back_references.size() - 1);
  const NodeId id = add(Kind::back_reference, start, index);
  out_.nodes[id].caseless = flags_.ignore_case;
  numbered_.push_back(id);
  return id;
}

/// Plain groups count as groups only where something refers to them; else they only group.
bool Parser::resolve_back_references() {
  for (const NodeId id : numbered_) {
    if (out_.back_references[out_.nodes[id].value][0] >= plain_groups_) {
      fail(out_.nodes[id].offset, "a reference to a group that there is not");
      return false;
    }
  }
  if (!numbered_.empty()) out_.groups = out_.named + plain_groups_;
  for (Node& node : out_.nodes) {
    if (node.kind == Kind::capture && node.value >= out_.groups) node.kind = Kind::concat;
  }
  return true;
}

/// Children come before their parents.
void Parser::measure() {
  constexpr std::uint64_t kLongest = 1u << 30;
  for (Node& node : out_.nodes) {
    const auto child = [&](std::size_t i) {
      return std::uint64_t{out_.nodes[node.children[i]].shortest};
    };
    std::uint64_t sum = node.kind == Kind::literal || node.kind == Kind::set ? 1 : 0;
    const bool joins =
        node.kind == Kind::concat || node.kind == Kind::capture || node.kind == Kind::atomic;
    for (std::size_t i = 0; joins && i < node.children.size(); ++i) sum += child(i);
    if (node.kind == Kind::repeat) sum = child(0) * node.min;
    if (node.kind == Kind::alternate) {
      sum = kLongest;
      for (std::size_t i = 0; i < node.children.size(); ++i) sum = std::min(sum, child(i));
    }
    node.shortest = static_cast<std::uint32_t>(std::min(sum, kLongest));
  }
}

bool Syntax::has_captures(NodeId id) const {
  const Node& node = nodes[id];
  if (node.kind == Kind::capture && node.value < groups) return true;
  return std::any_of(node.children.begin(), node.children.end(),
                     [this](NodeId child) { return has_captures(child); });
}

}  // namespace grok
