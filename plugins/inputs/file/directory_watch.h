#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "pipeline/plugin/stop.h"

namespace millrace {

/// Tells what changes in directories as soon as it does, where the kernel can (inotify). It does
/// not know what other hosts do on a network file system, and may run out of watches: whoever uses
/// it has to look by itself too, only less often.
///
/// Memory: a path for each directory, and for each file that changed between two waits, of which
/// the kernel keeps 16,384 by default.
class DirectoryWatch {
 public:
  DirectoryWatch();
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  /// From now on tells of `directory`, which ends in a slash. Done again it costs a look-up. False:
  /// the kernel watches no more, or not there.
  bool add(const std::string& directory);

  struct Changes {
    std::set<std::string> written;  ///< paths, by the names that the files have there by now
    bool names = false;             ///< files came, went or were renamed
    bool unknown = false;           ///< more than the kernel keeps
  };
  /// Waits for changes, `most` at the longest; there may be none then. nullopt: a stop is
  /// requested.
  std::optional<Changes> wait(std::chrono::milliseconds most, const StopSignal& stop);

 private:
  void take(Changes& out);

  const int fd_;                            // -1: the kernel gives none
  std::map<std::string, int> watches_;      // by directory; -1: the kernel refused
  std::map<int, std::string> directories_;  // by watch
};

}  // namespace millrace
