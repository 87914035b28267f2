// Alternatives: which are possible is decided byte by byte, by the program's tables.
#include <algorithm>

#include "compiler.h"

namespace grok::native {
namespace {

using enum Reg;

/// Decisions past this are left to trial: without the bytes further ahead.
constexpr std::size_t kMaxNodes = 64;
/// More outcomes of one byte are told apart by a table.
constexpr std::size_t kMaxTests = 4;

bool is_one(std::uint32_t mask) { return (mask & (mask - 1)) == 0; }

std::uint32_t at_end(const Choice& choice, std::uint32_t mask, unsigned depth) {
  for (; depth < choice.depth; ++depth)
    mask &= choice.masks[depth * choice.class_count + choice.class_count - 1];
  return mask;
}

}  // namespace

void Compiler::choose(const Instruction& code) {
  const Choice& choice = program_.choices[code.a];
  nodes_.clear();
  ways_back_.clear();
  const std::size_t targets = choice.targets.size();
  const std::uint32_t all = targets == 32 ? ~0u : (1u << targets) - 1;
  clear(choice);
  write_choice(choice, all, 0);
}

/// Where the code is that goes on with `mask` when `depth` bytes were looked at.
Label Compiler::choice_at(const Choice& choice, std::uint32_t mask, unsigned depth) {
  if (mask == 0) return fail_;
  if (is_one(mask)) return labels_[choice.targets[static_cast<std::size_t>(__builtin_ctz(mask))]];
  if (depth < choice.depth && nodes_.size() >= kMaxNodes) depth = choice.depth;
  const auto [known, fresh] = nodes_.try_emplace({mask, depth});
  if (fresh) {
    known->second = out_.new_label();
    pending_nodes_.push_back({mask, depth, known->second});
  }
  return known->second;
}

void Compiler::write_choice(const Choice& choice, std::uint32_t mask, unsigned depth) {
  write_node(choice, mask, depth);
  while (!pending_nodes_.empty()) {
    const PendingNode node = pending_nodes_.back();
    pending_nodes_.pop_back();
    out_.bind(node.label);
    write_node(choice, node.mask, node.depth);
  }
}

void Compiler::write_node(const Choice& choice, std::uint32_t mask, unsigned depth) {
  if (is_one(mask)) return out_.jump(choice_at(choice, mask, depth));
  if (depth >= choice.depth) {
    const std::uint32_t rest = mask & (mask - 1);
    push_frame(way_back(choice, rest));
    return out_.jump(labels_[choice.targets[static_cast<std::size_t>(__builtin_ctz(mask))]]);
  }
  std::map<std::uint32_t, Bytes> outcomes;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::uint32_t left =
        mask & choice.masks[depth * choice.class_count + choice.classes[byte]];
    outcomes[left][byte] = 1;
  }
  const std::uint32_t ended = at_end(choice, mask, depth);
  if (outcomes.size() == 1 && outcomes.begin()->first == mask &&
      ended == at_end(choice, mask, depth + 1))
    return out_.jump(choice_at(choice, mask, depth + 1));
  if (depth == 0) {
    out_.compare(rdi, rsi);
  } else {
    out_.address(rax, Mem{rdi, static_cast<std::int32_t>(depth)});
    out_.compare(rax, rsi);
  }
  out_.jump(If::not_below, choice_at(choice, ended, choice.depth));
  if (outcomes.size() == 1) return out_.jump(choice_at(choice, outcomes.begin()->first, depth + 1));
  out_.load_byte(rax, {rdi, static_cast<std::int32_t>(depth)});
  std::vector<std::pair<Bytes, Label>> cases;
  for (const auto& [left, bytes] : outcomes) {
    const Label label = choice_at(choice, left, depth + 1);
    const bool decided = depth == 0 && left != 0 && is_one(left);
    const Pc target = decided ? choice.targets[static_cast<std::size_t>(__builtin_ctz(left))] : 0;
    cases.emplace_back(bytes, decided ? behind_test(target, bytes, label) : label);
  }
  if (cases.size() > kMaxTests) return branch_by_table(cases);
  // The first one, which may be the failure, is what is left when it is none of the others.
  for (std::size_t i = cases.size() - 1; i > 0; --i) {
    const auto& [bytes, label] = cases[i];
    const auto count = std::count(bytes.begin(), bytes.end(), 1);
    if (count == 1) {
      out_.compare_low_byte(
          rax, static_cast<std::uint8_t>(std::find(bytes.begin(), bytes.end(), 1) - bytes.begin()));
      out_.jump(If::equal, label);
    } else {
      test_byte(rax, data_.test(bytes));
      out_.jump(If::not_equal, label);
    }
  }
  out_.jump(cases.front().second);
}

/// Where a target begins with a test that these bytes pass, what comes behind it.
Label Compiler::behind_test(Pc target, const Bytes& bytes, Label otherwise) const {
  const Instruction& code = program_.code[target];
  if (code.op != Op::byte && code.op != Op::set) return otherwise;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool passes =
        code.op == Op::byte
            ? byte == code.a
            : byte < 0x80 && program_.sets[code.a].run.has(static_cast<unsigned char>(byte));
    if (bytes[byte] != 0 && !passes && !(ascii_ && byte >= 0x80)) return otherwise;
  }
  return tested_[target];
}

void Compiler::branch_by_table(const std::vector<std::pair<Bytes, Label>>& cases) {
  std::array<std::uint8_t, 256> numbers{};
  const std::int32_t targets = data_.room(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    for (std::size_t byte = 0; byte < 256; ++byte)
      if (cases[i].first[byte] != 0) numbers[byte] = static_cast<std::uint8_t>(i);
    table_entries_.push_back({targets, i, cases[i].second});
  }
  out_.load_byte(rax, {rbx, data_.table(numbers), rax, 1});
  out_.load_offset(rax, {rbx, targets, rax, 4});
  out_.add(rax, rbx);
  out_.jump(rax);
}

/// Captures that the alternatives make are not there until one of them makes them.
void Compiler::clear(const Choice& choice) {
  for (const std::uint32_t slot : choice.clears)
    out_.store({r8, static_cast<std::int32_t>(8 * slot)}, -1);
}

/// Code that takes up the rest of the alternatives, in order.
Label Compiler::way_back(const Choice& choice, std::uint32_t rest) {
  const auto [known, fresh] = ways_back_.try_emplace(rest);
  if (!fresh) return known->second;
  const Label label = known->second = out_.new_label();
  const std::uint32_t others = rest & (rest - 1);
  const Label after = others != 0 ? way_back(choice, others) : label;
  const Label target = labels_[choice.targets[static_cast<std::size_t>(__builtin_ctz(rest))]];
  later([this, &choice, label, after, target, last = others == 0] {
    out_.bind(label);
    out_.load(rdi, kTopAt);
    out_.move(r11, rdi);
    clear(choice);
    if (last) {
      out_.subtract(r9, kFrame);
    } else {
      out_.address(rax, after);
      out_.store(kTopResume, rax);
    }
    out_.jump(target);
  });
  return label;
}

}  // namespace grok::native
