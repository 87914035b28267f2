#include "pipeline/config/load.h"

#include <glob.h>
#include <simdjson.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "pipeline/config/parser.h"
#include "pipeline/config/yaml_document.h"
#include "pipeline/config/yaml_reader.h"

namespace millrace::config {
namespace {

constexpr std::size_t kDeepestGlob = 8;
constexpr std::array<std::string_view, 3> kSettingsFiles{"millrace.yml", "logstash.yml",
                                                         "pipelines.yml"};

bool is_directory(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

bool is_yaml(std::string_view path) { return path.ends_with(".yml") || path.ends_with(".yaml"); }

bool left_out(const std::string& path) {
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  const bool settings =
      std::find(kSettingsFiles.begin(), kSettingsFiles.end(), name) != kSettingsFiles.end();
  return settings || name.ends_with('~');
}

void append_matches(const std::string& pattern, std::vector<std::string>& out) {
  glob_t found{};
  if (::glob(pattern.c_str(), GLOB_BRACE | GLOB_NOSORT, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
}

/// All files of a glob; `**/` stands for none to kDeepestGlob directories.
std::vector<std::string> matches(const std::string& pattern) {
  std::vector<std::string> out;
  constexpr std::string_view kAnyDepth = "**/";
  const std::size_t at = pattern.find(kAnyDepth);
  std::string between;
  for (std::size_t depth = 0; depth <= (at == std::string::npos ? 0 : kDeepestGlob); ++depth) {
    std::string one = pattern;
    if (at != std::string::npos) one.replace(at, kAnyDepth.size(), between);
    append_matches(one, out);
    between += "*/";
  }
  std::erase_if(out,
                [](const std::string& path) { return is_directory(path) || path.ends_with('~'); });
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::string> files_of(const std::string& directory) {
  std::vector<std::string> out = matches(directory + (directory.ends_with('/') ? "*" : "/*"));
  std::erase_if(out, left_out);
  return out;
}

std::size_t line_of_invalid_utf8(std::string_view text) {
  std::size_t line = 1;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    if (!simdjson::validate_utf8(text.data(), end + 1)) break;
    text.remove_prefix(end + 1);
    ++line;
  }
  return line;
}

void parse(SourceId source, ReadContext& context, Config& config) {
  if (is_yaml(context.sources.name(source))) return parse_yaml(source, context, config);
  parse_conf(source, context, config);
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t limit) {
  if (is_directory(path)) return fail(Errc::io, path + " is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Errc::io, "cannot read " + path + ": " + std::strerror(errno));
  std::string text;
  std::array<char, 65536> block;
  while (file && text.size() <= limit) {
    file.read(block.data(), block.size());
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return fail(Errc::io, "cannot read " + path);
  if (text.size() > limit) {
    return fail(Errc::limit, path + " is larger than " + std::to_string(limit) + " bytes");
  }
  if (!simdjson::validate_utf8(text)) {
    return fail(Errc::invalid,
                path + ":" + std::to_string(line_of_invalid_utf8(text)) + ": not valid UTF-8");
  }
  return text;
}

Result<std::vector<std::string>> config_files(const std::string& path) {
  if (path.find('\0') != std::string::npos) return fail(Errc::invalid, "a path with a NUL byte");
  std::error_code error;
  if (is_directory(path)) {
    auto files = files_of(path);
    if (files.empty())
      return fail(Errc::not_found, "no configuration files in the directory " + path);
    return files;
  }
  if (std::filesystem::exists(path, error)) return std::vector<std::string>{path};
  auto files = matches(path);
  if (files.empty()) return fail(Errc::not_found, "no configuration files match " + path);
  return files;
}

Loaded load_path(const std::string& path, const LoadOptions& options) {
  Loaded out;
  const auto files = config_files(path);
  if (!files) {
    out.diagnostics.error({}, files.error().message);
    return out;
  }
  Variables variables(options.variables);
  ReadContext context{out.sources, variables, out.diagnostics, options.support_escapes};
  for (const std::string& file : *files) {
    auto text = read_text_file(file, kMaxSourceBytes);
    if (text)
      parse(out.sources.add(file, std::move(*text)), context, out.config);
    else
      out.diagnostics.error({}, text.error().message);
  }
  return out;
}

Loaded load_string(std::string text, std::string name, const LoadOptions& options) {
  Loaded out;
  Variables variables(options.variables);
  ReadContext context{out.sources, variables, out.diagnostics, options.support_escapes};
  parse_conf(out.sources.add(std::move(name), std::move(text)), context, out.config);
  if (out.diagnostics.has_errors()) return out;
  const auto add_default = [&](SectionKind kind, const char* written) {
    if (!out.config.has(kind)) parse_conf(out.sources.add("default", written), context, out.config);
  };
  add_default(SectionKind::input, "input { stdin { type => stdin } }");
  add_default(SectionKind::output, "output { stdout { codec => rubydebug } }");
  return out;
}

}  // namespace millrace::config
