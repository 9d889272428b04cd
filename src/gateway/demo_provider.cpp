#include "gateway/demo_provider.h"

#include <signal.h>

#include <array>

#include "gateway/body_reader.h"
#include "gateway/demo_script.h"

namespace penstock {
namespace {

constexpr std::uint64_t body_max = 32u << 20;
constexpr Duration idle_limit = Duration::seconds(120);

}  // namespace

DemoProvider::~DemoProvider() {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  driver_->poke();
  thread_.join();
}

std::expected<std::string, std::string> DemoProvider::start() {
  const auto fd = open_listener("127.0.0.1", 0, 0);
  auto driver = EpollDriver::create({}, SIZE_MAX);
  if (!fd || !driver) return std::unexpected("the demo's provider cannot listen on 127.0.0.1");
  listener_fd_ = *fd;
  driver_ = std::move(*driver);
  thread_ = std::thread([this] {
    sigset_t all;  // signals are the control thread's
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    run();
  });
  return bound_address(listener_fd_);
}

void DemoProvider::run() {
  const auto accept = [](void* context, int fd) {
    auto& self = *static_cast<DemoProvider*>(context);
    self.spawner_.spawn(self.serve(fd));
  };
  Listener listener(*driver_, listener_fd_, accept, this);
  listener.start();
  while (!stopping_.load()) {
    driver_->turn(Deadline::after(driver_->clock(), Duration::seconds(1)));
  }
  listener.close();
  while (!listener.closed() || spawner_.running() > 0 || driver_->held() > 0) {
    driver_->turn(Deadline::after(driver_->clock(), Duration::milliseconds(10)));
  }
}

Task<> DemoProvider::serve(int fd) {
  Signal signal(*driver_);
  StreamPtr stream = Stream::adopt(*driver_, fd, nullptr);
  stream->set_signal(&signal);
  std::string path;
  std::string body;
  for (;;) {
    const bool asked = co_await read_request(*stream, signal, path, body);
    if (!asked) co_return;
    const DemoAnswer answer = demo_answer(path, body, scanner_);
    const bool sent = co_await send_answer(*stream, signal, answer);
    if (!sent) co_return;
  }
}

// Reads one request; false: the peer is gone, or sent something else.
Task<bool> DemoProvider::read_request(Stream& stream, Signal& signal, std::string& path,
                                      std::string& body) {
  http::RequestParser parser;
  BodyReader reader;
  bool headed = false;
  body.clear();
  const Deadline limit = Deadline::after(driver_->now(), idle_limit);
  for (;;) {
    if (!headed && !stream.readable().empty()) {
      const http::Parsed parsed = parser.feed(stream.readable(), body_max, head_);
      if (parsed.progress == http::Progress::refused) co_return false;
      headed = parsed.progress == http::Progress::complete;
      if (headed) {
        path = head_.path.starts_with("/v1") ? head_.path.substr(3) : head_.path;
        reader = BodyReader(head_.framing, head_.length, body_max);
        stream.consume(head_.bytes);
      }
    }
    if (headed) {
      Bytes received = stream.readable();
      const std::size_t before = received.size();
      for (Bytes part = reader.next(received); !part.empty(); part = reader.next(received)) {
        body += part;
      }
      stream.consume(before - received.size());
      if (reader.failed()) co_return false;
      if (reader.done()) co_return true;
    }
    if (stream.gone() || stopping_.load()) co_return false;
    const Deadline tick = Deadline::after(driver_->now(), Duration::milliseconds(200));
    co_await signal.wait(limit.sooner(tick));
    if (limit.passed(driver_->now())) co_return false;
  }
}

// Waits as a model would; false: the client left.
Task<bool> DemoProvider::rest(Stream& stream, Signal& signal, Duration time) {
  const Deadline until = Deadline::after(driver_->now(), time);
  while (!until.passed(driver_->now())) {
    if (stream.gone() || stopping_.load()) co_return false;
    const Deadline tick = Deadline::after(driver_->now(), Duration::milliseconds(200));
    co_await signal.wait(until.sooner(tick));
  }
  co_return !stream.gone();
}

// The head of an answer, as text.
static std::string write_head(const DemoAnswer& answer) {
  std::array<char, 512> room;
  http::HeadWriter head(room);
  head.status(answer.status).lines("X-Request-Id: req-demo\r\n");
  if (answer.stream) {
    head.lines("Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n");
  } else {
    head.lines("Content-Type: application/json\r\n")
        .field("Content-Length", answer.parts.front().size());
  }
  const auto written = head.finish();
  PENSTOCK_ASSERT(written.has_value());
  return std::string(*written);
}

Task<bool> DemoProvider::send_answer(Stream& stream, Signal& signal, const DemoAnswer& answer) {
  const bool thought = co_await rest(stream, signal, answer.first);
  if (!thought) co_return false;
  std::string next = write_head(answer);
  for (const std::string& part : answer.parts) {
    if (answer.stream) {
      std::array<char, http::chunk_size_bytes_max> size;
      next += http::write_chunk_size(size, part.size());
      next += part;
      next += http::chunk_end;
    } else {
      next += part;
    }
    const bool last = &part == &answer.parts.back();
    if (last && answer.stream) next += http::last_chunk;
    if (!stream.send(next)) co_return false;
    next.clear();
    if (!last) {
      const bool there = co_await rest(stream, signal, answer.gap);
      if (!there) co_return false;
    }
  }
  co_return true;
}

}  // namespace penstock
