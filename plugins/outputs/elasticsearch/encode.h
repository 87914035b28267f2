#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "pipeline/delivery/delivery.h"
#include "pipeline/event/template.h"
#include "plugins/outputs/elasticsearch/action.h"
#include "plugins/outputs/elasticsearch/request.h"

namespace millrace::elasticsearch {

/// A template, and whether an event has all that it refers to.
class EventText {
 public:
  static Result<EventText> parse(std::string_view text);

  /// Appends the text for `event`. False where a field that it refers to is missing; what was
  /// appended then is no value.
  bool append(const ConstEvent& event, Buffer& out) const;
  bool is_constant() const { return text_->is_constant(); }
  const std::string& source() const { return text_->text(); }

 private:
  std::shared_ptr<const Template> text_;
  std::vector<const FieldRef*> references_;  // of text_
};

/// How events become actions: the options, compiled.
struct ActionSettings {
  std::optional<EventText> action;  ///< nullopt: `default_action`
  ActionKind default_action = ActionKind::index;
  std::optional<EventText> index;  ///< nullopt: from the event, else `default_index`
  std::optional<EventText> default_index;
  std::optional<EventText> document_id;
  std::optional<EventText> routing;
  std::optional<EventText> pipeline;
  std::optional<EventText> version;
  std::string version_type;  ///< "": the server's default

  // update
  std::int64_t retry_on_conflict = 1;
  bool doc_as_upsert = false;
  std::optional<EventText> upsert;  ///< JSON
  std::string script;               ///< "": none
  bool stored_script = false;       ///< `script` is the name of one that the server holds
  std::string script_lang;
  std::string script_var_name;
  bool scripted_upsert = false;

  // parent and child documents
  std::optional<FieldRef> join_field;
  std::optional<EventText> parent;

  /// Data streams: the name comes from here and from the event's `data_stream` fields.
  struct Stream {
    std::string type, dataset, space;
    bool auto_routing = true;
    bool sync_fields = true;
  };
  std::optional<Stream> stream;

  int compression_level = 0;  ///< 0: bodies are sent as they are
  bool index_must_resolve = true;
};

/// An event that is no action: it goes to the dead letters.
struct Refusal {
  std::uint32_t event = 0;
  std::string_view code;  ///< static: "index_unresolved", "id_too_long", ...
  std::string reason;
};

/// The encoded share of a batch.
struct BulkParcel : Parcel {
  Buffer body;
  std::vector<Action> actions;  ///< in the events' order
  std::vector<Refusal> refused;
  DeflatedPart deflated;  ///< the whole body; empty where bodies go out plain

  std::size_t footprint() const { return body.capacity() + deflated.bytes.capacity(); }
};

/// Writes bulk actions: metadata line, then source line. Thread-safe.
class ActionEncoder {
 public:
  explicit ActionEncoder(ActionSettings settings);

  std::unique_ptr<BulkParcel> encode(const Batch& batch,
                                     std::span<const std::uint32_t> events) const;

  /// Index names that are new within a minute are bounded, so that a hostile field cannot make a
  /// server create indices without end.
  static constexpr std::size_t kMostNewNames = 1000;

  /// An id longer than this makes the server refuse the whole request.
  static constexpr std::size_t kMostIdBytes = 512;
  /// A larger action is refused here: no server takes it.
  static constexpr std::size_t kMostActionBytes = std::size_t{20} << 20;

 private:
  struct Scratch;
  std::optional<Refusal> append(const ConstEvent& event, BulkParcel& parcel,
                                Scratch& scratch) const;
  void look_for_wishes(const ConstEvent& event, Scratch& scratch) const;
  std::optional<Refusal> find_action(const ConstEvent& event, Action& action,
                                     Scratch& scratch) const;
  std::optional<Refusal> find_index(const ConstEvent& event, Scratch& scratch) const;
  std::optional<Refusal> find_stream(const ConstEvent& event, Scratch& scratch) const;
  std::optional<Refusal> check_index_name(Scratch& scratch) const;
  static std::string_view head(ActionKind kind, bool whole, Scratch& scratch);
  std::optional<Refusal> append_metadata(const ConstEvent& event, Action& action, Buffer& out,
                                         Scratch& scratch) const;
  std::optional<Refusal> append_id(const ConstEvent& event, Action& action, Buffer& out,
                                   Scratch& scratch) const;
  std::optional<Refusal> append_pipeline(const ConstEvent& event, Buffer& out,
                                         Scratch& scratch) const;
  std::optional<Refusal> append_version(const ConstEvent& event, Action& action, Buffer& out,
                                        Scratch& scratch) const;
  std::optional<Refusal> append_source(const ConstEvent& event, ActionKind kind, Buffer& out,
                                       Scratch& scratch) const;
  std::optional<Refusal> append_update(const ConstEvent& event, Buffer& out,
                                       Scratch& scratch) const;
  std::optional<Refusal> append_upsert(const ConstEvent& event, Buffer& out,
                                       Scratch& scratch) const;
  void append_script(const ConstEvent& event, Buffer& out, const Scratch& scratch) const;
  void append_document(const ConstEvent& event, Buffer& out, const Scratch& scratch) const;
  void append_changed_document(const ConstEvent& event, Buffer& out, const Scratch& scratch) const;
  bool within_name_budget(const std::string& name) const;

  const ActionSettings settings_;
  const NameId ingest_document_;  ///< of [@metadata][_ingest_document]: what a filter wishes
  const NameId target_pipeline_;  ///< of [@metadata][target_ingest_pipeline]
  const NameId data_stream_;
  const bool order_matters_;
  const bool index_says_all_;  ///< no setting puts anything else into a metadata line

  /// Of the last batch, and some: so much room the next one gets ahead. A large event must not make
  /// every body large.
  mutable std::atomic<std::size_t> bytes_per_action_{256};
  static constexpr std::size_t kMostReserved = 4096;

  mutable std::mutex names_mutex_;
  mutable std::unordered_set<std::string> names_;  // guarded by names_mutex_: seen in this minute
  mutable std::int64_t names_minute_ = 0;          // guarded by names_mutex_
};

/// What is wrong with `name` as the name of an index; "" where nothing is.
std::string_view index_name_problem(std::string_view name);

}  // namespace millrace::elasticsearch
