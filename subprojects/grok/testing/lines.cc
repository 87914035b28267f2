#include "lines.h"

#include <array>
#include <string_view>

#include "random.h"

namespace grok::testing {
namespace {

using Text = std::string;

constexpr std::array kWords{"ledger",  "harbour", "copper", "meadow", "lantern", "orchard",
                            "thicket", "granite", "willow", "anchor", "barley",  "compass"};
constexpr std::array kUsers{"-", "-", "-", "-", "-", "ilse", "marek", "svc.backup", "o_brien"};
constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array kMethods{"GET", "GET", "GET", "GET", "POST", "PUT", "HEAD", "DELETE"};
constexpr std::array kStatuses{200, 200, 200, 200, 201, 204, 206, 301, 304, 403, 404, 500, 503};
constexpr std::array kAgents{
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15", "curl/8.5.0",
    "MeadowCrawler/3.1 (+https://crawl.meadow.example/about)"};
constexpr std::array kPrograms{"sshd", "cron", "postfix/smtpd", "systemd", "kernel", "dockerd"};
constexpr std::array kLevels{"DEBUG", "INFO", "INFO", "INFO", "WARN", "ERROR"};
constexpr std::array kPackages{"com.meadow.ledger", "org.orchard.net", "java.util.concurrent",
                               "io.harbour.http", "sun.nio.ch"};
constexpr std::array kClasses{"Acceptor", "Pool$Worker", "RequestHandler", "Session", "Codec$1"};
constexpr std::array kCalls{"run", "<init>", "handle", "awaitTermination", "lambda$submit$4"};

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  Text line(LineKind kind) {
    switch (kind) {
      case LineKind::combined:
        return combined();
      case LineKind::combined_cut: {
        Text line = combined();
        line.pop_back();
        return line;
      }
      case LineKind::syslog:
        return syslog();
      case LineKind::haproxy_http:
        return haproxy();
      case LineKind::java_stack:
        return java_stack();
      case LineKind::kilobyte:
        return kilobyte();
      case LineKind::iso_level:
        return iso_level();
      case LineKind::key_value:
        return key_value();
    }
    return {};
  }

 private:
  Text number(std::size_t low, std::size_t high) {
    return std::to_string(random_.between(low, high));
  }
  /// With leading zeros.
  Text padded(std::size_t low, std::size_t high, std::size_t width) {
    Text text = number(low, high);
    return Text(width - std::min(width, text.size()), '0') + text;
  }
  Text word() { return random_.pick(kWords); }
  Text ipv4() {
    return number(1, 223) + "." + number(0, 255) + "." + number(0, 255) + "." + number(1, 254);
  }
  Text hex(std::size_t digits) {
    Text text;
    while (digits-- > 0) text += "0123456789abcdef"[random_.below(16)];
    return text;
  }
  Text ip() {
    return random_.percent(90) ? ipv4() : "2001:db8:" + hex(4) + ":" + hex(3) + "::" + hex(2);
  }
  Text clock() { return padded(0, 23, 2) + ":" + padded(0, 59, 2) + ":" + padded(0, 59, 2); }
  Text http_date() {
    return padded(1, 28, 2) + "/" + random_.pick(kMonths) + "/" + number(2019, 2026) + ":" +
           clock();
  }
  Text syslog_date() {
    const Text day = number(1, 28);
    return Text(random_.pick(kMonths)) + (day.size() == 1 ? "  " : " ") + day + " " + clock();
  }
  Text host() { return word() + (random_.percent(50) ? number(1, 40) : "." + word() + ".example"); }
  Text path() {
    Text text;
    for (std::size_t i = random_.between(1, 3); i > 0; --i) text += "/" + word();
    return text + "/" + number(1, 90000);
  }
  Text sentence(std::size_t words) {
    Text text;
    for (; words > 0; --words)
      text += (random_.percent(20) ? number(0, 9999) : word()) + (words == 1 ? "" : " ");
    return text;
  }

  Text combined() {
    const Text head = ip() + " - " + random_.pick(kUsers) + " [" + http_date() + " +0000] \"" +
                      random_.pick(kMethods) + " " + path();
    const Text referrer = random_.percent(40) ? "-" : "https://" + host() + path();
    const Text tail = Text(" HTTP/") + (random_.percent(70) ? "1.1" : "2.0") + "\" " +
                      std::to_string(random_.pick(kStatuses)) + " " + number(0, 180000) + " \"" +
                      referrer + "\" \"" + random_.pick(kAgents) + "\"";
    // The query brings all lines near the same length.
    const std::size_t target = random_.between(200, 260);
    Text query;
    while (head.size() + query.size() + tail.size() + 12 < target)
      query += (query.empty() ? "?" : "&") + word() + "=" + hex(random_.between(1, 12));
    return head + query + tail;
  }

  Text syslog() {
    return syslog_date() + " " + host() + " " + random_.pick(kPrograms) + "[" + number(1, 65000) +
           "]: " + sentence(random_.between(5, 14));
  }

  Text haproxy() {
    const Text counts = number(0, 90) + "/" + number(0, 90) + "/" + number(0, 90) + "/" +
                        number(0, 9) + "/0 " + number(0, 9) + "/0";
    return syslog_date() + " " + host() + " haproxy[" + number(100, 65000) + "]: " + ipv4() + ":" +
           number(1024, 65000) + " [" + http_date() + "." + padded(0, 999, 3) + "] web~ " + word() +
           "/" + host() + " " + number(0, 20) + "/0/" + number(0, 9) + "/" + number(0, 900) + "/" +
           number(0, 990) + " " + std::to_string(random_.pick(kStatuses)) + " " + number(0, 90000) +
           " - - ---- " + counts + " {" + host() + "} \"" + random_.pick(kMethods) + " " + path() +
           "?" + word() + "=" + hex(8) + " HTTP/1.1\"";
  }

  Text java_stack() {
    return Text("\tat ") + random_.pick(kPackages) + "." + random_.pick(kClasses) + "." +
           random_.pick(kCalls) + "(" +
           (random_.percent(90) ? Text(random_.pick(kClasses)) + ".java:" + number(1, 3000)
                                : Text("Native Method")) +
           ")";
  }

  Text kilobyte() {
    const Text tail = " from " + ipv4() + " took " + number(1, 5000) + " ms";
    Text text;
    while (text.size() + tail.size() < 1010)
      text += sentence(3) + (random_.percent(30) ? ", " : " ");
    text.resize(1024 - tail.size());
    return text + tail;
  }

  Text iso_level() {
    return number(2019, 2026) + "-" + padded(1, 12, 2) + "-" + padded(1, 28, 2) + "T" + clock() +
           "." + padded(0, 999, 3) + (random_.percent(50) ? "Z" : "+02:00") + " " +
           random_.pick(kLevels) + " [" + word() + "-" + number(1, 32) + "] " +
           random_.pick(kPackages) + "." + random_.pick(kClasses) + " - " +
           sentence(random_.between(3, 12));
  }

  Text key_value() {
    Text text;
    for (std::size_t i = random_.between(3, 9); i > 0; --i) {
      text += word() + "=";
      text += random_.percent(30) ? "\"" + sentence(3) + "\"" : hex(random_.between(1, 10));
      if (i > 1) text += ' ';
    }
    return text;
  }

  Random random_;
};

}  // namespace

std::vector<std::string> make_lines(LineKind kind, std::size_t count, std::uint64_t seed) {
  Writer writer(seed * 1000 + static_cast<std::uint64_t>(kind));
  std::vector<std::string> lines;
  lines.reserve(count);
  while (lines.size() < count) lines.push_back(writer.line(kind));
  return lines;
}

}  // namespace grok::testing
