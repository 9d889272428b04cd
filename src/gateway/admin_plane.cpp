#include "gateway/admin_plane.h"

#include <openssl/crypto.h>

#include <array>

#include "gateway/answers.h"
#include "penstock/http.h"
#include "penstock/telemetry.h"

namespace penstock {
namespace {

constexpr unsigned connections_max = 64;
constexpr Duration request_limit = Duration::seconds(10);
constexpr Duration idle_limit = Duration::seconds(75);
constexpr std::size_t block_limit = 64u << 20;

// Compares without telling by its time how much was right.
bool equal(Bytes presented, Bytes token) {
  return presented.size() == token.size() && !token.empty() &&
         CRYPTO_memcmp(presented.data(), token.data(), token.size()) == 0;
}

std::string write_answer(std::uint16_t status, Bytes type, Bytes body, bool head_only,
                         Bytes allow = {}) {
  std::array<char, 1024> room;
  http::HeadWriter head(room);
  head.status(status).field("Content-Type", type).field("Content-Length", body.size());
  if (!allow.empty()) head.field("Allow", allow);
  if (status == 401) head.lines("WWW-Authenticate: Bearer\r\n");
  const auto written = head.finish();
  PENSTOCK_ASSERT(written.has_value());
  std::string answer(*written);
  if (!head_only) answer += body;
  return answer;
}

std::string write_error(Code code, bool head_only, Bytes allow = {}) {
  std::array<char, error_body_bytes_max> room;
  ErrorBody error;
  error.code = code;
  return write_answer(describe(code).status, "application/json", write_error_body(error, room),
                      head_only, allow);
}

}  // namespace

struct AdminPlane::Request {
  http::Method method;
  Bytes path;
  Bytes credential;
};

std::expected<void, std::string> AdminPlane::start(int listener) {
  auto driver = EpollDriver::create({}, block_limit);
  if (!driver) return std::unexpected("listen.admin: the kernel refuses an epoll instance");
  driver_ = std::move(*driver);
  listener_fd_ = listener;
  thread_ = std::thread([this] { run(); });
  return {};
}

void AdminPlane::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  driver_->poke();
  thread_.join();
}

void AdminPlane::run() {
  const auto accept = [](void* context, int fd) {
    auto& self = *static_cast<AdminPlane*>(context);
    if (self.connections_ >= connections_max) {
      close_stream_socket(fd, CloseHow::orderly);
    } else {
      self.spawner_.spawn(self.serve(fd));
    }
  };
  Listener listener(*driver_, listener_fd_, accept, this);
  listener.start();
  while (!stopping_.load()) {
    driver_->turn(Deadline::after(driver_->clock(), Duration::seconds(1)));
  }
  listener.close();
  while (!listener.closed() || spawner_.running() > 0 || driver_->held() > 0) {
    driver_->turn(Deadline::after(driver_->clock(), Duration::milliseconds(20)));
  }
}

Task<> AdminPlane::serve(int fd) {
  ++connections_;
  Signal signal(*driver_);
  StreamPtr stream = Stream::adopt(*driver_, fd, nullptr);
  stream->set_signal(&signal);
  const auto head = std::make_unique<http::RequestHead>();
  http::RequestParser parser;
  bool open = true;
  Deadline limit = Deadline::after(driver_->now(), request_limit);
  while (open && !stopping_.load() && !stream->gone()) {
    const http::Parsed parsed = parser.feed(stream->readable(), 0, *head);
    if (parsed.progress == http::Progress::more) {
      const Deadline tick = Deadline::after(driver_->now(), Duration::milliseconds(200));
      co_await signal.wait(limit.sooner(tick));
      if (limit.passed(driver_->now())) break;
      continue;
    }
    std::string reply;
    if (parsed.progress == http::Progress::refused) {
      reply = write_error(parsed.code, false);
      open = false;
    } else {
      reply = answer({head->method, head->path, http::credential(head->fields)});
      open = head->keep_alive && head->framing == http::Framing::none;
      stream->consume(head->bytes);
    }
    if (!stream->send(reply)) break;
    const Deadline sent = Deadline::after(driver_->now(), request_limit);
    while (stream->unsent() > 0 && !stream->broken() && !sent.passed(driver_->now())) {
      co_await signal.wait(sent);
    }
    parser = {};
    limit = Deadline::after(driver_->now(), idle_limit);
  }
  stream->finish_sending();
  --connections_;
}

bool AdminPlane::authorized(const Request& request) {
  const auto snapshot = sources_.snapshot();
  bool known = false;
  if (!snapshot->admin) return false;
  for (const Secret& token : snapshot->admin->tokens) {
    known = equal(request.credential, token.reveal()) || known;
  }
  return known;
}

std::string AdminPlane::answer(const Request& request) {
  const bool head_only = request.method == http::Method::head;
  const bool live = request.path == "/livez";
  const bool ready = request.path == "/readyz";
  const bool metrics = request.path == "/metrics";
  if (!live && !ready && !metrics) return write_error(Code::not_found, head_only);
  if (request.method != http::Method::get && !head_only) {
    return write_error(Code::method_not_allowed, head_only, "GET, HEAD");
  }
  if (metrics) {
    if (!authorized(request)) return write_error(Code::invalid_api_key, head_only);
    return write_answer(200, metrics_content_type, sources_.metrics(), head_only);
  }
  const bool up = live || process_.ready.load();
  return write_answer(up ? 200 : 503, "application/json",
                      up ? R"({"status":"ok"})" : R"({"status":"draining"})", head_only);
}

}  // namespace penstock
