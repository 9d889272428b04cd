#include "load.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "machine.h"

namespace penstock::loadtest {

namespace {

constexpr std::size_t read_bytes = 256UL * 1024;
constexpr int events_max = 512;
constexpr std::uint64_t errors_max = 1000;       // a run with more measures nothing; it ends
constexpr std::size_t hold_at_once = 32;         // requests under way while connections are opened
constexpr std::size_t hold_warm_requests = 500;  // before memory is read the first time
constexpr double ns_per_s = 1e9;

std::int64_t to_ns(double seconds) {
  return static_cast<std::int64_t>(seconds * ns_per_s);
}

// The whole request; the body is padded with readable text to the wanted size.
std::string make_request(const Plan& plan) {
  std::string front = R"({"model":")" + plan.model + R"(","messages":[{"role":"system",)" +
                      R"("content":"You are a terse assistant."},{"role":"user","content":")";
  std::string back = R"("}],"temperature":0.2,"max_tokens":256)";
  if (plan.stream) back += R"(,"stream":true)";
  if (plan.include_usage) back += R"(,"stream_options":{"include_usage":true})";
  back += R"(,"user":"load-test"})";
  std::string body = front;
  constexpr std::string_view filler = "Explain how water moves through a mill and why. ";
  while (body.size() + back.size() < plan.body_bytes) {
    body += filler.substr(0, plan.body_bytes - body.size() - back.size());
  }
  body += back;
  std::string request = "POST " + plan.path + " HTTP/1.1\r\nHost: 127.0.0.1:" +
                        std::to_string(ntohs(plan.target.sin_port)) +
                        "\r\nUser-Agent: penstock-loadgen\r\nAccept: */*\r\n";
  if (!plan.key.empty()) request += "Authorization: Bearer " + plan.key + "\r\n";
  request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
             "\r\n\r\n";
  return request + body;
}

}  // namespace

Load::Load(const Plan& plan)
    : plan_(plan),
      request_(make_request(plan)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      buffer_(read_bytes) {}

Load::~Load() {
  for (const auto& connection : connections_) {
    if (connection->fd >= 0) close(connection->fd);
  }
  close(epoll_);
}

const Results& Load::run() {
  if (plan_.proxy != 0) {
    tree_ = process_tree(plan_.proxy);
    results_.proxy_processes = tree_.size();
  }
  start_ns_ = now_ns();
  if (plan_.hold) {
    run_hold();
  } else {
    run_load();
  }
  const std::int64_t now = now_ns();
  for (const auto& connection : connections_) {
    if (!connection->busy) continue;
    ++results_.waiting;
    results_.oldest_waiting_s = std::max(results_.oldest_waiting_s,
                                         static_cast<double>(now - connection->due_ns) / ns_per_s);
  }
  return results_;
}

void Load::run_load() {
  const std::int64_t window_at = start_ns_ + to_ns(plan_.warmup_s);
  const std::int64_t end_at = window_at + to_ns(plan_.duration_s);
  next_arrival_ns_ = start_ns_;
  bool open = false;
  for (std::int64_t now = start_ns_; now < end_at; now = now_ns()) {
    if (!open && now >= window_at) {
      open_window();
      open = true;
    }
    if (plan_.requests != 0 && answered_ + results_.errors.total() >= plan_.requests) break;
    if (results_.errors.total() > errors_max) break;
    begin_connections(now);
    if (open_ == 0 && connections_.size() == plan_.connections) break;  // nothing left to wait for
    begin_arrivals(now);
    turn(open ? end_at : window_at);
  }
  if (!open) open_window();
  close_window();
}

// Memory of connections that wait: a few requests to warm the proxy up, memory, then all
// connections one after the other with one request each, memory again.
void Load::run_hold() {
  by_hand_ = true;
  warm_for_hold();
  results_.memory_before = memory_of(tree_);
  open_window();
  const std::size_t warm = connections_.size();
  const std::int64_t give_up = now_ns() + to_ns(60);
  while (now_ns() < give_up && results_.errors.total() <= errors_max) {
    if (connections_.size() == warm + plan_.connections && busy_ == 0) break;
    while (connections_.size() < warm + plan_.connections && busy_ < hold_at_once) {
      connections_.push_back(std::make_unique<Connection>());
      Connection& connection = *connections_.back();
      if (connect_to_target(connection)) begin_request(connection, now_ns());
    }
    turn(now_ns() + to_ns(0.1));
  }
  const std::int64_t until = now_ns() + to_ns(plan_.duration_s);
  while (now_ns() < until) turn(until);
  close_window();
}

// Requests one by one on one connection, which is closed afterwards. Streams that never end leave
// no way to do that; they get one connection that stays.
void Load::warm_for_hold() {
  const std::int64_t give_up = now_ns() + to_ns(10);
  connections_.push_back(std::make_unique<Connection>());
  Connection& connection = *connections_.back();
  for (std::size_t i = 0; i < (plan_.stream ? 1 : hold_warm_requests); ++i) {
    if (connection.fd < 0 && !connect_to_target(connection)) return;
    begin_request(connection, now_ns());
    while (connection.busy && now_ns() < give_up) turn(give_up);
  }
}

// One look at the sockets, waiting until something happens or `until_ns` at most.
void Load::turn(std::int64_t until_ns) {
  const std::int64_t now = now_ns();
  std::int64_t wait_ns = until_ns - now;
  if (plan_.rate_per_s > 0) wait_ns = std::min(wait_ns, next_arrival_ns_ - now);
  if (!plan_.hold && connections_.size() < plan_.connections) {
    wait_ns = std::min<std::int64_t>(wait_ns, 100'000);  // more connections are to begin
  }
  epoll_event found[events_max];
  const int count = wait_events(epoll_, found, events_max, plan_.spin, wait_ns);
  for (int i = 0; i < count; ++i) {
    auto& connection = *static_cast<Connection*>(found[i].data.ptr);
    if (connection.fd < 0) continue;
    if ((found[i].events & EPOLLOUT) != 0) continue_writing(connection);
    if ((found[i].events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) readable(connection);
  }
}

// Opens the connections whose time has come; in a closed loop each begins to send at once.
void Load::begin_connections(std::int64_t now) {
  const double share =
      plan_.ramp_s > 0 ? static_cast<double>(now - start_ns_) / ns_per_s / plan_.ramp_s : 1.0;
  const auto wanted =
      static_cast<std::size_t>(std::min(1.0, share) * static_cast<double>(plan_.connections));
  while (connections_.size() < wanted && results_.errors.total() <= errors_max) {
    connections_.push_back(std::make_unique<Connection>());
    Connection& connection = *connections_.back();
    if (connect_to_target(connection)) next(connection, now_ns());
  }
}

void Load::begin_arrivals(std::int64_t now) {
  if (plan_.rate_per_s <= 0) return;
  const std::int64_t step_ns = to_ns(1.0 / plan_.rate_per_s);
  for (; next_arrival_ns_ <= now; next_arrival_ns_ += step_ns) {
    arrivals_.push_back(next_arrival_ns_);
  }
  while (!arrivals_.empty() && !free_.empty()) {
    Connection& connection = *free_.back();
    free_.pop_back();
    const std::int64_t due_ns = arrivals_.front();
    arrivals_.pop_front();
    begin_request(connection, due_ns);
  }
}

bool Load::connect_to_target(Connection& connection) {
  connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (connection.fd >= 0) setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connection.fd < 0 || connect(connection.fd, reinterpret_cast<const sockaddr*>(&plan_.target),
                                   sizeof plan_.target) != 0) {
    if (results_.errors.connect++ == 0) std::perror("Cannot connect to the target");
    if (connection.fd >= 0) close(connection.fd);
    connection.fd = -1;
    return false;
  }
  ++open_;
  watch(connection, EPOLLIN, EPOLL_CTL_ADD);
  return true;
}

void Load::drop(Connection& connection) {
  if (connection.fd >= 0) {
    close(connection.fd);
    --open_;
  }
  connection.fd = -1;
  if (connection.busy) --busy_;
  connection.busy = false;
}

void Load::watch(const Connection& connection, std::uint32_t events, int how) const {
  epoll_event event{};
  event.events = events;
  event.data.ptr = const_cast<Connection*>(&connection);
  epoll_ctl(epoll_, how, connection.fd, &event);
}

void Load::begin_request(Connection& connection, std::int64_t due_ns) {
  connection.answer.reset();
  connection.events.reset();
  connection.busy = true;
  connection.first_seen = false;
  connection.sent = 0;
  connection.body_bytes = 0;
  connection.due_ns = due_ns;
  ++busy_;
  continue_writing(connection);
}

void Load::continue_writing(Connection& connection) {
  const ssize_t size = send(connection.fd, request_.data() + connection.sent,
                            request_.size() - connection.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (size < 0 && errno != EAGAIN) return fail(connection, results_.errors.closed);
  if (size > 0) connection.sent += static_cast<std::size_t>(size);
  const bool more = connection.sent < request_.size();
  if (more != connection.writing) {
    connection.writing = more;
    watch(connection, more ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
  }
}

void Load::readable(Connection& connection) {
  const ssize_t size = recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return;
  const std::int64_t now = now_ns();
  if (size > 0) {
    results_.bytes_in += static_cast<std::uint64_t>(size);
    return take(connection, {buffer_.data(), static_cast<std::size_t>(size)}, now);
  }
  connection.answer.closed();
  if (connection.busy && connection.answer.done()) return finish(connection, now);
  fail(connection, results_.errors.closed);
}

void Load::take(Connection& connection, std::string_view bytes, std::int64_t now) {
  const bool expected = connection.busy || connection.kept;
  connection.answer.feed(bytes, [&](std::string_view piece) {
    if (connection.body_bytes == 0) connection.body_first = piece.front();
    connection.body_bytes += piece.size();
    connection.body_last = piece.back();
    if (!plan_.stream) return;
    connection.events.feed(piece,
                           [&](std::int64_t sent_ns) { on_event(connection, sent_ns, now); });
  });
  if (!expected || connection.answer.broken()) {
    fail(connection, results_.errors.broken);
  } else if (connection.busy && connection.answer.done()) {
    finish(connection, now);
  }
}

void Load::on_event(Connection& connection, std::int64_t sent_ns, std::int64_t now) {
  ++results_.events;
  results_.transit.record(now - sent_ns);
  if (!connection.first_seen) {
    connection.first_seen = true;
    results_.first_event.record(now - connection.due_ns);
    if (plan_.hold) {  // the stream stays as it is from here on
      connection.busy = false;
      connection.kept = true;
      --busy_;
    }
  } else {
    results_.gap.record(now - connection.last_event_ns);
  }
  connection.last_event_ns = now;
}

bool Load::check(const Connection& connection) {
  if (connection.answer.status() != 200) {
    ++results_.errors.status;
  } else if (!plan_.stream) {
    const bool right_size = plan_.expect_bytes == 0 || connection.body_bytes == plan_.expect_bytes;
    if (right_size && connection.body_first == '{' && connection.body_last == '}') return true;
    ++results_.errors.body;
  } else {
    const bool right_count =
        plan_.expect_events == 0 || connection.events.stamped() == plan_.expect_events;
    if (right_count && connection.events.complete()) return true;
    ++results_.errors.events;
  }
  if (results_.errors.total() == 1) {
    std::fprintf(stderr, "First wrong answer: status %d, body of %zu bytes, %llu events.\n",
                 connection.answer.status(), connection.body_bytes,
                 static_cast<unsigned long long>(connection.events.stamped()));
  }
  return false;
}

void Load::finish(Connection& connection, std::int64_t now) {
  connection.busy = false;
  --busy_;
  if (check(connection)) {
    ++results_.requests;
    ++answered_;
    results_.latency.record(now - connection.due_ns);
  }
  if (connection.answer.close_after()) {
    drop(connection);
    if (!connect_to_target(connection)) return;
  }
  connection.kept = plan_.hold;
  next(connection, now);
}

// Counts an error and starts the connection anew.
void Load::fail(Connection& connection, std::uint64_t& counter) {
  ++counter;
  std::erase(free_, &connection);
  drop(connection);
  if (results_.errors.total() > errors_max) return;
  if (connect_to_target(connection)) next(connection, now_ns());
}

void Load::next(Connection& connection, std::int64_t now) {
  if (by_hand_) return;
  if (plan_.rate_per_s > 0) {
    free_.push_back(&connection);
  } else if (plan_.requests == 0 || answered_ + busy_ < plan_.requests) {
    begin_request(connection, now);
  }
}

Load::Clocks Load::clocks() const {
  Clocks clocks;
  clocks.proxy = use_of(tree_);
  clocks.tools_ns = cpu_ns_of(getpid()) + (plan_.mock != 0 ? cpu_ns_of(plan_.mock) : 0);
  clocks.wall_ns = now_ns();
  return clocks;
}

void Load::open_window() {
  if (!plan_.hold) results_.memory_before = memory_of(tree_);
  results_.requests = results_.events = results_.bytes_in = 0;
  results_.latency.clear();
  results_.first_event.clear();
  results_.transit.clear();
  results_.gap.clear();
  window_begin_ = clocks();
}

void Load::close_window() {
  const Clocks end = clocks();
  const ProcessUse& before = window_begin_.proxy;
  const auto wall_ns = static_cast<double>(end.wall_ns - window_begin_.wall_ns);
  results_.window_s = wall_ns / ns_per_s;
  results_.proxy.cpu_ns = end.proxy.cpu_ns - before.cpu_ns;
  results_.proxy.user_s = end.proxy.user_s - before.user_s;
  results_.proxy.system_s = end.proxy.system_s - before.system_s;
  results_.run_wait_ns = foreign_wait_ns(before, end.proxy);
  results_.proxy.switches = end.proxy.switches - before.switches;
  results_.memory_after = memory_of(tree_);
  if (plan_.spin && plan_.mock != 0 && wall_ns > 0) {
    const auto ours = static_cast<double>(end.tools_ns - window_begin_.tools_ns);
    results_.foreign_share = std::max(0.0, 1.0 - ours / wall_ns);
  }
}

}  // namespace penstock::loadtest
