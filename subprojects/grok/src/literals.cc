#include "literals.h"

#include <algorithm>
#include <cstring>

#include "utf8.h"

namespace grok {
namespace {

constexpr std::size_t kMaxLiterals = 24;
/// One byte of more than these is hardly ever missing.
constexpr std::size_t kMaxBytes = 8;

/// A text, or a choice of ASCII bytes where `text` is empty.
struct Part {
  std::string text;
  std::string bytes;  ///< sorted
};
using Parts = std::vector<Part>;

std::string bytes_of(const Part& part) {
  return part.text.empty() ? part.bytes : part.text.substr(0, 1);
}

/// What both have: position by position, one byte of either.
Parts common(const Parts& a, const Parts& b) {
  Parts both;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (!a[i].text.empty() && a[i].text == b[i].text) {
      both.push_back(a[i]);
      continue;
    }
    const std::string left = bytes_of(a[i]), right = bytes_of(b[i]);
    Part part;
    std::set_union(left.begin(), left.end(), right.begin(), right.end(),
                   std::back_inserter(part.bytes));
    both.push_back(std::move(part));
  }
  return both;
}

class Collector {
 public:
  explicit Collector(const Syntax& syntax) : syntax_(syntax) {}

  Parts run(NodeId id) {
    visit(id);
    cut();
    return std::move(found_);
  }

 private:
  void cut() {
    if (!run_.empty()) add({run_, {}});
    run_.clear();
  }
  void add(Part part) {
    if (found_.size() < kMaxLiterals) found_.push_back(std::move(part));
  }

  void visit(NodeId id) {
    const Node& node = syntax_[id];
    switch (node.kind) {
      case Kind::literal:
        return append_utf8(node.value, run_);
      case Kind::concat:
      case Kind::capture:
      case Kind::atomic:
        for (const NodeId child : node.children) visit(child);
        return;
      case Kind::repeat:
        cut();
        if (node.min > 0) visit(node.children[0]);
        return cut();
      case Kind::set:
        cut();
        return one_of(syntax_.sets[node.value]);
      case Kind::alternate: {
        cut();
        Parts all = Collector(syntax_).run(node.children[0]);
        for (std::size_t i = 1; i < node.children.size() && !all.empty(); ++i)
          all = common(all, Collector(syntax_).run(node.children[i]));
        for (Part& part : all) add(std::move(part));
        return;
      }
      case Kind::back_reference:
        return cut();
      default:
        return;  // takes nothing
    }
  }

  void one_of(const CharSet& set) {
    Part part;
    for (const CharSet::Range& range : set.ranges()) {
      if (range.last >= 0x80 || part.bytes.size() + (range.last - range.first) >= kMaxBytes) return;
      for (char32_t c = range.first; c <= range.last; ++c) part.bytes += static_cast<char>(c);
    }
    if (!part.bytes.empty()) add(std::move(part));
  }

  const Syntax& syntax_;
  Parts found_;
  std::string run_;
};

/// Past the first place of what is required; nullptr: there is none.
const char* find(const char* p, const char* end, const Required& required) {
  const auto left = static_cast<std::size_t>(end - p);
  const std::string& text = required.text;
  if (text.empty()) {
    const auto* const from = reinterpret_cast<const unsigned char*>(p);
    const auto* const found = required.others.skip(from, from + left);
    return found == from + left ? nullptr : reinterpret_cast<const char*>(found) + 1;
  }
  const void* const found = left < text.size() ? nullptr
                            : text.size() == 1 ? std::memchr(p, text[0], left)
                                               : memmem(p, left, text.data(), text.size());
  return found ? static_cast<const char*>(found) + text.size() : nullptr;
}

}  // namespace

RequiredLiterals required_literals(const Syntax& syntax) {
  RequiredLiterals required;
  for (Part& part : Collector(syntax).run(syntax.root)) {
    if (part.text.empty() && part.bytes.size() > kMaxBytes) continue;
    Bytes others;
    others.fill(1);
    for (const char byte : part.bytes) others[static_cast<unsigned char>(byte)] = 0;
    required.in_order.push_back({std::move(part.text), RunScanner(others)});
  }
  const auto& all = required.in_order;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].text.size() > all[required.longest].text.size()) required.longest = i;
  return required;
}

bool contains_in_order(std::string_view subject, const RequiredLiterals& literals) {
  const auto& all = literals.in_order;
  if (all.empty()) return true;
  const char* const end = subject.data() + subject.size();
  if (!find(subject.data(), end, all[literals.longest])) return false;
  const char* p = subject.data();
  for (const Required& required : all)
    if (!(p = find(p, end, required))) return false;
  return true;
}

}  // namespace grok
