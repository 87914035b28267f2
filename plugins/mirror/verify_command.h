#pragma once

#include <string>
#include <vector>

#include "pipeline/plugin/registry.h"

namespace millrace::mirror {

inline constexpr const char* kVerifyUsage =
    R"(
usage: millrace mirror verify [OPTIONS] FILE.yaml
       millrace mirror verify [OPTIONS] --source BROKERS --target BROKERS --topic NAME[=NAME]

Compares topics with their copies: count, first and last offset, and each record in order, by key,
value, headers and timestamp. Says which records are altered, missing or extra, with their offsets.

  --topic NAME           only this topic; may be given again. NAME=COPY: with --source and --target,
                         what it is called there
  --since MS, --until MS   only from, and before, the first record of that time (since 1970) or later
  --limit N              findings that are printed (100); all are counted

Exit status: 0 equal, 1 not equal, 2 could not be compared.
)";
/// Flags of `mirror verify` that take a value.
inline const std::vector<std::string> kVerifyFlags{"--topic", "--since",  "--until",
                                                   "--limit", "--source", "--target"};

/// `millrace mirror verify`; `arguments` without these two words. Returns the exit status.
int verify_command(const std::vector<std::string>& arguments, const PipelineInfo& info);

}  // namespace millrace::mirror
