#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace millrace {

/// A directory for one test, gone with it.
class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "millrace-XXXXXX").string();
    top_ = mkdtemp(pattern.data());
  }
  ~TempDirectory() { std::filesystem::remove_all(top_); }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  std::string path(const std::string& name) const { return (top_ / name).string(); }

  /// Writes a file anew, making its directories. Returns its path.
  std::string write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((top_ / name).parent_path());
    std::ofstream(top_ / name, std::ios::binary) << content;
    return path(name);
  }
  void append(const std::string& name, const std::string& content) const {
    std::ofstream(top_ / name, std::ios::binary | std::ios::app) << content;
  }
  /// "" for a file that is not there.
  std::string read(const std::string& name) const {
    std::ifstream in(top_ / name, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  bool has(const std::string& name) const { return std::filesystem::exists(top_ / name); }

 private:
  std::filesystem::path top_;
};

}  // namespace millrace
