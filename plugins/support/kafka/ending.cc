#include "plugins/support/kafka/ending.h"

#include <atomic>
#include <future>
#include <memory>
#include <system_error>
#include <thread>

#include "pipeline/observe/log.h"

namespace millrace::kafka {

void end_aside(std::function<void()> end, const std::string& component) {
  const auto ended = std::make_shared<std::promise<void>>();
  const std::future<void> seen = ended->get_future();
  try {
    std::thread([end = std::move(end), ended]() mutable {
      end();
      end = nullptr;  // what it owns is freed before anybody goes on
      ended->set_value();
    }).detach();
  } catch (const std::system_error&) {  // no thread is to be had: it was freed with the function
    return;
  }
  if (seen.wait_for(kEndLimit) == std::future_status::ready) return;
  static std::atomic<int> left{0};
  if (++left <= kMostLeft) {
    log::warn(component,
              "librdkafka does not end a client, as happens with topics that were deleted and made "
              "again; it is left behind with its threads ({} of {})",
              left.load(), kMostLeft);
    return;
  }
  log::error(component,
             "librdkafka does not end a client, and {} are left behind already: nothing goes on "
             "here; start the process anew",
             kMostLeft);
  seen.wait();
}

}  // namespace millrace::kafka
