#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/event/batch.h"
#include "pipeline/event/buffer.h"
#include "pipeline/event/json_read.h"
#include "pipeline/plugin/registry.h"
#include "plugins/inputs/beats/bad_events.h"
#include "plugins/inputs/beats/decoder.h"
#include "plugins/support/constant_fields.h"
#include "plugins/support/event_ids.h"

namespace millrace::beats {

/// What is added to events, besides what the client sent.
struct Enrichment {
  bool codec_tag = true;   ///< `beats_input_codec_NAME_applied`, `beats_input_raw_event`
  bool source = true;      ///< the client's address
  bool tls_peer = false;   ///< what its TLS connection is, and its certificate's subject
  bool host_name = false;  ///< [beat][hostname] where there is no host name
};

/// Who is at the other end of a connection.
struct Peer {
  std::string address;  ///< without port
  bool tls = false;
  bool verified = false;  ///< its certificate is good; else it has none
  std::string protocol;   ///< TLSv1.3
  std::string subject;    ///< of the certificate
  std::string cipher;
  std::vector<std::string> alternative_names{};  ///< of the certificate: hosts, addresses, URIs
};

/// How all connections of an input make events, worked out while the config is loaded. Immutable
/// once there are connections.
class EventRules {
 public:
  /// `codec_name` is that of `codec`; `plain`: it changes nothing about text that is UTF-8.
  EventRules(Enrichment enrichment, EcsMode ecs, std::shared_ptr<const Codec> codec,
             std::string codec_name, bool plain, BadEvents bad = {});

  /// Once all configs are loaded, before the first connection: whether events shall have ids.
  void find_out_ids() { ids_ = EventIds::if_mentioned(); }

  const BadEvents& bad_events() const { return bad_; }

 private:
  friend class EventReader;
  const Enrichment enrichment_;
  const bool ecs_;
  const std::shared_ptr<const Codec> codec_;
  const bool plain_;
  const std::string codec_tag_;
  const BadEvents bad_;
  const NameId line_;
  const FieldRef beat_host_name_;
  const FieldRef host_name_;
  const FieldRef original_length_;
  ConstantFields source_;
  ConstantFields tls_;
  const FieldRef client_id_;
  std::optional<EventIds> ids_;
};

/// The items of one connection -> events, as Logstash's beats input makes them: `message` (of old
/// clients `line`) goes through the codec, everything else is taken over.
///
/// Nothing that concerns one event is an error: what is no JSON object becomes an event with the
/// text in `message` and tag `_jsonparsefailure`, what is too large one with its beginning and tag
/// `_beats_event_too_large`. Their length as sent is in [@metadata][beats][original_length]. Each
/// element of a JSON list is an event of its own.
///
/// An id that the client gave an event, [@metadata][_id], is its stable id.
class EventReader {
 public:
  /// Of the text of such an event, bytes at the most.
  static constexpr std::size_t kMostFailedText = std::size_t{1} << 20;
  /// A document that weighs more, or a list of more events, is taken for no JSON: few bytes must
  /// not become much memory.
  static constexpr std::size_t kMostWeight = std::size_t{1} << 20;
  static constexpr std::uint32_t kMostListed = 10'000;

  EventReader(const EventRules& rules, const Peer& peer);

  /// Appends the events of `item`, mostly one. Text is viewed in the decoder's block where that is
  /// worth it, and the batch holds the block then.
  void read(const Item& item, const Decoder& decoder, Timestamp now, Batch& out);
  /// Before the batch is given away: what all of its events get. Returns those that make no sense.
  std::vector<BadEvent> finish(Batch& batch);

 private:
  std::string_view text_in(const Item& item, const Decoder& decoder, Batch& out);
  void read_json(std::string_view text, Timestamp now, Batch& out);
  void read_pairs(const Item& item, std::string_view payload, Timestamp now, Batch& out);
  void add_document(Object& document, Timestamp now, Batch& out);
  void add_decoded(Object& document, NameId text_field, Timestamp now, Batch& out);
  struct Failure {
    std::string_view tag;
    std::string_view code;
    std::string why;
  };
  void add_no_event(std::string_view text, std::string_view why, Timestamp now, Batch& out);
  void add_failure(std::string_view text, std::uint64_t length, Failure failure, Timestamp now,
                   Batch& out);
  /// What every event gets that has the client's fields.
  void complete(Event event, std::string_view applied);
  void add_host_name(Event event);
  void tag(Event event, std::string_view tag);
  std::string_view valid_utf8(std::string_view text, Batch& out);

  const EventRules& rules_;
  const Peer& peer_;
  std::unique_ptr<millrace::Decoder> codec_;  // nullptr: a plain one
  Buffer lossy_;
  const Block* held_ = nullptr;  // what the batch under way holds
  Array* codec_tags_ = nullptr;  // of the batch under way, shared by its events
  std::vector<BadEvent> bad_;    // of the batch under way
};

}  // namespace millrace::beats
