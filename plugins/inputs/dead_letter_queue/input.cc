#include "plugins/inputs/dead_letter_queue/input.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <set>

#include "pipeline/event/event_bytes.h"
#include "pipeline/observe/log.h"
#include "pipeline/queue/dead_letter_browser.h"
#include "plugins/inputs/dead_letter_queue/position.h"

namespace millrace {
namespace {

using dead_letter_input::Place;
using dead_letter_input::Position;
using dlq::SegmentFile;

constexpr std::chrono::milliseconds kPause{500};  // between looks at a queue that does not grow
constexpr std::chrono::seconds kSaveInterval{1};
constexpr std::size_t kMostBatchBytes = std::size_t{4} << 20;

struct DeadLetterQueueOptions {
  std::filesystem::path path;
  std::string pipeline_id = "main";
  bool commit_offsets = true;
  std::optional<std::string> start_timestamp;
  bool clean_consumed = false;
  std::optional<std::filesystem::path> sincedb_path;
};
using O = DeadLetterQueueOptions;

/// The same for the same queue.
std::filesystem::path default_store(const O& options, const PluginContext& context) {
  const std::string& path = options.path.native();
  const auto hash = crc32_z(0, reinterpret_cast<const unsigned char*>(path.data()), path.size());
  return context.pipeline.data_directory / "plugins" / "inputs" / "dead_letter_queue" /
         options.pipeline_id / fmt::format(".sincedb_{:08x}", hash);
}

bool is_same_place(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code error;
  return std::filesystem::weakly_canonical(a, error) == std::filesystem::weakly_canonical(b, error);
}

bool check(const O& options, const PluginContext& context) {
  bool good = true;
  const auto error = [&](auto&&... what) {
    context.error(what...);
    good = false;
  };
  if (options.pipeline_id.empty() || options.pipeline_id.find('/') != std::string::npos)
    error("pipeline_id", "`" + options.pipeline_id + "` is not the id of a pipeline");
  if (options.clean_consumed && !options.commit_offsets)
    error("clean_consumed", "removes what the kept position says is delivered, and none is kept",
          "leave out `commit_offsets => false`");
  if (options.start_timestamp && !parse_iso8601(*options.start_timestamp, host_zone()))
    error("start_timestamp", "`" + *options.start_timestamp + "` is not a time",
          "expected ISO 8601, such as 2026-03-01T12:00:00Z");
  const auto& own = context.pipeline.dead_letter_directory;
  if (!own.empty() && is_same_place(options.path / options.pipeline_id, own))
    error("path",
          "is this pipeline's own dead-letter queue: what is refused again would come again, "
          "for ever",
          "read it in another pipeline, or send it by `millrace dlq replay`");
  return good;
}

/// What of a letter goes into [@metadata][dead_letter_queue], as Logstash names it; `code` is ours.
class Provenance {
 public:
  void put_into(Event event, const dlq::Record& record) const {
    Batch& batch = event.batch();
    Object* const said = Object::make(batch.arena(), 8);
    const auto add = [&](NameId name, Value value) { said->slot(batch.arena(), name) = value; };
    add(plugin_type_, batch.copy(record.plugin_type));
    add(plugin_id_, batch.copy(record.plugin_id));
    add(reason_, batch.copy(record.message.empty() ? record.code : record.message));
    add(code_, batch.copy(record.code));
    add(entry_time_, Value::of(record.time));
    if (event.set(place_, Value::of(said))) return;
    event.put(name::metadata, Value());  // something else than an object stood there
    (void)event.set(place_, Value::of(said));
  }

 private:
  const FieldRef place_ = FieldRef::top(name::metadata).child("dead_letter_queue");
  const NameId plugin_type_ = Names::intern("plugin_type");
  const NameId plugin_id_ = Names::intern("plugin_id");
  const NameId reason_ = Names::intern("reason");
  const NameId code_ = Names::intern("code");
  const NameId entry_time_ = Names::intern("entry_time");
};

class DeadLetterQueueInput : public Input {
 public:
  DeadLetterQueueInput(O options, const PluginContext& context)
      : options_(std::move(options)),
        directory_(options_.path / options_.pipeline_id),
        component_("input " + context.id),
        position_(!options_.commit_offsets
                      ? std::filesystem::path()
                      : options_.sincedb_path.value_or(default_store(options_, context))) {
    if (options_.start_timestamp) start_ = parse_iso8601(*options_.start_timestamp, host_zone());
  }
  static std::unique_ptr<Input> create(O options, const PluginContext& context) {
    if (!check(options, context)) return nullptr;
    return std::make_unique<DeadLetterQueueInput>(std::move(options), context);
  }

  void acknowledged(SourcePosition position) noexcept override {
    position_.acknowledged(position.position);
  }

  Result<void> run(Emitter& emitter) override {
    const auto stored = position_.load();
    if (!stored) return stored.error();
    if (*stored && is_of_this_queue(**stored)) {
      place_ = **stored;
      start_.reset();  // it has been reached before
    }
    do {
      auto more = read_queue(emitter);
      if (!more) complain(more.error().message);
      if (more && !*more) return {};
      keep_position();
    } while (emitter.stop().wait(kPause));
    return {};
  }

  void held_up() override { keep_position(); }

  void close() override {
    reader_.reset();
    saved_ = {};
    keep_position();
  }

 private:
  /// False where the queue was removed and begun anew since.
  bool is_of_this_queue(const Place& stored) const {
    const std::uint64_t last = dlq::last_number(directory_);
    if (last == 0 || stored.segment <= last + 1) return true;
    log::warn(component_, "{} was begun anew: it is read from its start", directory_.native());
    return false;
  }

  /// Everything that is there now. False: the pipeline takes no more.
  Result<bool> read_queue(Emitter& emitter) {
    for (;;) {
      const auto segments = dlq::list_segments(directory_);
      if (!segments) return segments.error();
      const auto at = std::lower_bound(
          segments->begin(), segments->end(), place_.segment,
          [](const SegmentFile& file, std::uint64_t number) { return file.number < number; });
      if (at == segments->end()) return true;
      if (at->number != place_.segment) begin_segment({at->number, 0});
      auto more = read_segment(*at, emitter);
      if (!more || !*more || !at->sealed) return more;
      begin_segment({at->number + 1, 0});
      if (!emitter.emit(Batch::make(), {0, position_.emitted(place_, true)})) return false;
    }
  }

  void begin_segment(Place place) {
    reader_.reset();
    place_ = place;
  }

  /// To its end, for now where it is not sealed.
  Result<bool> read_segment(const SegmentFile& file, Emitter& emitter) {
    if (!reader_) {
      auto opened = dlq::SegmentReader::open(file, place_.offset);
      if (!opened) return skip_unreadable(file, std::move(opened).error());
      reader_.emplace(std::move(*opened));
    }
    const auto marks = dlq::Marks::load(directory_, file.number);
    if (!marks) return marks.error();
    while (!emitter.stop().requested()) {
      const auto more = emit_some(*marks, emitter);
      if (!more || !*more || at_end_) {
        if (file.sealed && at_end_) say_damage(file);
        return more;
      }
    }
    return false;
  }

  /// A batch of what follows; at_end_ tells whether that is all.
  Result<bool> emit_some(const dlq::Marks& marks, Emitter& emitter) {
    auto batch = Batch::make();
    at_end_ = false;
    const Place before = place_;
    while (batch->size() < emitter.batch_size() && batch->footprint() < kMostBatchBytes) {
      const auto entry = reader_->next();
      if (!entry) return entry.error();
      at_end_ = !*entry;
      if (at_end_) break;
      place_.offset = (*entry)->end;
      if (marks.is_done((*entry)->offset)) continue;  // replayed or purged meanwhile
      if (start_ && (*entry)->record.time < *start_) {
        kept_.insert(place_.segment);
        continue;
      }
      const auto event = read_event_bytes((*entry)->record.event, *batch);
      if (event) {
        provenance_.put_into(*event, (*entry)->record);
        continue;
      }
      complain(fmt::format("letter {}:{} is left out: {}", place_.segment, (*entry)->offset,
                           event.error().message));
      kept_.insert(place_.segment);
    }
    if (place_ == before) return true;
    const std::uint64_t end = position_.emitted(place_);
    if (!emitter.emit(std::move(batch), {0, end})) return false;
    keep_position();
    return true;
  }

  /// A segment that is not one holds up nobody, but it is kept and said.
  Result<bool> skip_unreadable(const SegmentFile& file, Error error) {
    if (error.code != Errc::invalid || !file.sealed) return error;
    complain(error.message + "; it is passed over");
    kept_.insert(file.number);
    return true;
  }

  void say_damage(const SegmentFile& file) {
    const std::uint64_t damaged = reader_->damaged_bytes() + reader_->tail_bytes();
    if (damaged == 0) return;
    kept_.insert(file.number);
    log::error(component_, "{}: {} bytes are damaged and left out: their checksums do not agree",
               file.path.native(), damaged);
  }

  void keep_position() {
    const auto now = std::chrono::steady_clock::now();
    if (now - saved_ < kSaveInterval) return;
    saved_ = now;
    const auto saved = position_.save();
    if (!saved) return complain(saved.error().message);
    for (const std::uint64_t segment : position_.take_done_segments())
      if (options_.clean_consumed) remove(segment);
  }

  void remove(std::uint64_t segment) {
    if (kept_.contains(segment)) return;
    std::error_code error;
    std::filesystem::remove(dlq::sealed_path(directory_, segment), error);
    if (error) complain(fmt::format("cannot remove segment {}: {}", segment, error.message()));
    std::filesystem::remove(dlq::marks_path(directory_, segment), error);
  }

  /// Once, until it is about something else.
  void complain(const std::string& what) {
    if (what == complained_) return;
    complained_ = what;
    log::warn(component_, "{}", what);
  }

  const O options_;
  const std::filesystem::path directory_;
  const std::string component_;
  const Provenance provenance_{};
  Position position_;
  std::optional<Timestamp> start_;
  Place place_;  // where the next letter is read
  std::optional<dlq::SegmentReader> reader_;
  bool at_end_ = false;
  std::set<std::uint64_t> kept_;  // segments that are not removed: not all of them was emitted
  std::chrono::steady_clock::time_point saved_{};
  std::string complained_;
};

}  // namespace

InputPlugin dead_letter_queue_input() {
  return input_plugin(
      "dead_letter_queue", "Reads the events that a pipeline's outputs refused for good.",
      Options<O>()
          .add(
              "path", &O::path,
              "Where the dead-letter queues are: path.dead_letter_queue of the process that writes "
              "them.",
              required)
          .add("pipeline_id", &O::pipeline_id, "The pipeline whose events were refused.")
          .add("commit_offsets", &O::commit_offsets,
               "Keep how far the queue was read and delivered, and go on there after a restart.")
          .add("start_timestamp", &O::start_timestamp,
               "Where no position is kept yet: only events that were refused then or later, ISO "
               "8601.")
          .add("clean_consumed", &O::clean_consumed,
               "Remove segments of which every event is delivered.")
          .add("sincedb_path", &O::sincedb_path, "The file that keeps the position.",
               default_text("a file in path.data/plugins/inputs/dead_letter_queue/")),
      DeadLetterQueueInput::create);
}

}  // namespace millrace
