// An Elasticsearch that takes every document and keeps none: what the elasticsearch output is
// measured against. Listens on a free port of 127.0.0.1, prints it, and ends when its standard
// input does. Bodies must have a Content-Length and hold create actions, as many as the header
// X-Elastic-Event-Count says: what a body holds is not looked at, so that it costs the machine
// little.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

struct Connection {
  int fd;
  std::string in;
  std::string out;
};

static const char kRoot[] =
    R"({"name":"sink","version":{"number":"8.19.2","build_flavor":"default"},"tagline":"You Know, for Search"})";

// The number in the header `name`, which is "name:" in lower case; 0 where there is none.
static std::size_t number_in(std::string_view head, std::string_view name) {
  for (std::size_t at = 0; (at = head.find('\n', at)) != std::string_view::npos; ++at)
    if (head.size() - at > name.size() &&
        !strncasecmp(head.data() + at + 1, name.data(), name.size()))
      return std::strtoull(head.data() + at + 1 + name.size(), nullptr, 10);
  return 0;
}

static std::string answer_for(std::size_t documents) {
  if (documents == 0) return kRoot;
  static const char kItem[] = R"({"create":{"status":201}})";
  std::string answer = R"({"errors":false,"items":[)";
  for (std::size_t i = 0; i < documents; ++i) answer.append(i ? "," : "").append(kItem);
  return answer + "]}";
}

// Takes whole requests off `in` and puts answers to `out`.
static void serve(Connection& connection) {
  for (;;) {
    const std::size_t head = connection.in.find("\r\n\r\n");
    if (head == std::string::npos) return;
    const std::string_view text(connection.in);
    const std::size_t length = number_in(text.substr(0, head + 2), "content-length:");
    if (connection.in.size() < head + 4 + length) return;
    const std::string answer =
        answer_for(number_in(text.substr(0, head + 2), "x-elastic-event-count:"));
    connection.out +=
        "HTTP/1.1 200 OK\r\nX-elastic-product: Elasticsearch\r\nContent-Type: "
        "application/json\r\nContent-Length: " +
        std::to_string(answer.size()) + "\r\n\r\n" + answer;
    connection.in.erase(0, head + 4 + length);
  }
}

// False: the client left.
static bool move_bytes(Connection& connection, short events) {
  static char buffer[1 << 18];
  if (events & (POLLIN | POLLHUP | POLLERR)) {
    const ssize_t got = read(connection.fd, buffer, sizeof buffer);
    if (got <= 0) return false;
    connection.in.append(buffer, static_cast<std::size_t>(got));
    serve(connection);
  }
  if (!connection.out.empty()) {
    const ssize_t put =
        send(connection.fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (put > 0) connection.out.erase(0, static_cast<std::size_t>(put));
  }
  return true;
}

int main() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) || listen(listener, 64) ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size))
    return std::perror("bulk_sink"), 1;
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  std::vector<Connection> connections;
  for (;;) {
    std::vector<pollfd> polled{{0, POLLIN, 0}, {listener, POLLIN, 0}};
    for (const Connection& one : connections)
      polled.push_back(
          {one.fd, static_cast<short>(one.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    poll(polled.data(), polled.size(), -1);
    if (polled[0].revents) return 0;
    for (std::size_t i = connections.size(); i-- > 0;)
      if (polled[i + 2].revents && !move_bytes(connections[i], polled[i + 2].revents)) {
        close(connections[i].fd);
        connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(i));
      }
    if (polled[1].revents) {
      const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
      const int one = 1;
      if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one),
            connections.push_back({fd, {}, {}});
    }
  }
}
