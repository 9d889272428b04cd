// Runs texts through the rows of chat and completions in the table, for their tests.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "dialect/openai_chat/table.h"
#include "support/hub_events.h"
#include "support/json_tree.h"
#include "support/sse_events.h"

namespace test {

using namespace penstock;
using namespace penstock::dialect;

inline const DialectTable& chat() {
  return openai_chat_table();
}

inline TargetTraits target_with(const Quirks& quirks) {
  TargetTraits target;
  target.model = target.base_model = "m1";
  target.quirks = &quirks;
  return target;
}

inline const Quirks plain_quirks{};

// Goes through the data of a stream, one event per line.
template <class Frame, class Word>
bool each_line(std::string_view lines, Frame frame, Word word) {
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    if (line.empty()) continue;
    if (!(line.starts_with('{') ? frame(line) : word(line))) return false;
  }
  return true;
}

// The events of a stream that is given as its data, one line per event; false: it was refused.
inline bool feed(std::string_view lines, hub::EventSink& out, const Quirks& quirks = plain_quirks) {
  json::Document document;
  const auto reader = chat().stream_reader(target_with(quirks));
  const auto frame = [&](std::string_view line) {
    const auto data = document.read(line, json::Judge::answer);
    REQUIRE(data.has_value());
    return reader->frame("", *data, out).has_value();
  };
  const auto word = [&](std::string_view line) { return reader->word(line, out).has_value(); };
  return each_line(lines, frame, word) && reader->finish(out).has_value();
}

struct Replayed {
  EventText events;
  bool whole = false;  // every frame was taken and the end was orderly
};

// The order of events is judged for answers of one choice only.
inline Replayed replay(std::string_view lines, const Quirks& quirks = plain_quirks,
                       bool one_choice = true) {
  Replayed out;
  out.whole = feed(lines, out.events, quirks);
  if (one_choice) CHECK(out.events.mistake == "");
  return out;
}

inline EventText read_whole(std::string_view body, const Quirks& quirks = plain_quirks,
                            bool one_choice = true) {
  EventText out;
  json::Document document;
  const auto data = document.read(body, json::Judge::answer);
  REQUIRE(data.has_value());
  REQUIRE(chat().read_answer(*data, target_with(quirks), out).has_value());
  if (one_choice) CHECK(out.mistake == "");
  return out;
}

// A chunk with one choice: `{"index":0,` and what `inside` says.
inline std::string chunk(const std::string& inside) {
  return R"({"id":"c1","object":"chat.completion.chunk","created":7,"model":"m1","choices":[{"index":0,)" +
         inside + "}]}\n";
}
inline std::string delta(const std::string& members) {
  return chunk(R"("delta":{)" + members + R"(},"finish_reason":null)");
}
inline std::string call_delta(const std::string& members) {
  return delta(R"("tool_calls":[{)" + members + "}]");
}
inline std::string finish_chunk(const std::string& reason) {
  return chunk(R"("delta":{},"finish_reason":")" + reason + "\"");
}
inline const std::string done = "[DONE]\n";

// -- Requests --

// A client's request; its views live as long as this.
struct Asked {
  explicit Asked(std::string text, const DialectTable& dialect = chat()) : body(std::move(text)) {
    const auto root = document.read(body, json::Judge::request);
    REQUIRE_MESSAGE(root.has_value(), body);
    result = dialect.read_request(*root, request, issue);
  }
  std::string body;
  json::Document document;
  hub::Request request;
  RequestIssue issue;
  Result<> result;
};

// What a target gets.
struct Sent {
  bool good = false;
  std::string body;
  std::string dropped;  // space separated
  std::string emulated;
  std::string refused;
};

inline Sent send(const hub::Request& request, const Quirks& quirks = plain_quirks,
                 DropParams drop = DropParams::drop) {
  Sent sent;
  json::Composer out;
  Losses losses;
  TargetTraits target = target_with(quirks);
  target.drop_params = drop;
  sent.good = chat().write_request(request, target, out, losses).has_value();
  sent.body = out.text();
  const auto joined = [](const std::vector<Bytes>& words) {
    std::string text;
    for (const Bytes word : words) text.append(text.empty() ? "" : " ").append(word);
    return text;
  };
  sent.dropped = joined(losses.dropped);
  sent.emulated = joined(losses.emulated);
  sent.refused = losses.refused;
  if (sent.good) {
    REQUIRE_MESSAGE(read_tree(sent.body).has_value(), sent.body);
  } else {
    CHECK_FALSE(losses.reason.empty());
  }
  return sent;
}

// -- JSON --

inline Tree tree(std::string_view text) {
  const auto read = read_tree(text);
  REQUIRE_MESSAGE(read.has_value(), std::string(text));
  return *read;
}

// The value at a path such as "messages.0.content"; null when there is none.
inline Tree at(const Tree& from, std::string_view path) {
  const Tree* now = &from;
  while (!path.empty() && now != nullptr) {
    const auto dot = path.find('.');
    const std::string_view step = path.substr(0, dot);
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
    if (now->kind == Tree::Kind::array) {
      const auto index = static_cast<std::size_t>(std::stoi(std::string(step)));
      now = index < now->items.size() ? &now->items[index] : nullptr;
    } else {
      now = now->find(step);
    }
  }
  return now == nullptr ? Tree{} : *now;
}
inline std::string text_at(std::string_view json, std::string_view path) {
  return at(tree(json), path).text;
}
inline bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace test
