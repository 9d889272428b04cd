// A shard whose ring loses completions, with real sockets around it: what was under way ends with
// an error that the client reads, and everything goes on.
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "gateway/shard.h"
#include "penstock/address.h"
#include "penstock/config.h"
#include "runtime/loopback.h"

using namespace penstock;
using namespace penstock::test;

namespace {

class LiteralResolver : public Resolver {
 public:
  void start(Lookup& lookup, std::string_view host, std::uint16_t port) override {
    lookup.begin(*this);
    const auto address = parse_ip(host, port);
    if (!address) return lookup.finish(fail(Code::dns_failed));
    Resolved resolved;
    resolved.addresses[0] = *address;
    resolved.count = 1;
    lookup.finish(resolved);
  }
  void cancel(Lookup& lookup) override { lookup.abandon(); }
};

std::unique_ptr<Epoch> epoch_for(int provider_port) {
  config::LoadOptions options;
  options.now_s = 1'800'000'000;
  options.memory_bytes = 1'000'000'000;
  auto loaded = config::load_text(R"(
providers:
  local: {kind: openai-compatible, allow_private: true, base_url: "http://127.0.0.1:)" +
                                      std::to_string(provider_port) + R"(/v1"}
models:
  chat: {targets: [{provider: local, model: m}], retry: {max_attempts: 3}}
keys:
  - {name: main, secret: sk-main-0123456789abcdef}
telemetry: {access_log: off}
)",
                                  "f", options);
  REQUIRE(loaded);
  auto generation = Generation::make(std::move(*loaded), nullptr, nullptr);
  REQUIRE(generation);
  auto epoch = Epoch::make(*generation);
  REQUIRE(epoch);
  return std::move(*epoch);
}

// What there is to read on a socket without waiting. `end`: the peer's end, or its reset, was met.
std::string read_some(int fd, bool& end) {
  std::string text;
  char bytes[4096];
  for (;;) {
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0) {
      text.append(bytes, static_cast<std::size_t>(got));
      continue;
    }
    end = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    return text;
  }
}

std::string request(std::string_view rest, std::size_t length) {
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
         "sk-main-0123456789abcdef\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(length) + "\r\n\r\n" + std::string(rest);
}
std::string chat(bool stream) {
  const std::string body = stream ? R"({"model":"chat","stream":true,"messages":[]})"
                                  : R"({"model":"chat","messages":[]})";
  return request(body, body.size());
}

class World {
 public:
  World() : epoch_(epoch_for(provider_.port)) {
    UringOptions options;
    options.completions = 1024;
    options.faults = &faults_;
    auto made = UringDriver::create(options, SIZE_MAX, nullptr);
    if (!made) return;
    driver_ = std::move(*made);
    process_.ready = true;
    shard_ = std::make_unique<Shard>(process_, 0, *driver_, resolver_, metrics_, nullptr,
                                     std::move(epoch_));
    shard_->listen(::dup(front_.fd));
  }
  ~World() {
    if (!shard_) return;
    shard_->stop();
    CHECK(run_until(*driver_, [&] { return shard_->ended(); }));
  }
  bool there() const { return shard_ != nullptr; }
  Driver& driver() { return *driver_; }
  int port() const { return front_.port; }
  std::size_t idle_upstreams() { return shard_->epoch().pools[0].idle(); }

  template <class Done>
  bool until(Done done) {
    return run_until(*driver_, done);
  }
  // The provider's end of the next connection.
  int accept_at_provider() {
    int fd = -1;
    REQUIRE(until([&] { return (fd = ::accept(provider_.fd, nullptr, nullptr)) >= 0; }));
    return fd;
  }
  std::string read_until(int fd, std::string_view what) {
    std::string text;
    bool end = false;
    const bool found = until([&] {
      text += read_some(fd, end);
      return end || text.find(what) != std::string::npos;
    });
    CHECK(found);
    return text;
  }
  // All that comes until the connection ends.
  std::string read_to_end(int fd) {
    std::string text;
    bool end = false;
    CHECK(until([&] {
      text += read_some(fd, end);
      return end;
    }));
    return text;
  }
  void lose() {
    faults_.enter_error = -EBADR;
    faults_.enters = 1;
    const auto before = driver_->counters().rebuilds;
    REQUIRE(until([&] { return driver_->counters().rebuilds > before; }));
  }
  // A whole exchange; its upstream connection goes back to the pool and is returned.
  int serve_one() {
    const Peer client(port());
    client.write(chat(false));
    const int upstream = accept_at_provider();
    answer(upstream);
    CHECK(read_until(client.fd, "hello").starts_with("HTTP/1.1 200 OK\r\n"));
    return upstream;
  }
  void answer(int upstream) {
    read_until(upstream, "\"messages\"");
    const std::string body =
        R"({"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}]})";
    const std::string text =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    REQUIRE(::send(upstream, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }

 private:
  test::Listener front_, provider_;
  std::unique_ptr<Epoch> epoch_;
  UringFaults faults_;
  std::unique_ptr<Driver> driver_;
  LiteralResolver resolver_;
  Process process_;
  ShardMetrics metrics_;
  std::unique_ptr<Shard> shard_;
};

}  // namespace

TEST_CASE("lost completions: requests under way end with 500, and the next ones are served") {
  World world;
  if (!world.there()) return;
  const Peer waiting(world.port()), uploading(world.port());
  waiting.write(chat(false));
  uploading.write(request(R"({"model":"chat",)", 1000));
  const int upstream = world.accept_at_provider();
  world.read_until(upstream, "\"messages\"");
  world.lose();
  for (const int fd : {waiting.fd, uploading.fd}) {
    const std::string answer = world.read_to_end(fd);
    CHECK(answer.starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
    CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(answer.find("\"code\":\"internal_error\"") != std::string::npos);
  }
  CHECK(world.read_to_end(upstream).empty());  // and nothing was sent a second time
  ::close(upstream);
  ::close(world.serve_one());
}

TEST_CASE("lost completions: a stream says so in band and does not look finished") {
  World world;
  if (!world.there()) return;
  const Peer client(world.port());
  client.write(chat(true));
  const int upstream = world.accept_at_provider();
  world.read_until(upstream, "\"messages\"");
  const std::string_view begin =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
      "39\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"first words\"}}]}\n\n\r\n";
  REQUIRE(::send(upstream, begin.data(), begin.size(), 0) == static_cast<ssize_t>(begin.size()));
  CHECK(world.read_until(client.fd, "first words").starts_with("HTTP/1.1 200 OK\r\n"));
  world.lose();
  const std::string rest = world.read_to_end(client.fd);
  CHECK(rest.find("data: {\"error\":") != std::string::npos);
  CHECK(rest.find("\"code\":\"internal_error\"") != std::string::npos);
  CHECK(rest.find("[DONE]") == std::string::npos);
  CHECK(rest.ends_with("0\r\n\r\n"));
  ::close(upstream);
}

TEST_CASE("lost completions: idle connections of both sides are closed") {
  World world;
  if (!world.there()) return;
  const Peer idle(world.port());
  const int upstream = world.serve_one();
  CHECK(world.idle_upstreams() == 1);
  REQUIRE(world.until([&] { return true; }));
  world.lose();
  CHECK(world.read_to_end(idle.fd).empty());
  CHECK(world.read_to_end(upstream).empty());
  CHECK(world.until([&] { return world.idle_upstreams() == 0; }));
  ::close(upstream);
  ::close(world.serve_one());
}
