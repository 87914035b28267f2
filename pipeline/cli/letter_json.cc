#include "pipeline/cli/letter_json.h"

#include "pipeline/event/base64.h"
#include "pipeline/event/event_bytes.h"
#include "pipeline/event/json_write.h"
#include "pipeline/event/utf8.h"

namespace millrace::cli {

std::string quoted(std::string_view text, std::size_t most_bytes) {
  Buffer out;
  write_json_string(cut_utf8(text, most_bytes), out);
  return std::string(out.view());
}

std::string_view LetterPrinter::line(std::string_view pipeline, const dlq::Letter& letter) {
  const dlq::Record& record = letter.record;
  out_.clear();
  out_.push_back('{');
  add("id", letter.id.text());
  add("pipeline", pipeline);
  std::string time;
  append_iso8601(record.time, time);
  add("time", time);
  add("plugin_type", record.plugin_type);
  add("plugin_id", record.plugin_id);
  add("code", record.code);
  add("message", record.message);
  if (!record.details.empty()) add_details(record.details);
  if (letter.refusals > 0) key("refused_again"), out_.append(std::to_string(letter.refusals));
  if (letter.done) key("done"), out_.append("true");
  add_event(record.event);
  if (!record.original.empty()) add_original(record.original);
  out_.append("}\n");
  return out_.view();
}

void LetterPrinter::key(std::string_view key) {
  if (out_.size() > 1) out_.push_back(',');
  write_json_string(key, out_);
  out_.push_back(':');
}

void LetterPrinter::add(std::string_view name, std::string_view text) {
  key(name);
  write_json_string(text, out_);
}

/// A plugin should have written an object; anything else is shown as the text it is.
void LetterPrinter::add_details(std::string_view details) {
  const auto batch = Batch::make();
  const auto value = reader_.read(batch->arena().copy(details), *batch);
  key("details");
  if (value)
    write_json(*batch, *value, out_);
  else
    write_json_string(details, out_);
}

void LetterPrinter::add_event(std::string_view bytes) {
  const auto batch = Batch::make();
  const auto event = read_event_bytes(bytes, *batch);
  if (!event) return add("unreadable", event.error().message);
  key("event");
  write_json(*event, out_, true);
}

void LetterPrinter::add_original(std::string_view original) {
  if (is_utf8(original))
    add("original", original);
  else
    add("original_base64", base64(original));
}

}  // namespace millrace::cli
