// What the owner of a stream is told: when it began, how it ended, and what can still be undone.
#include <doctest/doctest.h>

#include <string>

#include "penstock/translate.h"
#include "support/json_tree.h"
#include "support/sse_events.h"

using namespace penstock;
using dialect::Dialect;
using translate::StreamTranslation;

namespace {

constexpr Bytes start =
    "event: message_start\n"
    R"(data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",)"
    R"("model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,)"
    R"("usage":{"input_tokens":12,"output_tokens":1}}})"
    "\n\n";
constexpr Bytes text =
    R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
    "\n\n"
    R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Ave"}})"
    "\n\n";
constexpr Bytes rest =
    R"(data: {"type":"content_block_stop","index":0})"
    "\n\n"
    R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},)"
    R"("usage":{"output_tokens":4}})"
    "\n\n"
    "data: {\"type\":\"message_stop\"}\n\n";
constexpr Bytes overloaded =
    R"(data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"
    "\n\n";

struct Exchange {
  Exchange() {
    target.model = target.base_model = "claude-x";
    context.request_id = "0123456789abcdef";
    context.model = "claude-x";
    context.created = 1'700'000'000;
  }
  StreamTranslation stream(std::size_t event_bytes_max = sse::event_bytes_max) {
    return {Dialect::gemini, Dialect::anthropic, target, context, bench, event_bytes_max};
  }
  dialect::TargetTraits target;
  dialect::AnswerContext context;
  translate::Workbench bench;
};

}  // namespace

TEST_CASE("stream/an_answer_that_is_complete_is_done_before_the_upstream_ends") {
  Exchange exchange;
  StreamTranslation stream = exchange.stream();
  REQUIRE(stream.feed(start));
  REQUIRE(stream.feed(text));
  CHECK(stream.started());
  CHECK(!stream.done());
  CHECK(stream.output().find("Ave") != Bytes::npos);
  stream.drained();
  CHECK(stream.output().empty());
  REQUIRE(stream.feed(rest));
  CHECK(stream.done());
  CHECK(stream.finish_reason() == hub::Finish::stop);
  CHECK(stream.usage().input.value == 12);
  CHECK(stream.usage().output_total() == 4);
  CHECK(stream.usage_reported() == R"({"input_tokens":12,"output_tokens":4})");
  stream.drained();
  CHECK(stream.feed(overloaded));
  CHECK(stream.finish());
  CHECK(stream.output().empty());
  CHECK(stream.error() == nullptr);
}

TEST_CASE("stream/an_error_as_the_first_event_leaves_the_client_untouched_trap_4") {
  Exchange exchange;
  StreamTranslation stream = exchange.stream();
  REQUIRE(stream.feed("event: ping\ndata: {\"type\":\"ping\"}\n\n"));
  CHECK(!stream.started());
  {
    const std::string chunk(overloaded);  // gone before the error is read
    REQUIRE(stream.feed(chunk));
  }
  CHECK(!stream.started());
  CHECK(stream.output().empty());
  REQUIRE(stream.error() != nullptr);
  CHECK(stream.error()->kind == hub::ErrorKind::overloaded);
  CHECK(stream.error()->message == "Overloaded");
  CHECK(stream.finish());
  CHECK(!stream.done());
}

TEST_CASE("stream/a_later_error_is_told_in_band_and_once_trap_5") {
  Exchange exchange;
  StreamTranslation stream = exchange.stream();
  REQUIRE(stream.feed(start));
  REQUIRE(stream.feed(text));
  stream.drained();
  REQUIRE(stream.feed(overloaded));
  REQUIRE(stream.error() != nullptr);
  CHECK(stream.output().find("\"error\"") != Bytes::npos);
  stream.drained();
  stream.fail({.message = "another"});
  CHECK(stream.output().empty());
  CHECK(!stream.done());
}

TEST_CASE("stream/an_upstream_that_ends_early_is_malformed_trap_132") {
  Exchange exchange;
  StreamTranslation stream = exchange.stream();
  REQUIRE(stream.feed(start));
  REQUIRE(stream.feed(text));
  stream.drained();
  const auto end = stream.finish();
  REQUIRE(!end);
  CHECK(end.error() == Error{Code::malformed, Side::upstream});
  CHECK(stream.output().empty());
  stream.fail({.message = "The stream was interrupted."});
  CHECK(stream.output().find("interrupted") != Bytes::npos);
  CHECK(stream.output().find("finishReason\":\"STOP") == Bytes::npos);
}

TEST_CASE("stream/what_is_no_json_is_malformed") {
  Exchange exchange;
  for (const Bytes broken : {"data: {\"type\"\n\n", "data: hello\n\n", "data: [DONE]\n\n"}) {
    StreamTranslation stream = exchange.stream();
    const auto fed = stream.feed(broken);
    REQUIRE(!fed);
    CHECK(fed.error() == Error{Code::malformed, Side::upstream});
    CHECK(stream.feed(start));  // over: nothing is taken any more
    CHECK(stream.output().empty());
  }
}

TEST_CASE("stream/an_event_beyond_its_bound_is_too_large") {
  Exchange exchange;
  StreamTranslation stream = exchange.stream(100);
  const auto fed = stream.feed(start);
  REQUIRE(!fed);
  CHECK(fed.error().code == Code::too_large);
}

TEST_CASE("stream/heartbeats_wait_for_the_start") {
  Exchange exchange;
  StreamTranslation stream = exchange.stream();
  stream.heartbeat();
  CHECK(stream.output().empty());
  REQUIRE(stream.feed(start));
  REQUIRE(stream.feed(text));
  stream.drained();
  stream.heartbeat();
  CHECK(!stream.output().empty());
  REQUIRE(stream.feed(rest));
  stream.drained();
  stream.heartbeat();
  CHECK(stream.output().empty());
}

TEST_CASE("stream/a_whole_body_becomes_a_stream") {
  Exchange exchange;
  StreamTranslation stream = exchange.stream();
  REQUIRE(stream.whole(
      R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x",)"
      R"("content":[{"type":"text","text":"Ave"}],"stop_reason":"end_turn","stop_sequence":null,)"
      R"("usage":{"input_tokens":12,"output_tokens":4}})"));
  CHECK(stream.done());
  CHECK(stream.output().find("Ave") != Bytes::npos);
  StreamTranslation broken = exchange.stream();
  CHECK(!broken.whole("<html>"));
  CHECK(!broken.started());
}

TEST_CASE("stream/a_block_over_several_lines_does_not_break_the_clients_events") {
  Exchange exchange;
  StreamTranslation stream(Dialect::anthropic, Dialect::anthropic, exchange.target,
                           exchange.context, exchange.bench);
  REQUIRE(stream.whole(
      "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-x\","
      "\"content\":[{\n  \"type\": \"web_search_tool_result\",\r\n  \"tool_use_id\": "
      "\"srvtoolu_1\","
      "\n  \"content\": []\n}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
      "\"usage\":{\"input_tokens\":12,\"output_tokens\":4}}"));
  for (const test::Message& message : test::read_events(stream.output())) {
    CHECK(test::read_tree(message.data).has_value());
  }
}
