#include "pipeline/cli/reference.h"

#include <fmt/format.h>

namespace millrace::cli {
namespace {

/// Calls `visit(kind, plugin)` for every plugin of the registry.
template <typename Visit>
void for_each(const Registry& registry, Visit&& visit) {
  for (const auto& plugin : registry.inputs()) visit("input", plugin);
  for (const auto& plugin : registry.filters()) visit("filter", plugin);
  for (const auto& plugin : registry.outputs()) visit("output", plugin);
  for (const auto& plugin : registry.codecs()) visit("codec", plugin);
}

/// What an option's help says besides its help text: `required`, its default, what it is called by
/// now.
std::string remarks(const OptionInfo& option) {
  std::string text;
  if (option.rules.required)
    text += " Required.";
  else if (!option.default_text.empty())
    text += " Default: " + option.default_text + ".";
  if (!option.rules.deprecated.empty()) text += " Deprecated: " + option.rules.deprecated + ".";
  if (!option.rules.no_effect.empty()) text += " Has no effect: " + option.rules.no_effect + ".";
  if (!option.rules.also_called.empty()) text += " Also called `" + option.rules.also_called + "`.";
  return text;
}

std::string option_help(const OptionInfo& option) {
  if (!option.obsolete.empty()) return "Obsolete: " + option.obsolete + ".";
  if (!option.refused.empty()) return "Refused by this build: " + option.refused + ".";
  return option.help + remarks(option);
}

std::string terminal_options(const OptionTable& table) {
  std::string text;
  for (const OptionInfo& option : table.list()) {
    text += fmt::format("  {}{}\n      {}\n", option.name,
                        option.type.empty() ? "" : "  (" + option.type + ")", option_help(option));
  }
  return text;
}

std::string escaped_for_table(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

std::string markdown_options(const OptionTable& table) {
  std::string text = "| option | type | meaning |\n|---|---|---|\n";
  for (const OptionInfo& option : table.list())
    text += fmt::format("| `{}` | {} | {} |\n", option.name, escaped_for_table(option.type),
                        escaped_for_table(option_help(option)));
  return text;
}

}  // namespace

std::string plugin_list(const Registry& registry) {
  std::string text;
  for_each(registry, [&](const char* kind, const auto& plugin) {
    text += fmt::format("{:<7} {:<12} {}\n", kind, plugin.name, plugin.summary);
  });
  return text;
}

std::string plugin_page(const Registry& registry, const std::string& name) {
  std::string text;
  for_each(registry, [&](const char* kind, const auto& plugin) {
    if (plugin.name != name) return;
    text += fmt::format("{} {}\n  {}\n\nOptions:\n{}\nCommon options of every {}:\n{}\n", kind,
                        plugin.name, plugin.summary, terminal_options(*plugin.own), kind,
                        terminal_options(*plugin.common));
  });
  return text;
}

std::string reference_page(const Registry& registry, const std::string& kind) {
  std::string text;
  std::string common;
  for_each(registry, [&](const std::string& its_kind, const auto& plugin) {
    if (its_kind + "s" != kind) return;
    text += fmt::format("\n## {}\n\n{}\n", plugin.name, plugin.summary);
    if (!plugin.own->list().empty()) text += "\n" + markdown_options(*plugin.own);
    common = markdown_options(*plugin.common);
  });
  return fmt::format(
      "# Reference: {}\n\nWritten by `millrace plugins reference {}` from the plugins' own option "
      "tables.\n{}\n## Common options\n\n{}",
      kind, kind, text, common);
}

}  // namespace millrace::cli
