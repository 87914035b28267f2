#pragma once

#include <memory>
#include <optional>
#include <string>

#include "pipeline/event/json_read.h"
#include "pipeline/plugin/codec.h"
#include "plugins/support/charset.h"
#include "pipeline/plugin/registry.h"

/// What the codecs of JSON share.
namespace millrace {

/// An object becomes an event, an array of objects one event for each. What is anything else
/// becomes an event with the text in `message` and tag `_jsonparsefailure`. Blank messages give
/// nothing. In the ECS modes the event of a lone object keeps the text in [event][original].
class JsonDecoder : public Decoder {
 public:
  /// `target`: where the object goes; nullopt: it is the event.
  JsonDecoder(const Charset& charset, std::optional<FieldRef> target, EcsMode ecs)
      : utf8_(charset), target_(std::move(target)), keep_original_(ecs != EcsMode::disabled) {}
  void decode(std::span<const std::string_view> messages, Batch& out) override;

 private:
  void decode_one(std::string_view text, Timestamp now, Batch& out);
  bool add(const Value& document, Timestamp now, Batch& out);
  void add_failure(std::string_view text, Timestamp now, Batch& out);

  Utf8Reader utf8_;
  JsonReader json_;
  const std::optional<FieldRef> target_;
  const bool keep_original_;
};

/// The event as JSON, without @metadata, and a delimiter.
class JsonEncoder : public Encoder {
 public:
  explicit JsonEncoder(std::string delimiter) : delimiter_(std::move(delimiter)) {}
  void encode(const ConstEvent& event, Buffer& out) const override;
  std::string_view ending() const override { return delimiter_; }

 private:
  const std::string delimiter_;
};

/// Reads the option `target` into `out`, nullopt where `text` is empty. False: it is wrong, and
/// that was reported.
bool read_target(const std::string& text, const PluginContext& context,
                 std::optional<FieldRef>& out);

}  // namespace millrace
