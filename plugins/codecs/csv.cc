#include "plugins/codecs/csv.h"

#include <atomic>

#include "pipeline/event/template.h"
#include "plugins/support/csv.h"
#include "plugins/support/csv_columns.h"
#include "plugins/support/ruby_text.h"
#include "plugins/support/text_codec.h"

namespace millrace {
namespace {

struct CsvOptions {
  std::vector<std::string> columns;
  StringPairs convert;
  std::string target;
  bool autogenerate_column_names = true;
  bool skip_empty_columns = false;
  std::string separator = ",";
  std::string quote_char = "\"";
  bool include_headers = false;
  bool autodetect_column_names = false;
  std::string charset = "UTF-8";
};

/// How long a source has to be silent for what it sent to count as a row without a line end.
constexpr std::chrono::milliseconds kRowComplete{50};

/// An event for each row. What is malformed becomes an event with the text in `message` and tag
/// `_csvparsefailure`.
class CsvDecoder : public Decoder {
 public:
  CsvDecoder(const Charset& charset, CsvReader reader, std::shared_ptr<const CsvColumns> columns,
             bool autodetect, bool keeps_original)
      : utf8_(charset),
        reader_(std::move(reader)),
        columns_(std::move(columns)),
        autodetect_(autodetect),
        keeps_original_(keeps_original) {}

  void decode(std::span<const std::string_view> messages, Batch& out) override {
    const Timestamp now = Timestamp::now();
    for (const std::string_view text : utf8_.read(messages, out)) decode_rows(text, now, out);
  }

  std::optional<std::chrono::milliseconds> auto_flush() const override { return kRowComplete; }

 private:
  void decode_rows(std::string_view rest, Timestamp now, Batch& out) {
    const std::string_view row_end = CsvReader::row_end_of(rest);
    for (;;) {
      const std::string_view text = rest;
      const auto outcome = reader_.read(rest, row_end, out.arena(), cells_);
      if (outcome == CsvReader::Outcome::end) return;
      if (outcome == CsvReader::Outcome::malformed) return add_failure(text, now, out);
      if (cells_.empty()) continue;  // a blank line
      if (autodetect_ && columns_->empty()) {
        columns_ = columns_->with_names(cells_);
        continue;
      }
      add(text.substr(0, text.size() - rest.size()), now, out);
    }
  }

  void add(std::string_view text, Timestamp now, Batch& out) {
    const std::uint32_t before = out.size();
    const Event event = out.add(now);
    if (!columns_->set(event, cells_)) {
      out.truncate(before);
      return add_failure(text, now, out);
    }
    if (keeps_original_) keep_original(event, text);
  }

  static void add_failure(std::string_view text, Timestamp now, Batch& out) {
    Event event = out.add(now);
    event.put(name::message, Value::of(text));
    event.tag("_csvparsefailure");
  }

  Utf8Reader utf8_;
  const CsvReader reader_;
  std::shared_ptr<const CsvColumns> columns_;
  const bool autodetect_;
  const bool keeps_original_;
  std::vector<Value> cells_;
};

/// A row for each event: the named columns, or all fields as they come.
class CsvEncoder : public Encoder {
 public:
  CsvEncoder(CsvReader form, std::vector<FieldRef> columns, bool headers)
      : form_(std::move(form)), columns_(std::move(columns)), header_due_(headers) {}

  void encode(const ConstEvent& event, Buffer& out) const override {
    if (header_due_.load(std::memory_order_relaxed) && header_due_.exchange(false))
      write_header(event, out);
    write_values(event, out);
  }
  std::string_view ending() const override { return "\n"; }

 private:
  void write_header(const ConstEvent& event, Buffer& out) const {
    bool first = true;
    for (const FieldRef& column : columns_) write(column.text(), first, out);
    if (columns_.empty())
      for (std::uint32_t i = 0; i < event.fields().size; ++i)
        if (const NameId name = event.fields().names[i]; name != name::metadata)
          write(event.batch().names()[name].text, first, out);
    out.push_back('\n');
  }

  void write_values(const ConstEvent& event, Buffer& out) const {
    bool first = true;
    for (const FieldRef& column : columns_) write(event, event.get(column), first, out);
    if (columns_.empty())
      for (std::uint32_t i = 0; i < event.fields().size; ++i)
        if (event.fields().names[i] != name::metadata)
          write(event, event.fields().values + i, first, out);
    out.push_back('\n');
  }

  void write(const ConstEvent& event, const Value* value, bool& first, Buffer& out) const {
    if (!value || value->is_null()) {
      if (!std::exchange(first, false)) out.append(form_.separator());
    } else if (value->is_string()) {
      write(value->text(), first, out);
    } else {
      Buffer text;
      append_inspected(event.batch(), *value, text);
      write(text.view(), first, out);
    }
  }

  void write(std::string_view text, bool& first, Buffer& out) const {
    if (!std::exchange(first, false)) out.append(form_.separator());
    const std::string& quote = form_.quote();
    const auto holds = [&](std::string_view what) {
      return !what.empty() && text.find(what) != std::string_view::npos;
    };
    const bool special = text.empty() || holds("\r") || holds("\n") || holds(quote) ||
                         text.find_first_of(form_.separator()) != std::string_view::npos;
    if (quote.empty() || !special) return out.append(text);
    out.append(quote);
    for (std::size_t at; (at = text.find(quote)) != std::string_view::npos;) {
      out.append(text.substr(0, at + quote.size()));
      out.append(quote);
      text.remove_prefix(at + quote.size());
    }
    out.append(text);
    out.append(quote);
  }

  const CsvReader form_;
  const std::vector<FieldRef> columns_;
  mutable std::atomic<bool> header_due_;
};

/// Rows of comma-separated values.
class CsvCodec : public Codec {
 public:
  static std::unique_ptr<Codec> create(CsvOptions options, const PluginContext& context) {
    const auto charset = read_charset(options.charset, context);
    auto form = CsvReader::create(options.separator, options.quote_char, context);
    auto columns = CsvColumns::create(
        {options.columns, options.convert, options.target, options.autogenerate_column_names,
         options.skip_empty_columns},
        context);
    if (!charset || !form || !columns) return nullptr;
    return std::make_unique<CsvCodec>(*charset, std::move(*form), std::move(columns),
                                      std::move(options), context.ecs);
  }

  CsvCodec(Charset charset, CsvReader form, std::shared_ptr<const CsvColumns> columns,
           CsvOptions options, EcsMode ecs)
      : charset_(std::move(charset)),
        form_(std::move(form)),
        columns_(std::move(columns)),
        options_(std::move(options)),
        ecs_(ecs) {}

  std::unique_ptr<Decoder> message_decoder() const override {
    return std::make_unique<CsvDecoder>(charset_, form_, columns_,
                                        options_.autodetect_column_names,
                                        ecs_ != EcsMode::disabled);
  }

  std::unique_ptr<Encoder> encoder() const override {
    std::vector<FieldRef> columns;
    for (const std::string& column : options_.columns)
      if (auto ref = FieldRef::parse(column)) columns.push_back(std::move(*ref));
    return std::make_unique<CsvEncoder>(form_, std::move(columns), options_.include_headers);
  }

 private:
  const Charset charset_;
  const CsvReader form_;
  const std::shared_ptr<const CsvColumns> columns_;
  const CsvOptions options_;
  const EcsMode ecs_;
};

}  // namespace

CodecPlugin csv_codec() {
  using O = CsvOptions;
  return codec_plugin(
      "csv", "Rows of comma-separated values.",
      Options<O>()
          .add("columns", &O::columns, "Names of the columns, in order; fields when encoding.")
          .add("separator", &O::separator, "What stands between values.")
          .add("quote_char", &O::quote_char, "What quotes a value; `\\x00` for nothing.")
          .add("include_headers", &O::include_headers, "Encode the column names once, at first.")
          .add("autogenerate_column_names", &O::autogenerate_column_names,
               "Call a column without a name column1, column2, ...; otherwise leave it out.")
          .add("autodetect_column_names", &O::autodetect_column_names,
               "The first row of a stream names the columns.")
          .add("skip_empty_columns", &O::skip_empty_columns, "Leave empty values out.")
          .add("convert", &O::convert,
               "Types of columns: integer, float, date, date_time or boolean.")
          .add("charset", &O::charset, "Character encoding of the rows.")
          .add("target", &O::target, "Field that gets the columns; without it, the event does."),
      CsvCodec::create);
}

}  // namespace millrace
