#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/regex/regex.h"
#include "pipeline/result.h"

namespace millrace::mirror {

struct FlowOptions;
enum class Naming;

/// A name, or a regular expression for whole names.
struct NamePattern {
  std::string text;
  Regex regex;  ///< of the whole name

  /// Errors: Errc::invalid naming the expression.
  static Result<NamePattern> compile(const std::string& text);
  bool matches(const std::string& name) const {
    return text == name || regex.find(name).has_value();
  }
};

/// Names that one list of patterns selects and a second one does not. Shared by threads.
class NameList {
 public:
  NameList() = default;  ///< selects nothing
  /// Errors: Errc::invalid naming the expression.
  static Result<NameList> create(const std::vector<std::string>& include,
                                 const std::vector<std::string>& exclude);
  bool selects(const std::string& name) const;

 private:
  std::vector<NamePattern> include_;
  std::vector<NamePattern> exclude_;
};

/// Which topics of the source are mirrored, and what they are called on the target. A pure function
/// of the options; shared by threads.
class TopicRules {
 public:
  /// Errors: Errc::invalid naming the expression.
  static Result<TopicRules> create(const FlowOptions& options);

  /// What is to be done with one topic.
  struct Choice {
    std::string target;   ///< its name there; "" where it is not mirrored
    std::string blocked;  ///< why it is not, where the lists ask for it; else ""
  };

  /// `source_alias` and `target_alias` are those of the flow: with `names: rename` a topic that
  /// passed the target before is blocked.
  Choice choose(const std::string& topic, const std::string& source_alias,
                const std::string& target_alias) const;

  /// All of `topics` that are mirrored, by name, and their names there. Those that would share a
  /// name are in `blocked`, with the reason, as are those that choose() blocks.
  struct Selection {
    std::map<std::string, std::string> targets;
    std::map<std::string, std::string> blocked;
  };
  Selection select(const std::vector<std::string>& topics, const std::string& source_alias,
                   const std::string& target_alias) const;

 private:
  struct Mapping {
    NamePattern pattern;
    std::string replacement;
  };
  TopicRules() = default;
  bool has_passed(const std::string& topic, const std::string& alias) const;

  NameList topics_;
  bool heartbeats_ = false;
  std::vector<Mapping> map_;
  Naming naming_{};
  std::string separator_;
};

/// Where flows with `heartbeats` write on their sources; it is mirrored by them, whatever the lists
/// say.
inline constexpr const char* kHeartbeatsTopic = "millrace-mirror-heartbeats";

/// Kafka's and the mirror's own topics, which no list can select.
bool is_internal(const std::string& topic);
/// Letters, digits, '.', '_', '-', at most 249.
bool is_topic_name(const std::string& name);

}  // namespace millrace::mirror
