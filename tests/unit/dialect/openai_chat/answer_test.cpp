// Whole answers of servers that are like OpenAI.
#include "replay.h"

using namespace test;

TEST_CASE("chat_answer/everything_in_one") {
  const auto got = read_whole(
      R"({"id":"c1","model":"m1","created":1795176000,"choices":[{"index":0,"message":{"role":"assistant","content":"a","reasoning":"hm",
      "tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"t2","type":"custom","custom":{"name":"g","input":"raw"}}]},
      "logprobs":{"content":[{"token":"a"}],"refusal":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}})");
  CHECK(got.lines ==
        "begin c1 m1\nthinking hm\ntext a\ntool_open 0 t1 f\ntool_delta 0 {\\\"x\\\":1}\n"
        "tool_close 0\ntool_open 1 t2 g\ntool_delta 1 raw\nlogprobs [{\"token\":\"a\"}]\n"
        "tool_close 1\nfinish tool_calls\nusage input 3 output 4\nend\n");
}

TEST_CASE("chat_answer/refusal_is_no_filter") {
  const auto got = read_whole(
      R"({"id":"c1","choices":[{"message":{"content":null,"refusal":"I can not."},"finish_reason":"stop"}]})");
  CHECK(got.lines == "begin c1\nrefusal I can not.\nfinish refusal\nend\n");
}

TEST_CASE("chat_answer/mistral_thinking_parts_trap_110") {
  const auto got = read_whole(
      R"({"id":"c1","choices":[{"message":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"2+2"}],"closed":true},{"type":"text","text":"4"},{"type":"reference","reference_ids":[1,"a"]}],"tool_calls":null},"finish_reason":"stop"}]})");
  CHECK(got.lines == "begin c1\nthinking 2+2\ntext 4\nfinish stop\nend\n");
}

TEST_CASE("chat_answer/perplexity_sources") {
  const auto got = read_whole(
      R"({"id":"c1","citations":["u1","u2"],"choices":[{"message":{"content":"a[1]"},"delta":{"content":""},"finish_reason":"stop"}]})",
      plain_quirks);
  CHECK(holds(got.lines, "citation 0-0 u1\ncitation 0-0 u2\nfinish stop\n"));
}

TEST_CASE("chat_answer/errors_with_a_good_status") {
  for (const char* body : {R"({"error":{"message":"m","code":400}})", R"({"error":"m"})",
                           R"({"object":"error","message":"m"})", R"({"message":"m"})",
                           R"({"detail":"m"})", R"({"choices":[{"error":{"message":"m"}}]})"}) {
    const auto got = read_whole(body);
    CHECK_MESSAGE(holds(got.lines, "error m\n"), body);
    CHECK_FALSE(holds(got.lines, "end"));
  }
}

TEST_CASE("chat_answer/what_is_no_answer_is_refused") {
  json::Document document;
  EventText out;
  for (const char* body : {"{}", R"({"choices":[]})", R"({"choices":{}})", "[]", "7"}) {
    const auto data = document.read(body, json::Judge::answer);
    REQUIRE(data.has_value());
    CHECK_FALSE(chat().read_answer(*data, target_with(plain_quirks), out).has_value());
  }
  CHECK(out.lines == "");
}

TEST_CASE("chat_answer/images_and_audio") {
  const auto got = read_whole(
      R"({"id":"c1","choices":[{"message":{"content":"a","images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}],"audio":{"id":"au","data":"AAEC","transcript":"t","expires_at":1}},"finish_reason":"stop"}]})");
  CHECK(holds(got.lines, "media image/png AAAA\nmedia audio/wav AAEC\n"));
}
