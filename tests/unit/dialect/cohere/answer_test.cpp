// Cohere's answers, streamed and whole, as events.
#include "replay.h"

using namespace test;

TEST_CASE("cohere_stream/tool_plan_and_calls_become_thinking_and_calls_trap_115") {
  const auto got = replay(
      R"({"id":"c1","type":"message-start","delta":{"message":{"role":"assistant","content":[]}}}
{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"Look up"}}}
{"type":"tool-plan-delta","delta":{"message":{"tool_plan":" both."}}}
{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"w_1","type":"function","function":{"name":"w","arguments":""}}}}}
{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"c\":"}}}}}
{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"\"Oslo\"}"}}}}}
{"type":"tool-call-end","index":0}
{"type":"tool-call-start","index":1,"delta":{"message":{"tool_calls":{"id":"t_2","type":"function","function":{"name":"t","arguments":""}}}}}
{"type":"tool-call-end","index":1}
{"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":20,"output_tokens":9},"tokens":{"input_tokens":1400,"output_tokens":30},"cached_tokens":1360}}}
[DONE]
)");
  CHECK(got.whole);
  CHECK(got.events.mistake == "");
  CHECK(got.events.lines == R"(begin c1
thinking Look up
thinking  both.
tool_open 0 w_1 w
tool_delta 0 {\"c\":
tool_delta 0 \"Oslo\"}
tool_close 0
tool_open 1 t_2 t
tool_delta 1 {}
tool_close 1
finish tool_calls
usage input 40 cache_read 1360 output 30
end
)");
}

TEST_CASE("cohere_stream/thinking_text_and_citations_inside_an_open_block") {
  const auto got =
      replay(R"({"id":"c2","type":"message-start","delta":{"message":{"role":"assistant"}}}
{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking","thinking":""}}}}
{"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"Berlin?"}}}}
{"type":"content-end","index":0}
{"type":"content-start","index":1,"delta":{"message":{"content":{"type":"text","text":""}}}}
{"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"Gr\u00fc\ud83d\ude00 "}}}}
{"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":0,"end":4,"text":"x","content_index":1,"type":"TEXT_CONTENT","sources":[{"type":"document","id":"d0","document":{"id":"d0","title":"facts","url":"https://a.example/"}},{"type":"tool","id":"w:0","tool_output":{"content":"15"}}]}}}}
{"type":"citation-end","index":0}
{"type":"citation-start","index":1,"delta":{"message":{"citations":{"start":0,"end":3,"text":"Ber","content_index":0,"type":"THINKING_CONTENT","sources":[]}}}}
{"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"dich"}}}}
{"type":"content-end","index":1}
{"type":"content-start","index":2,"delta":{"message":{"content":{"type":"text","text":""}}}}
{"type":"content-delta","index":2,"delta":{"message":{"content":{"text":"Tsch\u00fcss"}}}}
{"type":"citation-start","index":2,"delta":{"message":{"citations":{"start":1,"end":3,"text":"sc","content_index":2,"sources":[]}}}}
{"type":"content-end","index":2}
{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"tokens":{"input_tokens":10,"output_tokens":9,"reasoning_tokens":4}}}}
)");
  CHECK(got.whole);
  CHECK(got.events.mistake == "");
  CHECK(got.events.lines == R"(begin c2
thinking Berlin?
text Gr\u00fc\ud83d\ude00 
citation 0-4 https://a.example/ facts
citation 0-4 w:0
text dich
block_end
text Tsch\u00fcss
citation 10-12
finish stop
usage input 10 output 5 reasoning 4
end
)");
}

TEST_CASE("cohere_stream/error_at_the_end_is_an_error_trap_4") {
  const auto got =
      replay(R"({"id":"c3","type":"message-start","delta":{"message":{"role":"assistant"}}}
{"type":"message-end","delta":{"finish_reason":"ERROR","usage":{},"error":"invalid tool generation","error_type":"INVALID_TOOL_GENERATION"}}
[DONE]
)");
  CHECK(got.whole);
  CHECK(got.events.mistake == "");
  CHECK(got.events.lines == "begin c3\nerror INVALID_TOOL_GENERATION invalid tool generation\n");
  CHECK(got.events.kind == hub::ErrorKind::server);
  // An error that comes instead of an answer begins none.
  CHECK(replay(R"({"message":"too many tokens","id":"e"})").events.lines ==
        "error too many tokens\n");
}

TEST_CASE("cohere_stream/without_message_end_is_cut_trap_132") {
  CHECK_FALSE(replay(R"({"id":"c","type":"message-start","delta":{}})").whole);
  CHECK_FALSE(replay("").whole);
  CHECK_FALSE(replay("{\"id\":\"c\",\"type\":\"message-start\"}\n[DONE]").whole);
}

TEST_CASE("cohere_stream/what_breaks_the_protocol_is_malformed") {
  CHECK_FALSE(replay(R"({"type":"tool-call-delta","index":0,"delta":{}})").whole);
  json::Document document;
  EventText events;
  const auto reader = cohere_table().stream_reader({});
  const auto list = document.read("[1]", json::Judge::answer);
  REQUIRE(list.has_value());
  CHECK(reader->frame("", *list, events) ==
        std::unexpected(Error{Code::malformed, Side::upstream}));
}

TEST_CASE("cohere_stream/unknown_events_and_missing_ends_are_borne") {
  const auto got = replay(R"({"type":"debug","prompt":"x"}
{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":""}}]}}}
{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":[{"function":{"arguments":"null"}}]}}}
{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"b","function":{"name":"g","arguments":"{\"x\":1}"}}}}}
{"type":"message-end","delta":{"finish_reason":"NEW_REASON"}}
)");
  CHECK(got.whole);
  CHECK(got.events.mistake == "");
  CHECK(got.events.lines == R"(begin
tool_open 0 a f
tool_delta 0 {}
tool_close 0
tool_open 1 b g
tool_delta 1 {\"x\":1}
tool_close 1
finish other
end
)");
}

TEST_CASE("cohere_answer/whole_answers_say_what_streams_say_trap_115") {
  const auto got =
      read_whole(R"({"id":"c4","finish_reason":"TOOL_CALL","message":{"role":"assistant",
    "tool_plan":"Ask.","content":[{"type":"text","text":"Hm."},{"type":"text","text":"Ja."}],
    "citations":[{"start":0,"end":2,"text":"Ja","content_index":1,"sources":[{"type":"tool","id":"t:0","tool_output":{}}]},
                 {"start":0,"end":1,"text":"A","type":"PLAN","sources":[]}],
    "tool_calls":[{"id":"a","type":"function","function":{"name":"now","arguments":"null"}},
                  {"id":"b","type":"function","function":{"name":"w","arguments":"{\"c\":1}"}}]},
    "usage":{"billed_units":{"input_tokens":7,"output_tokens":2}}})");
  CHECK(got.lines == R"(begin c4
thinking Ask.
text Hm.
block_end
text Ja.
citation 3-5 t:0
tool_open 0 a now
tool_delta 0 {}
tool_close 0
tool_open 1 b w
tool_delta 1 {\"c\":1}
tool_close 1
finish tool_calls
usage input 7 output 2
end
)");
}

TEST_CASE("cohere_answer/reasons_and_figures") {
  const auto of = [](std::string_view reason, std::string_view usage) {
    return read_whole(R"({"id":"c","message":{"content":[]},"finish_reason":")" +
                      std::string(reason) + R"(","usage":)" + std::string(usage) + "}")
        .lines;
  };
  CHECK(of("MAX_TOKENS", "{}") == "begin c\nfinish length\nend\n");
  CHECK(of("STOP_SEQUENCE", "null") == "begin c\nfinish stop_sequence\nend\n");
  CHECK(of("TIMEOUT", "{}") == "error The provider ended the answer with an error.\n");
  // The tokens of an image stood outside the input where they are more than it.
  CHECK(of("COMPLETE", R"({"tokens":{"input_tokens":34,"output_tokens":70,"image_tokens":259}})") ==
        "begin c\nfinish stop\nusage input 34 input_image 259 output 70\nend\n");
  CHECK(
      of("COMPLETE", R"({"tokens":{"input_tokens":502,"image_tokens":259},"cached_tokens":480})") ==
      "begin c\nfinish stop\nusage input 0 cache_read 480 input_image 22\nend\n");
  CHECK(of("COMPLETE", R"({"tokens":{"input_tokens":-1,"output_tokens":0}})") ==
        "begin c\nfinish stop\nusage output 0\nend\n");
}

TEST_CASE("cohere_answer/logprobs_of_single_tokens_are_told") {
  const auto got = read_whole(R"({"id":"c","message":{"content":[{"type":"text","text":"Hi"}]},
    "finish_reason":"COMPLETE","logprobs":[{"token_ids":[5],"text":"Hi","logprobs":[-0.25]},
    {"token_ids":[6,7],"text":"!?","logprobs":[-1,-2]},{"token_ids":[8]}]})");
  CHECK(got.lines.find(
            R"(logprobs [{"token":"Hi","logprob":-0.25,"bytes":null,"top_logprobs":[]}])") !=
        std::string::npos);
}

TEST_CASE("cohere_answer/what_is_no_answer_is_malformed") {
  json::Document document;
  EventText events;
  const auto text = document.read(R"({"text":"v1"})", json::Judge::answer);
  REQUIRE(text.has_value());
  CHECK(cohere_table().read_answer(*text, {}, events) ==
        std::unexpected(Error{Code::malformed, Side::upstream}));
  CHECK(events.lines == "");
}

TEST_CASE("cohere_error/kinds_by_words_and_status") {
  json::Document document;
  const auto read = [&](std::uint16_t status, std::string_view body) {
    hub::ErrorNote note;
    const auto data = document.read(body, json::Judge::answer);
    cohere_table().read_error(status, data.value_or(json::View()), note);
    CHECK(note.status == status);
    return note;
  };
  const auto full =
      read(400, R"({"id":"e1","message":"too many tokens: 9","error_type":"TOO_MANY_TOKENS"})");
  CHECK(full.kind == hub::ErrorKind::context_length);
  CHECK(full.message == "too many tokens: 9");
  CHECK(full.type == "TOO_MANY_TOKENS");
  CHECK(full.request_id == "e1");
  CHECK(read(404, R"({"message":"model 'x' not found"})").kind == hub::ErrorKind::model_not_found);
  CHECK(read(401, R"({"message":"Incorrect API key"})").kind == hub::ErrorKind::authentication);
  CHECK(read(429, R"({"message":"slow down"})").kind == hub::ErrorKind::rate_limit);
  CHECK(read(429, R"({"message":"limited to 1000 API calls / month"})").kind ==
        hub::ErrorKind::quota);
  CHECK(read(498, R"({"message":"blocked input"})").kind == hub::ErrorKind::content_filter);
  CHECK(read(498, R"({"message":"invalid token"})").kind == hub::ErrorKind::authentication);
  CHECK(read(499, R"({"message":"cancelled"})").kind == hub::ErrorKind::server);
  CHECK(read(503, "<html>").kind == hub::ErrorKind::overloaded);
  CHECK(read(422, "[]").kind == hub::ErrorKind::invalid_request);
}
