// The scripted provider: answers chat, streams and embeddings, well or in one of many bad ways.
#include <algorithm>
#include <charconv>
#include <memory>

#include "gateway_world.h"
#include "wire.h"

namespace penstock::test {
namespace {

enum class Ending : std::uint8_t { keep, finish, reset, stall };

// What one request gets: all bytes in order, and what comes behind them.
struct Script {
  std::string bytes;
  std::size_t stop_at = SIZE_MAX;  // bytes sent before `ending`, when not all
  Ending ending = Ending::keep;
  Duration before{};  // until the first byte
  std::uint64_t portion_max = 100'000;
  unsigned gap = 0;  // chance of a pause between portions
};

std::uint64_t tag_of(const std::string& body) {
  std::uint64_t tag = 0;
  const std::size_t at = body.find("tag-");
  if (at != std::string::npos) {
    std::from_chars(body.data() + at + 4, body.data() + body.size(), tag);
  }
  return tag;
}

std::string event(World& world, const std::string& data) {
  switch (world.random().below(12)) {
    case 0:
      return "data: " + data + "\r\n\r\n";
    case 1:
      return ": comment\ndata:" + data + "\n\n";
    case 2:
      return "event: message\ndata: " + data + "\n\n";
    default:
      return "data: " + data + "\n\n";
  }
}

std::string delta(const std::string& content, const std::string& finish) {
  return R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":")" +
         content + R"("},"finish_reason":)" + finish + "}]}";
}

// `with_usage`: as include_usage asks. The terminal event is the last thing in it.
std::string stream_text(World& world, Arrival& arrival, const std::string& mark, bool with_usage) {
  std::string text;
  const std::uint64_t most = world.random().chance(150) ? 200 : 12;
  arrival.pieces = static_cast<int>(world.random().between(1, most));
  const std::uint64_t padding = world.random().chance(200) ? 3000 : 40;
  for (int i = 0; i < arrival.pieces; ++i) {
    std::string content = mark + std::to_string(i) + ";";
    content.append(world.random().below(padding), 'x');
    text += event(world, delta(content, i + 1 == arrival.pieces ? "\"stop\"" : "null"));
  }
  if (with_usage) {
    text += event(world, R"({"id":"c","object":"chat.completion.chunk","choices":[],)"
                         R"("usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}})");
  }
  return text + "data: [DONE]\n\n";
}

std::string whole_text(World& world, const std::string& mark, bool embeddings) {
  std::string padding(world.random().below(world.random().chance(100) ? 200'000 : 300), 'y');
  if (embeddings) {
    return R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.25,-1]}],)"
           R"("model":")" +
           mark + R"(0;","pad":")" + padding + R"(","usage":{"prompt_tokens":3,"total_tokens":3}})";
  }
  return R"({"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":)"
         R"("assistant","content":")" +
         mark + "0;" + padding +
         R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":5,)"
         R"("total_tokens":8}})";
}

std::string hex(std::size_t number) {
  char text[17];
  const auto end = std::to_chars(text, text + sizeof text, number, 16).ptr;
  return {text, end};
}

// Frames a body, and says where in the result its last byte stands.
std::string framed(World& world, const std::string& head, const std::string& body,
                   std::size_t& body_end) {
  std::string text = head;
  if (world.random().chance(400) && head.find("event-stream") == std::string::npos) {
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    body_end = text.size();
    return text;
  }
  text += "Transfer-Encoding: chunked\r\n\r\n";
  const std::uint64_t most = std::uint64_t{1} << world.random().between(4, 16);
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t size =
        std::min<std::size_t>(world.random().between(1, most), body.size() - at);
    text += hex(size) + "\r\n" + body.substr(at, size);
    body_end = text.size();
    text += "\r\n";
    at += size;
  }
  return text + "0\r\n\r\n";
}

std::string head_of(int status, const char* type) {
  return "HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Type: " + type + "\r\n";
}

// A good answer, and all that may go wrong with one on its way.
Script good(World& world, Arrival& arrival, const std::string& mark, const std::string& head,
            const std::string& body) {
  const bool stream = body.find("\"stream\":true") != std::string::npos;
  const bool with_usage = body.find("\"include_usage\":true") != std::string::npos;
  const bool embeddings = head.find("/embeddings") != std::string::npos;
  Script script;
  std::size_t end = 0;
  if (stream) {
    const std::string text = stream_text(world, arrival, mark, with_usage);
    arrival.done = true;
    script.bytes = framed(world, head_of(200, "text/event-stream"), text, end);
  } else {
    arrival.whole = whole_text(world, mark, embeddings);
    script.bytes = framed(world, head_of(200, "application/json"), arrival.whole, end);
  }
  script.portion_max = std::uint64_t{1} << world.random().between(5, 17);
  script.gap = world.random().chance(300) ? 50 : 0;
  if (world.random().chance(300)) {
    script.before =
        Duration::microseconds(static_cast<std::int64_t>(world.random().below(800'000)));
  }
  if (world.random().chance(world.habits.provider_misbehaves)) {
    // Cut anywhere: in the head, in the body, or behind it.
    script.stop_at = world.random().below(script.bytes.size() + 1);
    constexpr Ending endings[] = {Ending::finish, Ending::reset, Ending::stall};
    script.ending = endings[world.random().below(3)];
    arrival.done = arrival.done && script.stop_at >= end;
  }
  return script;
}

// Answers that are no good from the start.
Script bad(World& world, Arrival& arrival, const std::string& mark) {
  Script script;
  std::size_t end = 0;
  const std::string said = R"({"error":{"message":")" + mark + R"(0; no","type":"t","code":"c"}})";
  constexpr int statuses[] = {400, 401, 403, 404, 413, 429, 500, 502, 503, 529};
  switch (world.random().below(10)) {
    case 0:  // garbage
      for (int i = 0; i < 200; ++i) script.bytes += static_cast<char>(world.random().next());
      break;
    case 1:
      script.bytes = "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";
      break;
    case 2:
      script.bytes = framed(world, head_of(200, "text/html"), "<html>" + mark + "0;</html>", end);
      break;
    case 3:
      script.bytes = framed(world, head_of(200, "application/json"), "{\"half\":\"" + mark, end);
      break;
    case 4:  // an error as first event
      script.bytes =
          framed(world, head_of(200, "text/event-stream"), "data: " + said + "\n\n", end);
      break;
    case 5:  // an error in the middle, and what stands behind it is not an end
      arrival.pieces = 1;
      script.bytes =
          framed(world, head_of(200, "text/event-stream"),
                 "data: " + delta(mark + "0;", "null") + "\n\ndata: " + said + "\n\n", end);
      break;
    case 6: {  // a stream whose events turn into something else
      arrival.pieces = 2;
      script.bytes = framed(world, head_of(200, "text/event-stream"),
                            "data: " + delta(mark + "0;", "null") + "\n\ndata: nonsense\n\n", end);
      break;
    }
    case 7:  // a stream that ends without its terminal event
      arrival.pieces = 2;
      script.bytes = framed(world, head_of(200, "text/event-stream"),
                            "data: " + delta(mark + "0;", "null") + "\n\n", end);
      break;
    default:
      script.bytes = framed(
          world, head_of(statuses[world.random().below(std::size(statuses))], "application/json"),
          said, end);
      break;
  }
  if (world.random().chance(200)) script.ending = Ending::finish;
  return script;
}

// The request on a connection: what came of it so far.
struct Seat {
  explicit Seat(World& w) : world(w), wire(w.driver) {}
  World& world;
  Wire wire;
  Deadline deadline;
  std::string head, body;
  Script script;
  bool cross_wired = false;
};

// Receives one request. False: the connection ended, or is to be ended as the script says.
Task<bool> receive_request(Seat* seat) {
  Wire& wire = seat->wire;
  std::size_t end = 0;
  while ((end = wire.in.find("\r\n\r\n")) == std::string::npos) {
    if (wire.ended() || wire.broken()) co_return false;
    const bool woken = co_await wire.changed(seat->deadline);
    if (!woken) co_return false;
  }
  seat->head = wire.in.substr(0, end + 4);
  wire.in.erase(0, end + 4);
  const std::size_t at = seat->head.find("Content-Length: ");
  if (at == std::string::npos) {
    seat->world.wrong.push_back("a request without Content-Length: " + seat->head);
    co_return false;
  }
  std::size_t length = 0;
  std::from_chars(seat->head.data() + at + 16, seat->head.data() + seat->head.size(), length);
  std::size_t wanted = length;
  const bool early = seat->world.random().chance(seat->world.habits.provider_misbehaves / 4);
  if (early) wanted = seat->world.random().below(length + 1);
  const auto enough = co_await wire.at_least(wanted, seat->deadline);
  if (!enough) co_return false;
  if (early && wanted < length) {
    seat->script = {.bytes =
                        "HTTP/1.1 413 Early\r\nContent-Type: application/json\r\n"
                        "Content-Length: 2\r\n\r\n{}",
                    .stop_at = seat->world.random().chance(500) ? SIZE_MAX : 0,
                    .ending = seat->world.random().chance(500) ? Ending::finish : Ending::reset};
    seat->body.clear();
    co_return true;
  }
  seat->body = wire.in.substr(0, length);
  wire.in.erase(0, length);
  co_return true;
}

void write_script(Seat& seat) {
  if (seat.body.empty()) return;  // the script is there already
  World& world = seat.world;
  std::uint64_t tag = tag_of(seat.body);
  if (tag >= world.requests.size()) {
    world.wrong.push_back("a provider got a request without a tag");
    tag = 0;
  }
  Known& known = world.requests[tag];
  std::uint64_t said = tag;
  if (seat.cross_wired && tag > 0) said = tag - 1;
  const std::string mark = tag_text(said) + std::to_string(known.arrivals.size()) + ".";
  Arrival& arrival = known.arrivals.emplace_back();
  if (world.random().chance(world.habits.provider_misbehaves)) {
    seat.script = bad(world, arrival, mark);
  } else {
    seat.script = good(world, arrival, mark, seat.head, seat.body);
  }
}

// False: the connection is over.
Task<bool> send_script(Seat* seat) {
  Script& script = seat->script;
  World& world = seat->world;
  Wire& wire = seat->wire;
  const Instant start = world.driver.now() + script.before;
  while (world.driver.now() < start) {
    if (wire.ended() || wire.broken()) co_return false;
    static_cast<void>(co_await wire.changed({start}));
  }
  const std::size_t total = std::min(script.bytes.size(), script.stop_at);
  int rests = 30;
  for (std::size_t at = 0; at < total;) {
    const auto size =
        std::min<std::size_t>(world.random().between(1, script.portion_max), total - at);
    const auto sent = co_await wire.send_all(Bytes(script.bytes).substr(at, size), seat->deadline);
    if (!sent) co_return false;
    at += size;
    if (rests == 0 || !world.random().chance(script.gap)) continue;
    --rests;
    const auto rest_us = static_cast<std::int64_t>(world.random().below(100'000));
    const Instant until = world.driver.now() + Duration::microseconds(rest_us);
    while (world.driver.now() < until && !wire.ended() && !wire.broken()) {
      static_cast<void>(co_await wire.changed({until}));
    }
  }
  while (script.ending == Ending::stall && !wire.ended() && !wire.broken()) {
    const bool woken = co_await wire.changed(seat->deadline);
    if (!woken) world.wrong.push_back("a stalled request was never given up");
    if (!woken) break;
  }
  co_return script.ending == Ending::keep;
}

Task<> serve(World* world, int fd, bool confused) {
  const auto seat = std::make_unique<Seat>(*world);
  seat->wire.adopt(fd);
  bool going = !world->random().chance(world->habits.provider_misbehaves / 4);
  while (going) {
    seat->deadline = Deadline::after(world->driver.now(), patience);
    seat->script = {};
    going = co_await receive_request(seat.get());
    if (!going) break;
    seat->cross_wired = confused && world->random().chance(300);
    write_script(*seat);
    going = co_await send_script(seat.get());
  }
  const bool hard = seat->script.ending == Ending::reset;
  if (!hard) seat->wire.finish();
  co_await seat->wire.close(hard ? CloseHow::reset : CloseHow::orderly);
}

}  // namespace

Task<> serve_provider(World* world, int fd) {
  co_await serve(world, fd, false);
}
Task<> serve_confused_provider(World* world, int fd) {
  co_await serve(world, fd, true);
}

}  // namespace penstock::test
