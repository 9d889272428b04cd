// What the tests of this dialect have in common: texts read and written in one call, and a list of
// the events that came out of a stream.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "dialect/anthropic/table.h"
#include "support/json_tree.h"

namespace test {

using penstock::Bytes;
namespace dialect = penstock::dialect;
namespace hub = penstock::hub;
namespace json = penstock::json;

inline const dialect::DialectTable& table() {
  return dialect::anthropic_table();
}

// A body read into the hub, with what its views point into.
struct ReadRequest {
  std::string body;
  json::Document document;
  hub::Request request;
  dialect::RequestIssue issue;
  bool ok = false;

  explicit ReadRequest(std::string text) : body(std::move(text)) {
    const auto root = document.read(body, json::Judge::request);
    REQUIRE(root.has_value());
    ok = table().read_request(*root, request, issue).has_value();
  }
};

inline dialect::TargetTraits target(Bytes model) {
  return {.model = model, .base_model = model};
}

struct Written {
  std::string body;
  dialect::Losses losses;
  bool ok = false;

  Tree tree() const {
    const auto read = read_tree(body);
    REQUIRE(read.has_value());
    return *read;
  }
};

inline Written write(const hub::Request& request, const dialect::TargetTraits& to) {
  Written out;
  json::Composer composer;
  out.ok = table().write_request(request, to, composer, out.losses).has_value();
  out.body = composer.text();
  return out;
}

// Every event in a word or two, for whole sequences to be compared.
struct EventList final : hub::EventSink {
  std::vector<std::string> events;
  hub::Usage usage{};
  hub::ErrorKind error{};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> cited;

  void on(const hub::Event& event) override {
    using hub::EventKind;
    const std::string call = std::to_string(event.call);
    const std::string text(event.text);
    switch (event.kind) {
      case EventKind::begin:
        return note("begin " + std::string(event.id) + " " + std::string(event.model));
      case EventKind::text:
        return note("text " + text);
      case EventKind::refusal:
        return note("refusal " + text);
      case EventKind::thinking:
        return note("thinking " + text);
      case EventKind::signature:
        return note("signature " + text);
      case EventKind::redacted:
        return note("redacted " + text);
      case EventKind::block_end:
        return note("block_end");
      case EventKind::tool_open:
        return note("tool_open " + call + " " + std::string(event.id) + " " +
                    std::string(event.name));
      case EventKind::tool_delta:
        return note("tool_delta " + call + " " + text);
      case EventKind::tool_close:
        return note("tool_close " + call);
      case EventKind::citation:
        cited.emplace_back(event.citation->start, event.citation->end);
        return note("citation " + std::string(event.citation->url));
      case EventKind::opaque:
        return note("opaque " + std::string(event.raw));
      case EventKind::usage:
        usage = *event.usage;
        return;
      case EventKind::finish:
        return note("finish " + std::to_string(static_cast<int>(event.finish)) +
                    (text.empty() ? "" : " " + text));
      case EventKind::error:
        error = event.error->kind;
        return note("error " + std::string(event.error->message));
      case EventKind::end:
        return note("end");
      default:
        return note("other");
    }
  }
  void note(std::string event) { events.push_back(std::move(event)); }
};

inline std::string finish(hub::Finish finish, std::string_view text = {}) {
  return "finish " + std::to_string(static_cast<int>(finish)) +
         (text.empty() ? "" : " " + std::string(text));
}

// Feeds one event's data per element; false when the reader refused one of them or the end.
inline bool read_stream(const std::vector<std::string>& data, hub::EventSink& out,
                        Bytes model = "claude-sonnet-5") {
  const auto reader = table().stream_reader(target(model));
  json::Document document;
  for (const std::string& each : data) {
    const auto root = document.read(each, json::Judge::answer);
    REQUIRE(root.has_value());
    if (!reader->frame({}, *root, out)) return false;
  }
  return reader->finish(out).has_value();
}

inline bool read_whole(const std::string& body, hub::EventSink& out) {
  json::Document document;
  const auto root = document.read(body, json::Judge::answer);
  REQUIRE(root.has_value());
  return table().read_answer(*root, target("claude-sonnet-5"), out).has_value();
}

}  // namespace test
