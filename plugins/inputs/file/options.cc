#include "plugins/inputs/file/options.h"

namespace millrace {

Options<FileInputOptions> file_input_options() {
  using O = FileInputOptions;
  using std::chrono::milliseconds;
  return Options<O>()
      .add("path", &O::path,
           "Absolute paths of files; may hold `*`, `?`, `[...]`, `{a,b}`, and `**` for directories "
           "of any depth.",
           required)
      .add("exclude", &O::exclude, "File names, with wildcards, that are not read.")
      .add("mode", &O::mode,
           "tail: follow files as they grow. read: read each to its end, once, then do "
           "`file_completed_action`; .gz files are unpacked.",
           choices<O::Mode>({{"tail", O::Mode::tail}, {"read", O::Mode::read}}))
      .add("start_position", &O::start_position,
           "Where to begin, in tail mode, in files that are there at the start and have no stored "
           "position. Files that appear later, or were made since the run before this one, are "
           "read from their beginning.",
           choices<O::Start>({{"beginning", O::Start::beginning}, {"end", O::Start::end}}))
      .add("delimiter", &O::delimiter, "What ends a line.")
      .add("stat_interval", &O::stat_interval,
           "How often files are looked at for new lines; of those on local file systems the kernel "
           "tells at once.",
           at_least(milliseconds(1)))
      .add("discover_interval", &O::discover_interval,
           "How often new files are looked for, in times of `stat_interval`; at once where the "
           "kernel tells that names have changed.",
           at_least(1))
      .add("sincedb_path", &O::sincedb_path,
           "The file that keeps how far each file was read and delivered; /dev/null: none is kept.",
           default_text("a file in path.data/plugins/inputs/file/, named by `path`"))
      .add("sincedb_write_interval", &O::sincedb_write_interval,
           "How often it is written as a whole and synced. In between what was delivered is "
           "appended to "
           "a file beside it, which outlives the end of the process.")
      .add("sincedb_clean_after", &O::sincedb_clean_after,
           "When the position of a file without activity is forgotten. A number counts days.",
           bare_unit(std::chrono::hours(24)))
      .add("ignore_older", &O::ignore_older,
           "Files that were changed last before this long ago are not begun.")
      .add("close_older", &O::close_older,
           "Files without new lines for this long are closed, and opened again when they grow.")
      .add(
          "max_open_files", &O::max_open_files,
          "How many files are held open at once; of more, the quietest are closed. Never more than "
          "half of what the process may have open (ulimit -n).",
          at_least(1))
      .add("file_completed_action", &O::file_completed_action,
           "What becomes of a file in read mode when all of it is delivered.",
           choices<O::Completed>({{"delete", O::Completed::remove},
                                  {"log", O::Completed::log},
                                  {"log_and_delete", O::Completed::log_and_remove}}))
      .add("file_completed_log_path", &O::file_completed_log_path,
           "Where the paths of completed files are appended.")
      .add("exit_after_read", &O::exit_after_read,
           "In read mode: end when the files that are there at the start are read. Without it the "
           "input ends too where every `path` names, without wildcards, a file that is there at "
           "the start; otherwise it keeps looking for new ones.")
      .add("check_archive_validity", &O::check_archive_validity,
           "In read mode: unpack .gz files to their end first, and leave out those that are "
           "damaged.")
      .add("file_sort_by", &O::file_sort_by, "By what the order of files is made.",
           choices<O::SortBy>(
               {{"last_modified", O::SortBy::last_modified}, {"path", O::SortBy::path}}))
      .add("file_sort_direction", &O::file_sort_direction, "The direction of that order.",
           choices<O::Direction>({{"asc", O::Direction::asc}, {"desc", O::Direction::desc}}))
      .add("file_chunk_size", &O::file_chunk_size,
           "Bytes of a chunk; with `file_chunk_count` how much is read of a file before the next "
           "one has its turn.",
           at_least(1))
      .add("file_chunk_count", &O::file_chunk_count,
           "Chunks of a turn. Without it a turn lasts, in read mode, to the end of the file, in "
           "tail mode 4 MiB.",
           at_least(1));
}

bool check(const FileInputOptions& options, const PluginContext& context) {
  bool good = true;
  const auto wrong = [&](const char* option, std::string message, std::string hint = {}) {
    context.error(option, std::move(message), std::move(hint));
    good = false;
  };
  for (const std::string& path : options.path)
    if (!path.starts_with('/'))
      wrong("path", "\"" + path + "\" is relative", "give the absolute path");
  if (options.path.empty()) wrong("path", "names no file");
  if (options.delimiter.empty()) wrong("delimiter", "must not be empty");
  const bool tails = options.mode == FileInputOptions::Mode::tail;
  if (options.exit_after_read && tails)
    wrong("exit_after_read", "has no meaning in tail mode, which never ends",
          "add mode => \"read\"");
  if (!tails && options.logs_completed() && !options.file_completed_log_path)
    wrong("file_completed_action", "needs to know where to log",
          "add file_completed_log_path => \"/path/of/a/file\"");
  return good;
}

}  // namespace millrace
