#pragma once

#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "plugins/inputs/file/options.h"
#include "plugins/inputs/file/watched_file.h"

namespace millrace {

/// A file of the set, and what its mode keeps of it.
struct Watched {
  Watched(const FoundFile& found, const FileSource& source, std::uint64_t offset,
          FilePositions::Counts counts, const FileRecord* known)
      : file(found, source, offset, counts, known),
        is_archive(counts == FilePositions::Counts::unpacked),
        disk_size(found.size) {}

  WatchedFile file;
  const bool is_archive;
  std::uint64_t disk_size;       ///< when it was looked at last
  std::int64_t modified_ns = 0;  ///< in tail mode: when all of it was read last
  std::uint64_t read_size = 0;   ///< in tail mode: how long it was then
  bool gone = false;             ///< in tail mode: its inode is another file's
  bool finished = false;         ///< in read mode: everything is emitted
  bool logged = false;           ///< in read mode: as completed
  bool done = false;             ///< to be watched no longer

 private:
  friend class FileSet;
  std::list<Watched*>::iterator opened_;  // its place in FileSet::open_
  bool in_open_ = false;
};

/// The files that an input watches, by identity, and no more of them open than it may.
class FileSet {
 public:
  /// `component` names the input in the log.
  FileSet(const FileInputOptions& options, std::string component);

  /// nullptr: it is not watched.
  Watched* find(const FileId& file) const;
  Watched& add(const FoundFile& found, const FileSource& source, std::uint64_t offset,
               FilePositions::Counts counts, const FileRecord* known = nullptr);
  /// It is gone, and its inode another file's: it is not found any more.
  void forget(Watched& watched);
  /// What was read of it goes on in another file.
  void go_on_in(Watched& watched, const FoundFile& copy);
  /// Removes those that are `done`.
  void drop_done();

  /// Opens it; where too many are open another one is closed, rather one of which all is read: of
  /// what is closed the rest can be deleted unseen. False: it cannot be, which is said once.
  bool open(Watched& watched);
  void close(Watched& watched);
  /// It was read: it is the last one to be closed now.
  void touch(Watched& watched);

  /// Logs what is wrong with `path`, once until works_again(). Returns false.
  bool complain(const std::string& path, const std::string& message);
  /// Logs `path` and `what` where there was a complaint.
  void works_again(const std::string& path, const char* what);

  std::size_t size() const { return files_.size(); }
  Watched& operator[](std::size_t at) const { return *files_[at]; }  ///< in the order of turns
  auto begin() const { return files_.begin(); }
  auto end() const { return files_.end(); }

 private:
  void close_one();

  const std::string component_;
  const std::size_t max_open_;
  std::vector<std::unique_ptr<Watched>> files_;
  std::map<FileId, Watched*> by_id_;
  std::list<Watched*> open_;  // the one read last at the end
  std::set<std::string> complained_;
};

}  // namespace millrace
