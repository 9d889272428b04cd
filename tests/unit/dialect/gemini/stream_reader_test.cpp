// Answers of AI Studio and Vertex, streamed and whole.
#include "exchange.h"

using namespace penstock;
using namespace test;
using hub::Finish;
using hub::PartKind;

namespace {

constexpr const char* stop = R"(,"finishReason":"STOP")";

// The kinds of the events, in order.
class Kinds final : public hub::EventSink {
 public:
  void on(const hub::Event& event) override { kinds.push_back(event.kind); }
  std::vector<hub::EventKind> kinds{};
};

}  // namespace

TEST_CASE("gemini_stream_reader/thoughts_then_parallel_calls_trap_46") {
  const std::string tail =
      R"(,"usageMetadata":{"promptTokenCount":60,"cachedContentTokenCount":32,)"
      R"("candidatesTokenCount":24,"totalTokenCount":119,"thoughtsTokenCount":35},"x":1})";
  std::string last = chunk(R"({"text":""})", stop);
  last.replace(last.size() - 1, 1, tail);
  const std::vector<std::string> chunks{
      chunk(R"({"text":"Need both.","thought":true})"),
      chunk(R"({"functionCall":{"name":"w","args":{"c":"Oslo"}},"thoughtSignature":"Eo8C"},)"
            R"({"functionCall":{"name":"w","args":{"c":"Rome"},"id":"id2"}})"),
      last};
  const Told told = read_stream(chunks);
  REQUIRE(told.result);
  CHECK(told.answer().id == "r1");
  CHECK(told.answer().model == "gemini-3-flash");
  CHECK(told.part(0).kind == PartKind::thinking);
  CHECK(told.part(1).text == R"({\"c\":\"Oslo\"})");
  CHECK(told.part(1).signature == "Eo8C");
  CHECK(told.part(1).issuer == hub::Issuer::gemini);
  CHECK(told.part(1).id.starts_with("call_gem_"));
  CHECK(told.part(2).id == "id2");
  CHECK(told.part(2).signature.empty());
  CHECK(told.answer().choices[0].finish == Finish::tool_calls);
  const hub::Usage& figures = told.answer().usage;
  CHECK(figures.input.value == 28);
  CHECK(figures.cache_read.value == 32);
  CHECK(figures.output.value == 24);
  CHECK(figures.reasoning.value == 35);
  Kinds order;
  REQUIRE(feed(chunks, order));
  using enum hub::EventKind;
  CHECK(order.kinds == std::vector{begin, thinking, tool_open, hub::EventKind::signature,
                                   tool_delta, tool_close, tool_open, tool_delta, tool_close,
                                   hub::EventKind::usage, finish, hub::EventKind::usage, end});
}

TEST_CASE("gemini_stream_reader/stop_on_every_chunk_is_held_to_the_end_trap_46") {
  const Told told = read_stream({chunk(R"({"text":"a"})", stop), chunk(R"({"text":"b"})", stop),
                                 chunk(R"({"text":"c"})", R"(,"finishReason":"MAX_TOKENS")")});
  REQUIRE(told.result);
  CHECK(told.part(0).text == "abc");
  CHECK(told.answer().choices[0].finish == Finish::length);
}

TEST_CASE("gemini_stream_reader/a_cut_stream_is_no_answer_trap_132") {
  for (const std::vector<std::string>& chunks :
       {std::vector<std::string>{}, {chunk(R"({"text":"a"})")}, {"{}"}}) {
    const Told told = read_stream(chunks);
    REQUIRE_FALSE(told.result);
    CHECK(told.result.error().code == Code::malformed);
    CHECK(told.result.error().side == Side::upstream);
    CHECK_FALSE(told.answer().ended);
  }
  // One of two candidates has not ended.
  CHECK_FALSE(
      read_stream({R"({"candidates":[{"index":0,"finishReason":"STOP"},{"index":1}]})"}).result);
}

TEST_CASE("gemini_stream_reader/signatures_on_empty_parts_trap_44") {
  const Told told =
      read_stream({chunk(R"({"text":"hi"})"), chunk(R"({"text":"","thoughtSignature":"c2ln"})"),
                   chunk(R"({"text":"more"})"),
                   chunk(R"({"inlineData":{"mimeType":"image/png","data":"AAAA"},)"
                         R"("thoughtSignature":"aW1n"})"),
                   chunk(R"({"thoughtSignature":"ZW1wdHk="})", stop)});
  REQUIRE(told.result);
  CHECK(told.part(0).text == "hi");
  CHECK(told.part(0).signature == "c2ln");
  CHECK(told.part(1).text == "more");
  CHECK(told.part(1).signature.empty());
  CHECK(told.part(2).kind == PartKind::image);
  CHECK(told.part(2).raw == "AAAA");
  CHECK(told.part(2).signature == "aW1n");
  CHECK(told.part(3).text.empty());
  CHECK(told.part(3).signature == "ZW1wdHk=");
}

TEST_CASE("gemini_stream_reader/ids_are_made_without_signatures_trap_36") {
  const auto id = [](const std::string& answer) {
    return read_stream({R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"},)"
                        R"("thoughtSignature":"c2ln"}]},"finishReason":"STOP"}],"responseId":")" +
                        answer + "\"}"})
        .part(0)
        .id;
  };
  CHECK(id("r1") == id("r1"));
  CHECK(id("r1") != id("r2"));
  CHECK(id("r1").size() <= 40);
  CHECK(id("r1").find_first_not_of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
        std::string::npos);
}

TEST_CASE("gemini_stream_reader/content_may_be_missing_trap_47") {
  for (const char* const candidate :
       {R"({"finishReason":"MALFORMED_FUNCTION_CALL"})",
        R"({"content":{},"finishReason":"MALFORMED_FUNCTION_CALL"})",
        R"({"content":{"role":"model"},"finishReason":"MALFORMED_FUNCTION_CALL"})",
        R"({"content":{"parts":null},"finishReason":"MALFORMED_FUNCTION_CALL"})"}) {
    const Told told = read_stream({std::string(R"({"candidates":[)") + candidate + "]}"});
    REQUIRE(told.result);
    CHECK(told.answer().choices[0].finish == Finish::malformed_call);
    CHECK(told.answer().choices[0].parts.empty());
  }
}

TEST_CASE("gemini_stream_reader/calls_without_arguments_trap_51") {
  const Told told = read_stream({chunk(R"({"functionCall":{"name":"X"}})", stop)});
  REQUIRE(told.result);
  CHECK(told.part(0).name == "X");
  CHECK(told.part(0).text == "{}");
}

TEST_CASE("gemini_stream_reader/arguments_in_pieces_trap_51") {
  const auto piece = [](const std::string& path, const std::string& value, bool more = true) {
    return chunk(R"({"functionCall":{"partialArgs":[{"jsonPath":")" + path + "\"," + value +
                 (more ? R"(}],"willContinue":true}})" : "}]}}"));
  };
  const Told told = read_stream(
      {chunk(R"({"functionCall":{"name":"f","willContinue":true},"thoughtSignature":"c2ln"})"),
       piece("$.list[0].name", R"("stringValue":"Bo","willContinue":true)"),
       piece("$.list[0].name", R"("stringValue":"b\n")"),
       piece("$.list[0].age", R"("numberValue":7)"), piece("$.list[1].ok", R"("boolValue":false)"),
       piece("$['__proto__'].x", R"("nullValue":"NULL_VALUE")"), chunk(R"({"functionCall":{}})"),
       chunk(R"({"functionCall":{"name":"g","willContinue":true}})"),
       piece("$.a", R"("stringValue":"x","willContinue":true)"), chunk(R"({"text":""})", stop)});
  REQUIRE(told.result);
  CHECK(json::unescaped(told.part(0).text) ==
        R"({"list":[{"name":"Bob\n","age":7},{"ok":false}],"__proto__":{"x":null}})");
  CHECK(told.part(0).signature == "c2ln");
  CHECK(json::unescaped(told.part(1).text) == R"({"a":"x"})");
  const auto begun = chunk(R"({"functionCall":{"name":"f","willContinue":true}})");
  for (const char* const path :
       {"$", "a", "$[0]", "$.a[", "$.a[x]", "$.", "$['a", "$.a[99999999999]"}) {
    CHECK_FALSE(read_stream({begun, piece(path, R"("numberValue":1)"), chunk("", stop)}).result);
  }
  CHECK_FALSE(read_stream({begun, piece("$.a", R"("numberValue":1)"),
                           piece("$.a.b", R"("numberValue":1)"), chunk("", stop)})
                  .result);
}

TEST_CASE("gemini_stream_reader/undeclared_calls_are_not_handed_out") {
  const Told told = read_whole(
      chunk(R"({"functionCall":{"name":"ghost"}})", R"(,"finishReason":"UNEXPECTED_TOOL_CALL")"));
  REQUIRE(told.result);
  CHECK(told.answer().choices[0].parts.empty());
  CHECK(told.answer().choices[0].finish == Finish::malformed_call);
}

TEST_CASE("gemini_stream_reader/blocked_prompts") {
  const Told told = read_whole(R"({"promptFeedback":{"blockReason":"SAFETY"},"responseId":"r"})");
  REQUIRE(told.result);
  CHECK(told.answer().choices[0].finish == Finish::content_filter);
  CHECK(told.part(0).kind == PartKind::refusal);
  CHECK(told.answer().choices[0].finish_text == "SAFETY");
  CHECK_FALSE(told.answer().usage.any());
}

TEST_CASE("gemini_stream_reader/figures_are_the_last_ones_trap_54_trap_103") {
  const auto with = [](const std::string& usage, const std::string& more = {}) {
    return R"({"candidates":[{"content":{"parts":[{"text":"a"}]})" + more +
           R"(}],"usageMetadata":)" + usage + "}";
  };
  const Told told = read_stream(
      {with(R"({"promptTokenCount":78,"thoughtsTokenCount":419,"totalTokenCount":497})"),
       with(R"({"trafficType":"ON_DEMAND"})"),
       with(R"({"promptTokenCount":33,"candidatesTokenCount":12,"thoughtsTokenCount":28,)"
            R"("toolUsePromptTokenCount":7,"totalTokenCount":80})",
            stop)});
  REQUIRE(told.result);
  const hub::Usage& usage = told.answer().usage;
  CHECK(usage.input.value == 40);
  CHECK(usage.output.value == 12);
  CHECK(usage.reasoning.value == 28);
}

TEST_CASE("gemini_stream_reader/cached_tokens_are_counted_once_trap_53") {
  const auto usage = [](const std::string& text) {
    return read_whole(R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{)" + text + "}}")
        .answer()
        .usage;
  };
  const hub::Usage inside =
      usage(R"("promptTokenCount":100,"cachedContentTokenCount":80,"totalTokenCount":100)");
  CHECK(inside.input.value == 20);
  CHECK(inside.cache_read.value == 80);
  const hub::Usage outside = usage(R"("promptTokenCount":100,"cachedContentTokenCount":800)");
  CHECK(outside.input.value == 100);
  CHECK(outside.cache_read.value == 800);
  // What the total holds beyond the parts is thinking, or the missing part.
  CHECK(usage(R"("promptTokenCount":5,"candidatesTokenCount":5,"totalTokenCount":20)")
            .reasoning.value == 10);
  CHECK(usage(R"("promptTokenCount":12,"thoughtsTokenCount":84,"totalTokenCount":96)")
            .output_total() == 84);
  const hub::Usage media = usage(
      R"("promptTokenCount":100,"candidatesTokenCount":50,"promptTokensDetails":[{"modality":
      "AUDIO","tokenCount":60},{"modality":"TEXT","tokenCount":40}],"candidatesTokensDetails":
      [{"modality":"IMAGE","tokenCount":50}])");
  CHECK(media.input_audio.value == 60);
  CHECK(media.input.value == 40);
  CHECK(media.output_image.value == 50);
  CHECK(media.output.value == 0);
}

TEST_CASE("gemini_stream_reader/text_comes_once_trap_59") {
  const Told told = read_whole(chunk(R"({"text":"one "},{"text":"two"})", stop));
  REQUIRE(told.answer().choices[0].parts.size() == 1);
  CHECK(told.part(0).text == "one two");
}

TEST_CASE("gemini_stream_reader/citations_count_code_points_trap_65") {
  const std::string metadata =
      R"(,"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a"}},{"other":1},)"
      R"({"retrievedContext":{"title":"B"}}],"groundingSupports":[)"
      R"({"segment":{"endIndex":6,"text":"äöü"},"groundingChunkIndices":[0]},)"
      R"({"segment":{"startIndex":9,"endIndex":12,"text":"end"},"groundingChunkIndices":[2,9,-1]},)"
      R"({"groundingChunkIndices":[0]},{}]})";
  const Told told =
      read_stream({chunk(R"({"text":"äöü "})"), chunk(R"({"text":"end"})", stop + metadata),
                   chunk(R"({"text":""})", stop + metadata)});
  REQUIRE(told.result);
  const auto& cited = told.part(0).citations;
  REQUIRE(cited.size() == 3);  // each once, although they were told twice
  CHECK(cited[0].url == "https://a");
  CHECK(cited[0].start == 0);
  CHECK(cited[0].end == 3);
  // The offsets run ahead; the segment's own text decides.
  CHECK(cited[1].title == "B");
  CHECK(cited[1].start == 4);
  CHECK(cited[1].end == 7);
  CHECK(cited[2].end == 0);
}

TEST_CASE("gemini_stream_reader/several_candidates_and_probabilities") {
  const Told told = read_stream(
      {R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"index":1,"finishReason":"STOP",)"
       R"("logprobsResult":{"chosenCandidates":[{"token":"a","logProbability":-0.5}],)"
       R"("topCandidates":[{"candidates":[{"token":"b","logProbability":-1}]}]}},)"
       R"({"content":{"parts":[{"text":"b"}]},"index":0,"finishReason":"SAFETY"}]})"});
  REQUIRE(told.result);
  REQUIRE(told.answer().choices.size() == 2);
  CHECK(told.part(0, 1).text == "a");
  CHECK(told.answer().choices[0].finish == Finish::content_filter);
  CHECK(told.answer().choices[1].logprobs ==
        R"({"token":"a","logprob":-0.5,"bytes":null,"top_logprobs":[{"token":"b",)"
        R"("logprob":-1,"bytes":null}]})");
  CHECK_FALSE(read_stream({R"({"candidates":[{"index":128}]})"}).result);
  CHECK_FALSE(read_stream({R"({"candidates":[{"index":-1}]})"}).result);
}

TEST_CASE("gemini_stream_reader/errors_inside_a_stream") {
  const Told told =
      read_stream({chunk(R"({"text":"a"})"),
                   R"({"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}})"});
  CHECK(told.result);
  CHECK(told.answer().error == hub::ErrorKind::overloaded);
  CHECK_FALSE(told.answer().ended);
}

TEST_CASE("gemini_stream_reader/numbers_for_enumerations_and_the_array_form") {
  const Told told = read_whole(R"([{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},
    {"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":2}],
     "createTime":"2026-11-20T10:00:00.5Z"}])");
  REQUIRE(told.result);
  CHECK(told.part(0).text == "ab");
  CHECK(told.answer().choices[0].finish == Finish::length);
  const Told vertex = read_whole(R"({"candidates":[{"finishReason":"STOP"}],
    "createTime":"2026-11-20T10:00:00.5Z","usageMetadata":{"trafficType":"ON_DEMAND"}})");
  CHECK(vertex.answer().created == 1795168800);
  CHECK(vertex.answer().tier == "default");
}

TEST_CASE("gemini_stream_reader/unknown_parts_are_kept_for_their_issuer") {
  const Told told = read_whole(
      chunk(R"({"executableCode":{"language":"PYTHON","code":"1+1"}},{"text":"2"})", stop));
  CHECK(told.part(0).kind == PartKind::opaque);
  CHECK(told.part(0).issuer == hub::Issuer::gemini);
  CHECK(told.part(0).raw == R"({"executableCode":{"language":"PYTHON","code":"1+1"}})");
  CHECK(told.part(1).text == "2");
}
