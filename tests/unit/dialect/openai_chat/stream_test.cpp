// Streams of servers that are like OpenAI, and how unlike they are.
#include "replay.h"

using namespace test;

namespace {

const std::string role = delta(R"("role":"assistant","content":"","refusal":null)");

}  // namespace

TEST_CASE("chat_stream/text_with_usage") {
  const auto got = replay(
      role + delta(R"("content":"Hel")") + delta(R"("content":"lo \u00e9")") +
      finish_chunk("stop") +
      R"({"id":"c1","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":5,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}})"
      "\n" +
      done);
  CHECK(got.whole);
  CHECK(got.events.lines ==
        "begin c1 m1\ntext Hel\ntext lo \\u00e9\nfinish stop\n"
        "usage input 7 cache_read 4 output 3 reasoning 2\nend\n");
}

TEST_CASE("chat_stream/a_cut_stream_is_no_answer_trap_132") {
  CHECK_FALSE(replay(role + delta(R"("content":"a")")).whole);
  CHECK_FALSE(replay(role + delta(R"("content":"a")") + finish_chunk("stop")).whole);
  CHECK_FALSE(replay("").whole);
  CHECK_FALSE(replay(done).whole);
}

TEST_CASE("chat_stream/without_terminator_a_finish_is_the_end") {
  constexpr Quirks open_ended{.terminator = false};
  CHECK(replay(role + finish_chunk("stop"), open_ended).whole);
  CHECK_FALSE(replay(role + delta(R"("content":"a")"), open_ended).whole);
}

TEST_CASE("chat_stream/no_finish_reason_before_done_trap_130") {
  const auto got = replay(role + delta(R"("content":"a")") + done);
  CHECK(got.events.lines == "begin c1 m1\ntext a\nfinish stop\nend\n");
}

TEST_CASE("chat_stream/azure_begins_without_choices_trap_86_87") {
  const auto got = replay(
      R"({"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[]})"
      "\n" +
      role + finish_chunk("stop") + done);
  CHECK(got.events.lines == "begin c1 m1\nfinish stop\nend\n");
}

TEST_CASE("chat_stream/parallel_calls_one_after_another_trap_1") {
  const auto got = replay(
      role +
      call_delta(R"("index":1,"id":"a","type":"function","function":{"name":"f","arguments":""})") +
      call_delta(R"("index":1,"function":{"arguments":"{\"x\":"})") +
      call_delta(R"("index":1,"function":{"arguments":"1}"})") +
      call_delta(R"("index":2,"id":"b","type":"function","function":{"name":"g","arguments":""})") +
      call_delta(R"("index":2,"function":{"arguments":"{}"})") + finish_chunk("tool_calls") + done);
  CHECK(got.events.lines ==
        "begin c1 m1\ntool_open 0 a f\ntool_delta 0 {\\\"x\\\":\ntool_delta 0 1}\ntool_close 0\n"
        "tool_open 1 b g\ntool_delta 1 {}\ntool_close 1\nfinish tool_calls\nend\n");
}

TEST_CASE("chat_stream/interleaved_calls_come_out_in_order") {
  const auto got = replay(
      role + call_delta(R"("index":0,"id":"a","function":{"name":"f","arguments":""})") +
      call_delta(R"("index":1,"id":"b","function":{"name":"g","arguments":""})") +
      call_delta(R"("index":0,"function":{"arguments":"{\"x\":\"}\""})") +
      call_delta(R"("index":1,"function":{"arguments":"{\"y\":2"})") +
      call_delta(R"("index":0,"function":{"arguments":"}"})") +
      call_delta(R"("index":1,"function":{"arguments":"}"})") + finish_chunk("tool_calls") + done);
  CHECK(got.events.lines ==
        "begin c1 m1\ntool_open 0 a f\ntool_delta 0 {\\\"x\\\":\\\"}\\\"\ntool_delta 0 "
        "}\ntool_close 0\n"
        "tool_open 1 b g\ntool_delta 1 {\\\"y\\\":2\ntool_delta 1 }\ntool_close 1\n"
        "finish tool_calls\nend\n");
}

TEST_CASE("chat_stream/one_index_for_all_calls_trap_91") {
  const auto got = replay(
      role + call_delta(R"("index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"})") +
      call_delta(R"("index":0,"id":"b","function":{"name":"f","arguments":"{\"x\":2}"})") +
      finish_chunk("stop") + done);
  CHECK(holds(got.events.lines, "tool_open 1 b f\ntool_delta 1 {\\\"x\\\":2}\n"));
  CHECK(holds(got.events.lines, "finish tool_calls\n"));
}

TEST_CASE("chat_stream/no_ids_and_no_indices") {
  const auto got = replay(role + call_delta(R"("function":{"name":"f","arguments":{"x":"a\"b"}})") +
                          call_delta(R"("function":{"name":"g","arguments":null})") +
                          finish_chunk("stop") + done);
  CHECK(holds(got.events.lines,
              "tool_open 0  f\ntool_delta 0 {\\\"x\\\":\\\"a\\\\\\\"b\\\"}\ntool_close 0\n"
              "tool_open 1  g\ntool_delta 1 {}\ntool_close 1\n"));
}

TEST_CASE("chat_stream/type_missing_and_name_late_trap_90") {
  const auto got =
      replay(delta(R"("role":"")") +
             call_delta(R"("index":0,"id":"a","function":{"arguments":"{\"x\""})") +
             call_delta(R"("index":0,"id":"a","function":{"name":"f","arguments":":1}"})") +
             call_delta(R"("index":0,"id":"a","function":{"name":"f","arguments":""})") +
             finish_chunk("tool_calls") + done);
  CHECK(got.events.lines ==
        "begin c1 m1\ntool_open 0 a f\ntool_delta 0 {\\\"x\\\"\ntool_delta 0 :1}\ntool_close 0\n"
        "finish tool_calls\nend\n");
}

TEST_CASE("chat_stream/a_call_without_any_name_is_refused") {
  CHECK_FALSE(replay(role + call_delta(R"("index":0,"id":"a","function":{"arguments":"{}"})") +
                     finish_chunk("tool_calls") + done)
                  .whole);
}

TEST_CASE("chat_stream/no_arguments_are_an_empty_object_trap_2") {
  const auto got = replay(role + call_delta(R"("index":0,"id":"a","function":{"name":"f"})") +
                          finish_chunk("tool_calls") + done);
  CHECK(holds(got.events.lines, "tool_open 0 a f\ntool_delta 0 {}\ntool_close 0\n"));
}

TEST_CASE("chat_stream/finish_reasons_repeat_and_come_early") {
  const auto got = replay(
      role +
      chunk(
          R"("delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls")") +
      chunk(
          R"("delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]},"finish_reason":"tool_calls")") +
      chunk(R"("delta":{"content":"!"},"finish_reason":"")") + done);
  CHECK(holds(got.events.lines, "tool_close 1\ntext !\nfinish tool_calls\nend\n"));
}

TEST_CASE("chat_stream/length_beats_calls") {
  const auto got =
      replay(role + call_delta(R"("index":0,"id":"a","function":{"name":"f","arguments":"{\"x"})") +
             finish_chunk("length") + done);
  CHECK(holds(got.events.lines, "tool_close 0\nfinish length\n"));
}

TEST_CASE("chat_stream/every_field_of_reasoning") {
  for (const char* field :
       {R"("reasoning_content":"hm")", R"("reasoning":"hm")",
        R"("reasoning":"hm","reasoning_content":"hm")",
        R"("reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","index":0}])",
        R"("reasoning_content":"hm","thinking_blocks":[{"type":"thinking","thinking":"hm"}])",
        R"("content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}])"}) {
    const auto got = replay(delta(field) + delta(R"("content":"a")") + finish_chunk("stop") + done);
    CHECK_MESSAGE(got.events.lines == "begin c1 m1\nthinking hm\ntext a\nfinish stop\nend\n",
                  field);
  }
}

TEST_CASE("chat_stream/signatures_keep_their_issuer") {
  hub::Fold fold;
  CHECK(feed(
      delta(
          R"("reasoning_details":[{"type":"reasoning.text","text":"a","format":"anthropic-claude-v1","index":0}])") +
          delta(
              R"("reasoning_details":[{"type":"reasoning.text","signature":"S1","format":"anthropic-claude-v1","index":0}])") +
          delta(
              R"("reasoning_details":[{"type":"reasoning.summary","summary":"b","format":"openai-responses-v1","index":1}])") +
          delta(
              R"("reasoning_details":[{"type":"reasoning.encrypted","data":"S2","id":"rs_1","format":"openai-responses-v1","index":1}])") +
          delta(
              R"("reasoning_details":[{"type":"reasoning.encrypted","data":"S3","format":"google-gemini-v1","index":2}])") +
          call_delta(
              R"("index":0,"id":"t","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"S4"}})") +
          finish_chunk("tool_calls") + done,
      fold));
  const auto& parts = fold.answer().choices.at(0).parts;
  REQUIRE(parts.size() == 4);
  CHECK(parts[0].text == "a");
  CHECK(parts[0].signature == "S1");
  CHECK(parts[0].issuer == hub::Issuer::anthropic);
  CHECK(parts[1].text == "b");
  CHECK(parts[1].signature == "S2");
  CHECK(parts[1].id == "rs_1");
  CHECK(parts[1].issuer == hub::Issuer::openai);
  CHECK(parts[2].kind == hub::PartKind::redacted_thinking);
  CHECK(parts[2].issuer == hub::Issuer::gemini);
  CHECK(parts[3].signature == "S4");
  CHECK(parts[3].issuer == hub::Issuer::gemini);
}

TEST_CASE("chat_stream/errors_inside_trap_4_5") {
  const auto plain = replay(role +
                            R"({"error":{"message":"no","type":"server_error","code":502}})"
                            "\n" +
                            done);
  CHECK(plain.events.lines == "begin c1 m1\nerror server_error no\n");
  const auto first = replay(R"({"error":{"message":"no","type":"rate_limit_error"}})"
                            "\n" +
                            done);
  CHECK(first.events.lines == "error rate_limit_error no\n");
  CHECK(first.events.kind == hub::ErrorKind::rate_limit);
  const auto router = replay(
      role +
      R"({"id":"c1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502,"message":"gone"}})"
      "\n");
  CHECK(router.events.lines == "begin c1 m1\nerror gone\n");
  const auto xai = replay(role + R"({"code":"busy","error":"text"})"
                                 "\n");
  CHECK(xai.events.lines == "begin c1 m1\nerror text\n");
  const auto deepseek = replay(role + finish_chunk("insufficient_system_resource") + done);
  CHECK(deepseek.events.kind == hub::ErrorKind::overloaded);
  CHECK_FALSE(holds(deepseek.events.lines, "\nfinish "));
}

TEST_CASE("chat_stream/groq_usage_beside_the_choices_trap_108") {
  const auto got = replay(
      role +
      R"({"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}})"
      "\n" +
      done);
  CHECK(got.events.lines == "begin c1 m1\nfinish stop\nusage input 9 output 2\nend\n");
}

TEST_CASE("chat_stream/running_usage_is_not_summed_trap_103") {
  const auto got = replay(
      R"({"id":"c1","choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}})"
      "\n"
      R"({"id":"c1","choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}})"
      "\n" +
      done);
  CHECK(holds(got.events.lines, "usage input 9 output 2\n"));
}

TEST_CASE("chat_stream/llamacpp_tells_usage_per_choice") {
  hub::Fold fold;
  const std::string usage =
      R"({"choices":[],"usage":{"prompt_tokens":28,"completion_tokens":8,"total_tokens":36}})"
      "\n";
  CHECK(feed(
      R"({"id":"c1","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]})"
      "\n" +
          usage +
          R"({"id":"c1","choices":[{"index":1,"delta":{"content":"b"},"finish_reason":"stop"}]})"
          "\n" +
          usage + done,
      fold));
  CHECK(fold.answer().usage.input_total() == 28);
  CHECK(fold.answer().usage.output_total() == 16);
}

TEST_CASE("chat_stream/xai_reasoning_beside_the_completion_trap_112") {
  constexpr Quirks xai{.usage_needs_sum = true};
  const std::string usage =
      R"({"choices":[],"usage":{"prompt_tokens":291,"completion_tokens":26,"total_tokens":513,"prompt_tokens_details":{"cached_tokens":290},"completion_tokens_details":{"reasoning_tokens":196}}})"
      "\n";
  CHECK(holds(replay(role + finish_chunk("stop") + usage + done, xai).events.lines,
              "usage input 1 cache_read 290 output 26 reasoning 196\n"));
}

TEST_CASE("chat_stream/mistral_audio_beside_the_prompt") {
  const auto got = replay(
      role + finish_chunk("stop") +
      R"({"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":15,"total_tokens":401,"prompt_tokens_details":{"audio_tokens":375}}})"
      "\n" +
      done);
  CHECK(holds(got.events.lines, "usage input 11 input_audio 375 output 15\n"));
}

TEST_CASE("chat_stream/impossible_figures_are_clamped_trap_116") {
  const auto got = replay(
      role + finish_chunk("stop") +
      R"({"choices":[],"usage":{"prompt_tokens":78,"completion_tokens":9,"total_tokens":87,"prompt_tokens_details":{"cached_tokens":158},"completion_tokens_details":{"reasoning_tokens":-4}}})"
      "\n" +
      done);
  CHECK(holds(got.events.lines, "usage input 0 cache_read 78 output 9\n"));
}

TEST_CASE("chat_stream/no_usage_and_zeros_are_unknown_trap_113") {
  for (const char* usage :
       {"null", "{}", R"({"prompt_tokens":0,"completion_tokens":0,"total_tokens":0})"}) {
    const auto got =
        replay(role + finish_chunk("stop") + R"({"choices":[],"usage":)" + usage + "}\n" + done);
    CHECK(holds(got.events.lines, "finish stop\nend\n"));
  }
}

TEST_CASE("chat_stream/broken_choices_are_refused") {
  CHECK_FALSE(replay(R"({"choices":[{"index":128,"delta":{}}]})"
                     "\n" +
                     done)
                  .whole);
  CHECK_FALSE(replay(R"({"choices":[{"index":-1,"delta":{}}]})"
                     "\n" +
                     done)
                  .whole);
  CHECK_FALSE(replay(R"({"choices":7})"
                     "\n" +
                     done)
                  .whole);
  CHECK_FALSE(replay("[DO\n").whole);
}

TEST_CASE("chat_stream/odd_deltas_do_no_harm_trap_117") {
  const auto got =
      replay(R"({"id":"c1","model":"m1","choices":[{"index":0,"delta":null,"text":"a"}]})"
             "\n"
             R"({"id":"c1","choices":[{"index":0}]})"
             "\n" +
             delta(R"("content":null,"tool_calls":null)") + delta(R"("tool_calls":[])") +
             R"({"id":"c1"})"
             "\n" +
             finish_chunk("eos") + done);
  CHECK(got.events.lines == "begin c1 m1\ntext a\nfinish stop\nend\n");
}

TEST_CASE("chat_stream/refusal_logprobs_and_annotations") {
  const auto got = replay(
      role + delta(R"("refusal":"No.")") +
      chunk(
          R"("delta":{},"logprobs":{"content":null,"refusal":[{"token":"No"}]},"finish_reason":null)") +
      delta(
          R"("annotations":[{"type":"url_citation","url_citation":{"url":"u","title":"t","start_index":1,"end_index":3}}])") +
      finish_chunk("stop") + done);
  CHECK(got.events.lines ==
        "begin c1 m1\nrefusal No.\nlogprobs [{\"token\":\"No\"}]\ncitation 1-3 u t\nfinish "
        "refusal\nend\n");
}

TEST_CASE("chat_stream/audio_is_told_whole") {
  const auto got = replay(
      delta(R"("audio":{"id":"au1","transcript":"Hi "})") + delta(R"("audio":{"data":"AAEC"})") +
      delta(R"("audio":{"data":"Aw==","transcript":"you"})") + finish_chunk("stop") + done);
  CHECK(holds(got.events.lines, "media audio/pcm AAECAw==\n"));
}

TEST_CASE("chat_stream/one_id_for_all_calls_is_none") {
  const auto got = replay(
      role + call_delta(R"("index":0,"id":"0","function":{"name":"f","arguments":{"x":1}})") +
      call_delta(R"("index":1,"id":"0","function":{"name":"f","arguments":{"x":2}})") +
      finish_chunk("stop") + done);
  CHECK(holds(got.events.lines, "tool_open 0 0 f\n"));
  CHECK(holds(got.events.lines, "tool_open 1  f\ntool_delta 1 {\\\"x\\\":2}\n"));
}

TEST_CASE("chat_stream/an_id_may_be_late_and_null_is_none_trap_3") {
  const auto got =
      replay(role + call_delta(R"("index":0,"id":"null","function":{"arguments":""})") +
             call_delta(R"("index":0,"id":"a","function":{"name":"f","arguments":"{}"})") +
             call_delta(R"("index":0,"id":"null","function":{"name":"","arguments":" "})") +
             finish_chunk("tool_calls") + done);
  CHECK(got.events.lines ==
        "begin c1 m1\ntool_open 0 a f\ntool_delta 0 {}\ntool_delta 0  \ntool_close 0\n"
        "finish tool_calls\nend\n");
}

TEST_CASE("chat_stream/arguments_for_a_call_that_is_over_are_refused") {
  CHECK_FALSE(replay(role +
                     call_delta(R"("index":0,"id":"a","function":{"name":"f","arguments":"{}"})") +
                     call_delta(R"("index":1,"id":"b","function":{"name":"g","arguments":"{"})") +
                     call_delta(R"("index":0,"function":{"arguments":"{\"x\":1}"})") + done)
                  .whole);
}
