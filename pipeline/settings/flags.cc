#include "pipeline/settings/flags.h"

#include <algorithm>
#include <array>

#include "pipeline/settings/foreign.h"

namespace millrace::settings {
namespace {

using config::Span;
using config::Value;
using config::ValueKind;

struct ShortFlag {
  std::string_view flag;
  std::string_view name;
};

constexpr std::array<ShortFlag, 9> kShortFlags{{{"-f", "path.config"},
                                                {"-e", "config.string"},
                                                {"-t", "config.test_and_exit"},
                                                {"-r", "config.reload.automatic"},
                                                {"-w", "pipeline.workers"},
                                                {"-b", "pipeline.batch.size"},
                                                {"-u", "pipeline.batch.delay"},
                                                {"-n", "node.name"},
                                                {"-l", "path.logs"}}};

constexpr std::array<std::string_view, 4> kNotSettings{"-h", "--help", "-V", "--version"};

class FlagReader {
 public:
  FlagReader(std::span<const std::string> arguments, std::span<const FlagType> types,
             config::SourceSet& sources, config::Diagnostics& diagnostics)
      : arguments_(arguments), types_(types), diagnostics_(diagnostics) {
    std::string line;
    for (const std::string& argument : arguments) {
      if (!line.empty()) line += ' ';
      starts_.push_back(static_cast<std::uint32_t>(line.size()));
      line += argument;
    }
    source_ = sources.add("command line", std::move(line));
  }

  Flags run() {
    while (next_ < arguments_.size()) {
      const std::string& argument = arguments_[next_];
      if (argument == "--") {
        out_.rest.insert(out_.rest.end(),
                         arguments_.begin() + static_cast<std::ptrdiff_t>(next_) + 1,
                         arguments_.end());
        break;
      }
      const bool word = argument.size() < 2 || argument.front() != '-';
      if (word ||
          std::find(kNotSettings.begin(), kNotSettings.end(), argument) != kNotSettings.end()) {
        out_.rest.push_back(argument);
        ++next_;
      } else {
        flag(argument);
      }
    }
    return std::move(out_);
  }

 private:
  Span span(std::size_t index, std::size_t from = 0) const {
    const auto size = static_cast<std::uint32_t>(arguments_[index].size());
    return {source_, starts_[index] + static_cast<std::uint32_t>(from), starts_[index] + size};
  }

  const FlagType* find(std::string_view name) const {
    const auto at = std::find_if(types_.begin(), types_.end(),
                                 [&](const FlagType& type) { return type.name == name; });
    return at == types_.end() ? nullptr : &*at;
  }

  void flag(const std::string& argument) {
    const std::size_t index = next_++;
    const std::size_t equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
    const std::string name = full_name(std::string_view(argument).substr(0, equals));
    const FlagType* const type = find(name);
    if (type == nullptr && !is_foreign(name)) return unknown(index, argument.substr(0, equals));
    if (equals != std::string::npos)
      return set(name, index, argument.substr(equals + 1), span(index, equals + 1));
    const bool more = next_ < arguments_.size();
    const bool boolean = type != nullptr && type->boolean;
    if (boolean && (!more || (arguments_[next_] != "true" && arguments_[next_] != "false"))) {
      return set(name, index, "true", span(index));
    }
    if (type == nullptr && (!more || arguments_[next_].starts_with('-')))
      return set(name, index, "", span(index));
    if (!more) {
      diagnostics_.error(span(index), "flag " + argument + " needs a value");
      return;
    }
    set(name, index, arguments_[next_], span(next_));
    ++next_;
  }

  static std::string full_name(std::string_view flag) {
    for (const ShortFlag& known : kShortFlags) {
      if (known.flag == flag) return std::string(known.name);
    }
    return std::string(flag.starts_with("--") ? flag.substr(2) : flag);
  }

  void set(std::string name, std::size_t index, std::string text, Span value_span) {
    Value value{.kind = ValueKind::string, .span = value_span, .text = std::move(text)};
    out_.settings.push_back({std::move(name), span(index), std::move(value)});
  }

  void unknown(std::size_t index, const std::string& flag) {
    std::vector<std::string> spelled;
    for (const FlagType& type : types_) spelled.push_back("--" + type.name);
    const std::vector<std::string_view> names(spelled.begin(), spelled.end());
    diagnostics_.error(span(index), "unknown flag " + flag, config::did_you_mean(flag, names));
  }

  std::span<const std::string> arguments_;
  std::span<const FlagType> types_;
  config::Diagnostics& diagnostics_;
  config::SourceId source_ = config::kNoSource;
  std::vector<std::uint32_t> starts_;
  std::size_t next_ = 0;
  Flags out_;
};

}  // namespace

Flags read_flags(std::span<const std::string> arguments, std::span<const FlagType> types,
                 config::SourceSet& sources, config::Diagnostics& diagnostics) {
  return FlagReader(arguments, types, sources, diagnostics).run();
}

}  // namespace millrace::settings
