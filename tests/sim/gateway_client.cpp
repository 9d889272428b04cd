#include "gateway_client.h"

#include <charconv>

namespace penstock::test {
namespace {

// In a prompt world nothing takes longer than its own pauses, which are some seconds.
constexpr Duration prompt_limit = Duration::seconds(12);

std::string lower_hex(std::size_t number) {
  char text[17];
  return {text, std::to_chars(text, text + sizeof text, number, 16).ptr};
}

// The positions of `what` in `text`, one after the other.
template <class Visit>
void each(const std::string& text, std::string_view what, Visit visit) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    visit(at + what.size());
  }
}

int number_at(const std::string& text, std::size_t at, std::size_t* end = nullptr) {
  int number = -1;
  const auto read = std::from_chars(text.data() + at, text.data() + text.size(), number);
  if (end) *end = static_cast<std::size_t>(read.ptr - text.data());
  return number;
}

}  // namespace

Client::Client(World& world) : world_(world), wire_(world.driver) {
  SimRandom& random = world.random();
  const std::uint64_t count = random.between(1, 5);
  for (std::uint64_t i = 0; i < count; ++i) {
    requests_.push_back(plan());
    if (requests_.back().last) break;
  }
  started_.resize(requests_.size());
  pipelined_ = random.chance(300);
  slow_ = random.chance(world.habits.client_slow);
  if (random.chance(world.habits.client_leaves)) {
    if (random.chance(500)) {
      leave_after_ = random.below(std::uint64_t{1} << random.between(1, 14));
    } else {
      const auto us = static_cast<std::int64_t>(random.below(1'500'000));
      leave_at_ = world.driver.now() + Duration::microseconds(us);
    }
  }
}

std::string Client::body_of(Planned& request) {
  SimRandom& random = world_.random();
  const std::string tag = "\"user\":\"" + tag_text(request.tag) + "\"";
  std::string padding(random.below(random.chance(80) ? 200'000 : 200), 'z');
  if (request.shape == Shape::embeddings) {
    return R"({"model":"emb",)" + tag + R"(,"input":")" + padding + "\"}";
  }
  std::string body =
      R"({"model":"chat",)" + tag + R"(,"messages":[{"role":"user","content":")" + padding + "\"}]";
  if (request.shape == Shape::stream) {
    body += R"(,"stream":true)";
    if (random.chance(300)) {
      body += R"(,"stream_options":{"include_usage":true})";
      request.asked_usage = true;
    }
  }
  return body + "}";
}

Planned Client::plan() {
  SimRandom& random = world_.random();
  Planned request;
  request.tag = world_.requests.size();
  world_.requests.emplace_back();
  constexpr Shape shapes[] = {Shape::whole, Shape::stream, Shape::stream, Shape::embeddings,
                              Shape::models};
  request.shape = shapes[random.below(std::size(shapes))];
  if (random.chance(world_.habits.client_malformed)) {
    request.shape = Shape::malformed;
    request.last = true;
    constexpr const char* texts[] = {
        "\r\n\r\nNONSENSE\r\n\r\n",
        "GET /v1/models HTTP/1.1\r\n\r\n",
        "POST / HTTP/9.9\r\nHost: a\r\n\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n"
        "\r\n",
        "POST /v1/embeddings HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
        "chunked\r\nContent-Length: 3\r\n\r\nabc",
        "POST /v1/embeddings HTT"};
    request.bytes = texts[random.below(std::size(texts))];
    return request;
  }
  request.limited = random.chance(100);
  std::string head = request.shape == Shape::models       ? "GET /v1/models HTTP/1."
                     : request.shape == Shape::embeddings ? "POST /v1/embeddings HTTP/1."
                                                          : "POST /v1/chat/completions HTTP/1.";
  const bool old = random.chance(50);
  request.last = old || random.chance(100);
  head += old ? "0\r\n" : "1\r\n";
  head += "Host: gateway\r\nAuthorization: Bearer ";
  head += request.limited ? "sk-sim-limited-0123456789" : "sk-sim-main-0123456789abcd";
  head += "\r\nX-Request-Id: t" + std::to_string(request.tag) + "\r\n";
  if (request.last && !old) head += "Connection: close\r\n";
  if (request.shape == Shape::models) {
    request.bytes = head + "\r\n";
    return request;
  }
  const std::string body = body_of(request);
  if (!old && random.chance(50)) head += "Expect: 100-continue\r\n";
  head += "Content-Type: application/json\r\n";
  if (!old && random.chance(300)) {
    head += "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < body.size();) {
      const auto size = std::min<std::size_t>(random.between(1, body.size()), body.size() - at);
      head += lower_hex(size) + "\r\n" + body.substr(at, size) + "\r\n";
      at += size;
    }
    request.bytes = head + "0\r\n\r\n";
  } else {
    request.bytes = head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  return request;
}

// Sends what may be sent now. False: the connection broke.
bool Client::may_send() {
  while (sent_request_ < requests_.size() && (pipelined_ || sent_request_ == answered_)) {
    const Planned& request = requests_[sent_request_];
    if (sent_bytes_ == 0) started_[sent_request_] = world_.driver.now();
    const long taken = wire_.send_some(Bytes(request.bytes).substr(sent_bytes_));
    if (taken < 0) return false;
    if (taken == 0) return true;
    sent_bytes_ += static_cast<std::size_t>(taken);
    if (sent_bytes_ < request.bytes.size()) continue;
    ++sent_request_;
    sent_bytes_ = 0;
  }
  return true;
}

// Judges every answer that is complete.
void Client::look() {
  while (!wire_.in.empty() && !closed_by_answer_) {
    const std::size_t before = wire_.in.size();
    const AnswerReader::State state = reader_.read(wire_.in);
    received_ += before - wire_.in.size();
    if (state == AnswerReader::State::malformed) {
      world_.report(requests_[std::min(answered_, requests_.size() - 1)].tag,
                    "an answer that is not HTTP: " + reader_.answer.head);
      closed_by_answer_ = true;
      return;
    }
    if (state != AnswerReader::State::complete) return;
    if (answered_ >= requests_.size() || (answered_ == sent_request_ && sent_bytes_ == 0)) {
      world_.report(requests_.back().tag, "an answer without a request: " + reader_.answer.head);
      return;
    }
    judge(requests_[answered_], reader_.answer, true);
    ++answered_;
    closed_by_answer_ = reader_.answer.field("connection") == "close";
    reader_.next();
  }
  if (closed_by_answer_ && !wire_.in.empty()) {
    world_.report(requests_[answered_ - 1].tag, "bytes behind the last answer: " + wire_.in);
    wire_.in.clear();
  }
}

void Client::judge(const Planned& request, const Answer& answer, bool complete) {
  each(answer.body, "tag-", [&](std::size_t at) {
    std::size_t end = 0;
    const int tag = number_at(answer.body, at, &end);
    if (end >= answer.body.size()) return;  // cut inside of the tag
    if (tag != static_cast<int>(request.tag)) {
      world_.report(request.tag, "bytes of another answer: " + answer.body.substr(at - 4, 40));
    }
  });
  if (request.shape == Shape::malformed) {
    if (answer.status == 200) world_.report(request.tag, "a malformed request succeeded");
    return;
  }
  // A head that was refused as a whole, or did not come to its end in time, has told nothing.
  const std::string id = answer.field("x-request-id");
  const bool refused = answer.status == 408 || answer.status == 413 || answer.status == 503;
  const bool headless = refused && id.starts_with("req_");
  if (!headless && id != "t" + std::to_string(request.tag)) {
    world_.report(request.tag, "the answer of another request: " + answer.head);
  }
  Known& known = world_.requests[request.tag];
  const std::string attempts = answer.field("x-gateway-attempts");
  if (!attempts.empty()) known.attempts = number_at(attempts, 0);
  if (complete) ++(answer.status == 200 ? world_.succeeded : world_.refused);
  const bool excused = request.limited && answer.status == 429;
  if (world_.calm && answer.status != 200 && !excused) {
    world_.report(request.tag, "refused in a calm world: " + answer.head + answer.body);
  }
  if (world_.prompt && world_.driver.now() - started_[answered_] > prompt_limit && !pipelined_) {
    world_.report(request.tag, "took long in a calm world: " + answer.head);
  }
  if (answer.status != 200) return;
  if (request.shape == Shape::stream) return judge_stream(request, answer, complete);
  if (complete && request.shape != Shape::models) judge_whole(request, answer);
}

void Client::judge_stream(const Planned& request, const Answer& answer, bool complete) {
  const Known& known = world_.requests[request.tag];
  int from = -1;
  int pieces = 0;
  each(answer.body, "\"content\":\"" + tag_text(request.tag), [&](std::size_t at) {
    std::size_t end = 0;
    const int arrival = number_at(answer.body, at, &end);
    if (answer.body.find(';', at) == std::string::npos) return;  // cut inside of the mark
    if (from >= 0 && arrival != from) world_.report(request.tag, "a retry behind the first byte");
    from = arrival;
    if (number_at(answer.body, end + 1) != pieces++) {
      world_.report(request.tag, "events lost or out of order: " + answer.body.substr(at, 20));
    }
  });
  if (!request.asked_usage && answer.body.find("prompt_tokens") != std::string::npos) {
    world_.report(request.tag, "usage that was not asked for");
  }
  const bool done = answer.body.find("data: [DONE]") != std::string::npos;
  if (done) {
    const auto arrivals = static_cast<int>(known.arrivals.size());
    if (from < 0 || from >= arrivals) {
      world_.report(request.tag, "a finished stream from nowhere: " + answer.body);
    } else if (const Arrival& arrival = known.arrivals[static_cast<std::size_t>(from)];
               !arrival.done || arrival.pieces != pieces) {
      world_.report(request.tag, "a cut stream that looks finished");
    }
  } else if (complete && answer.body.find("data: {\"error\":") == std::string::npos) {
    world_.report(request.tag, "a stream that ends without an error and without its end: " +
                                   answer.head + answer.body);
  }
}

void Client::judge_whole(const Planned& request, const Answer& answer) {
  for (const Arrival& arrival : world_.requests[request.tag].arrivals) {
    if (!arrival.whole.empty() && arrival.whole == answer.body) return;
  }
  world_.report(request.tag, "a body that no provider sent: " + answer.body.substr(0, 200));
}

// What the end of the connection, by the gateway or the network, leaves behind.
void Client::end_of_connection() {
  if (answered_ >= requests_.size()) return;
  if (reader_.state() != AnswerReader::State::body) return;
  judge(requests_[answered_], reader_.answer, false);
  // An answer to HTTP/1.0 that ends with the connection says itself whether it is whole.
  const bool whole = reader_.ends_with_connection() && wire_.ended() && !wire_.broken() &&
                     reader_.answer.body.find("data: [DONE]") != std::string::npos;
  ++(whole ? world_.succeeded : world_.cut);
  if (whole) ++answered_;
}

Task<> Client::run(Client* self) {
  World& world = self->world_;
  Wire& wire = self->wire_;
  const Deadline limit = Deadline::after(world.driver.now(), patience);
  auto connected = co_await wire.connect(gateway_port, limit);
  int rests = 40;
  while (connected) {
    self->look();
    const Instant now = world.driver.now();
    self->left_ = self->received_ >= self->leave_after_ || now >= self->leave_at_;
    if (self->left_ || wire.ended() || wire.broken()) break;
    if (self->answered_ == self->requests_.size() && !self->closed_by_answer_) {
      self->left_ = true;
      break;
    }
    if (!self->closed_by_answer_ && !self->may_send()) break;
    Deadline next = limit.sooner(Deadline{self->leave_at_});
    if (self->slow_ && rests > 0 && world.random().chance(200)) {
      --rests;
      wire.stop_listening();
      const auto us = static_cast<std::int64_t>(world.random().below(60'000));
      const Instant until = now + Duration::microseconds(us);
      while (world.driver.now() < until) static_cast<void>(co_await wire.changed({until}));
      while (wire.listening()) static_cast<void>(co_await wire.changed(limit));
      wire.listen_again();
      continue;
    }
    const bool woken = co_await wire.changed(next);
    if (!woken && limit.passed(world.driver.now())) {
      world.report(self->requests_[std::min(self->answered_, self->requests_.size() - 1)].tag,
                   "neither answered nor ended: " + self->story());
      break;
    }
  }
  if (!self->left_) self->end_of_connection();
  if (connected && world.calm && self->answered_ < self->requests_.size() &&
      !self->closed_by_answer_) {
    world.report(self->requests_[self->answered_].tag, "ended in a calm world: " + self->story());
  }
  const CloseHow how = world.random().chance(500) ? CloseHow::reset : CloseHow::orderly;
  co_await wire.close(how);
  self->over_ = true;
}

std::string Client::story() const {
  return "answered " + std::to_string(answered_) + " of " + std::to_string(requests_.size()) +
         ", sent " + std::to_string(sent_request_) + " and " + std::to_string(sent_bytes_) +
         " bytes, received " + std::to_string(received_) + (pipelined_ ? ", pipelined" : "");
}

}  // namespace penstock::test
