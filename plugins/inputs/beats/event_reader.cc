#include "plugins/inputs/beats/event_reader.h"

#include <fmt/format.h>

#include <array>
#include <mutex>

#include "pipeline/event/json_write.h"
#include "pipeline/event/utf8.h"
#include "plugins/support/text_codec.h"

namespace millrace::beats {
namespace {

constexpr std::string_view kRawEventTag = "beats_input_raw_event";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
/// With less than this behind it, an event's text is copied: a batch shall not hold a large block
/// for a few bytes.
constexpr std::size_t kWorthHolding = 16 * 1024;
constexpr std::size_t kMostLossyKept = 64 * 1024;

/// Names that nearly all events of Beats have. As process-wide names they are looked up once a key
/// instead of being made for each batch.
constexpr std::string_view kUsualNames[] = {
    "agent",     "architecture", "beat",    "codename", "containerized",
    "ecs",       "ephemeral_id", "family",  "file",     "hostname",
    "id",        "input",        "ip",      "kernel",   "log",
    "mac",       "name",         "offset",  "os",       "path",
    "platform",  "type",         "version", "fields",   "inode",
    "device_id", "fileset",      "module",  "service",  "dataset"};

FieldRef ref(std::string_view text) { return FieldRef::parse(text).value(); }

/// A reader keeps memory for the largest text that it has seen, several times that. So small events
/// have one for each thread, large ones a passing one, and one of them is read at a time.
Result<Value> read_text(std::string_view text, Batch& out) {
  constexpr std::size_t kLarge = std::size_t{1} << 20;
  if (text.size() < kLarge) {
    thread_local JsonReader reader;
    return reader.read(text, out, EventReader::kMostWeight);
  }
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  return JsonReader().read(text, out, EventReader::kMostWeight);
}

const Zone& local_zone() {
  static const Zone zone = host_zone();
  return zone;
}

/// Makes `document` the event's content as it is. False, and nothing is changed: something in it
/// needs a closer look.
bool adopt(Event event, const Object& document) {
  const Value* const tags = document.find(name::tags);
  if (tags && !tags->is_array()) return false;
  if (tags)
    for (const Value& tag : tags->array())
      if (!tag.is_string()) return false;
  Value* const time = document.find(name::timestamp);
  if (!time || !time->is_string()) return false;
  const auto read = parse_iso8601(time->text(), local_zone());
  if (!read) return false;
  event.fields() = document;
  event.set_timestamp(*read);
  if (!event.get(name::version)) event.put(name::version, Value::of(std::string_view("1")));
  return true;
}

/// The fields of `document` for an event that a codec made: maps are merged one level deep.
void merge_shallow(Event event, const Object& document, Batch& batch) {
  const auto prepared = Object::make(batch.arena(), document.size);
  for (std::uint32_t i = 0; i < document.size; ++i) {
    const Value value = share(document.values[i]);
    Value* const present = event.fields().find(document.names[i]);
    if (present && present->is_object() && value.is_object()) {
      batch.own(*present);
      const Object& more = value.object();
      for (std::uint32_t j = 0; j < more.size; ++j)
        present->object().slot(batch.arena(), more.names[j]) = share(more.values[j]);
    } else {
      prepared->append(batch.arena(), document.names[i], value);
    }
  }
  event.merge_document(*prepared);
}

}  // namespace

EventRules::EventRules(Enrichment enrichment, EcsMode ecs, std::shared_ptr<const Codec> codec,
                       std::string codec_name, bool plain, BadEvents bad)
    : enrichment_(enrichment),
      ecs_(ecs != EcsMode::disabled),
      codec_(std::move(codec)),
      plain_(plain),
      codec_tag_("beats_input_codec_" + codec_name + "_applied"),
      bad_(std::move(bad)),
      line_(Names::intern("line")),
      beat_host_name_(ref("[beat][hostname]")),
      host_name_(ref(ecs_ ? "[@metadata][input][beats][host][name]" : "[host]")),
      original_length_(ref("[@metadata][beats][original_length]")),
      client_id_(ref("[@metadata][_id]")) {
  for (const std::string_view name : kUsualNames) Names::intern(name);
  source_.replacing();
  tls_.replacing();
  if (ecs_) {
    source_.add({"@metadata", "input", "beats", "host", "ip"}, 0);
    tls_.add({"@metadata", "tls_peer", "status"}, 0)
        .add({"@metadata", "input", "beats", "tls", "version_protocol"}, 1)
        .add({"@metadata", "input", "beats", "tls", "client", "subject"}, 2)
        .add({"@metadata", "input", "beats", "tls", "cipher"}, 3);
  } else {
    source_.add({"@metadata", "ip_address"}, 0);
    tls_.add({"@metadata", "tls_peer", "status"}, 0)
        .add({"@metadata", "tls_peer", "protocol"}, 1)
        .add({"@metadata", "tls_peer", "subject"}, 2)
        .add({"@metadata", "tls_peer", "cipher_suite"}, 3);
  }
}

EventReader::EventReader(const EventRules& rules, const Peer& peer)
    : rules_(rules),
      peer_(peer),
      codec_(rules.plain_ ? nullptr : rules.codec_->message_decoder()) {}

void EventReader::read(const Item& item, const Decoder& decoder, Timestamp now, Batch& out) {
  switch (item.kind) {
    case Item::Kind::window:
      return;
    case Item::Kind::json:
      return read_json(text_in(item, decoder, out), now, out);
    case Item::Kind::pairs:
      return read_pairs(item, text_in(item, decoder, out), now, out);
    case Item::Kind::oversized:
      return add_failure(item.payload, item.length,
                         {"_beats_event_too_large", "event_too_large",
                          fmt::format("an event of {} bytes, more than max_event_bytes, from {}",
                                      item.length, peer_.address)},
                         now, out);
  }
}

std::string_view EventReader::text_in(const Item& item, const Decoder& decoder, Batch& out) {
  const BlockRef& block = decoder.block();
  if (held_ == &*block) return item.payload;
  const std::size_t bytes = item.payload.size() + decoder.bytes_behind();
  if (bytes < kWorthHolding) return out.arena().copy(item.payload);
  out.hold(block, bytes);
  held_ = &*block;
  return item.payload;
}

void EventReader::read_json(std::string_view text, Timestamp now, Batch& out) {
  auto document = read_text(text, out);
  if (!document && document.error().code != Errc::limit) {  // it may be for its bytes only
    const std::string_view valid = valid_utf8(text, out);
    if (valid.data() != text.data()) document = read_text(valid, out);
  }
  if (document && document->is_object()) return add_document(document->object(), now, out);
  if (!document) return add_no_event(text, document.error().message, now, out);
  if (!document->is_array()) return add_no_event(text, "JSON, but no object", now, out);
  const Array& list = document->array();
  if (list.size > kMostListed)
    return add_no_event(text, fmt::format("a JSON list of {} elements", list.size), now, out);
  for (const Value& item : list) {
    if (item.is_object()) {
      add_document(item.object(), now, out);
    } else {
      Buffer json;
      write_json(out, item, json);
      add_no_event(json.view(), "in a list: JSON, but no object", now, out);
    }
  }
}

void EventReader::add_no_event(std::string_view text, std::string_view why, Timestamp now,
                               Batch& out) {
  add_failure(
      text, text.size(),
      {"_jsonparsefailure", "no_json_object", fmt::format("{}, from {}", why, peer_.address)}, now,
      out);
}

void EventReader::read_pairs(const Item& item, std::string_view payload, Timestamp now,
                             Batch& out) {
  Object* const document = Object::make(out.arena(), item.count + 2);
  Item kept = item;
  kept.payload = payload;
  PairReader pairs(kept);
  while (const auto pair = pairs.next()) {
    const NameId name = out.names().id(valid_utf8(pair->key, out));
    document->slot(out.arena(), name) = Value::of(valid_utf8(pair->value, out));
  }
  add_document(*document, now, out);
}

void EventReader::add_document(Object& document, Timestamp now, Batch& out) {
  NameId text_field = name::message;
  const Value* text = document.find(text_field);
  if (!text) text = document.find(text_field = out.names().as_known_here(rules_.line_));
  const bool has_text = text && text->is_string();
  if (has_text && (codec_ || text_field != name::message))
    return add_decoded(document, text_field, now, out);
  Event event = out.add(now);
  if (!adopt(event, document)) event.merge_document(document);
  if (has_text && rules_.ecs_) keep_original(event, event.get(name::message)->text());
  complete(event, has_text ? std::string_view(rules_.codec_tag_) : kRawEventTag);
}

/// The text is taken out and given to the codec, the rest to the events that it makes.
void EventReader::add_decoded(Object& document, NameId text_field, Timestamp now, Batch& out) {
  const std::string_view text = document.find(text_field)->text();
  document.erase(text_field);
  const std::uint32_t first = out.size();
  if (codec_) {
    codec_->decode(std::array{text}, out);
  } else {
    Event event = out.add(now);
    event.put(name::message, Value::of(text));
    if (rules_.ecs_) keep_original(event, text);
  }
  for (std::uint32_t at = first; at < out.size(); ++at) {
    merge_shallow(out[at], document, out);
    complete(out[at], rules_.codec_tag_);
  }
}

void EventReader::add_failure(std::string_view text, std::uint64_t length, Failure failure,
                              Timestamp now, Batch& out) {
  const std::string_view kept = cut_utf8(text, kMostFailedText);
  std::string_view valid = valid_utf8(kept, out);
  if (valid.data() == kept.data()) valid = out.arena().copy(kept);
  Event event = out.add(now);
  event.put(name::message, Value::of(valid));
  (void)event.set(rules_.original_length_, Value::of(static_cast<std::int64_t>(length)));
  event.tag(failure.tag);
  bad_.push_back({out.size() - 1, failure.code, std::move(failure.why)});
}

void EventReader::complete(Event event, std::string_view applied) {
  if (rules_.enrichment_.host_name) add_host_name(event);
  tag(event, applied);
  if (!rules_.ids_) return;
  const Value* const id = event.get(rules_.client_id_);
  if (id && id->is_string()) rules_.ids_->put(event, *id);
}

void EventReader::add_host_name(Event event) {
  const Value* const host = event.get(rules_.beat_host_name_);
  if (host && !event.get(rules_.host_name_)) (void)event.set(rules_.host_name_, share(*host));
}

void EventReader::tag(Event event, std::string_view tag) {
  if (!rules_.enrichment_.codec_tag) return;
  if (tag.data() != rules_.codec_tag_.data() || event.get(name::tags)) return event.tag(tag);
  Batch& batch = event.batch();
  if (!codec_tags_) {
    codec_tags_ = Array::make(batch.arena(), 1);
    codec_tags_->push(batch.arena(), batch.copy(tag));
    codec_tags_->shared = true;
  }
  event.put(name::tags, Value::of(codec_tags_));
}

/// `text` itself where it is good, else a copy in which what is not UTF-8 is U+FFFD.
std::string_view EventReader::valid_utf8(std::string_view text, Batch& out) {
  std::size_t good = 0;
  while (good < text.size()) {
    const std::size_t length = utf8_length(text.substr(good));
    if (length == 0) break;
    good += length;
  }
  if (good == text.size()) return text;
  lossy_.clear();
  lossy_.append(text.substr(0, good));
  for (std::string_view rest = text.substr(good); !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    lossy_.append(length > 0 ? rest.substr(0, length) : kReplacement);
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  const std::string_view valid = out.arena().copy(lossy_.view());
  lossy_.recycle(kMostLossyKept);
  return valid;
}

std::vector<BadEvent> EventReader::finish(Batch& batch) {
  if (rules_.enrichment_.source)
    rules_.source_.put_into(batch, std::array{std::string_view(peer_.address)});
  if (rules_.enrichment_.tls_peer && peer_.tls) {
    const auto status =
        peer_.verified ? std::string_view("verified") : std::string_view("unverified");
    const std::string_view subject = peer_.subject;
    rules_.tls_.put_into(batch, std::array{status, std::string_view(peer_.protocol), subject,
                                           std::string_view(peer_.cipher)});
  }
  held_ = nullptr;
  codec_tags_ = nullptr;
  return std::exchange(bad_, {});
}

}  // namespace millrace::beats
