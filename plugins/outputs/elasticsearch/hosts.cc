#include "plugins/outputs/elasticsearch/hosts.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>

#include "pipeline/event/base64.h"
#include "plugins/support/http_client.h"

namespace millrace::elasticsearch {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlPtr = std::unique_ptr<CURLU, FreeUrl>;

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK || !text) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

/// The text without what stands before an '@': for messages.
std::string without_credentials(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return at == std::string_view::npos ? std::string(text)
                                      : "...@" + std::string(text.substr(at + 1));
}

std::string trimmed_path(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return {};
  return path.starts_with('/') ? std::string(path) : "/" + std::string(path);
}

}  // namespace

Result<HostAddress> parse_host(std::string_view text, bool tls, std::string_view path) {
  const auto wrong = [&](std::string_view why) {
    return fail(Errc::invalid,
                fmt::format("\"{}\" {}, expected http://host:port, https://host:port or host:port",
                            without_credentials(text), why));
  };
  const bool has_scheme = text.find("://") != std::string_view::npos;
  const std::string full =
      has_scheme ? std::string(text) : (tls ? "https://" : "http://") + std::string(text);
  if (!full.starts_with("http://") && !full.starts_with("https://"))
    return wrong("has a scheme that is not known");
  const UrlPtr url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, full.c_str(), 0) != CURLUE_OK)
    return wrong("is no address");
  if (!part(url.get(), CURLUPART_QUERY).empty())
    return wrong("has a query, which `parameters` is for");
  HostAddress address;
  address.user = part(url.get(), CURLUPART_USER, CURLU_URLDECODE);
  address.password = Secret(part(url.get(), CURLUPART_PASSWORD, CURLU_URLDECODE));
  std::string port = part(url.get(), CURLUPART_PORT);
  if (port.empty()) port = "9200";
  const std::string own_path = trimmed_path(part(url.get(), CURLUPART_PATH));
  address.base = fmt::format("{}://{}:{}{}", part(url.get(), CURLUPART_SCHEME),
                             part(url.get(), CURLUPART_HOST), port,
                             own_path.empty() ? trimmed_path(path) : own_path);
  return address;
}

Result<HostAddress> parse_cloud_id(std::string_view id) {
  const auto wrong = [&](std::string_view why) {
    return fail(
        Errc::invalid,
        fmt::format("\"{}\" {}, expected name:base64 as the cloud console shows it", id, why));
  };
  const std::size_t colon = id.rfind(':');
  std::string encoded(colon == std::string_view::npos ? id : id.substr(colon + 1));
  while (encoded.size() % 4 != 0) encoded.push_back('=');
  const auto decoded = from_base64(encoded);
  if (!decoded) return wrong("is not base64 after the colon");
  const std::size_t first = decoded->find('$');
  if (first == std::string::npos) return wrong("names no cluster");
  const std::size_t second = decoded->find('$', first + 1);
  std::string domain = decoded->substr(0, first);
  std::string cluster =
      decoded->substr(first + 1, second == std::string::npos ? second : second - first - 1);
  std::string port = "443";
  const auto split_port = [&](std::string& name) {
    if (const std::size_t at = name.find(':'); at != std::string::npos) {
      port = name.substr(at + 1);
      name.resize(at);
    }
  };
  split_port(domain);
  split_port(cluster);
  if (cluster.empty() || cluster == "undefined" || domain.empty()) return wrong("names no cluster");
  return parse_host(fmt::format("https://{}.{}:{}", cluster, domain, port), true, "");
}

Host* HostPool::pick(Clock::time_point now) {
  Host* best = nullptr;
  std::size_t ties = 0;
  for (Host& host : hosts_) {
    if (host.state != Host::State::alive || host.not_before > now) continue;
    if (best && host.in_flight > best->in_flight) continue;
    ties = best && host.in_flight == best->in_flight ? ties + 1 : 1;
    if (std::uniform_int_distribution<std::size_t>(1, ties)(random_) == 1) best = &host;
  }
  return best;
}

bool HostPool::can_pick(Clock::time_point now) const {
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const Host& host) {
    return host.state == Host::State::alive && host.not_before <= now;
  });
}

Host* HostPool::to_probe(Clock::time_point now) {
  const auto host = std::find_if(hosts_.begin(), hosts_.end(), [&](const Host& one) {
    return one.state != Host::State::alive && !one.probing && one.not_before <= now;
  });
  return host == hosts_.end() ? nullptr : &*host;
}

Clock::time_point HostPool::due(Clock::time_point now) const {
  auto due = Clock::time_point::max();
  for (const Host& host : hosts_)
    if (host.not_before > now && !host.probing) due = std::min(due, host.not_before);
  return due;
}

void HostPool::revived(Host& host, ServerInfo server) {
  host.state = Host::State::alive;
  host.server = std::move(server);
  host.failures = 0;
  host.odd_answers = 0;
  host.not_before = {};
}

void HostPool::lost(Host& host, Clock::time_point now) {
  // Requests that were under way together break together: the pause grows with probes alone.
  if (host.state != Host::State::dead || host.probing) ++host.failures;
  host.state = Host::State::dead;
  auto delay = settings_.resurrect_delay;
  for (unsigned i = 1; i < host.failures && delay < kMostResurrectDelay; ++i) delay *= 2;
  delay = std::min(delay, std::max(kMostResurrectDelay, settings_.resurrect_delay));
  const double jitter = std::uniform_real_distribution<double>(0.5, 1.0)(random_);
  host.not_before = now + std::chrono::duration_cast<Clock::duration>(delay * jitter);
}

void HostPool::busy(Host& host, Clock::time_point now, std::chrono::seconds asked_for) {
  constexpr std::chrono::seconds kMostAskedFor{120};
  const Clock::duration own = settings_.busy.pause(host.failures++, random_);
  const Clock::duration pause = std::max<Clock::duration>(own, std::min(asked_for, kMostAskedFor));
  host.not_before = std::max(host.not_before, now + pause);
  host.odd_answers = 0;
}

void HostPool::served(Host& host) {
  host.failures = 0;
  host.odd_answers = 0;
}

bool HostPool::odd(Host& host, Clock::time_point now) {
  constexpr unsigned kTooMany = 3;
  if (++host.odd_answers < kTooMany) return busy_after_odd(host, now), false;
  lost(host, now);
  return true;
}

void HostPool::busy_after_odd(Host& host, Clock::time_point now) {
  host.not_before = now + settings_.busy.pause(host.odd_answers, random_);
}

std::size_t HostPool::alive() const {
  return static_cast<std::size_t>(std::count_if(hosts_.begin(), hosts_.end(), [](const Host& host) {
    return host.state == Host::State::alive;
  }));
}

void Concurrency::good() {
  if (ignore_ > 0) --ignore_;
  if (++good_in_row_ < allowed()) return;
  good_in_row_ = 0;
  allowed_ = std::min(static_cast<double>(most_), allowed_ + 1);
}

void Concurrency::too_much(std::size_t in_flight) {
  good_in_row_ = 0;
  if (ignore_ > 0) {
    --ignore_;
    return;
  }
  allowed_ = std::max(1.0, allowed_ / 2);
  ignore_ = in_flight;
}

}  // namespace millrace::elasticsearch
