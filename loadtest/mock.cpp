// penstock-mock: a scripted upstream that speaks the OpenAI chat API over HTTP/1.1, one thread, as
// fast as plain epoll goes, so that a proxy in front of it is what gets measured. Understands just
// enough HTTP for well-behaved clients: keep-alive, Content-Length, no chunked requests.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "machine.h"
#include "mock_script.h"
#include "options.h"

namespace penstock::loadtest {
namespace {

constexpr const char* usage =
    "penstock-mock: scripted OpenAI-like upstream\n"
    "  --port=N         port on 127.0.0.1; 0 takes a free one (default); printed on start\n"
    "  --script=NAME    answer when the model is no script (mock-whole-600)\n"
    "  --cpu=N          bind to this CPU\n"
    "  --spin           never sleep; share the CPU by yielding\n"
    "  --lifetime=S     end after S seconds (3600)\n"
    "Scripts: mock-whole-SIZE[-dUS] mock-stream-nEVENTS-bPER_WRITE-dUS[-sSIZE][-hold|-cut|-merge]\n"
    "         [-anthropic] mock-hold mock-status-CODE\n";

constexpr std::size_t read_bytes = 256UL * 1024;
constexpr std::size_t head_bytes_max = 64UL * 1024;
constexpr int events_max = 512;

struct Connection {
  int fd = -1;
  std::uint64_t serial = 0;  // tells a timer that the descriptor has a new owner
  std::string in;            // a request that came in pieces
  std::string out;           // what the socket did not take
  Script* script = nullptr;  // under way, nullptr between requests
  std::uint32_t events_sent = 0;
  std::int64_t due_ns = 0;
  bool head_sent = false;
  bool wants_usage = false;
  bool blocked = false;  // `out` waits for the socket
};

struct Request {
  std::string_view body;
  std::size_t bytes = 0;  // head and body
  bool is_get = false;
};

enum class Parsed : std::uint8_t { whole, partial, wrong };

// Finds the end of one request. The head is searched line by line for Content-Length.
Parsed parse_request(std::string_view in, Request& request) {
  const std::size_t head_end = in.find("\r\n\r\n");
  if (head_end == std::string_view::npos) {
    return in.size() > head_bytes_max ? Parsed::wrong : Parsed::partial;
  }
  constexpr std::string_view name = "content-length:";
  std::size_t length = 0;
  for (std::size_t at = in.find("\r\n"); at < head_end; at = in.find("\r\n", at + 2)) {
    const char* line = in.data() + at + 2;
    if (head_end - at < name.size() || strncasecmp(line, name.data(), name.size()) != 0) continue;
    line += name.size();
    while (*line == ' ') ++line;
    if (std::from_chars(line, in.data() + head_end, length).ec != std::errc{}) {
      return Parsed::wrong;
    }
  }
  const std::size_t body_at = head_end + 4;
  if (in.size() - body_at < length) return Parsed::partial;
  request = {.body = in.substr(body_at, length),
             .bytes = body_at + length,
             .is_get = in.starts_with("GET ")};
  return Parsed::whole;
}

// Text of the first "model" member, "" if there is none.
std::string_view model_of(std::string_view body) {
  constexpr std::string_view mark = "\"model\":";
  std::size_t at = body.find(mark);
  if (at == std::string_view::npos) return {};
  at += mark.size();
  while (at < body.size() && (body[at] == ' ' || body[at] == '"')) ++at;
  return body.substr(at, body.find('"', at) - at);
}

class Mock {
 public:
  Mock(int port, std::string default_model, bool spin)
      : default_model_(std::move(default_model)), spin_(spin) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, 4096) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::perror("The mock cannot listen; choose another --port");
      std::exit(1);
    }
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    std::printf("port %d\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  [[noreturn]] void run() {
    epoll_event found[events_max];
    for (;;) {
      const int count = wait_events(epoll_, found, events_max, spin_, until_next());
      for (int i = 0; i < count; ++i) {
        if (found[i].data.fd == listener_) {
          accept_all();
        } else {
          ready(found[i].data.fd, found[i].events);
        }
      }
      run_timers();
      run_eager();
    }
  }

 private:
  struct Timer {
    std::int64_t due_ns;
    std::uint64_t serial;
    int fd;
    bool operator>(const Timer& other) const { return due_ns > other.due_ns; }
  };

  void watch(int fd, std::uint32_t events, int how) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    epoll_ctl(epoll_, how, fd, &event);
  }

  std::int64_t until_next() const {
    if (!eager_.empty()) return 0;
    return timers_.empty() ? 1'000'000'000 : timers_.top().due_ns - now_ns();
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (connections_.size() <= static_cast<std::size_t>(fd)) {
        connections_.resize(static_cast<std::size_t>(fd) + 1);
      }
      auto& slot = connections_[static_cast<std::size_t>(fd)];
      slot = std::make_unique<Connection>();
      slot->fd = fd;
      slot->serial = ++serial_;
      watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  Connection* find(int fd, std::uint64_t serial) {
    Connection* connection = connections_[static_cast<std::size_t>(fd)].get();
    return connection != nullptr && connection->serial == serial ? connection : nullptr;
  }

  void drop(Connection& connection) {
    close(connection.fd);
    connections_[static_cast<std::size_t>(connection.fd)].reset();
  }

  void ready(int fd, std::uint32_t events) {
    Connection* connection = connections_[static_cast<std::size_t>(fd)].get();
    if (connection == nullptr) return;
    if ((events & EPOLLOUT) != 0 && !flush(*connection)) return;
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) receive(*connection);
  }

  void receive(Connection& connection) {
    const ssize_t size = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) return drop(connection);
    std::string_view view(buffer_.data(), static_cast<std::size_t>(size));
    if (!connection.in.empty() || connection.script != nullptr) {
      connection.in.append(view);
      serve_kept(connection);
      return;
    }
    if (!serve(connection, view)) return;
    connection.in.assign(view);
  }

  // Requests that had to be kept: in pieces, or sent before the last answer ended.
  void serve_kept(Connection& connection) {
    std::string_view view(connection.in);
    const std::size_t before = view.size();
    if (serve(connection, view)) connection.in.erase(0, before - view.size());
  }

  // Answers whole requests at the front of `view` and removes them. False: connection gone.
  bool serve(Connection& connection, std::string_view& view) {
    while (connection.script == nullptr && !view.empty()) {
      Request request;
      const Parsed parsed = parse_request(view, request);
      if (parsed == Parsed::partial) return true;
      if (parsed == Parsed::wrong) {
        drop(connection);
        return false;
      }
      begin(connection, request);
      view.remove_prefix(request.bytes);
      if (connection.script->delay_ns == 0 && connection.script->kind != Script::Kind::stream &&
          !advance(connection)) {
        return false;
      }
    }
    return true;
  }

  void begin(Connection& connection, const Request& request) {
    const std::string_view body = request.body;
    connection.script = request.is_get ? &script_for(default_model_) : &script_for(model_of(body));
    connection.wants_usage = body.find("\"include_usage\":true") != std::string_view::npos ||
                             body.find("\"include_usage\": true") != std::string_view::npos;
    connection.events_sent = 0;
    connection.head_sent = false;
    const Script& script = *connection.script;
    if (script.kind == Script::Kind::hold) return;
    if (script.kind == Script::Kind::stream) {
      if (script.delay_ns == 0) {
        eager_.push_back({0, connection.serial, connection.fd});
      } else {
        schedule(connection, now_ns());
      }
    } else if (script.delay_ns > 0) {
      schedule(connection, now_ns() + script.delay_ns);
    }
  }

  Script& script_for(std::string_view model) {
    const auto known = scripts_.find(model);
    if (known != scripts_.end()) return known->second;
    auto script = parse_script(model);
    // Unknown names share one script, so that a client cannot fill the table with names.
    if (!script) return script_for(default_model_);
    prepare(*script, model);
    return scripts_.emplace(std::string(model), std::move(*script)).first->second;
  }

  void schedule(Connection& connection, std::int64_t due_ns) {
    connection.due_ns = due_ns;
    timers_.push({due_ns, connection.serial, connection.fd});
  }

  // Sends the next piece of the answer under way. False: connection gone.
  bool advance(Connection& connection) {
    Script& script = *connection.script;
    if (script.kind != Script::Kind::stream) {
      connection.script = nullptr;
      return send_bytes(connection, script.answer);
    }
    std::string first;
    if (connection.events_sent < script.events) {
      const std::uint32_t count =
          std::min(script.events_per_write, script.events - connection.events_sent);
      stamp(script, count, now_ns());
      std::string_view bytes(script.write);
      if (!script.merge) bytes = bytes.substr(0, script.event_ends[count - 1]);
      connection.events_sent += count;
      if (!connection.head_sent) {
        connection.head_sent = true;
        first = script.answer;
        first += bytes;
        bytes = first;
      }
      return send_bytes(connection, bytes);
    }
    if (script.end == Script::End::cut) {
      drop(connection);
      return false;
    }
    connection.script = nullptr;
    return send_bytes(connection, connection.wants_usage ? script.tail_with_usage : script.tail);
  }

  bool send_bytes(Connection& connection, std::string_view bytes) {
    ssize_t sent = 0;
    if (!connection.blocked) {
      sent = send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN) {
        drop(connection);
        return false;
      }
      sent = std::max<ssize_t>(sent, 0);
    }
    if (static_cast<std::size_t>(sent) == bytes.size()) return true;
    connection.out.append(bytes.substr(static_cast<std::size_t>(sent)));
    if (!connection.blocked) watch(connection.fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    connection.blocked = true;
    return true;
  }

  // Sends what waited. False: connection gone.
  bool flush(Connection& connection) {
    const std::string waiting = std::move(connection.out);
    connection.out.clear();
    watch(connection.fd, EPOLLIN, EPOLL_CTL_MOD);
    connection.blocked = false;
    return send_bytes(connection, waiting);
  }

  // True when the answer under way has another piece to send some time.
  static bool goes_on(const Connection& connection) {
    const Script* script = connection.script;
    return script != nullptr &&
           (connection.events_sent < script->events || script->end != Script::End::hold);
  }

  void run_timers() {
    if (timers_.empty()) return;
    const std::int64_t now = now_ns();
    while (!timers_.empty() && timers_.top().due_ns <= now) {
      const Timer timer = timers_.top();
      timers_.pop();
      Connection* connection = find(timer.fd, timer.serial);
      if (connection == nullptr || connection->script == nullptr) continue;
      const std::int64_t delay_ns = connection->script->delay_ns;
      // A client that reads slowly misses this turn; nothing piles up in memory.
      if (!connection->blocked && !advance(*connection)) continue;
      after_piece(*connection, [&] { schedule(*connection, timer.due_ns + delay_ns); });
    }
  }

  // One write for every stream without delay, so that all of them move at once.
  void run_eager() {
    turn_.swap(eager_);
    for (const Timer& entry : turn_) {
      Connection* connection = find(entry.fd, entry.serial);
      if (connection == nullptr || connection->script == nullptr) continue;
      if (!connection->blocked && !advance(*connection)) continue;
      after_piece(*connection, [&] { eager_.push_back(entry); });
    }
    turn_.clear();
  }

  template <class F>
  void after_piece(Connection& connection, F&& again) {
    if (goes_on(connection)) {
      again();
    } else if (connection.script == nullptr && !connection.in.empty()) {
      serve_kept(connection);
    }
  }

  std::string default_model_;
  bool spin_;
  int epoll_ = -1;
  int listener_ = -1;
  std::uint64_t serial_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
  std::map<std::string, Script, std::less<>> scripts_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::vector<Timer> eager_;  // streams without delay
  std::vector<Timer> turn_;
  std::vector<char> buffer_ = std::vector<char>(read_bytes);
};

}  // namespace
}  // namespace penstock::loadtest

int main(int argc, char** argv) {
  using namespace penstock::loadtest;
  Options options(argc, argv, usage);
  const int port = options.integer("port", 0);
  const std::string script(options.text("script", "mock-whole-600"));
  const bool spin = options.flag("spin");
  const int cpu = options.integer("cpu", 1024);
  const int lifetime_s = options.integer("lifetime", 3600);
  options.refuse_unknown();
  if (!parse_script(script)) {
    std::fprintf(stderr, "--script=%s is not a script.\n%s", script.c_str(), usage);
    return 2;
  }
  bound_lifetime(static_cast<unsigned>(lifetime_s));
  if (cpu < 1024 && !pin_to_cpu(cpu)) {
    std::fprintf(stderr, "Cannot bind to CPU %d; name one that this process may use.\n", cpu);
    return 1;
  }
  Mock(port, script, spin).run();
}
