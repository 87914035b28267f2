#pragma once

#include <string>
#include <string_view>

#include "pipeline/event/json_read.h"
#include "pipeline/queue/dead_letter_browser.h"

namespace millrace::cli {

/// Prints dead letters as JSON, one a line: id, pipeline, time, plugin_type, plugin_id, code,
/// message; `details`, `refused_again`, `done` where there is something to say; the event with its
/// @metadata; `original`, or `original_base64` where it is not UTF-8.
class LetterPrinter {
 public:
  /// With a line break. Holds until the next call.
  std::string_view line(std::string_view pipeline, const dlq::Letter& letter);

 private:
  void add(std::string_view key, std::string_view text);
  void add_details(std::string_view details);
  void add_event(std::string_view bytes);
  void add_original(std::string_view original);
  void key(std::string_view key);

  JsonReader reader_;
  Buffer out_;
};

/// `text` as a JSON string, at most `most_bytes` of it: control characters do no harm to a
/// terminal.
std::string quoted(std::string_view text, std::size_t most_bytes);

}  // namespace millrace::cli
