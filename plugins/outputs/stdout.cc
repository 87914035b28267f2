#include "plugins/outputs/stdout.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "pipeline/observe/log.h"

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
      : id_(context.id), encoder_(context.codec->encoder()) {}

  static std::unique_ptr<Output> create(StdoutOptions, const PluginContext& context) {
    return std::make_unique<StdoutOutput>(context);
  }

  std::unique_ptr<Parcel> prepare(const Batch& batch,
                                  std::span<const std::uint32_t> events) const override {
    auto text = std::make_unique<Text>();
    for (std::uint32_t at : events) encoder_->encode(batch[at], text->bytes);
    return text;
  }

  void write(Delivery delivery, const StopSignal& stop) override {
    if (write_all(static_cast<const Text&>(*delivery.parcel).bytes.view(), stop))
      delivery.settle(Verdict::delivered);
  }

 private:
  /// False: nobody will ever read it, or the process gives up.
  bool write_all(std::string_view bytes, const StopSignal& stop) {
    while (!bytes.empty() && !broken_) {
      const ssize_t wrote = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
      if (wrote >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
      } else if (errno == EAGAIN) {
        pollfd waiting[] = {{STDOUT_FILENO, POLLOUT, 0}, {stop.fd(), POLLIN, 0}};
        poll(waiting, 2, -1);
        if (stop.requested()) return false;
      } else if (errno != EINTR) {
        broken_ = errno == EPIPE || errno == EBADF;
        log::error("output " + id_, "cannot write to standard output: {}", std::strerror(errno));
        if (!broken_ && !stop.wait(std::chrono::seconds(1))) return false;
      }
    }
    return bytes.empty();
  }

  const std::string id_;
  const std::unique_ptr<Encoder> encoder_;
  bool broken_ = false;  // the reader is gone: what comes now stays unconfirmed
};

}  // namespace

OutputPlugin stdout_output() {
  return output_plugin("stdout", "Prints events to standard output.", Options<StdoutOptions>(),
                       StdoutOutput::create, "rubydebug");
}

}  // namespace millrace
