#include "loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "allocations.h"
#include "gateway/connection.h"
#include "gateway/shard.h"
#include "penstock/config.h"
#include "penstock/drivers.h"
#include "penstock/net.h"

namespace penstock::test {
namespace {

constexpr std::string_view key = "sk-allocations-0123456789abcdef";
constexpr std::string_view whole_answer =
    R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m",)"
    R"("choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}})";
// Who is late by this much is stuck.
constexpr timeval patience{.tv_sec = 20, .tv_usec = 0};

void make_ready(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Adds what comes next to `text`; false at the end.
bool receive_more(int fd, std::string& text) {
  char buffer[16384];
  const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  text.append(buffer, static_cast<std::size_t>(got));
  return true;
}

// Bytes of the message at the front of `text`, or 0 while it is not whole.
std::size_t message_bytes(const std::string& text) {
  const std::size_t head = text.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  if (text.find("ransfer-") < head || text.find("ransfer-Encoding: chunked") < head) {
    const std::size_t end = text.find("\r\n0\r\n\r\n", head);
    return end == std::string::npos ? 0 : end + 7;
  }
  for (const char* name : {"content-length: ", "Content-Length: "}) {
    const std::size_t at = text.find(name);
    if (at >= head) continue;
    const std::size_t bytes = head + 4 + std::strtoul(text.c_str() + at + 16, nullptr, 10);
    return text.size() >= bytes ? bytes : 0;
  }
  return 0;
}

std::string chunk(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

std::string event(int i) {
  return R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",)"
         R"("choices":[{"index":0,"delta":{"content":"word )" +
         std::to_string(i) + R"("},"finish_reason":null}]})" + "\n\n";
}

std::string configuration(std::uint16_t provider_port) {
  return "listen: {data: {address: \"127.0.0.1:0\"}}\n"
         "providers: {p: {kind: openai-compatible, allow_private: true, base_url: "
         "\"http://127.0.0.1:" +
         std::to_string(provider_port) +
         "/v1\"}}\n"
         "models: {m: {targets: [{provider: p, model: m}]}}\n"
         "keys: [{name: k, secret: \"" +
         std::string(key) + "\", models: [m]}]\n";
}

std::unique_ptr<Driver> make_driver(IoBackend backend) {
  if (backend == IoBackend::epoll) return std::move(*EpollDriver::create({}, SIZE_MAX));
  auto uring = UringDriver::create({}, SIZE_MAX);
  if (!uring) return nullptr;
  return std::move(*uring);
}

// A shard that has run for a while has a few blocks of every size; which sizes a short run needs
// depends on where its reads happen to be cut.
void fill_lists(BlockPool& pool) {
  constexpr std::size_t each = 4;
  for (std::size_t bytes = 512; bytes <= std::size_t{64} * 1024; bytes *= 2) {
    std::vector<Buffer> taken;
    for (std::size_t i = 0; i < each; ++i) {
      if (!taken.emplace_back(pool).reserve(bytes)) std::abort();
    }
  }
}

}  // namespace

int listen_on_loopback(std::uint16_t& port, int flags) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | flags, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), bytes) != 0 || ::listen(fd, 16) != 0) {
    std::abort();
  }
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes);
  port = ntohs(address.sin_port);
  return fd;
}

ScriptedProvider::ScriptedProvider() : listener_(listen_on_loopback(port_, 0)) {
  thread_ = std::thread([this] {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      make_ready(fd);
      connections_.emplace_back([this, fd] { serve(fd); });
    }
  });
}

ScriptedProvider::~ScriptedProvider() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  for (std::thread& connection : connections_) connection.join();
  ::close(listener_);
}

void ScriptedProvider::serve(int fd) {
  const std::string whole =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(whole_answer.size()) + "\r\n\r\n" + std::string(whole_answer);
  std::string received;
  while (receive_more(fd, received)) {
    const std::size_t bytes = message_bytes(received);
    if (bytes == 0) continue;
    if (received.find("\"stream\":true") < bytes) {
      stream(fd);
    } else {
      send_all(fd, whole);
    }
    received.erase(0, bytes);
  }
  ::close(fd);
}

void ScriptedProvider::stream(int fd) const {
  std::string text =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  std::string held;  // the beginning of an event whose rest comes with the next write
  for (int i = 0; i < events; ++i) {
    const std::string next = event(i);
    const std::size_t now = cut_events ? next.size() / 2 : next.size();
    text += chunk(held + next.substr(0, now));
    held = next.substr(now);
    send_all(fd, text);
    text.clear();
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  held +=
      "data: {\"id\":\"chatcmpl-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,"
      "\"completion_tokens\":50,\"total_tokens\":59}}\n\ndata: [DONE]\n\n";
  send_all(fd, chunk(held) + "0\r\n\r\n");
}

CountedShard::CountedShard(IoBackend backend, std::uint16_t provider_port) {
  const int listener = listen_on_loopback(port_, SOCK_NONBLOCK);
  thread_ = std::thread([=, this] { run(backend, listener, provider_port); });
  state_.wait(State::starting);
}

CountedShard::~CountedShard() {
  stopping_ = true;
  thread_.join();
}

void CountedShard::run(IoBackend backend, int listener, std::uint16_t provider_port) {
  auto snapshot = config::load_text(configuration(provider_port), "test");
  if (!snapshot) {
    std::fprintf(stderr, "%s\n", config::to_string(snapshot.error().front()).c_str());
    std::abort();
  }
  auto generation =
      Generation::make(std::move(*snapshot), nullptr, std::make_shared<TlsTicketKeys>());
  const auto dns = DnsThread::start();
  const std::unique_ptr<Driver> driver = make_driver(backend);
  if (!driver) {
    ::close(listener);
    state_ = State::refused;
    state_.notify_all();
    return;
  }
  Process process;
  process.ready = true;
  ShardMetrics metrics;
  LogRing log(metrics.log_lines_dropped);
  ShardResolver resolver(*driver, **dns);
  Shard shard(process, 0, *driver, resolver, metrics, &log, std::move(*Epoch::make(*generation)));
  shard.listen(listener);
  fill_lists(driver->blocks());
  state_ = State::running;
  state_.notify_all();
  count_allocations_into(&allocations_);
  bool told = false;
  while (!shard.ended()) {
    driver->turn(Deadline::after(driver->clock(), Duration::milliseconds(10)));
    resolver.poll();
    shard.observe();
    if (stopping_ && !std::exchange(told, true)) shard.stop();
  }
  count_allocations_into(nullptr);
}

Client::Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  make_ready(fd_);
}

Client::~Client() {
  ::close(fd_);
}

std::string Client::ask(bool stream) {
  std::string body = R"({"model":"m","messages":[{"role":"user","content":"Say hello. )" +
                     std::string(900, 'x') + "\"}]" + (stream ? ",\"stream\":true" : "") + "}";
  send_all(fd_, "POST /v1/chat/completions HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer " +
                    std::string(key) + "\r\nContent-Type: application/json\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
  std::string answer;
  while (message_bytes(answer) == 0) {
    if (!receive_more(fd_, answer)) break;
  }
  return answer;
}

}  // namespace penstock::test
