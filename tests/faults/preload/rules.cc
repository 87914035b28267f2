#include "tests/faults/preload/rules.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace faults {
namespace {

constexpr std::uint64_t kNoEnd = UINT64_MAX;
constexpr std::size_t kMostRules = 64;

struct Rule {
  unsigned calls = 0;
  std::string path;
  std::uint64_t first = 1;
  std::uint64_t last = kNoEnd;
  Action action;
  std::uint64_t kill_at = 0;  // bytes; 0: not that action
  std::string condition;      // a file that must be there; empty: none
};

struct Named {
  const char* name;
  int value;
};

constexpr unsigned kWriting = write_call | writev_call | pwrite_call | fsync_call | fdatasync_call |
                              rename_call | create_call | ftruncate_call | unlink_call |
                              fflush_call;

constexpr Named kCalls[] = {{"write", write_call},
                            {"writev", writev_call},
                            {"pwrite", pwrite_call},
                            {"fsync", fsync_call},
                            {"fdatasync", fdatasync_call},
                            {"rename", rename_call},
                            {"open", open_call},
                            {"create", create_call},
                            {"ftruncate", ftruncate_call},
                            {"unlink", unlink_call},
                            {"fwrite", fwrite_call},
                            {"fflush", fflush_call},
                            {"writing", static_cast<int>(kWriting)}};

constexpr Named kErrors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},     {"EDQUOT", EDQUOT},
                             {"EACCES", EACCES}, {"EROFS", EROFS}, {"EINTR", EINTR},
                             {"EMFILE", EMFILE}};

[[noreturn]] void refuse(const std::string& rule, const char* what, const std::string& value) {
  std::fprintf(stderr, "MILLRACE_FAULTS: rule '%s': %s '%s', see tests/faults/preload/rules.h\n",
               rule.c_str(), what, value.c_str());
  _exit(125);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find(separator, begin)) != std::string::npos; begin = end + 1)
    parts.push_back(text.substr(begin, end - begin));
  parts.push_back(text.substr(begin));
  return parts;
}

template <std::size_t N>
const Named* find(const Named (&table)[N], const std::string& name) {
  for (const Named& entry : table)
    if (name == entry.name) return &entry;
  return nullptr;
}

bool read_number(const std::string& text, std::uint64_t& number) {
  char* end = nullptr;
  number = std::strtoull(text.c_str(), &end, 10);
  return !text.empty() && *end == '\0';
}

bool read_which(const std::string& text, Rule& rule) {
  if (text == "*") return true;
  const std::size_t dash = text.find('-');
  if (!read_number(text.substr(0, dash), rule.first)) return false;
  if (dash == std::string::npos) return rule.last = rule.first, true;
  const std::string end = text.substr(dash + 1);
  return end.empty() || read_number(end, rule.last);
}

bool read_action(const std::string& text, Rule& rule) {
  using Kind = Action::Kind;
  Action& action = rule.action;
  std::uint64_t bytes = 0;
  if (const Named* error = find(kErrors, text))
    action = {Kind::error, error->value};
  else if (text == "short")
    action.kind = Kind::short_write;
  else if (text.rfind("short=", 0) == 0 && read_number(text.substr(6), bytes))
    action = {Kind::short_write, 0, static_cast<long>(bytes)};
  else if (text == "kill-before")
    action.kind = Kind::kill_before;
  else if (text == "kill-after")
    action.kind = Kind::kill_after;
  else if (text == "kill-half")
    action.kind = Kind::kill_half;
  else if (text.rfind("kill-at=", 0) == 0)
    return read_number(text.substr(8), rule.kill_at) && rule.kill_at > 0;
  else
    return text == "count";
  return true;
}

Rule read_rule(const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  if (parts.size() < 4 || parts.size() > 5)
    refuse(text, "expected CALLS:PATH:WHICH:ACTION[:while=FILE], got", text);
  Rule rule;
  for (const std::string& name : split(parts[0], ',')) {
    const Named* call = find(kCalls, name);
    if (!call) refuse(text, "no such call", name);
    rule.calls |= static_cast<unsigned>(call->value);
  }
  rule.path = parts[1];
  if (!read_which(parts[2], rule)) refuse(text, "which calls is", parts[2]);
  if (!read_action(parts[3], rule)) refuse(text, "no such action", parts[3]);
  if (parts.size() == 5) {
    if (parts[4].rfind("while=/", 0) != 0) refuse(text, "expected while=/FILE, got", parts[4]);
    rule.condition = parts[4].substr(6);
  }
  return rule;
}

std::vector<Rule> read_rules() {
  std::vector<Rule> rules;
  const char* text = std::getenv("MILLRACE_FAULTS");
  if (!text) return rules;
  for (const std::string& rule : split(text, ';'))
    if (!rule.empty()) rules.push_back(read_rule(rule));
  if (rules.size() > kMostRules) refuse(text, "too many rules in", text);
  return rules;
}

using Counter = std::atomic<std::uint64_t>;

/// Mapped from the file that MILLRACE_FAULTS_COUNTS names, so that it survives a SIGKILL. The
/// system calls are made directly: this library's own are not to be counted.
Counter* map_counters() {
  static Counter own[kMostRules];
  const char* path = std::getenv("MILLRACE_FAULTS_COUNTS");
  if (!path) return own;
  const int fd = static_cast<int>(
      syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (fd < 0 || syscall(SYS_ftruncate, fd, sizeof(own)) != 0)
    refuse("MILLRACE_FAULTS_COUNTS", "cannot make", path);
  void* mapped = mmap(nullptr, sizeof(own), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) refuse("MILLRACE_FAULTS_COUNTS", "cannot map", path);
  ::close(fd);
  return static_cast<Counter*>(mapped);
}

struct State {
  std::vector<Rule> rules = read_rules();
  Counter* counters = map_counters();
  Counter written[kMostRules] = {};  // bytes, of rules that kill at one
};

/// Made before main(), so that what the environment gets wrong is said at once; never destroyed,
/// for calls may come until the process ends.
State& state() {
  static State& instance = *new State;
  return instance;
}

[[maybe_unused]] State& at_start = state();

std::string absolute(const char* path) {
  if (path[0] == '/' || std::strncmp(path, "pipe:", 5) == 0) return path;
  char directory[PATH_MAX];
  return getcwd(directory, sizeof directory) ? std::string(directory) + '/' + path : path;
}

bool matches(const Rule& rule, const char* path) {
  return path && fnmatch(rule.path.c_str(), absolute(path).c_str(), 0) == 0;
}

/// What the rule does at a call that it has counted as number `count`.
Action act(const Rule& rule, std::uint64_t count, Counter& written, std::size_t size) {
  if (count < rule.first || count > rule.last) return {};
  if (rule.kill_at == 0) return rule.action;
  const std::uint64_t before = written.fetch_add(size);
  if (before + size < rule.kill_at) return {};
  const std::uint64_t rest = rule.kill_at > before ? rule.kill_at - before : 0;
  return {Action::Kind::kill_half, 0, static_cast<long>(rest)};
}

Action on_call(unsigned calls, const char* path, const char* other_path, std::size_t size) {
  const int error = errno;
  State& now = state();
  Action wanted;
  for (std::size_t at = 0; at < now.rules.size(); ++at) {
    const Rule& rule = now.rules[at];
    if (!(rule.calls & calls) || !(matches(rule, path) || matches(rule, other_path))) continue;
    if (!rule.condition.empty() && access(rule.condition.c_str(), F_OK) != 0) continue;
    const std::uint64_t count = now.counters[at].fetch_add(1) + 1;
    const Action action = act(rule, count, now.written[at], size);
    if (wanted.kind == Action::Kind::none) wanted = action;
  }
  errno = error;
  return wanted;
}

}  // namespace

Action on_call(unsigned calls, const char* path, const char* other_path) {
  return on_call(calls, path, other_path, 0);
}

Action on_call(unsigned calls, int fd, std::size_t size) {
  if (state().rules.empty()) return {};
  const int error = errno;
  char link[32];
  char path[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  errno = error;
  if (length <= 0) return {};
  path[length] = '\0';
  return on_call(calls, path, nullptr, size);
}

}  // namespace faults
