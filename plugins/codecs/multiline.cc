#include "plugins/codecs/multiline.h"

#include "plugins/support/grok_patterns.h"
#include "plugins/support/text_codec.h"

namespace millrace {
namespace {

enum class Joins { previous, next };

using Expression = std::shared_ptr<const grok::Pattern>;

struct MultilineOptions {
  std::string pattern;
  Joins what = Joins::previous;
  bool negate = false;
  std::vector<std::string> patterns_dir;
  std::string charset = "UTF-8";
  std::string multiline_tag = "multiline";
  std::size_t max_lines = 500;
  Bytes max_bytes{10 << 20};
  std::optional<std::chrono::milliseconds> auto_flush_interval;
};

/// Joins lines into events. Holds the lines of the event that is not complete; as in Logstash the
/// limits are looked at when a line comes, so that an event may be one line longer.
class MultilineDecoder : public Decoder {
 public:
  MultilineDecoder(const MultilineOptions& options, const Charset& charset, Expression pattern,
                   EcsMode ecs)
      : options_(options),
        utf8_(charset),
        pattern_(std::move(pattern)),
        keeps_original_(ecs != EcsMode::disabled) {}

  void decode(std::span<const std::string_view> messages, Batch& out) override {
    now_ = Timestamp::now();
    for (std::string_view rest : utf8_.read(messages, out)) {
      ++messages_;
      std::size_t end;
      while ((end = rest.find('\n')) != std::string_view::npos && end + 1 < rest.size()) {
        add(rest.substr(0, end), out);
        rest.remove_prefix(end + 1);
      }
      add(rest.substr(0, end), out);  // the newline at a message's very end ends its last line
    }
  }

  void flush(Batch& out) override {
    if (lines_ == 0) return;
    Event event = out.add(began_);
    const Value text = out.copy(held_.view());
    event.put(name::message, text);
    if (keeps_original_) keep_original(event, text.text());
    if (lines_ > 1 && !options_.multiline_tag.empty()) event.tag(options_.multiline_tag);
    if (bytes_ >= options_.max_bytes.count) event.tag("multiline_codec_max_bytes_reached");
    if (lines_ > options_.max_lines) event.tag("multiline_codec_max_lines_reached");
    held_.recycle(kKeptBuffer);
    lines_ = 0;
    bytes_ = 0;
  }

  std::size_t held_messages() const override { return lines_ == 0 ? 0 : messages_ - first_held_; }
  std::optional<std::chrono::milliseconds> auto_flush() const override {
    return options_.auto_flush_interval;
  }

 private:
  static constexpr std::size_t kKeptBuffer = 64 * 1024;

  void add(std::string_view line, Batch& out) {
    const bool matches = pattern_->match(line, scratch_, {}) == grok::Outcome::match;
    const bool joins = matches != options_.negate;
    const auto ends_event = [&] {
      return !joins || lines_ > options_.max_lines || bytes_ >= options_.max_bytes.count;
    };
    if (options_.what == Joins::previous && ends_event()) flush(out);
    hold(line);
    if (options_.what == Joins::next && ends_event()) flush(out);
  }

  void hold(std::string_view line) {
    if (lines_ == 0) {
      began_ = now_;
      first_held_ = messages_ - 1;
    } else {
      held_.push_back('\n');
    }
    held_.append(line);
    ++lines_;
    bytes_ += line.size();
  }

  const MultilineOptions options_;
  Utf8Reader utf8_;
  const Expression pattern_;
  grok::Pattern::Scratch scratch_;
  const bool keeps_original_;
  Buffer held_;
  std::size_t lines_ = 0;  // in held_
  std::size_t bytes_ = 0;  // of them, without what joins them
  Timestamp began_{0};     // when the first of them came
  Timestamp now_{0};
  std::uint64_t messages_ = 0;    // that came so far
  std::uint64_t first_held_ = 0;  // the message that the first held line is from
};

/// Lines that belong together, such as those of a stack trace.
class MultilineCodec : public Codec {
 public:
  static std::unique_ptr<Codec> create(MultilineOptions options, const PluginContext& context) {
    const auto charset = read_charset(options.charset, context);
    auto pattern = read_pattern(options, context);
    if (!charset || !pattern) return nullptr;
    return std::make_unique<MultilineCodec>(std::move(options), *charset, std::move(pattern),
                                            context.ecs);
  }

  MultilineCodec(MultilineOptions options, Charset charset, Expression pattern, EcsMode ecs)
      : options_(std::move(options)),
        charset_(std::move(charset)),
        pattern_(std::move(pattern)),
        ecs_(ecs) {}

  std::unique_ptr<Decoder> message_decoder() const override {
    return std::make_unique<MultilineDecoder>(options_, charset_, pattern_, ecs_);
  }

  /// As lines of text: what is joined stays joined.
  std::unique_ptr<Encoder> encoder() const override {
    return std::make_unique<TextEncoder>(EventText(*Template::parse("%{message}")), "\n");
  }

 private:
  /// nullptr: reported.
  static Expression read_pattern(const MultilineOptions& options, const PluginContext& context) {
    grok::PatternSet names = standard_patterns(context.ecs);
    if (const auto wrong = add_pattern_directories(names, options.patterns_dir, "*")) {
      context.error("patterns_dir", *wrong);
      return nullptr;
    }
    auto pattern = grok::Pattern::compile(options.pattern, names);
    if (pattern) return std::move(*pattern);
    context.error("pattern", grok::render(pattern.error()));
    return nullptr;
  }

  const MultilineOptions options_;
  const Charset charset_;
  const Expression pattern_;
  const EcsMode ecs_;
};

}  // namespace

CodecPlugin multiline_codec() {
  using O = MultilineOptions;
  return codec_plugin(
      "multiline", "Lines that belong together as one event.",
      Options<O>()
          .add("pattern", &O::pattern, "What a line that joins another one looks like.", required)
          .add("what", &O::what, "Which line it joins.",
               choices<Joins>({{"previous", Joins::previous}, {"next", Joins::next}}), required)
          .add("negate", &O::negate, "The lines that do not match are those that join.")
          .add("patterns_dir", &O::patterns_dir,
               "Files, directories or wildcards with named patterns for `%{NAME}`.")
          .add("charset", &O::charset, "Character encoding of the lines.")
          .add("multiline_tag", &O::multiline_tag, "Tag of events of more than one line.")
          .add("max_lines", &O::max_lines, "An event with more lines is complete.")
          .add("max_bytes", &O::max_bytes, "An event of that size is complete.")
          .add("auto_flush_interval", &O::auto_flush_interval,
               "An event is complete after this much silence."),
      MultilineCodec::create);
}

}  // namespace millrace
