#pragma once

/// Options declared once. A plugin lists name, member, help and rules; reading, defaults (the
/// member's initialiser), checks, reference pages, masking and "did you mean" follow from the list.
///
///     Options<O>()
///         .add("hosts", &O::hosts, "Base URLs, tried in turn.", required)
///         .add("mode", &O::mode, "How files are read.",
///              choices<Mode>({{"tail", Mode::tail}, {"read", Mode::read}}))
///         .obsolete("ssl", "use `ssl_enabled`")
///         .refused("sniffing", "requests are spread over `hosts` as they are listed")
///
/// Members may be bool, integers, double, std::string, Secret, Bytes, std::chrono::milliseconds,
/// std::filesystem::path, an enum (with choices), Hash, StringPairs, CodecChoice, config::Value
/// (read by the plugin itself), std::vector of those, and std::optional of those (nullopt: not
/// given).
#include "pipeline/plugin/option_binder.h"     // reads a plugin's attributes into the structs
#include "pipeline/plugin/option_modifiers.h"  // required, at_least(), choices(), ...
#include "pipeline/plugin/option_places.h"     // where each option stands, for later messages
#include "pipeline/plugin/option_table.h"      // Options<O>
