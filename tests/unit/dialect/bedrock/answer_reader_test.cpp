#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "dialect/bedrock/table.h"
#include "events_text.h"

using namespace penstock;
using namespace penstock::dialect;
using Lines = std::vector<std::string>;

namespace {

struct Read {
  bool sound = false;
  test::EventsText seen;
};

Read read(const std::string& body, Bytes model = "anthropic.claude-sonnet-4-5") {
  Read out;
  json::Document document;
  const auto view = document.read(body, json::Judge::answer);
  REQUIRE(view);
  out.sound = bedrock_table()
                  .read_answer(*view, {.model = model, .base_model = model}, out.seen)
                  .has_value();
  return out;
}
Read read_content(const std::string& content, const std::string& stop = "end_turn") {
  return read(R"({"output":{"message":{"role":"assistant","content":)" + content +
              R"(}},"stopReason":")" + stop + R"(","usage":{"inputTokens":1,"outputTokens":2}})");
}

}  // namespace

TEST_CASE("bedrock_answer/text_thinking_and_calls") {
  const Read got = read_content(
      R"([{"reasoningContent":{"reasoningText":{"text":"Hm \"x\"","signature":"S="}}},
          {"reasoningContent":{"redactedContent":"RXFBRC94PT0="}},
          {"text":"Hi"},{"text":"there"},
          {"toolUse":{"toolUseId":"a","name":"f","input":{"q":"\"é\"", "n": 1.0}}},
          {"toolUse":{"toolUseId":"b","name":"g"}}])",
      "tool_use");
  CHECK(got.sound);
  CHECK(got.seen.lines == Lines{"begin", R"(thinking Hm \"x\")",
                                "signature anthropic S=", "redacted anthropic EqAD/x==", "text Hi",
                                "block_end", "text there", "open 0 a f",
                                R"(delta 0 {\"q\":\"\\\"é\\\"\", \"n\": 1.0})", "close 0",
                                "open 1 b g", "delta 1 {}", "close 1", "finish ", "usage", "end"});
  CHECK(got.seen.finish == hub::Finish::tool_calls);
}

TEST_CASE("bedrock_answer/citations_with_and_without_text_of_their_own_trap_65") {
  const Read got = read_content(
      R"([{"citationsContent":{"content":[{"text":"Ol\u00e9 \ud83d\ude00"}],
           "citations":[{"title":"t","sourceContent":[{"text":"s"}]}]}},
          {"text":"B"},
          {"citationsContent":{"citations":[{"location":{"web":{"url":"https://x.example"}}}]}},
          {"text":"."}])");
  CHECK(got.seen.lines == Lines{"begin", R"(text Ol\u00e9 \ud83d\ude00)", "citation |t|s|0-5",
                                "block_end", "text B", "citation https://x.example|||5-6",
                                "block_end", "text .", "finish ", "usage", "end"});
}

TEST_CASE("bedrock_answer/tools_of_the_provider_are_left_out") {
  const Read got = read_content(
      R"([{"toolUse":{"toolUseId":"s","name":"x","input":{},"type":"server_tool_use"}},
          {"toolResult":{"toolUseId":"s","content":[{"text":"[HIDDEN]"}]}},{"text":"B"}])",
      "tool_use");
  CHECK(got.seen.lines == Lines{"begin", "text B", "finish ", "usage", "end"});
  CHECK(got.seen.finish == hub::Finish::stop);
}

TEST_CASE("bedrock_answer/the_tool_that_stands_for_json_is_text_trap_22") {
  const Read got = read_content(
      R"([{"toolUse":{"toolUseId":"a","name":"penstock_json_output","input":{"a":"b"}}}])",
      "tool_use");
  CHECK(got.seen.lines == Lines{"begin", R"(text {\"a\":\"b\"})", "finish ", "usage", "end"});
  CHECK(got.seen.finish == hub::Finish::stop);
}

TEST_CASE("bedrock_answer/images_and_blocks_without_a_word") {
  const Read got = read_content(
      R"([{"image":{"format":"png","source":{"bytes":"AAAA"}}},{"newBlock":{"x":1}}])");
  CHECK(got.seen.lines == Lines{"begin", "media image/png AAAA", R"(opaque {"newBlock":{"x":1}})",
                                "finish ", "usage", "end"});
}

TEST_CASE("bedrock_answer/why_it_stopped_is_told_trap_80") {
  using hub::Finish;
  const auto finish = [](const char* reason) {
    return read_content(R"([{"text":"x"}])", reason).seen.finish;
  };
  CHECK(finish("end_turn") == Finish::stop);
  CHECK(finish("max_tokens") == Finish::length);
  CHECK(finish("stop_sequence") == Finish::stop_sequence);
  CHECK(finish("content_filtered") == Finish::content_filter);
  CHECK(finish("guardrail_intervened") == Finish::content_filter);
  CHECK(finish("model_context_window_exceeded") == Finish::context_full);
  CHECK(finish("malformed_tool_use") == Finish::malformed_call);
  CHECK(finish("malformed_model_output") == Finish::malformed_call);
  CHECK(finish("something_new") == Finish::other);
  // A call was made, whatever is said: but not when it was cut off.
  const char* const call = R"([{"toolUse":{"toolUseId":"a","name":"f","input":{}}}])";
  CHECK(read_content(call, "end_turn").seen.finish == Finish::tool_calls);
  CHECK(read_content(call, "max_tokens").seen.finish == Finish::length);
}

TEST_CASE("bedrock_answer/usage_in_buckets_trap_74") {
  const auto usage = [](const std::string& text) {
    return read(R"({"output":{"message":{"content":[]}},"stopReason":"end_turn","usage":)" + text +
                "}")
        .seen;
  };
  const hub::Usage got =
      usage(R"({"inputTokens":3,"outputTokens":121,"totalTokens":2072,"cacheReadInputTokens":1712,
                "cacheReadInputTokenCount":1712,"cacheWriteInputTokens":236,
                "cacheWriteInputTokenCount":236,"serverToolUsage":{},
                "cacheDetails":[{"inputTokens":200,"ttl":"1h"},{"inputTokens":36,"ttl":"5m"}]})")
          .usage;
  CHECK(got.input.value == 3);
  CHECK(got.cache_read.value == 1712);
  CHECK(got.cache_write_1h.value == 200);
  CHECK(got.cache_write_5m.value == 36);
  CHECK(got.input_total() + got.output_total() == 2072);
  const hub::Usage short_names =
      usage(R"({"inputTokens":1,"outputTokens":1,"cacheReadInputTokenCount":7})").usage;
  CHECK(short_names.cache_read.value == 7);
  CHECK_FALSE(short_names.cache_write_5m.present);
  const hub::Usage wrong = usage(R"({"inputTokens":-1,"outputTokens":1,"cacheWriteInputTokens":5,
                "cacheDetails":[{"inputTokens":9,"ttl":"1h"}]})")
                               .usage;
  CHECK_FALSE(wrong.input.present);
  CHECK(wrong.cache_write() == 5);
  CHECK(usage("{}").lines == Lines{"begin", "finish ", "end"});
}

TEST_CASE("bedrock_answer/an_unknown_operation_is_an_error_trap_66") {
  const Read got = read(
      R"({"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"})");
  CHECK(got.sound);
  CHECK(got.seen.lines == Lines{"error UnknownOperationException: "});
  CHECK(got.seen.kind == hub::ErrorKind::not_found);
}

TEST_CASE("bedrock_answer/what_is_no_answer_is_malformed") {
  CHECK_FALSE(read("{}").sound);
  CHECK_FALSE(read(R"({"output":{"message":{"content":"x"}},"stopReason":"end_turn"})").sound);
  CHECK_FALSE(read(R"({"output":{"message":{"content":[]}}})").sound);
  CHECK(read_content(R"([{},[],1,null,{"text":1},{"toolUse":3}])").sound);
}

TEST_CASE("bedrock_errors/kinds_and_words") {
  struct Case {
    std::uint16_t status;
    const char* body;
    hub::ErrorKind kind;
    const char* type;
  };
  using hub::ErrorKind;
  const Case cases[] = {
      {400, R"({"message":"The provided model identifier is invalid."})",
       ErrorKind::model_not_found, ""},
      {403, R"({"message":"The security token included in the request is invalid."})",
       ErrorKind::authentication, ""},
      {400,
       R"({"message":"m","__type":"ValidationException:http://internal.amazon.com/coral/com/"})",
       ErrorKind::invalid_request, "ValidationException"},
      {400,
       R"({"message":"Input is too long for requested model.","__type":"ValidationException"})",
       ErrorKind::context_length, "ValidationException"},
      {400, R"({"message":"prompt is too long: 9 tokens > 8 maximum"})", ErrorKind::context_length,
       ""},
      {400, R"({"message":"… with on-demand throughput isn\u2019t supported."})",
       ErrorKind::model_not_found, ""},
      {429, R"({"message":"slow","__type":"ThrottlingException"})", ErrorKind::rate_limit,
       "ThrottlingException"},
      {400, R"({"message":"m","__type":"ServiceQuotaExceededException"})", ErrorKind::quota,
       "ServiceQuotaExceededException"},
      {403, R"({"Message":"m","__type":"com.amazon.x#AccessDeniedException"})",
       ErrorKind::permission, "AccessDeniedException"},
      {403, R"({"message":"m","__type":"ExpiredTokenException"})", ErrorKind::authentication,
       "ExpiredTokenException"},
      {408, R"({"message":"m","__type":"ModelTimeoutException"})", ErrorKind::timeout,
       "ModelTimeoutException"},
      {424, R"({"message":"m","__type":"ModelErrorException"})", ErrorKind::server,
       "ModelErrorException"},
      {503, R"({"message":"m","__type":"ServiceUnavailableException"})", ErrorKind::overloaded,
       "ServiceUnavailableException"},
      {529, "{}", ErrorKind::overloaded, ""},
      {500, R"({"message":"Input is too long"})", ErrorKind::server, ""},
  };
  json::Document document;
  for (const Case& each : cases) {
    CAPTURE(each.body);
    hub::ErrorNote note;
    bedrock_table().read_error(each.status, *document.read(each.body, json::Judge::answer), note);
    CHECK(note.kind == each.kind);
    CHECK(note.type == each.type);
    CHECK(note.status == each.status);
  }
  // The name from the head of the answer, put there by the caller.
  hub::ErrorNote named{.type = "ThrottlingException:http://internal.amazon.com/"};
  bedrock_table().read_error(400, *document.read(R"({"message":"m"})", json::Judge::answer), named);
  CHECK(named.kind == ErrorKind::rate_limit);
  CHECK(named.type == "ThrottlingException");
  hub::ErrorNote none;
  bedrock_table().read_error(502, {}, none);
  CHECK(none.kind == ErrorKind::server);
  CHECK(none.message.empty());
}
