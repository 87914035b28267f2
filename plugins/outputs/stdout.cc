#include "plugins/outputs/stdout.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "plugins/support/persist.h"

namespace millrace {
namespace {

struct StdoutOptions {};

/// The encoded events of a delivery.
struct Text : Parcel {
  Buffer bytes;
};

class StdoutOutput : public Output {
 public:
  explicit StdoutOutput(const PluginContext& context)
      : component_("output " + context.id), encoder_(context.codec->encoder()) {}

  static std::unique_ptr<Output> create(StdoutOptions, const PluginContext& context) {
    return std::make_unique<StdoutOutput>(context);
  }

  std::unique_ptr<Parcel> prepare(const Batch& batch,
                                  std::span<const std::uint32_t> events) const override {
    auto text = std::make_unique<Text>();
    for (std::uint32_t at : events) encoder_->encode(batch[at], text->bytes);
    return text;
  }

  Result<void> write(Delivery delivery, const StopSignal& stop) override {
    std::string_view bytes = static_cast<const Text&>(*delivery.parcel).bytes.view();
    bool reader_left = false;
    const bool done = persist(component_, stop, [&] { return put(bytes, stop, reader_left); });
    if (reader_left) return fail(Errc::closed, "nobody reads standard output any more");
    if (done && bytes.empty()) delivery.settle(Verdict::delivered);
    return {};
  }

 private:
  /// Writes until `bytes` is empty, the reader has left or the process gives up; an error is worth
  /// another try.
  static Result<void> put(std::string_view& bytes, const StopSignal& stop, bool& reader_left) {
    while (!bytes.empty() && !reader_left) {
      const ssize_t wrote = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
      if (wrote >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
      } else if (errno == EAGAIN) {
        pollfd waiting[] = {{STDOUT_FILENO, POLLOUT, 0}, {stop.fd(), POLLIN, 0}};
        poll(waiting, 2, -1);
        if (stop.requested()) return {};
      } else if (errno == EPIPE || errno == EBADF) {
        reader_left = true;
      } else if (errno != EINTR) {
        return fail(Errc::io,
                    std::string("cannot write to standard output: ") + std::strerror(errno));
      }
    }
    return {};
  }

  const std::string component_;
  const std::unique_ptr<Encoder> encoder_;
};

}  // namespace

OutputPlugin stdout_output() {
  return output_plugin("stdout", "Prints events to standard output.", Options<StdoutOptions>(),
                       StdoutOutput::create, "rubydebug");
}

}  // namespace millrace
