#include "plugins/codecs/rubydebug.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/support/ruby_text.h"
#include "plugins/support/text_codec.h"

namespace millrace {
namespace {

struct RubydebugOptions {
  bool metadata = false;
};

constexpr std::size_t kIndent = 4;

/// Prints values the way Ruby's awesome_print does: one member a line, keys aligned at their ends.
class Printer {
 public:
  Printer(const Batch& batch, Buffer& out) : batch_(batch), out_(out) {}

  /// `column`: where the closing bracket of a container stands.
  void print(const Value& value, std::size_t column) {
    if (value.is_object()) return print(value.object(), column, true);
    if (value.is_array()) return print(value.array(), column);
    append_inspected(batch_, value, out_);
  }

  void print(const Object& object, std::size_t column, bool with_metadata) {
    const auto shown = [&](std::uint32_t i) {
      return with_metadata || object.names[i] != name::metadata;
    };
    std::size_t width = 0;
    for (std::uint32_t i = 0; i < object.size; ++i)
      if (shown(i)) width = std::max(width, characters(key(object.names[i])));
    bool first = true;
    for (std::uint32_t i = 0; i < object.size; ++i) {
      if (!shown(i)) continue;
      out_.append(first ? "{\n" : ",\n");
      first = false;
      const std::string text = key(object.names[i]);
      pad(column + kIndent + width - characters(text));
      out_.append(text);
      out_.append(" => ");
      print(object.values[i], column + kIndent);
    }
    close(first ? "{}" : "}", first, column);
  }

 private:
  void print(const Array& array, std::size_t column) {
    const std::size_t digits = fmt::format("{}", array.size ? array.size - 1 : 0).size();
    for (std::uint32_t i = 0; i < array.size; ++i) {
      out_.append(i == 0 ? "[\n" : ",\n");
      pad(column + kIndent);
      out_.append(fmt::format("[{:>{}}] ", i, digits));
      print(array.items[i], column + kIndent);
    }
    close(array.size == 0 ? "[]" : "]", array.size == 0, column);
  }

  void close(std::string_view bracket, bool empty, std::size_t column) {
    if (!empty) {
      out_.push_back('\n');
      pad(column);
    }
    out_.append(bracket);
  }

  std::string key(NameId name) const {
    Buffer text;
    text.push_back('"');
    append_inspected(batch_.names()[name].text, text);
    text.push_back('"');
    return std::string(text.view());
  }

  static std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
  }

  void pad(std::size_t columns) {
    std::fill_n(out_.reserve(columns), columns, ' ');
    out_.commit(columns);
  }

  const Batch& batch_;
  Buffer& out_;
};

class RubydebugEncoder : public Encoder {
 public:
  explicit RubydebugEncoder(bool metadata) : metadata_(metadata) {}

  void encode(const ConstEvent& event, Buffer& out) const override {
    const Value* metadata = event.get(name::metadata);
    const bool empty =
        metadata && metadata->is_object() && metadata->object().size == 0;
    Printer(event.batch(), out).print(event.fields(), 0, metadata_ && !empty);
    out.push_back('\n');
  }
  std::string_view ending() const override { return "\n}\n"; }

 private:
  const bool metadata_;
};

/// Events for people. What it decodes is text.
class RubydebugCodec : public Codec {
 public:
  static std::unique_ptr<Codec> create(RubydebugOptions options, const PluginContext& context) {
    return std::make_unique<RubydebugCodec>(options.metadata, context.ecs);
  }
  RubydebugCodec(bool metadata, EcsMode ecs) : metadata_(metadata), ecs_(ecs) {}

  std::unique_ptr<Decoder> message_decoder() const override {
    return std::make_unique<TextDecoder>(Charset(), ecs_);
  }
  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<RubydebugEncoder>(metadata_);
  }

 private:
  const bool metadata_;
  const EcsMode ecs_;
};

}  // namespace

CodecPlugin rubydebug_codec() {
  using O = RubydebugOptions;
  return codec_plugin("rubydebug", "Events laid out for reading, for outputs.",
                      Options<O>().add("metadata", &O::metadata, "Show @metadata as well."),
                      RubydebugCodec::create);
}

}  // namespace millrace
