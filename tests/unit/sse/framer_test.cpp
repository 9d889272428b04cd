#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "penstock/sse.h"
#include "support/fixtures.h"
#include "support/json_tree.h"
#include "support/sse_events.h"

using namespace penstock;
using test::Messages;

namespace {

// Whole, bytewise, at every place cut in two, and some ways in three.
void check_every_cut(const std::string& text, const Messages& expected) {
  CAPTURE(text);
  CHECK(test::frame({text}) == expected);
  CHECK(test::frame(test::bytewise(text)) == expected);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    REQUIRE(test::frame({text.substr(0, cut), text.substr(cut)}) == expected);
  }
}

std::string decode_base64(const std::string& text) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<std::uint32_t>(alphabet.find(c));
    if ((have += 6) < 8) continue;
    have -= 8;
    out.push_back(static_cast<char>(bits >> have & 0xFF));
  }
  return out;
}

}  // namespace

TEST_CASE("framer/spellings_of_the_same_events") {
  const Messages expected{{"", "{\"a\":1}"}, {"ping", "x"}, {"", "[DONE]"}};
  const std::string spellings[] = {
      "data: {\"a\":1}\n\nevent: ping\ndata: x\n\ndata: [DONE]\n\n",
      "\xEF\xBB\xBF"
      "data: {\"a\":1}\n\nevent: ping\ndata: x\n\ndata: [DONE]\n\n",
      "data: {\"a\":1}\r\n\r\nevent: ping\r\ndata: x\r\n\r\ndata: [DONE]\r\n\r\n",
      "data: {\"a\":1}\r\revent: ping\rdata: x\r\rdata: [DONE]\r\r",
      "data:{\"a\":1}\n\n\n\ndata:x\nevent:ping\n\n: hello\n\n:\ndata:[DONE]\n\n",
      ":c\n:d\r\n:e\rdata: {\"a\":1}\r\n\n\revent: no\nevent: ping\nid: 7\nretry: 5\ndata: "
      "x\n:c\n\r"
      "data: [DONE]\n\r",
      "nothing\n\ndata: {\"a\":1}\n\nevent: lost\n\nDATA: y\nevent: ping\ndata: x\n\n data: z\n\n"
      "data: [DONE]\n\ndata: never\n",
  };
  for (const std::string& text : spellings) check_every_cut(text, expected);
}

TEST_CASE("framer/lines_of_data_are_joined") {
  check_every_cut("data: a\ndata: b\r\ndata\rdata:  c\n\n", {{"", "a\nb\n\n c"}});
  check_every_cut("data\n\ndata\ndata\n\n", {{"", ""}, {"", "\n"}});
  check_every_cut("data: {\nevent: e\ndata: }\n\n", {{"e", "{\n}"}});
}

TEST_CASE("framer/what_is_no_event") {
  check_every_cut("", {});
  check_every_cut("\n\r\n\r", {});
  check_every_cut(": only a comment\n\n:\r\r", {});
  check_every_cut("event: x\n\n", {});
  check_every_cut("data: unfinished\n", {});
  check_every_cut("data: unfinished", {});
  check_every_cut("\xEF\xBB", {});
  check_every_cut(
      "\xEF\xBB"
      "data: x\n\ndata: y\n\n",
      {{"", "y"}});
  check_every_cut(
      "\xEF\xBB\xBF\xEF\xBB\xBF"
      "data: x\n\ndata: y\n\n",
      {{"", "y"}});
}

TEST_CASE("framer/canonical_events_are_handed_over_in_place") {
  const std::string text = "data: {\"a\":1}\n\nevent: e\ndata: x\n\ndata:x\n\ndata: x\r\n\r\n";
  sse::Framer framer;
  framer.feed(text);
  sse::Event event;
  REQUIRE(*framer.next(event));
  CHECK(event.raw.data() == text.data());
  CHECK(event.raw == "data: {\"a\":1}\n\n");
  REQUIRE(*framer.next(event));
  CHECK(event.raw == "event: e\ndata: x\n\n");
  CHECK(event.name.data() == text.data() + text.find("e\n"));
  REQUIRE(*framer.next(event));
  CHECK_FALSE(event.canonical());
  REQUIRE(*framer.next(event));
  CHECK_FALSE(event.canonical());
  CHECK(event.data == "x");
  CHECK_FALSE(*framer.next(event));
  CHECK(framer.held() == 0);
}

TEST_CASE("framer/restarted_forgets_the_stream_before") {
  const std::string next =
      "\xEF\xBB\xBF"
      "data: 2\n\n";
  for (const std::string before :
       {"data: 1", "data: 1\n", "data: 1\r", ": comm", "data: 1\r\n\r"}) {
    CAPTURE(before);
    sse::Framer framer(1 << 20);
    sse::Event event;
    framer.feed(before);
    while (*framer.next(event)) {
    }
    framer.restart(8);
    CHECK(framer.held() == 0);
    framer.feed(next);
    REQUIRE(*framer.next(event));
    CHECK(event.data == "2");
    CHECK_FALSE(*framer.next(event));
    const std::string large = "data: 345\n\n";  // 10 bytes, and now 8 are the limit
    framer.feed(large);
    CHECK_FALSE(framer.next(event).has_value());
  }
}

TEST_CASE("framer/events_over_the_limit_end_the_stream_at_every_cut") {
  const std::string fits = "data: 0123456789\n\n";
  const std::string over = "data: 0123456789a\n\n";
  const auto run = [](const std::vector<std::string>& chunks) {
    sse::Framer framer(17);
    for (const std::string& chunk : chunks) {
      framer.feed(chunk);
      for (;;) {
        sse::Event event;
        const auto more = framer.next(event);
        if (!more) return more.error() == Error{Code::too_large, Side::upstream};
        if (!*more) break;
      }
    }
    return false;
  };
  for (std::size_t cut = 0; cut <= over.size(); ++cut) {
    CHECK_FALSE(
        run({fits.substr(0, std::min(cut, fits.size())), fits.substr(std::min(cut, fits.size()))}));
    CHECK(run({over.substr(0, cut), over.substr(cut)}));
  }
  CHECK(run(test::bytewise(over)));
  // Comments are not kept, however long.
  CHECK_FALSE(run({":" + std::string(1'000, 'x'), std::string(1'000, 'y') + "\n", ":z"}));
  // Nor do many of them without a blank line add up.
  std::string heartbeats;
  for (int i = 0; i < 100; ++i) heartbeats += ": ping\n";
  CHECK_FALSE(run(test::bytewise(heartbeats)));
}

TEST_CASE("framer/random_streams_agree_with_a_second_reader") {
  const std::string parts[] = {"data: ", "data:", "data", "event: e", "event:",      ": c", "id: 1",
                               "{}",     "x",     ":",    " ",        "\n",          "\n",  "\n",
                               "\r",     "\r\n",  "\n\n", "\r\r",     "\xEF\xBB\xBF"};
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (unsigned i = random() % 16; i > 0; --i) text += parts[random() % std::size(parts)];
    const Messages expected = test::read_events(text);
    CAPTURE(text);
    REQUIRE(test::frame({text}) == expected);
    REQUIRE(test::frame(test::bytewise(text)) == expected);
    REQUIRE(test::frame(test::cut_randomly(text, random, 6)) == expected);
  }
}

TEST_CASE("framer/public_vectors") {
  const auto folder = test::fixtures("vectors/sse");
  if (!folder) {
    MESSAGE("vectors/sse not found: own cases only");
    return;
  }
  const auto cases = test::read_tree(test::read_file(*folder / "cases.json"));
  REQUIRE(cases);
  int seen = 0;
  for (const test::Tree& one : cases->items) {
    CAPTURE(one.find("name")->text);
    std::vector<std::string> chunks;
    std::string whole;
    for (const test::Tree& chunk : one.find("chunks_b64")->items) {
      chunks.push_back(decode_base64(chunk.text));
      whole += chunks.back();
    }
    Messages expected;
    for (const test::Tree& event : one.find("events")->items) {
      const std::string& type = event.find("type")->text;
      expected.push_back({type == "message" ? "" : type, event.find("data")->text});
    }
    Messages got = test::frame(chunks);
    for (test::Message& message : got) {
      if (message.name == "message") message.name.clear();
    }
    CHECK(got == expected);
    CHECK(test::frame({whole}) == test::frame(test::bytewise(whole)));
    ++seen;
  }
  CHECK(seen >= 50);
}

TEST_CASE("framer/recorded_streams_at_random_cuts") {
  const auto folder = test::fixtures("openai");
  if (!folder) {
    MESSAGE("openai recordings not found: own cases only");
    return;
  }
  std::mt19937 random(5);
  int events = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (entry.path().filename().string().find("stream") == std::string::npos) continue;
    CAPTURE(entry.path().string());
    const std::string text = test::read_file(entry.path() / "response.body");
    const Messages expected = test::read_events(text);
    events += static_cast<int>(expected.size());
    CHECK(test::frame({text}) == expected);
    CHECK(test::frame(test::bytewise(text)) == expected);
    for (int round = 0; round < 10; ++round) {
      REQUIRE(test::frame(test::cut_randomly(text, random, 700)) == expected);
    }
  }
  CHECK(events > 100);
}
