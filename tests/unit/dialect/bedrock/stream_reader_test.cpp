#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "dialect/bedrock/answer_events.h"
#include "dialect/bedrock/table.h"
#include "events_text.h"

using namespace penstock;
using namespace penstock::dialect;
using hub::Finish;
using Lines = std::vector<std::string>;
using Frames = std::vector<std::pair<std::string, std::string>>;

namespace {

constexpr TargetTraits claude{.model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                              .base_model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"};
constexpr TargetTraits nova{.model = "amazon.nova-2-lite-v1:0",
                            .base_model = "amazon.nova-2-lite-v1:0"};

struct Run {
  test::EventsText seen;
  bool sound = true;
  bool done = false;
  bool complete = false;
};

Run run(const Frames& frames, const TargetTraits& target = claude) {
  Run out;
  const auto reader = bedrock_table().stream_reader(target);
  json::Document document;
  for (const auto& [name, data] : frames) {
    const auto view = document.read(data, json::Judge::answer);
    REQUIRE(view);
    const auto read = reader->frame(name, *view, out.seen);
    if (!read) {
      CHECK(read.error() == Error{Code::malformed, Side::upstream});
      out.sound = false;
      return out;
    }
  }
  out.done = reader->done();
  out.complete = reader->finish(out.seen).has_value();
  return out;
}

const std::pair<std::string, std::string> start{"messageStart", R"({"role":"assistant","p":"a"})"};
const std::pair<std::string, std::string> stop{"messageStop", R"({"stopReason":"end_turn"})"};
const std::pair<std::string, std::string> metadata{
    "metadata", R"({"usage":{"inputTokens":3,"outputTokens":4,"totalTokens":7},"p":"abc"})"};

std::pair<std::string, std::string> delta(int index, const std::string& what) {
  return {"contentBlockDelta",
          "{\"contentBlockIndex\":" + std::to_string(index) + ",\"delta\":" + what + "}"};
}
std::pair<std::string, std::string> opened(int index, const std::string& what) {
  return {"contentBlockStart",
          "{\"contentBlockIndex\":" + std::to_string(index) + ",\"start\":" + what + "}"};
}
std::pair<std::string, std::string> closed(int index) {
  return {"contentBlockStop", "{\"contentBlockIndex\":" + std::to_string(index) + "}"};
}

}  // namespace

TEST_CASE("bedrock_stream/thinking_and_two_calls") {
  const Run got = run({start,
                       delta(0, R"({"reasoningContent":{"text":"Plan."}})"),
                       delta(0, R"({"reasoningContent":{"signature":"ErcB"}})"),
                       closed(0),
                       opened(1, R"({"toolUse":{"toolUseId":"tooluse_a1","name":"get_weather"}})"),
                       delta(1, R"({"toolUse":{"input":"{\"city\":"}})"),
                       delta(1, R"({"toolUse":{"input":"\"Oslo\"}"}})"),
                       closed(1),
                       opened(2, R"({"toolUse":{"toolUseId":"tooluse_b2","name":"now"}})"),
                       closed(2),
                       {"messageStop", R"({"stopReason":"tool_use"})"},
                       {"metadata",
                        R"({"usage":{"inputTokens":30,"outputTokens":55,"totalTokens":1085,
                            "cacheReadInputTokens":1000,"cacheWriteInputTokens":0}})"}});
  CHECK(got.complete);
  CHECK(got.seen.lines == Lines{"begin", "thinking Plan.", "signature anthropic ErcB",
                                "open 0 tooluse_a1 get_weather", R"(delta 0 {\"city\":)",
                                R"(delta 0 \"Oslo\"})", "close 0", "open 1 tooluse_b2 now",
                                "delta 1 {}", "close 1", "finish ", "usage", "end"});
  CHECK(got.seen.finish == Finish::tool_calls);
  CHECK(got.seen.usage.input_total() == 1030);
  CHECK(got.seen.usage.output_total() == 55);
}

TEST_CASE("bedrock_stream/no_argument_calls_get_an_object_trap_72") {
  const Run got = run({start,
                       opened(0, R"({"toolUse":{"toolUseId":"a","name":"f"}})"),
                       delta(0, R"({"toolUse":{"input":""}})"),
                       closed(0),
                       metadata,
                       {"messageStop", R"({"stopReason":"tool_use"})"}});
  CHECK(got.seen.lines ==
        Lines{"begin", "open 0 a f", "delta 0 {}", "close 0", "finish ", "usage", "end"});
}

TEST_CASE("bedrock_stream/text_needs_no_start_and_bears_an_empty_one_trap_73") {
  const Lines expected{"begin", "text Hi", "finish ", "usage", "end"};
  CHECK(run({start, delta(0, R"({"text":"Hi"})"), closed(0), stop, metadata}).seen.lines ==
        expected);
  CHECK(run({start, opened(0, "{}"), delta(0, R"({"text":"Hi"})"), closed(0), stop, metadata})
            .seen.lines == expected);
  CHECK(run({delta(0, R"({"text":"Hi"})"), stop, metadata}).seen.lines == expected);
}

TEST_CASE("bedrock_stream/is_complete_with_both_last_frames_in_either_order") {
  CHECK(run({start, stop, metadata}).complete);
  CHECK(run({start, metadata, stop}).complete);
  CHECK(run({start, stop, metadata}).done);
  for (const Frames& cut : {Frames{}, Frames{start}, Frames{start, stop}, Frames{start, metadata},
                            Frames{start, delta(0, R"({"text":"Hi"})")}}) {
    const Run got = run(cut);
    CHECK_FALSE(got.done);
    CHECK_FALSE(got.complete);
    for (const std::string& line : got.seen.lines) {
      CHECK_FALSE(line.starts_with("finish"));
      CHECK(line != "end");
    }
  }
}

TEST_CASE("bedrock_stream/what_follows_the_end_is_dropped") {
  const Run got = run({start, stop, metadata, delta(0, R"({"text":"late"})"), start});
  CHECK(got.seen.lines == Lines{"begin", "finish ", "usage", "end"});
}

TEST_CASE("bedrock_stream/exceptions_are_errors_with_their_type_trap_82") {
  struct Case {
    const char* name;
    hub::ErrorKind kind;
  };
  for (const Case& each : {Case{"throttlingException", hub::ErrorKind::rate_limit},
                           Case{"modelStreamErrorException", hub::ErrorKind::server},
                           Case{"internalServerException", hub::ErrorKind::server},
                           Case{"serviceUnavailableException", hub::ErrorKind::overloaded},
                           Case{"validationException", hub::ErrorKind::invalid_request},
                           Case{"somethingNewException", hub::ErrorKind::server}}) {
    const Run got = run({start, {each.name, R"({"message":"Too many"})"}, stop, metadata});
    CHECK(got.seen.lines == Lines{"begin", std::string("error ") + each.name + ": Too many"});
    CHECK(got.seen.kind == each.kind);
    CHECK_FALSE(got.complete);
  }
  CHECK(run({{"throttlingException", R"({"message":"x"})"}}).seen.lines.size() == 1);
  CHECK(run({{"evil\"name", R"({"message":"x"})"}}).seen.lines == Lines{"error : x"});
  CHECK(run({start, {"newEvent", "{}"}, stop, metadata}).complete);
}

TEST_CASE("bedrock_stream/tools_of_the_provider_are_no_calls") {
  const Run got = run(
      {start,
       opened(0, R"({"toolUse":{"toolUseId":"s","name":"nova_code","type":"server_tool_use"}})"),
       delta(0, R"({"toolUse":{"input":"{}"}})"),
       closed(0),
       opened(1, R"({"toolResult":{"toolUseId":"s","type":"nova_code_result"}})"),
       delta(1, R"({"toolResult":[{"json":{"out":"1"}}]})"),
       closed(1),
       opened(2, R"({"toolUse":{"toolUseId":"c","name":"done","type":"tool_use"}})"),
       delta(2, R"({"toolUse":{"input":"{\"r\":1}"}})"),
       closed(2),
       {"messageStop", R"({"stopReason":"tool_use"})"},
       metadata},
      nova);
  CHECK(got.seen.lines == Lines{"begin", "open 0 c done", R"(delta 0 {\"r\":1})", "close 0",
                                "finish ", "usage", "end"});
  const Run alone =
      run({start,
           opened(0, R"({"toolUse":{"toolUseId":"s","name":"x","type":"server_tool_use"}})"),
           closed(0),
           {"messageStop", R"({"stopReason":"tool_use"})"},
           metadata},
          nova);
  CHECK(alone.seen.finish == Finish::stop);
}

TEST_CASE("bedrock_stream/the_tool_that_stands_for_json_is_text") {
  const Run got = run({start,
                       opened(0, R"({"toolUse":{"toolUseId":"a","name":"penstock_json_output"}})"),
                       delta(0, R"({"toolUse":{"input":"{\"a\":"}})"),
                       delta(0, R"({"toolUse":{"input":"1}"}})"),
                       closed(0),
                       {"messageStop", R"({"stopReason":"tool_use"})"},
                       metadata});
  CHECK(got.seen.lines == Lines{"begin", R"(text {\"a\":)", "text 1}", "finish ", "usage", "end"});
  CHECK(got.seen.finish == Finish::stop);
}

TEST_CASE("bedrock_stream/blocks_may_interleave_and_stay_apart") {
  const Run got = run(
      {start, opened(1, R"({"toolUse":{"toolUseId":"a","name":"f"}})"),
       opened(2, R"({"toolUse":{"toolUseId":"b","name":"g"}})"),
       delta(2, R"({"toolUse":{"input":"{\"y\":"}})"),
       delta(1, R"({"toolUse":{"input":"{\"x\":"}})"), delta(2, R"({"toolUse":{"input":"2}"}})"),
       delta(1, R"({"toolUse":{"input":"1}"}})"), closed(1), closed(2), stop, metadata});
  CHECK(got.seen.lines == Lines{"begin", "open 0 a f", "open 1 b g", R"(delta 1 {\"y\":)",
                                R"(delta 0 {\"x\":)", "delta 1 2}", "delta 0 1}", "close 0",
                                "close 1", "finish ", "usage", "end"});
  CHECK(got.seen.finish == Finish::tool_calls);
  CHECK(run({start, delta(0, R"({"text":"a"})"), closed(0), delta(1, R"({"text":"b"})"), stop,
             metadata})
            .seen.lines ==
        Lines{"begin", "text a", "block_end", "text b", "finish ", "usage", "end"});
}

TEST_CASE("bedrock_stream/every_call_is_closed_once_trap_35") {
  const Run missing = run({start, opened(0, R"({"toolUse":{"toolUseId":"a","name":"f"}})"),
                           delta(0, R"({"toolUse":{"input":"{}"}})"), stop, metadata});
  CHECK(missing.seen.lines ==
        Lines{"begin", "open 0 a f", "delta 0 {}", "close 0", "finish ", "usage", "end"});
  const Run doubled =
      run({start, opened(0, R"({"toolUse":{"toolUseId":"a","name":"f"}})"),
           delta(0, R"({"toolUse":{"input":"{}"}})"), closed(0), closed(0), stop, metadata});
  CHECK(doubled.seen.lines == missing.seen.lines);
}

TEST_CASE("bedrock_stream/redacted_thinking_loses_one_layer_of_base64_trap_77") {
  // "EqAD/x==" and bytes that are no text.
  const Run got =
      run({start, delta(0, R"({"reasoningContent":{"redactedContent":"RXFBRC94PT0="}})"), closed(0),
           delta(1, R"({"reasoningContent":{"redactedContent":"AAEC/w=="}})"), closed(1), stop,
           metadata});
  CHECK(got.seen.lines == Lines{"begin", "redacted anthropic EqAD/x==", "redacted bedrock AAEC/w==",
                                "finish ", "usage", "end"});
}

TEST_CASE("bedrock_stream/a_signature_without_text_has_its_block") {
  const Run got = run(
      {start, delta(0, R"({"reasoningContent":{"signature":"Sig"}})"), closed(0), stop, metadata},
      nova);
  CHECK(got.seen.lines ==
        Lines{"begin", "thinking ", "signature bedrock Sig", "finish ", "usage", "end"});
}

TEST_CASE("bedrock_stream/citations_and_images") {
  const Run got = run(
      {start, delta(0, R"({"citation":{"location":{"documentChar":{"start":0,"end":9}},
                    "sourceContent":[{"text":"Ruby was"}],"title":"facts"}})"),
       delta(0, R"({"text":"1993."})"), closed(0),
       delta(1, R"({"citation":{"location":{"web":{"url":"https://x.example/","domain":"x"}}}})"),
       closed(1), delta(2, R"({"image":{"format":"jpeg","source":{"bytes":"AAAA"}}})"), stop,
       metadata});
  CHECK(got.seen.lines == Lines{"begin", "citation |facts|Ruby was|0-0", "text 1993.",
                                "citation https://x.example/|||0-5", "media image/jpeg AAAA",
                                "finish ", "usage", "end"});
}

TEST_CASE("bedrock_stream/the_stop_sequence_is_found_where_it_may_stand_trap_76") {
  const auto ended = [](const std::string& fields) {
    const Run got = run({start,
                         {"messageStop", R"({"stopReason":"stop_sequence",
                     "additionalModelResponseFields":)" +
                                             fields + "}"},
                         metadata});
    CHECK(got.seen.finish == Finish::stop_sequence);
    return got.seen.lines[1];
  };
  CHECK(ended(R"({"delta":{"stop_sequence":"END"}})") == "finish END");
  CHECK(ended(R"({"stop_sequence":"END"})") == "finish END");
  CHECK(ended(R"({"stop_sequence":null})") == "finish ");
  CHECK(ended("null") == "finish ");
}

TEST_CASE("bedrock_stream/broken_protocol_is_malformed") {
  CHECK_FALSE(run({start, delta(0, R"({"toolUse":{"input":"x"}})")}).sound);
  CHECK_FALSE(run({start, delta(-1, R"({"text":"x"})")}).sound);
  CHECK_FALSE(run({start, {"contentBlockDelta", R"({"delta":{"text":"x"}})"}}).sound);
  CHECK_FALSE(run({start, {"contentBlockStart", R"({"start":{}})"}}).sound);
  CHECK_FALSE(run({start, {"messageStop", "{}"}}).sound);
  CHECK_FALSE(
      run({start, {"contentBlockDelta", R"({"contentBlockIndex":1e99,"delta":{"text":"x"}})"}})
          .sound);
  Frames many{start};
  for (int i = 0; i < 200; ++i) many.push_back(opened(i, R"({"toolUse":{"name":"f"}})"));
  CHECK_FALSE(run(many).sound);
  CHECK(run({start,
             delta(0, "{}"),
             delta(0, "[]"),
             delta(0, R"({"text":1})"),
             {"contentBlockStop", "{}"},
             stop,
             metadata})
            .complete);
}
