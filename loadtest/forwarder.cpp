// penstock-forwarder: copies bytes between a client and an upstream and understands nothing of
// them. What a proxy costs beyond it, its own work costs; nothing that reads a request can be
// cheaper. One thread, plain epoll, one upstream connection for every client connection.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "machine.h"
#include "options.h"

namespace penstock::loadtest {
namespace {

constexpr const char* usage =
    "penstock-forwarder: copies bytes between its clients and one upstream\n"
    "  --port=N         port on 127.0.0.1; 0 takes a free one (default); printed on start\n"
    "  --upstream=N     port on 127.0.0.1 that every connection is led to\n"
    "  --lifetime=S     end after S seconds (3600)\n";

constexpr std::size_t read_bytes = 256UL * 1024;
constexpr int events_max = 512;
constexpr int send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
constexpr std::int64_t wait_ns = 1'000'000'000;

// A descriptor's own half. While something is unsent, the peer is not read, so that a slow reader
// holds the writer back.
struct End {
  int peer = -1;
  std::string unsent;  // for this descriptor
};

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

class Forwarder {
 public:
  Forwarder(int port, int upstream_port) : upstream_(loopback(upstream_port)) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_, 4096) != 0) {
      fail("listen");
    }
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &size);
    std::printf("port %d\n", ntohs(bound.sin_port));
    std::fflush(stdout);
    watch(listener_, EPOLL_CTL_ADD, EPOLLIN);
  }

  [[noreturn]] void run() {
    std::vector<epoll_event> events(events_max);
    for (;;) {
      const int count = wait_events(epoll_, events.data(), events_max, false, wait_ns);
      for (int i = 0; i < count; ++i) handle(events[static_cast<std::size_t>(i)]);
    }
  }

 private:
  void handle(const epoll_event& event) {
    const int fd = event.data.fd;
    if (fd == listener_) return take_clients();
    if (ends_[index(fd)].peer < 0) return;  // closed by an event of this turn
    if ((event.events & EPOLLOUT) != 0 && !flush(fd)) return;
    if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) pass(fd);
  }

  void take_clients() {
    for (;;) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (client < 0) return;
      const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (server < 0) fail("socket");
      // On loopback connecting does not wait for anybody.
      if (connect(server, reinterpret_cast<const sockaddr*>(&upstream_), sizeof upstream_) != 0) {
        fail("connect to the upstream");
      }
      join(client, server);
      join(server, client);
    }
  }

  void join(int fd, int peer) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (index(fd) >= ends_.size()) ends_.resize(index(fd) + 1);
    ends_[index(fd)] = {peer, {}};
    watch(fd, EPOLL_CTL_ADD, EPOLLIN);
  }

  void pass(int fd) {
    const int peer = ends_[index(fd)].peer;
    if (!ends_[index(peer)].unsent.empty()) return close_both(fd, peer);  // hung up
    const ssize_t got = recv(fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return close_both(fd, peer);
    ssize_t sent = send(peer, buffer_.data(), static_cast<std::size_t>(got), send_flags);
    if (sent == got) return;
    if (sent < 0 && errno != EAGAIN) return close_both(fd, peer);
    if (sent < 0) sent = 0;
    ends_[index(peer)].unsent.assign(buffer_.data() + sent, static_cast<std::size_t>(got - sent));
    watch(peer, EPOLL_CTL_MOD, EPOLLOUT | EPOLLIN);
    watch(fd, EPOLL_CTL_MOD, 0);
  }

  // Sends what is left over for `fd`. Returns false when the connection ended.
  bool flush(int fd) {
    End& end = ends_[index(fd)];
    const int peer = end.peer;
    const ssize_t sent = send(fd, end.unsent.data(), end.unsent.size(), send_flags);
    if (sent < 0 && errno != EAGAIN) {
      close_both(fd, peer);
      return false;
    }
    if (sent > 0) end.unsent.erase(0, static_cast<std::size_t>(sent));
    if (!end.unsent.empty()) return true;
    watch(fd, EPOLL_CTL_MOD, EPOLLIN);
    watch(peer, EPOLL_CTL_MOD, EPOLLIN);
    return true;
  }

  void close_both(int fd, int peer) {
    for (const int one : {fd, peer}) {
      ends_[index(one)] = {};
      close(one);
    }
  }

  void watch(int fd, int operation, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    epoll_ctl(epoll_, operation, fd, &event);
  }

  static std::size_t index(int fd) { return static_cast<std::size_t>(fd); }

  sockaddr_in upstream_;
  int epoll_ = -1;
  int listener_ = -1;
  std::vector<End> ends_;  // by descriptor
  std::vector<char> buffer_ = std::vector<char>(read_bytes);
};

}  // namespace
}  // namespace penstock::loadtest

int main(int argc, char** argv) {
  using namespace penstock::loadtest;
  Options options(argc, argv, usage);
  const int port = options.integer("port", 0);
  const int upstream = options.integer("upstream", 0);
  const int lifetime_s = options.integer("lifetime", 3600);
  options.refuse_unknown();
  if (upstream == 0) {
    std::fputs(usage, stderr);
    return 2;
  }
  bound_lifetime(static_cast<unsigned>(lifetime_s));
  Forwarder(port, upstream).run();
}
