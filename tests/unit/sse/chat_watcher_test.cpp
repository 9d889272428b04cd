#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "penstock/sse.h"
#include "sse/probe.h"
#include "support/fixtures.h"
#include "support/json_tree.h"
#include "support/sse_events.h"

using namespace penstock;
using sse::ChatWatcher;
using Kind = ChatWatcher::Kind;

namespace {

// One event through the framer and the watcher; what the client gets, empty when hidden.
struct Passed {
  ChatWatcher::Look look;
  std::string text;
};
Passed pass(ChatWatcher& watcher, const std::string& event_text) {
  sse::Framer framer;
  framer.feed(event_text);
  sse::Event event;
  REQUIRE(*framer.next(event));
  Passed out{watcher.look(event), {}};
  if (out.look.hide) return out;
  Gather gather;
  if (sse::gather_event(event, out.look, gather)) {
    for (const Bytes piece : gather.pieces()) out.text += piece;
  } else {
    std::vector<char> room(1'000);
    const Bytes whole[] = {event.data};
    const auto edited = out.look.edited();
    out.text = *sse::write_event(event.name, edited.empty() ? std::span(whole) : edited, room);
  }
  return out;
}
// The payload a client that did not ask for usage gets for this payload.
std::string hidden(const std::string& payload) {
  ChatWatcher watcher(true);
  const std::string text = pass(watcher, "data: " + payload + "\n\n").text;
  if (text.empty()) return {};
  REQUIRE(text.starts_with("data: "));
  REQUIRE(text.ends_with("\n\n"));
  return text.substr(6, text.size() - 8);
}
ChatWatcher::Look look(const std::string& payload, bool hide_usage = false) {
  ChatWatcher watcher(hide_usage);
  return pass(watcher, "data: " + payload + "\n\n").look;
}

}  // namespace

TEST_CASE("watcher/usage_null_is_removed_wherever_it_stands") {
  CHECK(hidden(R"({"choices":[{}],"usage":null})") == R"({"choices":[{}]})");
  CHECK(hidden(R"({"usage":null,"choices":[{}]})") == R"({"choices":[{}]})");
  CHECK(hidden(R"({"id":1,"usage":null,"choices":[{}]})") == R"({"id":1,"choices":[{}]})");
  CHECK(hidden(R"({ "id" : 1 , "usage" : null , "choices" : [{}] })") ==
        R"({ "id" : 1 ,  "choices" : [{}] })");
  CHECK(hidden(R"({"id":1 , "usage": null })") == R"({"id":1  })");
  CHECK(hidden(R"({"usage":null})") == "{}");
  CHECK(hidden(R"( {"id":1,"usage":null} )") == R"( {"id":1} )");
}

TEST_CASE("watcher/what_only_looks_like_usage_stays") {
  for (const std::string payload :
       {R"({"choices":[{"delta":{"content":"usage"}}]})",
        R"({"choices":[{"delta":{"content":",\"usage\":null}"}}]})",
        R"({"choices":[{"delta":{"content":"\\\"usage\":null"}}]})",
        R"({"choices":[{"usage":null}]})", R"({"a":{"usage":{"x":1}}})",
        R"({"a":{"b":1,"usage":null}})", R"({"choices":[{"delta":{"content":"\"error\":1"}}]})",
        R"({"usage_":null,"_usage":null})"}) {
    CHECK(hidden(payload) == payload);
    CHECK_FALSE(look(payload).usage);
    CHECK(look(payload).kind == Kind::ordinary);
  }
}

TEST_CASE("watcher/usage_chunk") {
  const std::string only = R"({"id":"a","choices":[],"usage":{"prompt_tokens":1}})";
  CHECK(look(only).usage);
  CHECK_FALSE(look(only).hide);
  CHECK(look(only).slice_count == 0);
  CHECK(hidden(only).empty());
  CHECK(hidden(R"({"id":"a","usage":{"prompt_tokens":1}})").empty());
  CHECK(hidden(R"({"choices" : [ ] , "usage" : {"prompt_tokens":1} })").empty());
  // Usage beside content: the content goes on.
  const std::string both = R"({"choices":[{"delta":{}}],"usage":{"a":[1,{"b":"}"}]},"x":1})";
  CHECK(look(both).usage);
  CHECK(hidden(both) == R"({"choices":[{"delta":{}}],"x":1})");
  // Content filters come with empty choices too, but without usage.
  CHECK(hidden(R"({"choices":[],"f":1,"usage":null})") == R"({"choices":[],"f":1})");
}

TEST_CASE("watcher/client_that_asked_for_usage_gets_every_byte") {
  for (const std::string payload :
       {R"({"choices":[],"usage":{"a":1}})", R"({"choices":[{}],"usage":null})"}) {
    ChatWatcher watcher(false);
    CHECK(pass(watcher, "data: " + payload + "\n\n").text == "data: " + payload + "\n\n");
  }
}

TEST_CASE("watcher/other_spellings_are_rewritten") {
  ChatWatcher watcher(true);
  CHECK(pass(watcher, "data:{\"choices\":[{}],\"usage\":null}\r\n\r\n").text ==
        "data: {\"choices\":[{}]}\n\n");
  CHECK(pass(watcher, "data: {\"choices\":[{}],\ndata: \"usage\":null}\n\n").text ==
        "data: {\"choices\":[{}]}\n\n");
  CHECK(pass(watcher, "event: m\nid: 3\ndata: {\"a\":\ndata: 1}\n\n").text ==
        "event: m\ndata: {\"a\": 1}\n\n");
}

TEST_CASE("watcher/errors") {
  for (const std::string payload :
       {R"({"error":{"message":"x"}})", R"({"id":1,"error":"x","choices":[]})", R"({"error" : 1})",
        R"({"choices":[{"error":null}],"error":{},"z":{"error":null}})"}) {
    CHECK(look(payload).kind == Kind::error);
  }
  for (const std::string payload :
       {R"({"error":null,"choices":[]})", R"({"error":false})", R"({"error":0})", R"({"error":""})",
        R"({"choices":[{"error":{"message":"x"}}]})", R"({"a":"error"})"}) {
    CHECK(look(payload).kind == Kind::ordinary);
  }
  ChatWatcher watcher(true);
  CHECK(pass(watcher, "event: error\ndata: {\"message\":\"x\"}\n\n").look.kind == Kind::error);
  CHECK(watcher.ending() == sse::Ending::cut);
  CHECK(pass(watcher, "data: [DONE]\n\n").look.kind == Kind::done);
  CHECK(watcher.ending() == sse::Ending::cut);
}

TEST_CASE("watcher/end_of_stream") {
  ChatWatcher watcher(true);
  CHECK(watcher.ending() == sse::Ending::cut);
  CHECK(pass(watcher, R"(data: {"choices":[{"finish_reason":null}]})"
                      "\n\n")
            .look.kind == Kind::ordinary);
  CHECK(watcher.finish_reason().empty());
  pass(watcher, R"(data: {"choices":[{"finish_reason" : "tool_calls"}]})"
                "\n\n");
  CHECK(watcher.finish_reason() == "tool_calls");
  CHECK(watcher.ending() == sse::Ending::cut);
  const Passed done = pass(watcher, "data: [DONE]\n\n");
  CHECK(done.look.kind == Kind::done);
  CHECK(done.text == "data: [DONE]\n\n");
  CHECK(watcher.ending() == sse::Ending::complete);
  CHECK(watcher.events() == 3);
  const Passed late = pass(watcher, "data: {}\n\n");
  CHECK(late.look.kind == Kind::after_end);
  CHECK(late.look.hide);
  CHECK(watcher.dropped() == 1);
  CHECK(watcher.events() == 3);
}

TEST_CASE("watcher/payloads_that_are_no_objects") {
  for (const std::string payload : {"", "{", "}", "hello", "[1]", "{\"a\":1", "\"{}\""}) {
    CHECK(look(payload).kind == Kind::malformed);
  }
}

TEST_CASE("watcher/unsound_objects_stay_within_bounds") {
  const std::string seed =
      R"({"error":{"m":"x\"y"},"choices":[{"finish_reason":"stop"}],"usage":{"a":[1,2]},"usage":null})";
  const std::string alphabet = "{}[]:,\"\\ un";
  std::mt19937 random(9);
  for (int round = 0; round < 30'000; ++round) {
    std::string payload = seed;
    for (auto changes = 1 + random() % 5; changes > 0; --changes) {
      const std::size_t place = random() % payload.size();
      if (random() % 2 != 0)
        payload[place] = alphabet[random() % alphabet.size()];
      else
        payload.erase(place, 1 + random() % 9);
    }
    payload = "{" + payload + "}";
    const std::string own(payload);  // exact bounds for a sanitizer
    ChatWatcher watcher(true);
    const auto seen = watcher.look({"", own, ""});
    if (seen.slice_count != 0) {
      REQUIRE(seen.slices[0].data() == own.data());
      REQUIRE(seen.slices[1].data() + seen.slices[1].size() == own.data() + own.size());
    }
  }
}

TEST_CASE("watcher/probe_finds_keys_at_every_offset") {
  for (std::size_t pad = 0; pad < 70; ++pad) {
    const std::string before = "{\"" + std::string(pad, 'p') + "\":1,";
    const std::string after = ",\"z\":\"" + std::string(pad % 19, 'e') + "\"}";
    CHECK(sse::probe(before + R"("usage":{})" + after).usage_object);
    CHECK(sse::probe(before + R"("error":1})").error);
    CHECK_FALSE(sse::probe(before + R"("error":null)" + after).error);
    const std::string finish = before + R"("finish_reason":"stop")" + after;
    CHECK(sse::probe(finish).finish_reason == "stop");
    const std::string last = before + R"("usage":7})";
    CHECK(sse::probe(last).usage == R"("usage":7})");
  }
}

TEST_CASE("watcher/random_objects_lose_usage_and_nothing_else") {
  const std::vector<std::pair<std::string, std::vector<std::string>>> parts{
      {"id", {"\"a\"", "1"}},
      {"choices",
       {"[]", "[ ]", R"([{"delta":{"content":"\",\"usage\":null}"},"usage":1}])", "null"}},
      {"usage", {"null", "null", R"({"prompt_tokens":1,"d":{"usage":null}})"}},
      {"x", {R"({"usage":null})", "\"usage\"", "[\"}\"]"}},
      {"error", {"null"}},
  };
  const std::string blanks[] = {"", "", "", " ", "  "};
  std::mt19937 random(13);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::string> members;
    for (const auto& [key, values] : parts) {
      if (random() % 3 == 0) continue;
      const auto blank = [&] { return blanks[random() % 5]; };
      const std::string member = blank() + "\"" + key + "\"" + blank() + ":" + blank() +
                                 values[random() % values.size()] + blank();
      members.insert(members.begin() + static_cast<std::ptrdiff_t>(random() % (members.size() + 1)),
                     member);
    }
    std::string payload = "{";
    for (const std::string& member : members) payload += (payload.size() > 1 ? "," : "") + member;
    payload += "}";
    CAPTURE(payload);
    test::Tree want = *test::read_tree(payload);
    const test::Tree* const usage = want.find("usage");
    const test::Tree* const choices = want.find("choices");
    const bool empty = choices == nullptr || choices->items.empty();
    const bool hide = usage != nullptr && usage->kind == test::Tree::Kind::object && empty;
    want.erase("usage");
    const std::string got = hidden(payload);
    REQUIRE(got.empty() == hide);
    if (!hide) REQUIRE(test::read_tree(got) == want);
  }
}

TEST_CASE("watcher/recorded_streams") {
  const auto folder = test::fixtures("openai");
  if (!folder) {
    MESSAGE("openai recordings not found: own cases only");
    return;
  }
  int streams = 0;
  int usages = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("chat-completions-stream") && !name.starts_with("completions-stream"))
      continue;
    const std::string text = test::read_file(entry.path() / "response.body");
    if (test::read_events(text).empty()) continue;
    CAPTURE(name);
    ++streams;
    ChatWatcher watcher(true);
    for (const test::Message& message : test::read_events(text)) {
      const std::string event = "data: " + message.data + "\n\n";
      const Passed passed = pass(watcher, event);
      usages += passed.look.usage;
      const auto tree = test::read_tree(message.data);
      if (!tree) {
        CHECK(message.data == "[DONE]");
        continue;
      }
      CHECK(passed.look.kind == Kind::ordinary);
      test::Tree want = *tree;
      want.erase("usage");
      if (passed.look.hide) {
        CHECK(tree->find("choices")->items.empty());
      } else {
        CHECK(test::read_tree(passed.text.substr(6, passed.text.size() - 8)) == want);
      }
    }
    CHECK(watcher.ending() == sse::Ending::complete);
    CHECK_FALSE(watcher.finish_reason().empty());
  }
  CHECK(streams >= 5);
  CHECK(usages >= 1);
}
