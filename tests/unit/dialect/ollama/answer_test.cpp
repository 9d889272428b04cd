// Ollama's answers, streamed and whole, as events.
#include "dialect/ollama/ollama.h"
#include "replay.h"

using namespace test;

TEST_CASE("ollama_stream/thinking_text_and_calls_over_lines_trap_114") {
  const auto got = replay(
      R"({"model":"q","created_at":"2026-11-20T12:00:00.1Z","message":{"role":"assistant","content":"","thinking":"Two calls."},"done":false}
{"model":"q","created_at":"2026-11-20T12:00:00.2Z","message":{"role":"assistant","content":"So\n"},"done":false}
{"model":"q","created_at":"2026-11-20T12:00:00.3Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"call_1","function":{"index":0,"name":"w","arguments":{"city":"O\"slo"}}}]},"done":false}
{"model":"q","created_at":"2026-11-20T12:00:00.4Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"call_2","function":{"index":0,"name":"w","arguments":{}}},{"id":"call_3","function":{"name":"t"}}]},"done":false}
{"model":"q","created_at":"2026-11-20T12:00:00.5Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":9e8,"prompt_eval_count":120,"eval_count":40}
)");
  CHECK(got.whole);
  CHECK(got.events.mistake == "");
  CHECK(got.events.lines == R"(begin q
thinking Two calls.
text So\n
tool_open 0 call_1 w
tool_delta 0 {\"city\":\"O\\\"slo\"}
tool_close 0
tool_open 1 call_2 w
tool_delta 1 {}
tool_close 1
tool_open 2 call_3 t
tool_delta 2 {}
tool_close 2
finish tool_calls
usage input 120 output 40
end
)");
}

TEST_CASE("ollama_stream/calls_without_ids_get_their_own") {
  const auto ids = [](std::string_view time) {
    const auto got = replay(
        R"({"model":"q","created_at":")" + std::string(time) +
        R"(","message":{"tool_calls":[{"function":{"name":"w","arguments":{}}},{"function":{"name":"w","arguments":{}}}]},"done":true})");
    CHECK(got.whole);
    const auto first = got.events.lines.find("tool_open 0 ") + 12;
    const auto second = got.events.lines.find("tool_open 1 ") + 12;
    return std::pair(got.events.lines.substr(first, 16), got.events.lines.substr(second, 16));
  };
  const auto [first, second] = ids("2026-11-20T12:00:00.1Z");
  CHECK(first.starts_with("call_"));
  CHECK(first != second);
  CHECK(ids("2026-11-20T12:00:00.1Z").first == first);
  // The next turn of the conversation.
  CHECK(ids("2026-11-20T12:00:09.7Z").first != first);
}

TEST_CASE("ollama_stream/without_done_is_cut_trap_132") {
  const std::string line = R"({"model":"q","message":{"content":"Hi"},"done":false})";
  CHECK_FALSE(replay(line).whole);
  CHECK_FALSE(replay("").whole);
  CHECK(replay(line + "\n" + R"({"done":true})").whole);
}

TEST_CASE("ollama_stream/a_line_with_an_error_is_an_error") {
  const auto got = replay(
      "{\"model\":\"q\",\"message\":{\"content\":\"Hi\"},\"done\":false}\n{\"error\":\"out of "
      "memory\"}\n");
  CHECK(got.whole);
  CHECK(got.events.mistake == "");
  CHECK(got.events.lines == "begin q\ntext Hi\nerror out of memory\n");
  CHECK(got.events.kind == hub::ErrorKind::server);
  CHECK(replay(R"({"error":"model 'x' not found"})").events.kind ==
        hub::ErrorKind::model_not_found);
}

TEST_CASE("ollama_stream/what_is_no_line_of_an_answer_is_malformed") {
  CHECK_FALSE(replay("[]").whole);
  CHECK_FALSE(replay(R"({"status":"pulling"})").whole);
  json::Document document;
  EventText events;
  const auto half =
      document.read(R"({"message":{"content":"a"},"done":false})", json::Judge::answer);
  REQUIRE(half.has_value());
  CHECK(ollama_table().read_answer(*half, {}, events) ==
        std::unexpected(Error{Code::malformed, Side::upstream}));
  // The answer of /api/generate.
  const auto other = document.read(R"({"response":"a","done":true})", json::Judge::answer);
  REQUIRE(other.has_value());
  CHECK_FALSE(ollama_table().read_answer(*other, {}, events).has_value());
  EventText none;
  const auto reader = ollama_table().stream_reader({});
  CHECK_FALSE(reader->word("[DONE]", none).has_value());
}

TEST_CASE("ollama_answer/reasons_and_missing_figures") {
  const auto of = [](std::string_view members) {
    return read_whole(R"({"model":"m","message":{"content":"x"},"done":true)" +
                      std::string(members) + "}")
        .lines;
  };
  CHECK(of("") == "begin m\ntext x\nfinish stop\nend\n");
  CHECK(of(R"(,"done_reason":"length","eval_count":0)") ==
        "begin m\ntext x\nfinish length\nusage output 0\nend\n");
  CHECK(of(R"(,"done_reason":"load")") == "begin m\ntext x\nfinish stop\nend\n");
  CHECK(of(R"(,"done_reason":"novel")") == "begin m\ntext x\nfinish other\nend\n");
  CHECK(
      read_whole(
          R"({"model":"m","done":true,"done_reason":"length","message":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]}})")
          .lines ==
      "begin m\ntool_open 0 a f\ntool_delta 0 {\\\"x\\\":1}\ntool_close 0\nfinish length\nend\n");
}

TEST_CASE("ollama_answer/logprobs_are_completed") {
  const auto got = read_whole(
      R"({"model":"m","message":{"content":"Hi"},"done":true,"logprobs":[{"token":"Hi","logprob":-0.5,"bytes":[72,105],"top_logprobs":[{"token":"Ho","logprob":-1}]},{"token":"!","logprob":-2}]})");
  CHECK(
      got.lines.find(
          R"(logprobs [{"token":"Hi","logprob":-0.5,"bytes":[72,105],"top_logprobs":[{"token":"Ho","logprob":-1,"bytes":null}]},{"token":"!","logprob":-2,"bytes":null,"top_logprobs":[]}])") !=
      std::string::npos);
}

TEST_CASE("ollama_answer/times_are_seconds_trap_128") {
  using ollama::read_time;
  CHECK(read_time("2026-11-20T12:00:00.123456789Z") == 1795176000);
  CHECK(read_time("2026-11-20T12:00:00Z") == 1795176000);
  CHECK(read_time("2026-11-20T14:30:00.5+02:30") == 1795176000);
  CHECK(read_time("2026-11-20T04:00:00-08:00") == 1795176000);
  CHECK(read_time("1970-01-01T00:00:00Z") == 0);
  CHECK(read_time("") == 0);
  CHECK(read_time("2026-13-20T12:00:00Z") == 0);
  CHECK(read_time("2026-11-31T12:00:00Z") == 0);
  CHECK(read_time("2026-11-20T12:00:00") == 0);
  CHECK(read_time("2026-11-20T12:00:00+0") == 0);
  CHECK(read_time("2026-11-20 noon") == 0);
}

TEST_CASE("ollama_error/kinds_by_words_and_status") {
  json::Document document;
  const auto read = [&](std::uint16_t status, std::string_view body) {
    hub::ErrorNote note;
    const auto data = document.read(body, json::Judge::answer);
    ollama_table().read_error(status, data.value_or(json::View()), note);
    CHECK(note.status == status);
    return note;
  };
  CHECK(read(404, R"({"error":"model 'x' not found"})").kind == hub::ErrorKind::model_not_found);
  CHECK(read(400, R"({"error":"\"m\" does not support tools"})").kind ==
        hub::ErrorKind::unsupported);
  CHECK(read(400, R"({"error":"the input length exceeds the context length"})").kind ==
        hub::ErrorKind::context_length);
  CHECK(read(503, R"({"error":"server busy"})").kind == hub::ErrorKind::overloaded);
  CHECK(read(502, "<html>").kind == hub::ErrorKind::server);
  const auto cloud = read(
      401, R"({"error":{"message":"Unauthorized","type":"api_error","param":null,"code":null}})");
  CHECK(cloud.kind == hub::ErrorKind::authentication);
  CHECK(cloud.message == "Unauthorized");
  CHECK(cloud.type == "api_error");
}
