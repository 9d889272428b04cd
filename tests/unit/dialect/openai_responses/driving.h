// Drives the dialect in the tests: texts in, texts out, and trees to compare.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/openai_responses/table.h"
#include "support/json_tree.h"
#include "support/sse_events.h"

namespace test {

using namespace penstock;
using namespace penstock::dialect;

inline const DialectTable& responses() {
  return openai_responses_table();
}

inline Tree tree(std::string_view text) {
  const auto read = read_tree(text);
  INFO(text);
  REQUIRE(read.has_value());
  return *read;
}

// The member at a path such as "output.0.content.0.text"; a missing one is null.
inline Tree at(const Tree& from, std::string_view path) {
  Tree now = from;
  while (!path.empty()) {
    const auto dot = path.find('.');
    const std::string step(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    if (now.kind == Tree::Kind::array) {
      const std::size_t index = std::stoul(step);
      if (index >= now.items.size()) return {};
      now = Tree(now.items[index]);
    } else {
      const Tree* const member = now.find(step);
      if (member == nullptr) return {};
      now = Tree(*member);
    }
  }
  return now;
}
// The same value with the members of all objects in the order of their names.
inline Tree sorted(const Tree& from) {
  Tree out = from;
  out.keys.clear();
  out.items.clear();
  std::vector<std::string> keys = from.keys;
  std::sort(keys.begin(), keys.end());
  for (const std::string& key : keys) {
    out.keys.push_back(key);
    out.items.push_back(sorted(*from.find(key)));
  }
  if (from.kind == Tree::Kind::array) {
    for (const Tree& item : from.items) out.items.push_back(sorted(item));
  }
  return out;
}
inline std::string text_at(const Tree& from, std::string_view path) {
  return at(from, path).text;
}

// A request that owns what it views.
struct Read {
  explicit Read(std::string_view text) : body(text) {
    const auto root = document.read(body, json::Judge::request);
    REQUIRE(root.has_value());
    const auto done = responses().read_request(*root, request, issue);
    if (!done) error = done.error();
  }
  Read(const Read&) = delete;
  Read& operator=(const Read&) = delete;

  std::string body;
  json::Document document{};
  hub::Request request{};
  RequestIssue issue{};
  std::optional<Error> error{};
};

struct Written {
  std::string text{};
  Losses losses{};
  std::optional<Error> error{};
};
inline Written write_request(const hub::Request& request, TargetTraits target = {}) {
  if (target.model.empty()) target.model = "upstream-model";
  json::Composer out;
  Written written;
  const auto done = responses().write_request(request, target, out, written.losses);
  if (!done) written.error = done.error();
  REQUIRE(out.fits());
  written.text = std::string(out.text());
  return written;
}

// Keeps the events of an answer as lines, and folds them.
class Events final : public hub::EventSink {
 public:
  void on(const hub::Event& event) override;
  std::vector<std::string> lines{};
  hub::Fold fold{};
};

inline void Events::on(const hub::Event& event) {
  using enum hub::EventKind;
  fold.on(event);
  const std::string call = std::to_string(event.call);
  switch (event.kind) {
    case begin:
      lines.push_back("begin " + std::string(event.id) + " " + std::string(event.model));
      break;
    case text:
      lines.push_back("text " + std::string(event.text));
      break;
    case refusal:
      lines.push_back("refusal " + std::string(event.text));
      break;
    case thinking:
      lines.push_back("thinking " + std::string(event.text));
      break;
    case signature:
      lines.push_back("signature " + std::string(event.id) + " " + std::string(event.text));
      break;
    case redacted:
      lines.push_back("redacted " + std::string(event.id) + " " + std::string(event.text));
      break;
    case block_end:
      lines.push_back("block_end");
      break;
    case tool_open:
      lines.push_back("tool_open " + call + " " + std::string(event.id) + " " +
                      std::string(event.name) + (event.custom ? " custom" : ""));
      break;
    case tool_delta:
      lines.push_back("tool_delta " + call + " " + std::string(event.text));
      break;
    case tool_close:
      lines.push_back("tool_close " + call);
      break;
    case citation:
      lines.push_back("citation " + std::string(event.citation->url) + " " +
                      std::to_string(event.citation->start) + " " +
                      std::to_string(event.citation->end));
      break;
    case logprobs:
      lines.push_back("logprobs " + std::string(event.raw));
      break;
    case media:
      lines.push_back("media " + std::string(event.media.media_type));
      break;
    case opaque:
      lines.push_back("opaque");
      break;
    case usage:
      lines.push_back("usage " + std::to_string(event.usage->input_total()) + " " +
                      std::to_string(event.usage->output_total()));
      break;
    case finish:
      lines.push_back("finish " + std::to_string(static_cast<int>(event.finish)));
      break;
    case error:
      lines.push_back("error " + std::string(event.error->code) + " " +
                      std::string(event.error->message));
      break;
    case ping:
      break;
    case end:
      lines.push_back("end");
      break;
  }
}

// Reads a stream given as the data of its events; "[DONE]" and the like are words.
struct StreamRead {
  explicit StreamRead(const std::vector<std::string>& frames) {
    const auto reader = responses().stream_reader({});
    json::Document document;
    for (const std::string& frame : frames) {
      if (!frame.starts_with('{')) {
        ok = ok && reader->word(frame, events).has_value();
        continue;
      }
      const auto root = document.read(frame, json::Judge::answer);
      REQUIRE(root.has_value());
      ok = ok && reader->frame({}, *root, events).has_value();
    }
    done = reader->done();
    complete = reader->finish(events).has_value();
  }
  Events events{};
  bool ok = true;
  bool done = false;
  bool complete = false;
};

inline AnswerContext context_of(const hub::Request* request = nullptr) {
  AnswerContext context;
  context.request_id = "r1";
  context.model = "some-model";
  context.created = 1700000000;
  context.request = request;
  return context;
}

// What a client gets for a sequence of events.
inline Messages write_stream(const std::vector<hub::Event>& events, const AnswerContext& context) {
  json::Composer out;
  const auto writer = responses().stream_writer(context, out);
  for (const hub::Event& event : events) writer->on(event);
  REQUIRE(out.fits());
  return read_events(out.text());
}

inline std::string write_answer(const hub::Answer& answer, const AnswerContext& context) {
  json::Composer out;
  responses().write_answer(answer, context, out);
  REQUIRE(out.fits());
  return std::string(out.text());
}

}  // namespace test
