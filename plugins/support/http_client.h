#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/result.h"
#include "plugins/support/tls.h"

namespace millrace {

struct HttpSettings {
  TlsSettings tls;
  std::string proxy;  ///< URL without credentials; "": none, whatever the environment says
  std::string proxy_user;
  Secret proxy_password;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{60'000};    ///< of a whole request
  std::chrono::milliseconds most_idle{10'000};  ///< older connections are not used again
  long most_connections = 1000;
  long most_per_host = 100;
  std::size_t most_answer_bytes = std::size_t{64} << 20;  ///< unpacked
};

/// One request. What it views must live until its answer came.
struct HttpRequest {
  std::string method = "GET";
  std::string url;                     ///< http or https, without credentials
  std::vector<std::string> headers;    ///< "Name: value"; may hold secrets, is never logged
  std::vector<std::string_view> body;  ///< sent one after the other
};

struct HttpAnswer {
  enum class Outcome : std::uint8_t {
    answered,  ///< `status` and the rest are the server's
    not_sent,  ///< the server never saw the request: no connection, no TLS
    unknown,   ///< it may have: lost or broken after the request began
  };
  Outcome outcome = Outcome::unknown;
  int status = 0;
  std::string problem;  ///< not answered: why, for people; no secrets
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::chrono::seconds retry_after{0};                       ///< 0: not given
  std::chrono::microseconds took{0};

  /// "" where there is none.
  std::string_view header(std::string_view lower_case_name) const;
};

/// HTTP/1.1 requests at the same time over kept connections, on libcurl. Follows no redirects, asks
/// for compressed answers, and repeats no request with a body of which something was sent: whether
/// to do that is the caller's to decide. All calls come from one thread but wake().
class HttpClient {
 public:
  using Done = std::function<void(HttpAnswer)>;

  /// Errors: Errc::invalid for settings that cannot work.
  static Result<std::unique_ptr<HttpClient>> create(HttpSettings settings);
  ~HttpClient();  ///< requests that run are dropped, their `done` is not called

  /// `done` is called once from run(); it may start others.
  void start(HttpRequest request, Done done);

  /// Moves all requests on; waits at most `most` for something to happen.
  void run(std::chrono::milliseconds most);

  /// Ends a wait in run(). Thread-safe.
  void wake() noexcept;

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace millrace
