#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/event/template.h"
#include "pipeline/plugin/codec.h"
#include "pipeline/plugin/registry.h"
#include "plugins/support/charset.h"

/// What the codecs of text share.
namespace millrace {

/// Keeps `text` in [event][original] unless the event has one, or has an `event` that is no object.
void keep_original(Event event, std::string_view text);

/// One event for each message: its text in `message`; in the ECS modes in [event][original] too.
class TextDecoder : public Decoder {
 public:
  TextDecoder(const Charset& charset, EcsMode ecs)
      : reader_(charset), keep_original_(ecs != EcsMode::disabled) {}
  void decode(std::span<const std::string_view> messages, Batch& out) override;

 private:
  Utf8Reader reader_;
  const bool keep_original_;
};

/// For codecs of lines where whole messages arrive: cuts each at the delimiters. The end of a
/// message ends its last line.
class SplittingDecoder : public Decoder {
 public:
  SplittingDecoder(std::string delimiter, std::unique_ptr<Decoder> lines)
      : delimiter_(std::move(delimiter)), lines_(std::move(lines)) {}
  void decode(std::span<const std::string_view> messages, Batch& out) override;

 private:
  const std::string delimiter_;
  std::unique_ptr<Decoder> lines_;
  std::vector<std::string_view> cut_;
};

/// The text of an event: a template's, or without one how Logstash prints an event: time, host and
/// message, where lists and objects look as in Java.
class EventText {
 public:
  EventText() = default;
  explicit EventText(Template format) : format_(std::move(format)) {}
  void append(const ConstEvent& event, Buffer& out) const;

 private:
  std::optional<Template> format_;
};

/// An event's text and a delimiter.
class TextEncoder : public Encoder {
 public:
  TextEncoder(EventText format, std::string delimiter)
      : format_(std::move(format)), delimiter_(std::move(delimiter)) {}
  void encode(const ConstEvent& event, Buffer& out) const override {
    format_.append(event, out);
    out.append(delimiter_);
  }
  std::string_view ending() const override { return delimiter_; }

 private:
  const EventText format_;
  const std::string delimiter_;
};

// These read the value of an option; where it is wrong they report it there and give nullopt.

std::optional<Charset> read_charset(const std::string& name, const PluginContext& context);
std::optional<EventText> read_format(const std::optional<std::string>& format,
                                     const PluginContext& context);
/// False for a delimiter that is empty.
bool check_delimiter(const std::string& delimiter, const PluginContext& context);

}  // namespace millrace
