#include "pipeline/cli/dlq_options.h"

#include <fmt/format.h>

#include <charconv>

#include "pipeline/event/time_zone.h"
#include "pipeline/plugin/option_types.h"

namespace millrace::cli {
namespace {

Result<Timestamp> parse_time(const std::string& flag, const std::string& text, Timestamp now) {
  if (const auto time = parse_iso8601(text, host_zone())) return *time;
  const auto ago = parse_duration(text, std::chrono::seconds(1));
  // A bare number would be seconds to one and an epoch to another.
  const bool has_unit = text.find_first_not_of("0123456789.-") != std::string::npos;
  if (!ago || !has_unit || ago->count() < 0)
    return fail(Errc::invalid,
                fmt::format("{}: `{}` is not a time; expected 2026-03-01T12:00:00Z, 2026-03-01, or "
                            "how long ago: 30m, 2h, 7d",
                            flag, text));
  return Timestamp{now.ns - ago->count() * 1'000'000};
}

class Taker {
 public:
  Taker(std::vector<std::string>& arguments, Timestamp now) : arguments_(arguments), now_(now) {}

  Result<DlqOptions> run() {
    std::vector<std::string> left;
    for (; next_ < arguments_.size() && !error_; ++next_)
      if (!take(arguments_[next_])) left.push_back(arguments_[next_]);
    if (error_) return std::move(*error_);
    arguments_ = std::move(left);
    return std::move(out_);
  }

 private:
  /// False: it is none of ours.
  bool take(const std::string& argument) {
    const std::string flag = argument.substr(0, argument.find('='));
    if (bool* const given = switch_of(flag)) return *given = true;
    if (std::optional<std::string>* const text = text_of(flag)) {
      *text = value(argument);
      return true;
    }
    if (flag == "--since" || flag == "--until") {
      auto time = parse_time(flag, value(argument), now_);
      if (!time) return refuse(std::move(time).error());
      (flag == "--since" ? out_.filter.since : out_.filter.until) = *time;
      return true;
    }
    if (flag == "--id") {
      const std::string text = value(argument);
      out_.filter.id = dlq::LetterId::parse(text);
      return out_.filter.id ||
             refuse(
                 fail(Errc::invalid, fmt::format("--id: `{}` is not the id of a letter; expected "
                                                 "what `millrace dlq show` prints, such as 3:8",
                                                 text)));
    }
    return flag == "--limit" && take_limit(value(argument));
  }

  bool* switch_of(std::string_view flag) {
    if (flag == "--dry-run") return &out_.dry_run;
    if (flag == "--all") return &out_.all;
    if (flag == "--done") return &out_.filter.done_too;
    return nullptr;
  }
  std::optional<std::string>* text_of(std::string_view flag) {
    if (flag == "--pipeline") return &out_.pipeline;
    if (flag == "--reason") return &out_.filter.reason;
    if (flag == "--component") return &out_.filter.component;
    if (flag == "--to") return &out_.to;
    return nullptr;
  }

  bool take_limit(const std::string& text) {
    std::uint64_t limit = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (error != std::errc() || *end != 0)
      return refuse(fail(Errc::invalid, fmt::format("--limit: `{}` is not a whole number", text)));
    out_.limit = limit;
    return true;
  }

  /// Behind the `=`, or the next argument.
  std::string value(const std::string& argument) {
    if (const auto equals = argument.find('='); equals != std::string::npos)
      return argument.substr(equals + 1);
    if (next_ + 1 < arguments_.size()) return arguments_[++next_];
    refuse(fail(Errc::invalid, "flag " + argument + " needs a value"));
    return {};
  }

  bool refuse(Error error) {
    if (!error_) error_ = std::move(error);
    return true;
  }

  std::vector<std::string>& arguments_;
  const Timestamp now_;
  std::size_t next_ = 0;
  DlqOptions out_;
  std::optional<Error> error_;
};

}  // namespace

Result<DlqOptions> take_dlq_options(std::vector<std::string>& arguments, Timestamp now) {
  return Taker(arguments, now).run();
}

}  // namespace millrace::cli
