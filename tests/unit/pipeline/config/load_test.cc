#include "pipeline/config/load.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace millrace::config {
namespace {

class Load : public testing::Test {
 protected:
  Load() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "millrace-load-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~Load() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name) << text;
  }
  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  std::filesystem::path directory_;
};

std::vector<std::string> filters(const Config& config) {
  std::vector<std::string> out;
  for (const Section& section : config.sections) {
    for (const Statement& statement : section.statements) out.push_back(statement.plugin()->name);
  }
  return out;
}

TEST_F(Load, JoinsADirectoryInLexicalOrderAndKeepsLineNumbers) {
  write("20-b.conf", "filter { second { } }");
  write("10-a.conf", "\nfilter { first { } }");
  write("30-c.yml", "filter:\n  - third\n");
  write("pipelines.yml", "- pipeline.id: x\n");
  write("10-a.conf~", "broken");
  write(".hidden", "broken");
  write("sub/x.conf", "broken");
  const Loaded loaded = load_path(directory_.string(), {});
  EXPECT_EQ(loaded.diagnostics.render(loaded.sources, false), "");
  EXPECT_EQ(filters(loaded.config), (std::vector<std::string>{"first", "second", "third"}));
  EXPECT_EQ(loaded.sources.describe(loaded.config.sections[0].span), path("10-a.conf") + ":2:1");
}

TEST_F(Load, ReadsGlobs) {
  write("a.conf", "filter { one { } }");
  write("b.conf", "filter { two { } }");
  write("deep/er/c.conf", "filter { three { } }");
  EXPECT_EQ(filters(load_path(path("{a,b}.conf"), {}).config),
            (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(filters(load_path(path("**/*.conf"), {}).config),
            (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(Load, NamesWhatCannotBeRead) {
  write("bad.conf", "filter {\n\xFF }");
  write("empty/.keep", "");
  const auto message = [](const Loaded& loaded) {
    return loaded.diagnostics.render(loaded.sources, false);
  };
  EXPECT_EQ(message(load_path(path("none*.conf"), {})),
            "error: no configuration files match " + path("none*.conf") + "\n");
  EXPECT_NE(message(load_path(path("empty"), {})).find("no configuration files in the directory"),
            std::string::npos);
  EXPECT_EQ(message(load_path(path("bad.conf"), {})),
            "error: " + path("bad.conf") + ":2: not valid UTF-8\n");
}

TEST_F(Load, AddsStdinAndStdoutToAText) {
  const Loaded loaded = load_string("filter { drop { } }", "-e", {});
  EXPECT_EQ(filters(loaded.config), (std::vector<std::string>{"drop", "stdin", "stdout"}));
  const Loaded whole = load_string("input { a { } } output { b { } }", "-e", {});
  EXPECT_EQ(filters(whole.config), (std::vector<std::string>{"a", "b"}));
}

TEST_F(Load, BoundsAFile) {
  write("large", std::string(1000, 'x'));
  EXPECT_EQ(read_text_file(path("large"), 1000)->size(), 1000U);
  EXPECT_EQ(read_text_file(path("large"), 999).error().code, Errc::limit);
  EXPECT_EQ(read_text_file(path("none"), 999).error().code, Errc::io);
}

}  // namespace
}  // namespace millrace::config
