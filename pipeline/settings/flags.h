#pragma once

#include <span>
#include <string>
#include <vector>

#include "pipeline/config/ast.h"
#include "pipeline/config/diagnostics.h"

namespace millrace::settings {

struct Flags {
  std::vector<config::Attribute> settings;  ///< their spans are in the source "command line"
  std::vector<std::string> rest;            ///< what names no setting
};

/// What one flag may set, by its full name.
struct FlagType {
  std::string name;
  bool boolean = false;  ///< may stand without a value
};

/// Reads `--name value`, `--name=value`, the short forms -f -e -t -r -w -b -u -n -l, and leaves
/// words, --help, -h,
/// --version and -V in `rest`. After `--` everything is. An unknown flag or a missing value is an
/// error.
Flags read_flags(std::span<const std::string> arguments, std::span<const FlagType> types,
                 config::SourceSet& sources, config::Diagnostics& diagnostics);

}  // namespace millrace::settings
