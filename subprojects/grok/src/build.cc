#include <algorithm>
#include <optional>
#include <span>

#include "analysis.h"
#include "atomic.h"
#include "program.h"
#include "utf8.h"

namespace grok {
namespace {

constexpr std::size_t kMaxInstructions = 60'000;
constexpr std::uint32_t kMaxSpan = 1000;  // the highest upper bound of a counted span
constexpr std::size_t kMaxLookLength = 8;
constexpr std::size_t kMaxLookCases = 16;

/// Writes the instructions; what they need to know of each other is analysis.cc's.
class Builder {
 public:
  explicit Builder(const Syntax& syntax) : syntax_(syntax), program_(std::make_unique<Program>()) {}

  bool run() {
    program_->slots = 2 * syntax_.named;
    for (const CharSet& set : syntax_.sets) program_->sets.emplace_back(set);
    compile(syntax_.root);
    put(Op::accept, 0);
    return refusal_.reason.empty();
  }

  Refusal refusal_;
  std::vector<AtomicPart> atomic_;
  std::unique_ptr<Program> take() { return std::move(program_); }

 private:
  bool refused() const { return !refusal_.reason.empty(); }
  void refuse(const Node& node, std::string reason, std::string hint = {}) {
    if (!refused()) refusal_ = {std::move(reason), std::move(hint), node.offset};
  }

  Pc put(Op op, std::uint32_t offset, std::uint32_t a = 0, std::uint32_t b = 0,
         std::uint32_t c = 0) {
    program_->code.push_back({op, a, b, c, 0, offset});
    return here() - 1;
  }
  Pc here() const { return static_cast<Pc>(program_->code.size()); }

  void compile(NodeId id);
  void compile_node(const Node& node);
  void concat(const Node& node);
  void literal(const Node& node);
  void alternate(const Node& node);
  void branches(std::span<const NodeId> nodes, std::vector<Pc>& targets, std::vector<Pc>& ends);
  void repeat(const Node& node);
  void span(const Node& node, std::uint32_t set);
  void loop(const Node& node, NodeId child);
  void atomic(const Node& node, NodeId child);
  void look(const Node& node);
  void clear_before(Pc choice);
  bool look_sequence(NodeId id, std::vector<std::uint32_t>& sets);
  void flatten(NodeId id, std::vector<NodeId>& out) const;

  Pc choose(const Node& node) {
    program_->choices.emplace_back();
    return put(Op::choose, node.offset, static_cast<std::uint32_t>(program_->choices.size() - 1));
  }
  std::vector<Pc>& targets_of(Pc choice) {
    return program_->choices[program_->code[choice].a].targets;
  }
  std::uint32_t set_of(char32_t c) {
    program_->sets.emplace_back(CharSet{{c, c}});
    return static_cast<std::uint32_t>(program_->sets.size() - 1);
  }
  std::optional<std::uint32_t> one_char(NodeId id);

  const Syntax& syntax_;
  std::unique_ptr<Program> program_;
  std::uint32_t how_often_ = Program::kOnce;  // does a match pass what is compiled
};

/// The set of a node that takes exactly one character.
std::optional<std::uint32_t> Builder::one_char(NodeId id) {
  const Node& node = syntax_[id];
  if (node.kind == Kind::set) return node.value;
  if (node.kind == Kind::literal) return set_of(node.value);
  return std::nullopt;
}

void Builder::compile(NodeId id) {
  const Node& node = syntax_[id];
  if (refused()) return;
  if (program_->code.size() > kMaxInstructions)
    return refuse(node,
                  "it would take more than " + std::to_string(kMaxInstructions) + " instructions");
  const std::uint32_t outside = how_often_;
  if (node.kind == Kind::repeat && node.max > 1)
    how_often_ = Program::kRepeated;
  else if (node.kind == Kind::repeat || node.kind == Kind::alternate)
    how_often_ = std::max(outside, std::uint32_t{Program::kOptional});
  compile_node(node);
  how_often_ = outside;
}

void Builder::compile_node(const Node& node) {
  switch (node.kind) {
    case Kind::empty:
      return;
    case Kind::literal:
      return literal(node);
    case Kind::set:
      put(Op::set, node.offset, node.value);
      return;
    case Kind::line_begin:
      put(Op::line_begin, node.offset);
      return;
    case Kind::line_end:
      put(Op::line_end, node.offset);
      return;
    case Kind::text_begin:
      put(Op::text_begin, node.offset);
      return;
    case Kind::text_end:
      put(Op::text_end, node.offset);
      return;
    case Kind::text_end_line:
      put(Op::text_end_line, node.offset);
      return;
    case Kind::word_boundary:
      put(Op::word_boundary, node.offset);
      return;
    case Kind::no_word_boundary:
      put(Op::no_word_boundary, node.offset);
      return;
    case Kind::concat:
      return concat(node);
    case Kind::alternate:
      return alternate(node);
    case Kind::repeat:
      return repeat(node);
    case Kind::capture:
      if (node.value >= syntax_.named) return compile(node.children[0]);
      if (how_often_ == Program::kRepeated) program_->repeats_captures = true;
      put(Op::save, node.offset, 2 * node.value, how_often_);
      compile(node.children[0]);
      put(Op::save, node.offset, 2 * node.value + 1, how_often_);
      return;
    case Kind::atomic:
      return atomic(node, node.children[0]);
    case Kind::look_ahead:
    case Kind::not_ahead:
    case Kind::look_behind:
    case Kind::not_behind:
      return look(node);
    case Kind::back_reference:
      return refuse(node, "it refers back to what a group took", "write out the cases with `|`");
  }
}

/// Neighbouring literals become one comparison.
void Builder::concat(const Node& node) {
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const Node& child = syntax_[node.children[i]];
    if (child.kind != Kind::literal) {
      compile(node.children[i]);
      continue;
    }
    std::string run;
    for (; i < node.children.size(); ++i) {
      const Node& next = syntax_[node.children[i]];
      if (next.kind != Kind::literal) break;
      append_utf8(next.value, run);
    }
    --i;
    if (run.size() == 1) {
      put(Op::byte, child.offset, static_cast<unsigned char>(run[0]));
      continue;
    }
    put(Op::text, child.offset, static_cast<std::uint32_t>(program_->text.size()),
        static_cast<std::uint32_t>(run.size()));
    program_->text += run;
  }
}

void Builder::literal(const Node& node) {
  if (node.value < 0x80) {
    put(Op::byte, node.offset, node.value);
    return;
  }
  std::string bytes;
  append_utf8(node.value, bytes);
  put(Op::text, node.offset, static_cast<std::uint32_t>(program_->text.size()),
      static_cast<std::uint32_t>(bytes.size()));
  program_->text += bytes;
}

/// The alternatives of an alternation, those of alternations in them included.
void Builder::flatten(NodeId id, std::vector<NodeId>& out) const {
  const Node& node = syntax_[id];
  if (node.kind == Kind::alternate) {
    for (const NodeId child : node.children) flatten(child, out);
  } else if (node.kind == Kind::concat && node.children.size() == 1) {
    flatten(node.children[0], out);
  } else {
    out.push_back(id);
  }
}

void Builder::alternate(const Node& node) {
  std::vector<NodeId> all;
  for (const NodeId child : node.children) flatten(child, all);
  std::vector<Pc> ends, choices;
  std::span<const NodeId> rest(all);
  while (!rest.empty()) {
    const Pc choice = choose(node);
    choices.push_back(choice);
    const bool more = rest.size() > Choice::kMaxTargets;
    const std::size_t now = more ? Choice::kMaxTargets - 1 : rest.size();
    std::vector<Pc> targets;
    branches(rest.first(now), targets, ends);
    rest = rest.subspan(now);
    if (more) targets.push_back(here());
    targets_of(choice) = std::move(targets);
    if (refused()) return;
  }
  for (const Pc end : ends) program_->code[end].a = here();
  for (const Pc choice : choices) clear_before(choice);
}

/// Notes what a choice clears: what may be saved up to here.
void Builder::clear_before(Pc choice) {
  for (Pc pc = choice; pc < here(); ++pc) {
    const Instruction& code = program_->code[pc];
    if (code.op == Op::save && code.b == Program::kOptional)
      program_->choices[program_->code[choice].a].clears.push_back(code.a);
  }
}

/// Compiles each, with a jump behind it that is still to be set.
void Builder::branches(std::span<const NodeId> nodes, std::vector<Pc>& targets,
                       std::vector<Pc>& ends) {
  for (const NodeId branch : nodes) {
    targets.push_back(here());
    compile(branch);
    ends.push_back(put(Op::jump, syntax_[branch].offset));
  }
}

void Builder::repeat(const Node& node) {
  NodeId child = node.children[0];
  if (node.greed == Greed::possessive) return atomic(node, child);
  if (node.max == 0) return;
  if (const auto set = one_char(child)) return span(node, *set);
  loop(node, child);
}

void Builder::span(const Node& node, std::uint32_t set) {
  if (node.min == 1 && node.max == 1) {
    put(Op::set, node.offset, set);
    return;
  }
  if (node.min > kMaxSpan || (node.max != kUnbounded && node.max > kMaxSpan))
    return refuse(node, "it counts characters past " + std::to_string(kMaxSpan));
  put(node.greed == Greed::lazy ? Op::span_lazy : Op::span_back, node.offset, set, node.min,
      node.max);
}

void Builder::loop(const Node& node, NodeId child) {
  if (syntax_.repeats_empty(node)) {
    // What repeats nothing or something, repeated: `(?:a*)*` is `a*`.
    const Node& inner = syntax_[child];
    const bool simple = inner.kind == Kind::repeat && inner.min == 0 && node.max == kUnbounded &&
                        inner.greed == Greed::greedy && node.greed == Greed::greedy &&
                        syntax_[inner.children[0]].shortest > 0 && !syntax_.has_captures(child) &&
                        (inner.max == kUnbounded || inner.max == 1);
    if (!simple)
      return refuse(node, "it repeats what may be empty",
                    "let each turn take a character: `(?:a+)*` for `(?:a*)*`");
    Node merged = inner;  // `(?:a?)*` too
    merged.max = kUnbounded;
    return repeat(merged);
  }
  const bool lazy = node.greed == Greed::lazy;
  const auto set_targets = [&](Pc choice, std::vector<Pc> inside, Pc exit) {
    inside.insert(lazy ? inside.begin() : inside.end(), exit);
    targets_of(choice) = std::move(inside);
  };
  for (std::uint32_t i = 1; i < node.min && !refused(); ++i) compile(child);
  if (node.max == kUnbounded && node.min > 0) {
    const Pc begin = here();
    compile(child);
    const Pc choice = choose(node);
    return set_targets(choice, {begin}, here());
  }
  if (node.min > 0) compile(child);
  if (node.max == kUnbounded) {
    // The alternatives of what repeats and the way out are one choice.
    std::vector<NodeId> all;
    flatten(child, all);
    if (all.size() >= Choice::kMaxTargets) all = {child};
    const Pc choice = choose(node);
    std::vector<Pc> targets, ends;
    branches(all, targets, ends);
    for (const Pc end : ends) program_->code[end].a = choice;
    return set_targets(choice, std::move(targets), here());
  }
  std::vector<Pc> choices;
  for (std::uint32_t i = node.min; i < node.max && !refused(); ++i) {
    choices.push_back(choose(node));
    compile(child);
  }
  for (const Pc choice : choices) {
    set_targets(choice, {choice + 1}, here());
    clear_before(choice);
  }
}

/// Compiled as if it were plain; analysis decides whether that is the same.
void Builder::atomic(const Node& node, NodeId child) {
  const Pc begin = here();
  if (node.kind == Kind::repeat) {
    Node plain = node;
    plain.greed = Greed::greedy;
    repeat(plain);
  } else {
    compile(child);
  }
  atomic_.push_back({begin, here(), node.offset});
}

/// The sets of a sequence of single characters.
bool Builder::look_sequence(NodeId id, std::vector<std::uint32_t>& sets) {
  const Node& node = syntax_[id];
  if (node.kind == Kind::empty) return true;
  if (node.kind == Kind::concat) {
    return std::all_of(node.children.begin(), node.children.end(),
                       [&](NodeId child) { return look_sequence(child, sets); });
  }
  if (node.kind == Kind::repeat && node.min == node.max) {
    for (std::uint32_t i = 0; i < node.min; ++i)
      if (sets.size() > kMaxLookLength || !look_sequence(node.children[0], sets)) return false;
    return true;
  }
  const auto set = one_char(id);
  if (set) sets.push_back(*set);
  return set && sets.size() <= kMaxLookLength;
}

void Builder::look(const Node& node) {
  Look look;
  look.behind = node.kind == Kind::look_behind || node.kind == Kind::not_behind;
  look.negative = node.kind == Kind::not_ahead || node.kind == Kind::not_behind;
  std::vector<NodeId> cases;
  flatten(node.children[0], cases);
  for (const NodeId one : cases) {
    if (cases.size() > kMaxLookCases || !look_sequence(one, look.sequences.emplace_back()))
      return refuse(node, "it looks around at more than a few characters",
                    "let the pattern take what it looks for, behind its last capture");
  }
  put(Op::look, node.offset, static_cast<std::uint32_t>(program_->looks.size()));
  program_->looks.push_back(std::move(look));
}

}  // namespace

SetTable::SetTable(const CharSet& set) : chars(set) {
  Bytes bytes{};
  CharSet wide_part = set;
  wide_part.intersect({{0x80, CharSet::kLast}});
  CharSet whole{{0x80, CharSet::kLast}};
  wide = wide_part.empty() ? Wide::none : wide_part == whole ? Wide::all : Wide::some;
  for (unsigned b = 0; b < 0x80; ++b) bytes[b] = set.contains(b) ? 1 : 0;
  for (unsigned b = 0x80; b < 256; ++b) bytes[b] = wide == Wide::all ? 1 : 0;
  run = RunScanner(bytes);
  for (unsigned b = 0; b < 0x80; ++b) lead[b] = bytes[b] != 0;
  for (const CharSet::Range& range : wide_part.ranges()) {
    std::string first, last;
    append_utf8(range.first, first);
    append_utf8(range.last, last);
    for (unsigned b = static_cast<unsigned char>(first[0]);
         b <= static_cast<unsigned char>(last[0]); ++b)
      lead.set(b);
  }
  const auto is_word = [](unsigned b) {
    return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || b == '_' || (b >= 'a' && b <= 'z');
  };
  word = no_word = wide == Wide::none;
  for (unsigned b = 0; b < 0x80; ++b) {
    if (bytes[b] == 0) continue;
    (is_word(b) ? no_word : word) = false;
  }
}

std::unique_ptr<Program> build_program(const Syntax& syntax, Refusal& refusal) {
  Builder builder(syntax);
  if (!builder.run()) {
    refusal = std::move(builder.refusal_);
    return nullptr;
  }
  std::unique_ptr<Program> program = builder.take();
  for (const AtomicPart& part : builder.atomic_) {
    if (giving_back_is_useless(*program, part)) continue;
    refusal = {"what an atomic group or possessive repeat keeps could matter",
               "let what follows begin with something that the group cannot take", part.offset};
    return nullptr;
  }
  look_ahead_everywhere(*program);
  return program;
}

}  // namespace grok
