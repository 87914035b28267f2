#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "pipeline/config/ast.h"
#include "pipeline/config/diagnostics.h"

/// Warnings about configurations that are valid but probably do not do what was meant.
namespace millrace::config {

/// What a plugin may do to events, as far as its configuration tells.
struct Effects {
  bool any_tag = true;    ///< may add tags that its options do not spell out
  bool any_field = true;  ///< may set fields whose names its options do not spell out
  std::vector<std::string_view> fields;  ///< set without being spelled out
  bool ends_event = false;               ///< no event goes on after it
};

/// Knows the plugins, which this directory does not.
using EffectsOf = std::function<Effects(SectionKind, const Plugin&)>;

/// Warns of
/// - conditions that are always or never true, and branches and statements that can therefore not
/// be reached;
/// - literals of different types compared, two literals for `in`, `["x"]` that is read as a field;
/// - tags and fields that are tested but that nothing sets: where some plugin may set anything,
/// only near misses of tags;
/// - entries of one hash that read what another entry of it writes, since Logstash knows no order
/// there.
void lint(const Config& config, const EffectsOf& effects, Diagnostics& diagnostics);

/// Whether the condition is the same for every event; nullopt where it depends on fields.
std::optional<bool> constant(const Condition& condition);

/// Whether both say the same, wherever they stand.
bool same(const Condition& a, const Condition& b);

}  // namespace millrace::config
