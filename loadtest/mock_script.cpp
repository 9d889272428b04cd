#include "mock_script.h"

#include <charconv>

#include "event_reader.h"

namespace penstock::loadtest {

namespace {

constexpr std::string_view filler =
    "The quick brown fox jumps over the lazy dog while a small gateway moves bytes between two "
    "sockets. ";

// `size` bytes of readable text that need no escaping in JSON.
std::string words(std::size_t size) {
  std::string text;
  while (text.size() < size) text.append(filler.substr(0, size - text.size()));
  return text;
}

bool number(std::string_view text, std::uint64_t& value) {
  const auto result = std::from_chars(text.begin(), text.end(), value);
  return result.ec == std::errc{} && result.ptr == text.end();
}

// Cuts the text up to the next '-' off `rest`.
std::string_view next_part(std::string_view& rest) {
  const std::size_t dash = rest.find('-');
  const std::string_view part = rest.substr(0, dash);
  rest = dash == std::string_view::npos ? std::string_view{} : rest.substr(dash + 1);
  return part;
}

bool apply(Script& script, std::string_view part) {
  if (part == "hold") {
    script.end = Script::End::hold;
  } else if (part == "cut") {
    script.end = Script::End::cut;
  } else if (part == "merge") {
    script.merge = true;
  } else if (part == "anthropic") {
    script.anthropic = true;
  } else {
    std::uint64_t value = 0;
    if (part.size() < 2 || !number(part.substr(1), value) || value > 1'000'000'000) return false;
    switch (part.front()) {
      case 'n':
        script.events = static_cast<std::uint32_t>(value);
        break;
      case 'b':
        script.events_per_write = static_cast<std::uint32_t>(value);
        break;
      case 'd':
        script.delay_ns = static_cast<std::int64_t>(value) * 1000;
        break;
      case 's':
        script.bytes = value;
        break;
      default:
        return false;
    }
  }
  return script.events_per_write > 0;
}

std::string chunk(std::string_view data) {
  char size[24];
  const auto result = std::to_chars(size, size + sizeof size, data.size(), 16);
  return std::string(size, result.ptr) + "\r\n" + std::string(data) + "\r\n";
}

std::string with_length(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Scripted\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\nX-Request-Id: req_mock0001\r\n\r\n" + body;
}

std::string usage() {
  return R"("usage":{"prompt_tokens":200,"completion_tokens":100,"total_tokens":300})";
}

void prepare_whole(Script& script, std::string_view model) {
  const std::string front =
      R"({"id":"chatcmpl-mock0001","object":"chat.completion","created":1700000000,"model":")" +
      std::string(model) + R"(","choices":[{"index":0,"message":{"role":"assistant","content":")";
  const std::string back = R"("},"logprobs":null,"finish_reason":"stop"}],)" + usage() + "}";
  const std::size_t fixed = front.size() + back.size();
  const std::size_t text = script.bytes > fixed ? script.bytes - fixed : 0;
  script.answer = with_length(200, front + words(text) + back);
}

// One chunk event of the chat API up to its delta.
std::string event_front(std::string_view model) {
  return R"(data: {"id":"chatcmpl-mock0001","object":"chat.completion.chunk",)"
         R"("created":1700000000,"model":")" +
         std::string(model) + R"(","choices":[)";
}

// What an API's stream is made of. Every event is whole, with its empty line.
struct Wording {
  std::string opening;  // chunks in front of the events
  std::string front;    // of an event, up to its time
  std::string back;     // of an event, behind its text
  std::string closing;  // chunks behind the events
  std::string usage;    // a chunk behind those, for who asks
  std::string last;     // the last chunk with data
};

Wording chat_wording(std::string_view model) {
  const std::string front = event_front(model);
  return {.opening = {},
          .front = front + R"({"index":0,"delta":{)" + std::string(stamp_mark),
          .back = "\"},\"finish_reason\":null}]}\n\n",
          .closing = chunk(front + "{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"),
          .usage = chunk(front + "]," + usage() + "}\n\n"),
          .last = chunk("data: [DONE]\n\n")};
}

// One event of the Messages API.
std::string named(std::string_view type, std::string_view members) {
  return "event: " + std::string(type) + "\ndata: {\"type\":\"" + std::string(type) + "\"" +
         std::string(members) + "}\n\n";
}

Wording anthropic_wording(std::string_view model) {
  const std::string start =
      R"(,"message":{"id":"msg_mock0001","type":"message","role":"assistant","model":")" +
      std::string(model) +
      R"(","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":200,)"
      R"("output_tokens":1}})";
  const std::string event =
      named("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":"@"})");
  const std::size_t text = event.find('@') + 1;
  return {.opening = chunk(named("message_start", start)) +
                     chunk(named("content_block_start",
                                 R"(,"index":0,"content_block":{"type":"text","text":""})")),
          .front = event.substr(0, text),
          .back = event.substr(text),
          .closing = chunk(named("content_block_stop", R"(,"index":0)")) +
                     chunk(named("message_delta",
                                 R"(,"delta":{"stop_reason":"end_turn","stop_sequence":null},)"
                                 R"("usage":{"output_tokens":100})")),
          .usage = {},
          .last = chunk(named("message_stop", ""))};
}

void prepare_stream(Script& script, std::string_view model) {
  const Wording wording = script.anthropic ? anthropic_wording(model) : chat_wording(model);
  const std::size_t mark_end = wording.front.size();
  const std::size_t fixed = mark_end + stamp_digits + 1 + wording.back.size();
  const std::string event = wording.front + std::string(stamp_digits, '0') + " " +
                            words(script.bytes > fixed ? script.bytes - fixed : 0) + wording.back;

  std::string data;
  for (std::uint32_t i = 0; i < script.events_per_write; ++i) {
    const std::string one = script.merge ? event : chunk(event);
    script.stamp_places.push_back(data.size() + mark_end + one.find(event));
    data += one;
    script.event_ends.push_back(data.size());
  }
  if (script.merge) {
    script.write = chunk(data);
    for (std::size_t& place : script.stamp_places) place += script.write.find(event);
  } else {
    script.write = data;
  }

  script.answer =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
      "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n"
      "X-Request-Id: req_mock0001\r\n\r\n" +
      wording.opening;
  const std::string last = wording.last + "0\r\n\r\n";
  script.tail = wording.closing + last;
  script.tail_with_usage = wording.closing + wording.usage + last;
}

}  // namespace

std::optional<Script> parse_script(std::string_view model) {
  std::string_view rest = model;
  if (next_part(rest) != "mock") return std::nullopt;
  const std::string_view kind = next_part(rest);
  Script script;
  std::uint64_t value = 0;
  if (kind == "hold") {
    script.kind = Script::Kind::hold;
  } else if (kind == "status") {
    if (!number(next_part(rest), value) || value < 200 || value > 599) return std::nullopt;
    script.kind = Script::Kind::status;
    script.status = static_cast<int>(value);
  } else if (kind == "whole") {
    if (!number(next_part(rest), value) || value > 64U << 20U) return std::nullopt;
    script.bytes = value;
  } else if (kind == "stream") {
    script.kind = Script::Kind::stream;
    script.bytes = 199;
  } else {
    return std::nullopt;
  }
  while (!rest.empty()) {
    if (!apply(script, next_part(rest))) return std::nullopt;
  }
  if (script.merge && script.events % script.events_per_write != 0) return std::nullopt;
  return script;
}

void prepare(Script& script, std::string_view model) {
  switch (script.kind) {
    case Script::Kind::whole:
      prepare_whole(script, model);
      break;
    case Script::Kind::stream:
      prepare_stream(script, model);
      break;
    case Script::Kind::hold:
      break;
    case Script::Kind::status:
      script.answer = with_length(
          script.status,
          R"({"error":{"message":"Scripted error.","type":"server_error","code":null}})");
      break;
  }
}

void stamp(Script& script, std::size_t events, std::int64_t sent_ns) {
  char digits[stamp_digits];
  for (std::size_t i = stamp_digits; i-- > 0; sent_ns /= 10) {
    digits[i] = static_cast<char>('0' + sent_ns % 10);
  }
  for (std::size_t i = 0; i < events; ++i) {
    script.write.replace(script.stamp_places[i], stamp_digits, digits, stamp_digits);
  }
}

}  // namespace penstock::loadtest
