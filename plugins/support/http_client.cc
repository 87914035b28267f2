#include "plugins/support/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <list>
#include <mutex>

namespace millrace {
namespace {

struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeMulti {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using EasyPtr = std::unique_ptr<CURL, FreeEasy>;
using ListPtr = std::unique_ptr<curl_slist, FreeList>;

/// One request on its way.
struct Exchange {
  HttpRequest request;
  HttpClient::Done done;
  HttpAnswer answer;
  EasyPtr easy;
  ListPtr headers;
  const HttpSettings* settings = nullptr;
  std::size_t piece = 0;  // of the body: where reading stands
  std::size_t offset = 0;
  bool too_large = false;
  std::string tls_problem;
  char problem[CURL_ERROR_SIZE] = "";

  std::size_t body_size() const {
    std::size_t size = 0;
    for (const std::string_view part : request.body) size += part.size();
    return size;
  }

  std::size_t read(char* to, std::size_t room) {
    std::size_t copied = 0;
    while (copied < room && piece < request.body.size()) {
      const std::string_view rest = request.body[piece].substr(offset);
      const std::size_t now = std::min(room - copied, rest.size());
      if (now > 0) std::memcpy(to + copied, rest.data(), now);
      copied += now;
      offset += now;
      if (now == rest.size()) ++piece, offset = 0;
    }
    return copied;
  }
};

std::size_t on_read(char* to, std::size_t size, std::size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->read(to, size * count);
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::size_t bytes = size * count;
  if (exchange.answer.body.size() + bytes > exchange.settings->most_answer_bytes) {
    exchange.too_large = true;
    return 0;  // ends the transfer
  }
  exchange.answer.body.append(data, bytes);
  return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  constexpr std::size_t kMostHeaders = 64;
  auto& headers = static_cast<Exchange*>(user)->answer.headers;
  std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) headers.clear();  // of the final answer, not of a 100 before it
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || headers.size() >= kMostHeaders) return line.size();
  std::string name(line.substr(0, colon));
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.remove_suffix(1);
  headers.emplace_back(std::move(name), value);
  return line.size();
}

CURLcode on_tls(CURL*, void* context, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  auto applied = apply_tls(static_cast<SSL_CTX*>(context), exchange.settings->tls);
  if (applied) return CURLE_OK;
  exchange.tls_problem = std::move(applied).error().message;
  return CURLE_SSL_CERTPROBLEM;
}

/// Codes after which the server cannot have seen a request.
bool is_before_sending(CURLcode code, CURL* easy) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_PROXY:
      return true;
    default:
      break;
  }
  curl_off_t handshake = 0;  // still 0: no connection was ready for a request
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &handshake);
  return handshake == 0;
}

/// The library's words, with what they mean for the settings.
std::string explain(CURLcode code, const Exchange& exchange) {
  if (!exchange.tls_problem.empty()) return exchange.tls_problem;
  if (exchange.too_large)
    return fmt::format("the answer is larger than {} bytes", exchange.settings->most_answer_bytes);
  if (code == CURLE_SEND_FAIL_REWIND)  // it would have repeated the request, and cannot
    return "the connection was lost before an answer came";
  const std::string text = exchange.problem[0] ? exchange.problem : curl_easy_strerror(code);
  const auto has = [&](const char* part) { return text.find(part) != std::string::npos; };
  if (has("expired")) return "the server's certificate has expired (" + text + ")";
  if (has("self-signed") || has("self signed") || has("unable to get local issuer"))
    return "the server's certificate is signed by no authority that is trusted here (" + text + ")";
  if (has("no alternative certificate subject name") || has("does not match target host"))
    return "the server's certificate is for another name (" + text + ")";
  if (has("certificate required") || has("bad certificate"))
    return "the server wants a client certificate that it trusts (" + text + ")";
  // A server that wants one may simply leave; with TLS 1.3 its alert is often lost with the
  // connection.
  const bool left = code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
                    code == CURLE_GOT_NOTHING || has("getpeername");
  const TlsSettings& tls = exchange.settings->tls;
  if (left && exchange.request.url.starts_with("https:") && exchange.answer.headers.empty() &&
      tls.certificate.empty() && tls.keystore.empty())
    return "the server ended the connection; does it want a client certificate? (" + text + ")";
  if (has("wrong version number"))
    return "the server does not speak TLS on this port (" + text + ")";
  return text;
}

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  curl_easy_setopt(easy, option, value);
}

void set_tls(CURL* easy, const TlsSettings& tls, Exchange& exchange) {
  set(easy, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  set(easy, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  if (tls.replaces_authorities() || !tls.trusted_fingerprints.empty()) {
    set(easy, CURLOPT_CAINFO, static_cast<char*>(nullptr));
    set(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  set(easy, CURLOPT_SSL_CTX_FUNCTION, &on_tls);
  set(easy, CURLOPT_SSL_CTX_DATA, static_cast<void*>(&exchange));
  if (!tls.certificate.empty()) {
    set(easy, CURLOPT_SSLCERT, tls.certificate.c_str());
    set(easy, CURLOPT_SSLKEY, (tls.key.empty() ? tls.certificate : tls.key).c_str());
  }
  const auto only = [&](const char* version) {
    return tls.protocols.size() == 1 && tls.protocols[0] == version;
  };
  const long least = only("TLSv1.3") ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2;
  const long most = only("TLSv1.2") ? CURL_SSLVERSION_MAX_TLSv1_2 : CURL_SSLVERSION_MAX_DEFAULT;
  set(easy, CURLOPT_SSLVERSION, least | most);
  if (const auto ciphers = cipher_lists(tls.cipher_suites)) {
    if (!ciphers->tls12.empty()) set(easy, CURLOPT_SSL_CIPHER_LIST, ciphers->tls12.c_str());
    if (!ciphers->tls13.empty()) set(easy, CURLOPT_TLS13_CIPHERS, ciphers->tls13.c_str());
  }
}

void set_connection(CURL* easy, const HttpSettings& settings) {
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_timeout.count()));
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(settings.timeout.count()));
  const auto idle = std::chrono::ceil<std::chrono::seconds>(settings.most_idle).count();
  set(easy, CURLOPT_MAXAGE_CONN, static_cast<long>(idle));
  set(easy, CURLOPT_PROXY, settings.proxy.c_str());  // "" switches the environment's off
  if (!settings.proxy_user.empty()) {
    set(easy, CURLOPT_PROXYUSERNAME, settings.proxy_user.c_str());
    set(easy, CURLOPT_PROXYPASSWORD, settings.proxy_password.reveal().c_str());
  }
}

void set_request(CURL* easy, Exchange& exchange) {
  const HttpRequest& request = exchange.request;
  set(easy, CURLOPT_URL, request.url.c_str());
  if (request.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    constexpr long kUploadBuffer = 256 << 10;
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(exchange.body_size()));
    set(easy, CURLOPT_READFUNCTION, &on_read);
    set(easy, CURLOPT_READDATA, static_cast<void*>(&exchange));
    // No CURLOPT_SEEKFUNCTION: libcurl would use it to repeat a request by itself when a kept
    // connection dies without an answer, though the server may have carried it out.
    if (request.method != "POST") set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  curl_slist* list = curl_slist_append(nullptr, "Expect:");  // proxies do not all know it
  for (const std::string& header : request.headers) list = curl_slist_append(list, header.c_str());
  exchange.headers.reset(list);
  set(easy, CURLOPT_HTTPHEADER, list);
  set(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
}

void set_callbacks(CURL* easy, Exchange& exchange) {
  set(easy, CURLOPT_ERRORBUFFER, static_cast<char*>(exchange.problem));
  set(easy, CURLOPT_WRITEFUNCTION, &on_body);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
  set(easy, CURLOPT_HEADERFUNCTION, &on_header);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(&exchange));
}

}  // namespace

struct HttpClient::State {
  HttpSettings settings;
  std::unique_ptr<CURLM, FreeMulti> multi;
  std::list<std::unique_ptr<Exchange>> exchanges;

  ~State() {
    for (const auto& exchange : exchanges)
      curl_multi_remove_handle(multi.get(), exchange->easy.get());
  }

  void finish(CURL* easy, CURLcode code);
};

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::create(HttpSettings settings) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_ALL); });
  if (auto ciphers = cipher_lists(settings.tls.cipher_suites); !ciphers)
    return fail(std::move(ciphers).error());
  auto state = std::make_unique<State>();
  state->settings = std::move(settings);
  state->multi.reset(curl_multi_init());
  if (!state->multi) return fail(Errc::io, "libcurl cannot be started");
  curl_multi_setopt(state->multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS,
                    state->settings.most_connections);
  curl_multi_setopt(state->multi.get(), CURLMOPT_MAX_HOST_CONNECTIONS,
                    state->settings.most_per_host);
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(state)));
}

void HttpClient::start(HttpRequest request, Done done) {
  auto exchange = std::make_unique<Exchange>();
  exchange->request = std::move(request);
  exchange->done = std::move(done);
  exchange->settings = &state_->settings;
  exchange->easy.reset(curl_easy_init());
  CURL* const easy = exchange->easy.get();
  set_callbacks(easy, *exchange);
  set_connection(easy, state_->settings);
  set_tls(easy, state_->settings.tls, *exchange);
  set_request(easy, *exchange);
  curl_multi_add_handle(state_->multi.get(), easy);
  state_->exchanges.push_back(std::move(exchange));
}

void HttpClient::State::finish(CURL* easy, CURLcode code) {
  const auto place = std::find_if(exchanges.begin(), exchanges.end(), [&](const auto& exchange) {
    return exchange->easy.get() == easy;
  });
  if (place == exchanges.end()) return;
  const std::unique_ptr<Exchange> exchange = std::move(*place);
  exchanges.erase(place);
  HttpAnswer& answer = exchange->answer;
  if (code == CURLE_OK) {
    long status = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after);
    answer.outcome = HttpAnswer::Outcome::answered;
    answer.status = static_cast<int>(status);
    answer.retry_after = std::chrono::seconds(retry_after);
  } else {
    answer.outcome = is_before_sending(code, easy) ? HttpAnswer::Outcome::not_sent
                                                   : HttpAnswer::Outcome::unknown;
    answer.problem = explain(code, *exchange);
  }
  curl_off_t took = 0;
  curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &took);
  answer.took = std::chrono::microseconds(took);
  curl_multi_remove_handle(multi.get(), easy);
  exchange->done(std::move(answer));
}

void HttpClient::run(std::chrono::milliseconds most) {
  CURLM* const multi = state_->multi.get();
  int running = 0;
  curl_multi_perform(multi, &running);
  int left = 0;
  bool finished = false;
  while (const CURLMsg* const message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    finished = true;
    state_->finish(message->easy_handle, message->data.result);
  }
  if (finished) return;  // the caller has something to do
  curl_multi_poll(multi, nullptr, 0, static_cast<int>(most.count()), nullptr);
}

void HttpClient::wake() noexcept { curl_multi_wakeup(state_->multi.get()); }

std::string_view HttpAnswer::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return {};
}

}  // namespace millrace
