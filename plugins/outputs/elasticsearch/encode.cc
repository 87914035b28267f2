#include "plugins/outputs/elasticsearch/encode.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "pipeline/event/json_read.h"
#include "pipeline/event/json_write.h"

namespace millrace::elasticsearch {

Result<EventText> EventText::parse(std::string_view text) {
  auto parsed = Template::parse(text);
  if (!parsed) return fail(std::move(parsed).error());
  EventText made;
  made.text_ = std::make_shared<const Template>(std::move(*parsed));
  made.references_ = made.text_->references();
  return made;
}

bool EventText::append(const ConstEvent& event, Buffer& out) const {
  for (const FieldRef* ref : references_)
    if (!event.get(*ref)) return false;
  text_->append(event, out);
  return true;
}

std::string_view index_name_problem(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > 255) return "is longer than 255 bytes";
  if (name.starts_with('<')) return "";  // date math, which the server resolves
  if (name == "." || name == "..") return "is no name";
  if (name.find_first_of("-_+") == 0) return "begins with '-', '_' or '+'";
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') return "has an upper-case letter";
    if (static_cast<unsigned char>(c) < 0x20 ||
        std::string_view("\\/*?\"<>| ,#:").find(c) != std::string_view::npos)
      return "has a character that index names cannot have";
  }
  return "";
}

/// What is used again from event to event of one encode() call.
struct ActionEncoder::Scratch {
  Buffer index;
  const EventText* whole_index = nullptr;  // `index` is all of this setting, whatever the event
  Buffer head;                             // how a metadata line for the next three begins
  ActionKind head_kind = ActionKind::index;
  std::string head_index;
  bool head_is_whole = false;  // nothing follows: `head` is the line
  Buffer text;
  std::string checked_index;               // was found good last
  const Object* wishes = nullptr;          // the event's [@metadata][_ingest_document]
  const Value* wished_pipeline = nullptr;  // its [@metadata][target_ingest_pipeline]
  std::string_view type, dataset, space;   // of the data stream that the event goes to
  bool sync = false;                       // the document must be told so
};

namespace {

Refusal refuse(std::string_view code, std::string reason) { return {0, code, std::move(reason)}; }

/// What the event wishes under `key`; nullptr: nothing.
const Value* wish(const ConstEvent& event, const Object* wishes, std::string_view key) {
  if (!wishes) return nullptr;
  const NameId name = event.batch().names().find(key);
  return name == kNoName ? nullptr : wishes->find(name);
}

/// The setting's text, or what the event wishes. False where the setting has a reference to
/// nothing.
bool fill(const std::optional<EventText>& setting, const Value* wished, const ConstEvent& event,
          Buffer& out) {
  out.clear();
  if (setting) return setting->append(event, out);
  if (wished) append_text(event.batch(), *wished, out);
  return true;
}

void append_member(std::string_view key_with_comma, std::string_view value, Buffer& out) {
  out.append(key_with_comma);
  write_json_string(value, out);
}

std::uint64_t order_key(std::string_view index, std::string_view id) {
  const std::uint64_t a = std::hash<std::string_view>{}(index);
  const std::uint64_t b = std::hash<std::string_view>{}(id);
  return (a * 0x9E37'79B9'7F4A'7C15u ^ b) | 1;  // 0 means that order does not matter
}

bool is_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

/// A copy of the event without its metadata that may be changed; lives in `batch`.
Event copy_of(const ConstEvent& event, Batch& batch) {
  Event copy = batch.add(event.timestamp());
  copy.fields().clear();
  const Object& fields = event.fields();
  for (std::uint32_t i = 0; i < fields.size; ++i) {
    if (fields.names[i] == name::metadata) continue;
    const std::string_view name = event.batch().names()[fields.names[i]].text;
    copy.put(batch.names().id(name), batch.adopt(event.batch(), fields.values[i]));
  }
  return copy;
}

std::string_view text_of(const ConstEvent& event, const Object& object, std::string_view key) {
  const NameId name = event.batch().names().find(key);
  const Value* const value = name == kNoName ? nullptr : object.find(name);
  return value && value->is_string() ? value->text() : std::string_view{};
}

}  // namespace

ActionEncoder::ActionEncoder(ActionSettings settings)
    : settings_(std::move(settings)),
      ingest_document_(Names::intern("_ingest_document")),
      target_pipeline_(Names::intern("target_ingest_pipeline")),
      data_stream_(Names::intern("data_stream")),
      // A create never overwrites: one after another or the other way round, the first stays.
      order_matters_(settings_.action || settings_.default_action != ActionKind::create),
      index_says_all_(!settings_.document_id && !settings_.routing && !settings_.pipeline &&
                      !settings_.version) {}

std::unique_ptr<BulkParcel> ActionEncoder::encode(const Batch& batch,
                                                  std::span<const std::uint32_t> events) const {
  auto parcel = std::make_unique<BulkParcel>();
  parcel->actions.reserve(events.size());
  parcel->body.reserve(events.size() * bytes_per_action_.load(std::memory_order_relaxed));
  Scratch scratch;
  for (const std::uint32_t at : events) {
    const std::size_t begin = parcel->body.size();
    if (auto refusal = append(batch[at], *parcel, scratch)) {
      parcel->body.truncate(begin);
      refusal->event = at;
      parcel->refused.push_back(std::move(*refusal));
    }
  }
  if (!parcel->actions.empty()) {
    const std::size_t average = parcel->body.size() / parcel->actions.size();
    bytes_per_action_.store(std::min(average + average / 8, kMostReserved),
                            std::memory_order_relaxed);
  }
  if (settings_.compression_level > 0 && !parcel->body.empty())
    parcel->deflated = deflate_part(parcel->body.view(), settings_.compression_level);
  return parcel;
}

std::optional<Refusal> ActionEncoder::append(const ConstEvent& event, BulkParcel& parcel,
                                             Scratch& scratch) const {
  Action action;
  action.event = event.at();
  action.begin = parcel.body.size();
  look_for_wishes(event, scratch);
  if (auto refusal = find_action(event, action, scratch)) return refusal;
  if (auto refusal = settings_.stream ? find_stream(event, scratch) : find_index(event, scratch))
    return refusal;
  if (auto refusal = append_metadata(event, action, parcel.body, scratch)) return refusal;
  if (action.kind != ActionKind::remove) {
    if (auto refusal = append_source(event, action.kind, parcel.body, scratch)) return refusal;
  }
  const std::size_t size = parcel.body.size() - action.begin;
  if (size > kMostActionBytes)
    return refuse("too_large",
                  fmt::format("{} bytes, at most {} are sent", size, kMostActionBytes));
  action.size = static_cast<std::uint32_t>(size);
  parcel.actions.push_back(action);
  return std::nullopt;
}

/// What filters may have put into the metadata; most events have none.
void ActionEncoder::look_for_wishes(const ConstEvent& event, Scratch& scratch) const {
  scratch.wishes = nullptr;
  scratch.wished_pipeline = nullptr;
  const Value* const metadata = event.get(name::metadata);
  if (!metadata || !metadata->is_object()) return;
  const BatchNames& names = event.batch().names();
  const Object& among = metadata->object();
  const Value* const wishes = among.find(names.as_known_here(ingest_document_));
  if (wishes && wishes->is_object()) scratch.wishes = &wishes->object();
  scratch.wished_pipeline = among.find(names.as_known_here(target_pipeline_));
}

std::optional<Refusal> ActionEncoder::find_action(const ConstEvent& event, Action& action,
                                                  Scratch& scratch) const {
  action.kind = settings_.default_action;
  if (!settings_.action) return std::nullopt;
  scratch.text.clear();
  const bool resolved = settings_.action->append(event, scratch.text);
  const auto kind = action_kind(scratch.text.view());
  if (!resolved || !kind)
    return refuse("unknown_action",
                  fmt::format("`action` is \"{}\", expected index, create, update or delete",
                              resolved ? scratch.text.view() : settings_.action->source()));
  action.kind = *kind;
  return std::nullopt;
}

std::optional<Refusal> ActionEncoder::find_index(const ConstEvent& event, Scratch& scratch) const {
  const Value* const wished = wish(event, scratch.wishes, "index");
  const bool by_event = !settings_.index && wished;
  const auto& setting = settings_.index || by_event ? settings_.index : settings_.default_index;
  const EventText* const whole = setting && setting->is_constant() ? &*setting : nullptr;
  if (whole && whole == scratch.whole_index) return std::nullopt;
  scratch.whole_index = whole;
  if (!fill(setting, wished, event, scratch.index)) {
    if (settings_.index_must_resolve)
      return refuse(
          "index_unresolved",
          fmt::format("`index` {} refers to a field that is not there", setting->source()));
    scratch.index.append(setting->source());
  }
  return whole ? std::nullopt : check_index_name(scratch);
}

std::optional<Refusal> ActionEncoder::check_index_name(Scratch& scratch) const {
  const std::string_view name = scratch.index.view();
  if (!name.empty() && name == scratch.checked_index) return std::nullopt;
  if (const auto problem = index_name_problem(name); !problem.empty())
    return refuse("index_name", fmt::format("index \"{}\" {}", name.substr(0, 300), problem));
  scratch.checked_index = name;
  if (within_name_budget(scratch.checked_index)) return std::nullopt;
  scratch.checked_index.clear();
  return refuse("index_names",
                fmt::format("index \"{}\" is one of more than {} new names within a minute", name,
                            kMostNewNames));
}

bool ActionEncoder::within_name_budget(const std::string& name) const {
  using std::chrono::minutes;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const std::int64_t minute = std::chrono::duration_cast<minutes>(now).count();
  const std::lock_guard lock(names_mutex_);
  if (std::exchange(names_minute_, minute) != minute) names_.clear();
  if (names_.contains(name)) return true;
  if (names_.size() >= kMostNewNames) return false;
  names_.insert(name);
  return true;
}

/// The data stream's name; the event's own fields win where auto_routing says so.
std::optional<Refusal> ActionEncoder::find_stream(const ConstEvent& event, Scratch& scratch) const {
  const ActionSettings::Stream& stream = *settings_.stream;
  scratch.type = stream.type;
  scratch.dataset = stream.dataset;
  scratch.space = stream.space;
  const Value* const field = event.get(data_stream_);
  scratch.sync = stream.sync_fields && (!field || field->is_object());
  if (field && field->is_object()) {
    const Object& own = field->object();
    const std::string_view type = text_of(event, own, "type");
    const std::string_view dataset = text_of(event, own, "dataset");
    const std::string_view space = text_of(event, own, "namespace");
    if (stream.auto_routing) {
      if (!type.empty()) scratch.type = type;
      if (!dataset.empty()) scratch.dataset = dataset;
      if (!space.empty()) scratch.space = space;
    }
    if (type == scratch.type && dataset == scratch.dataset && space == scratch.space)
      scratch.sync = false;
  }
  scratch.index.clear();
  for (const std::string_view part : {scratch.type, scratch.dataset, scratch.space}) {
    if (!scratch.index.empty()) scratch.index.push_back('-');
    scratch.index.append(part);
  }
  if (scratch.dataset.find('-') != std::string_view::npos ||
      scratch.space.find('-') != std::string_view::npos)
    return refuse("index_name",
                  fmt::format("data stream \"{}\": dataset and namespace cannot have a '-'",
                              scratch.index.view().substr(0, 300)));
  return check_index_name(scratch);
}

/// `{"create":{"_index":"logs"`, and `}}` where that is the `whole` line. Written anew only where
/// the events' index or action changes.
std::string_view ActionEncoder::head(ActionKind kind, bool whole, Scratch& scratch) {
  Buffer& text = scratch.head;
  const std::string_view index = scratch.index.view();
  if (!text.empty() && kind == scratch.head_kind && whole == scratch.head_is_whole &&
      index == scratch.head_index)
    return text.view();
  text.clear();
  text.append(R"({")");
  text.append(name_of(kind));
  append_member(R"(":{"_index":)", index, text);
  if (whole) text.append("}}\n");
  scratch.head_kind = kind;
  scratch.head_is_whole = whole;
  scratch.head_index = index;
  return text.view();
}

std::optional<Refusal> ActionEncoder::append_metadata(const ConstEvent& event, Action& action,
                                                      Buffer& out, Scratch& scratch) const {
  const bool creates = action.kind == ActionKind::index || action.kind == ActionKind::create;
  const bool whole = index_says_all_ && creates && !scratch.wishes && !scratch.wished_pipeline;
  out.append(head(action.kind, whole, scratch));
  if (whole) return std::nullopt;
  if (auto refusal = append_id(event, action, out, scratch)) return refusal;
  if (!fill(settings_.routing, wish(event, scratch.wishes, "routing"), event, scratch.text))
    return refuse("routing_unresolved", "`routing` refers to a field that is not there");
  if (!scratch.text.empty()) append_member(R"(,"routing":)", scratch.text.view(), out);
  switch (action.kind) {  // each takes what the server takes for it
    case ActionKind::index:
      if (auto refusal = append_version(event, action, out, scratch)) return refusal;
      [[fallthrough]];
    case ActionKind::create:
      if (auto refusal = append_pipeline(event, out, scratch)) return refusal;
      break;
    case ActionKind::update:
      out.append(fmt::format(R"(,"retry_on_conflict":{})", settings_.retry_on_conflict));
      break;
    case ActionKind::remove:
      if (auto refusal = append_version(event, action, out, scratch)) return refusal;
      break;
  }
  out.append("}}\n");
  return std::nullopt;
}

std::optional<Refusal> ActionEncoder::append_id(const ConstEvent& event, Action& action,
                                                Buffer& out, Scratch& scratch) const {
  Buffer& id = scratch.text;
  if (!fill(settings_.document_id, wish(event, scratch.wishes, "id"), event, id))
    return refuse("id_unresolved",
                  fmt::format("`document_id` {} refers to a field that is not there",
                              settings_.document_id->source()));
  if (id.size() > kMostIdBytes)
    return refuse("id_too_long", fmt::format("the id has {} bytes, at most {} are possible: {}...",
                                             id.size(), kMostIdBytes, id.view().substr(0, 64)));
  action.own_id = !id.empty();
  if (action.own_id) {
    append_member(R"(,"_id":)", id.view(), out);
    if (order_matters_) action.key = order_key(scratch.index.view(), id.view());
  } else if (action.kind == ActionKind::update || action.kind == ActionKind::remove) {
    return refuse("id_missing", fmt::format("{} needs a `document_id`", name_of(action.kind)));
  }
  return std::nullopt;
}

std::optional<Refusal> ActionEncoder::append_pipeline(const ConstEvent& event, Buffer& out,
                                                      Scratch& scratch) const {
  const Value* wished = wish(event, scratch.wishes, "pipeline");
  if (!wished) wished = scratch.wished_pipeline;
  if (!fill(settings_.pipeline, wished, event, scratch.text))
    return refuse("pipeline_unresolved", "`pipeline` refers to a field that is not there");
  if (!scratch.text.empty()) append_member(R"(,"pipeline":)", scratch.text.view(), out);
  return std::nullopt;
}

std::optional<Refusal> ActionEncoder::append_version(const ConstEvent& event, Action& action,
                                                     Buffer& out, Scratch& scratch) const {
  if (settings_.stream) return std::nullopt;
  const Value* const wished_type = wish(event, scratch.wishes, "version_type");
  Buffer& version = scratch.text;
  if (!fill(settings_.version, wish(event, scratch.wishes, "version"), event, version))
    return refuse("version", "`version` refers to a field that is not there");
  if (version.empty()) return std::nullopt;
  if (!is_integer(version.view()))
    return refuse("version", fmt::format("`version` is no whole number: \"{}\"",
                                         version.view().substr(0, 64)));
  out.append(R"(,"version":)");
  out.append(version.view());
  std::string_view type = settings_.version_type;
  if (type.empty() && wished_type && wished_type->is_string()) type = wished_type->text();
  if (!type.empty()) append_member(R"(,"version_type":)", type, out);
  action.external_version = type.starts_with("external");
  return std::nullopt;
}

std::optional<Refusal> ActionEncoder::append_source(const ConstEvent& event, ActionKind kind,
                                                    Buffer& out, Scratch& scratch) const {
  if (kind == ActionKind::update) {
    if (auto refusal = append_update(event, out, scratch)) return refusal;
  } else {
    append_document(event, out, scratch);
  }
  out.push_back('\n');
  return std::nullopt;
}

std::optional<Refusal> ActionEncoder::append_update(const ConstEvent& event, Buffer& out,
                                                    Scratch& scratch) const {
  const bool by_script = !settings_.script.empty();
  if (by_script) {
    append_script(event, out, scratch);
  } else {
    out.append(R"({"doc":)");
    append_document(event, out, scratch);
  }
  if (by_script && settings_.scripted_upsert) {
    out.append(R"(,"scripted_upsert":true,"upsert":{})");
  } else if (by_script && settings_.doc_as_upsert) {
    out.append(R"(,"upsert":)");
    append_document(event, out, scratch);
  } else if (settings_.doc_as_upsert) {
    out.append(R"(,"doc_as_upsert":true)");
  } else if (settings_.upsert) {
    if (auto refusal = append_upsert(event, out, scratch)) return refusal;
  }
  out.push_back('}');
  return std::nullopt;
}

void ActionEncoder::append_script(const ConstEvent& event, Buffer& out,
                                  const Scratch& scratch) const {
  append_member(settings_.stored_script ? R"({"script":{"id":)" : R"({"script":{"source":)",
                settings_.script, out);
  if (!settings_.stored_script && !settings_.script_lang.empty())
    append_member(R"(,"lang":)", settings_.script_lang, out);
  append_member(R"(,"params":{)", settings_.script_var_name, out);
  out.push_back(':');
  append_document(event, out, scratch);
  out.append("}}");
}

std::optional<Refusal> ActionEncoder::append_upsert(const ConstEvent& event, Buffer& out,
                                                    Scratch& scratch) const {
  scratch.text.clear();
  if (!settings_.upsert->append(event, scratch.text))
    return refuse("upsert", "`upsert` refers to a field that is not there");
  const Batch::Ptr reading = Batch::make();
  JsonReader reader;
  const auto upsert = reader.read(reading->arena().copy(scratch.text.view()), *reading);
  if (!upsert || !upsert->is_object())
    return refuse("upsert", fmt::format("`upsert` is no JSON object: {}",
                                        scratch.text.view().substr(0, 200)));
  out.append(R"(,"upsert":)");
  write_json(*reading, *upsert, out);  // on one line, whatever it came as
  return std::nullopt;
}

void ActionEncoder::append_document(const ConstEvent& event, Buffer& out,
                                    const Scratch& scratch) const {
  const bool stream_is_new = scratch.sync && !event.get(data_stream_);
  if ((scratch.sync && !stream_is_new) || settings_.join_field)
    return append_changed_document(event, out, scratch);
  write_json(event, out);
  if (!stream_is_new) return;
  out.truncate(out.size() - 1);
  const char* const key = out.data()[out.size() - 1] == '{' ? R"("data_stream":{"type":)"
                                                            : R"(,"data_stream":{"type":)";
  append_member(key, scratch.type, out);
  append_member(R"(,"dataset":)", scratch.dataset, out);
  append_member(R"(,"namespace":)", scratch.space, out);
  out.append("}}");
}

/// The slow way, for documents that say something else than the event.
void ActionEncoder::append_changed_document(const ConstEvent& event, Buffer& out,
                                            const Scratch& scratch) const {
  const Batch::Ptr batch = Batch::make();
  Event copy = copy_of(event, *batch);
  if (scratch.sync) {
    const FieldRef stream = FieldRef::top(data_stream_);
    (void)copy.set(stream.child("type"), batch->copy(scratch.type));
    (void)copy.set(stream.child("dataset"), batch->copy(scratch.dataset));
    (void)copy.set(stream.child("namespace"), batch->copy(scratch.space));
  }
  if (settings_.join_field) {
    Buffer parent;
    const Value* const name = copy.get(*settings_.join_field);
    if (name && settings_.parent && settings_.parent->append(event, parent)) {
      Object* const join = Object::make(batch->arena(), 4);
      join->slot(batch->arena(), batch->names().id("name")) = *name;
      join->slot(batch->arena(), batch->names().id("parent")) = batch->copy(parent.view());
      (void)copy.set(*settings_.join_field, Value::of(join));
    }
  }
  write_json(copy, out);
}

}  // namespace millrace::elasticsearch
