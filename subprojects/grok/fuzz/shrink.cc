#include "shrink.h"

#include <vector>

namespace grok::fuzz {
namespace {

using testing::Greed;
using testing::Kind;
using testing::kUnbounded;
using testing::Node;

constexpr int kMaxSteps = 3000;

/// What can stand for this very node, its parts left as they are.
std::vector<Node> simpler_here(const Node& node) {
  std::vector<Node> found;
  for (const Node& child : node.children) found.push_back(child);
  if (node.children.size() > 1) {
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      found.push_back(node);
      found.back().children.erase(found.back().children.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  if (node.kind != Kind::empty) found.push_back(Node{});
  const auto with = [&](auto change) {
    found.push_back(node);
    change(found.back());
  };
  if (node.kind == Kind::repeat) {
    if (node.min > 0) with([](Node& n) { --n.min; });
    if (node.max != kUnbounded && node.max > node.min) with([](Node& n) { --n.max; });
    if (node.max > node.min + 1) with([](Node& n) { n.max = n.min + 1; });
    if (node.greed != Greed::greedy) with([](Node& n) { n.greed = Greed::greedy; });
  }
  if (node.kind == Kind::set) {
    for (std::size_t i = 0; node.items.size() > 1 && i < node.items.size(); ++i)
      with([i](Node& n) { n.items.erase(n.items.begin() + static_cast<std::ptrdiff_t>(i)); });
    with([](Node& n) { n.kind = Kind::any; });
  }
  if (node.kind == Kind::set || node.kind == Kind::any ||
      (node.kind == Kind::literal && node.literal != 'a')) {
    with([](Node& n) {
      n = Node{};
      n.kind = Kind::literal;
      n.literal = 'a';
    });
  }
  return found;
}

/// Every way to make one place of the tree simpler; large steps first.
void simpler(const Node& node, std::vector<Node>& found) {
  for (Node& candidate : simpler_here(node)) found.push_back(std::move(candidate));
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    std::vector<Node> inner;
    simpler(node.children[i], inner);
    for (Node& candidate : inner) {
      found.push_back(node);
      found.back().children[i] = std::move(candidate);
    }
  }
}

class Shrinker {
 public:
  Shrinker(Node& node, std::string& line, const StillShows& shows)
      : node_(node), line_(line), shows_(shows) {}

  void run() {
    while (steps_ < kMaxSteps && (shorten_line() || plainer_line() || shrink_node())) {
    }
  }

 private:
  bool try_line(std::string line) {
    if (++steps_ > kMaxSteps || !shows_(node_, line)) return false;
    line_ = std::move(line);
    return true;
  }

  bool shorten_line() {
    for (std::size_t piece = line_.size(); piece > 0; piece /= 2) {
      for (std::size_t at = 0; at + piece <= line_.size(); at += piece) {
        std::string shorter = line_;
        if (try_line(shorter.erase(at, piece))) return true;
      }
    }
    return false;
  }

  bool plainer_line() {
    for (std::size_t i = 0; i < line_.size(); ++i) {
      if (line_[i] == 'a') continue;
      std::string plainer = line_;
      plainer[i] = 'a';
      if (try_line(std::move(plainer))) return true;
    }
    return false;
  }

  bool shrink_node() {
    std::vector<Node> candidates;
    simpler(node_, candidates);
    for (Node& candidate : candidates) {
      if (++steps_ > kMaxSteps) return false;
      if (!shows_(candidate, line_)) continue;
      node_ = std::move(candidate);
      return true;
    }
    return false;
  }

  Node& node_;
  std::string& line_;
  const StillShows& shows_;
  int steps_ = 0;
};

}  // namespace

void shrink(Node& node, std::string& line, const StillShows& shows) {
  Shrinker(node, line, shows).run();
}

}  // namespace grok::fuzz
