#include "literals.h"

#include <cstring>

#include "utf8.h"

namespace grok {
namespace {

constexpr std::size_t kMaxLiterals = 24;

class Collector {
 public:
  explicit Collector(const Syntax& syntax) : syntax_(syntax) {}

  std::vector<std::string> run() {
    visit(syntax_.root);
    cut();
    return std::move(found_);
  }

 private:
  void cut() {
    if (!run_.empty() && found_.size() < kMaxLiterals) found_.push_back(run_);
    run_.clear();
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
      case Kind::alternate:
      case Kind::back_reference:
        return cut();
      default:
        return;  // takes nothing
    }
  }

  const Syntax& syntax_;
  std::vector<std::string> found_;
  std::string run_;
};

}  // namespace

RequiredLiterals required_literals(const Syntax& syntax) {
  RequiredLiterals required{Collector(syntax).run()};
  const auto& all = required.in_order;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].size() > all[required.longest].size()) required.longest = i;
  return required;
}

bool contains_in_order(std::string_view subject, const RequiredLiterals& literals) {
  const auto& all = literals.in_order;
  const auto find = [end = subject.data() + subject.size()](const char* p,
                                                            const std::string& literal) {
    const auto left = static_cast<std::size_t>(end - p);
    const void* found = left < literal.size() ? nullptr
                        : literal.size() == 1 ? std::memchr(p, literal[0], left)
                                              : memmem(p, left, literal.data(), literal.size());
    return found ? static_cast<const char*>(found) + literal.size() : nullptr;
  };
  if (all.empty()) return true;
  if (!find(subject.data(), all[literals.longest])) return false;
  const char* p = subject.data();
  for (const std::string& literal : all)
    if (!(p = find(p, literal))) return false;
  return true;
}

}  // namespace grok
