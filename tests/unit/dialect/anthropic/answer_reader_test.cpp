#include "exchange.h"

using namespace penstock;
using namespace test;
using hub::Finish;

namespace {

using List = std::vector<std::string>;

const std::string start =
    R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":40,"cache_creation_input_tokens":0,"cache_read_input_tokens":900,"output_tokens":1}}})";
const std::string stop = R"({"type":"message_stop"})";

std::string block(int index, const std::string& content) {
  return R"({"type":"content_block_start","index":)" + std::to_string(index) +
         R"(,"content_block":)" + content + "}";
}
std::string delta(int index, const std::string& content) {
  return R"({"type":"content_block_delta","index":)" + std::to_string(index) + R"(,"delta":)" +
         content + "}";
}
std::string block_stop(int index) {
  return R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}";
}
std::string text(int index, const std::string& words) {
  return delta(index, R"({"type":"text_delta","text":")" + words + R"("})");
}
std::string json_delta(int index, const std::string& piece) {
  return delta(index, R"({"type":"input_json_delta","partial_json":")" + piece + R"("})");
}
std::string last(const std::string& reason, const std::string& usage = R"({"output_tokens":5})") {
  return R"({"type":"message_delta","delta":{"stop_reason":")" + reason +
         R"(","stop_sequence":null},"usage":)" + usage + "}";
}
std::string tool(const std::string& id, const std::string& name, const std::string& input = "{}") {
  return R"({"type":"tool_use","id":")" + id + R"(","name":")" + name + R"(","input":)" + input +
         "}";
}
const std::string text_block = R"({"type":"text","text":""})";
const std::string thinking_block = R"({"type":"thinking","thinking":"","signature":""})";

}  // namespace

TEST_CASE("anthropic_answer_reader/calls_count_from_zero_trap_1") {
  EventList out;
  CHECK(read_stream(
      {start, block(0, thinking_block), delta(0, R"({"type":"thinking_delta","thinking":"Two."})"),
       delta(0, R"({"type":"signature_delta","signature":"EqQB"})"), block_stop(0),
       block(1, text_block), R"({"type":"ping"})", text(1, "Both."), block_stop(1),
       block(2, tool("toolu_A", "get")), json_delta(2, ""), json_delta(2, R"({\"city\":)"),
       json_delta(2, R"(\"Oslo\"})"), block_stop(2), block(3, tool("toolu_B", "now")),
       json_delta(3, ""), block_stop(3), last("tool_use"), stop},
      out));
  CHECK(out.events == List{"begin msg_1 claude-x", "thinking Two.", "signature EqQB", "block_end",
                           "other", "text Both.", "block_end", "tool_open 0 toolu_A get",
                           R"(tool_delta 0 {\"city\":)", R"(tool_delta 0 \"Oslo\"})",
                           "tool_close 0", "tool_open 1 toolu_B now", "tool_delta 1 {}",
                           "tool_close 1", finish(Finish::tool_calls), "end"});
}

TEST_CASE("anthropic_answer_reader/a_call_without_arguments_has_an_empty_object_trap_2") {
  EventList out;
  CHECK(
      read_stream({start, block(0, tool("t", "now")), block_stop(0), last("tool_use"), stop}, out));
  CHECK(out.events.at(2) == "tool_delta 0 {}");
}

TEST_CASE("anthropic_answer_reader/the_id_comes_with_the_opening_trap_3") {
  EventList out;
  CHECK(read_stream({start, block(0, tool("toolu_9", "f")), json_delta(0, "{}"), block_stop(0),
                     last("tool_use"), stop},
                    out));
  CHECK(out.events.at(1) == "tool_open 0 toolu_9 f");
}

TEST_CASE("anthropic_answer_reader/an_input_at_the_start_counts_without_deltas_only") {
  EventList filled;
  CHECK(read_stream(
      {start, block(0, tool("t", "f", R"({"a":"b"})")), block_stop(0), last("tool_use"), stop},
      filled));
  CHECK(filled.events.at(2) == R"(tool_delta 0 {\"a\":\"b\"})");
  EventList both;
  CHECK(read_stream({start, block(0, tool("t", "f", R"({"a":1})")), json_delta(0, "{}"),
                     block_stop(0), last("tool_use"), stop},
                    both));
  CHECK(both.events.at(2) == "tool_delta 0 {}");
  CHECK(both.events.at(3) == "tool_close 0");
}

TEST_CASE("anthropic_answer_reader/an_error_may_come_first_trap_4") {
  EventList out;
  CHECK(read_stream(
      {R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"}, out));
  CHECK(out.events == List{"error Overloaded"});
  CHECK(out.error == hub::ErrorKind::overloaded);
}

TEST_CASE("anthropic_answer_reader/an_error_ends_the_stream_trap_5") {
  EventList out;
  CHECK(read_stream({start, block(0, text_block), text(0, "a"),
                     R"({"type":"error","error":{"type":"api_error","message":"Broken"}})"},
                    out));
  CHECK(out.events.back() == "error Broken");
  CHECK(out.error == hub::ErrorKind::server);
}

TEST_CASE("anthropic_answer_reader/later_figures_win_trap_6") {
  EventList out;
  CHECK(read_stream(
      {start,
       last(
           "end_turn",
           R"({"input_tokens":61,"cache_read_input_tokens":null,"output_tokens":70,"output_tokens_details":{"thinking_tokens":12},"server_tool_use":{"web_search_requests":10}})"),
       stop},
      out));
  CHECK(out.usage.input.value == 61);
  CHECK(out.usage.cache_read.value == 900);
  CHECK(out.usage.web_searches.value == 10);
}

TEST_CASE("anthropic_answer_reader/usage_is_disjoint_trap_7_trap_8_trap_9_trap_11_trap_27") {
  EventList out;
  CHECK(read_whole(
      R"({"id":"m","type":"message","role":"assistant","model":"c","content":[],"stop_reason":"end_turn","usage":{"input_tokens":10,"cache_creation_input_tokens":1670,"cache_read_input_tokens":300,"cache_creation":{"ephemeral_5m_input_tokens":67,"ephemeral_1h_input_tokens":1603},"output_tokens":92,"output_tokens_details":{"thinking_tokens":53}}})",
      out));
  CHECK(out.usage.input.value == 10);
  CHECK(out.usage.cache_read.value == 300);
  CHECK(out.usage.cache_write_5m.value == 67);
  CHECK(out.usage.cache_write_1h.value == 1603);
  CHECK(out.usage.output.value == 39);
  CHECK(out.usage.reasoning.value == 53);
  CHECK(out.usage.input_total() == 1980);
  CHECK(out.usage.output_total() == 92);
}

TEST_CASE("anthropic_answer_reader/an_empty_split_falls_back_to_the_sum_trap_10") {
  EventList out;
  CHECK(read_stream(
      {start,
       last(
           "end_turn",
           R"({"cache_creation_input_tokens":500,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":1})"),
       stop},
      out));
  CHECK(out.usage.cache_write_5m.value == 500);
  CHECK(out.usage.cache_write_1h.value == 0);
  EventList absent;
  CHECK(read_stream(
      {R"({"type":"message_start","message":{"id":"m","model":"c"}})", last("end_turn"), stop},
      absent));
  CHECK_FALSE(absent.usage.input.present);
  CHECK_FALSE(absent.usage.cache_write_5m.present);
}

TEST_CASE("anthropic_answer_reader/the_reserved_tool_becomes_text_trap_22") {
  EventList out;
  CHECK(
      read_stream({start, block(0, tool("t", "penstock_json_output")), json_delta(0, R"({\"a\":)"),
                   json_delta(0, "1}"), block_stop(0), last("tool_use"), stop},
                  out));
  CHECK(out.events == List{"begin msg_1 claude-x", R"(text {\"a\":)", "text 1}", "block_end",
                           finish(Finish::stop), "end"});
  EventList whole;
  CHECK(read_whole(
      R"({"id":"m","model":"c","content":[{"type":"tool_use","id":"t","name":"penstock_json_output","input":{"a":1}}],"stop_reason":"tool_use","usage":{}})",
      whole));
  CHECK(whole.events.at(1) == R"(text {\"a\":1})");
  CHECK(whole.events.at(3) == finish(Finish::stop));
}

TEST_CASE("anthropic_answer_reader/a_repeated_start_is_passed_over_trap_30") {
  EventList out;
  CHECK(read_stream(
      {start, start, block(0, text_block), text(0, "a"), block_stop(0), last("end_turn"), stop},
      out));
  CHECK(out.events ==
        List{"begin msg_1 claude-x", "text a", "block_end", finish(Finish::stop), "end"});
  EventList spliced;
  std::string other = start;
  other.replace(other.find("msg_1"), 5, "msg_2");
  CHECK_FALSE(read_stream({start, block(0, text_block), text(0, "a"), other}, spliced));
}

TEST_CASE("anthropic_answer_reader/a_stream_that_is_cut_is_no_answer_trap_132") {
  EventList out;
  CHECK_FALSE(read_stream({start, block(0, text_block), text(0, "a")}, out));
  EventList reason_seen;
  CHECK_FALSE(read_stream({start, last("end_turn")}, reason_seen));
  CHECK(reason_seen.events.back() == "begin msg_1 claude-x");
  EventList nothing;
  CHECK_FALSE(read_stream({}, nothing));
  EventList no_start;
  CHECK_FALSE(read_stream({block(0, text_block)}, no_start));
}

TEST_CASE("anthropic_answer_reader/a_call_cut_by_the_limit_is_closed") {
  EventList out;
  CHECK(read_stream(
      {start, block(0, tool("t", "f")), json_delta(0, R"({\"a\":)"), last("max_tokens"), stop},
      out));
  CHECK(out.events == List{"begin msg_1 claude-x", "tool_open 0 t f", R"(tool_delta 0 {\"a\":)",
                           "tool_close 0", finish(Finish::length), "end"});
}

TEST_CASE("anthropic_answer_reader/blocks_that_are_whole_at_their_start") {
  EventList out;
  CHECK(read_stream(
      {start, block(0, R"({"type":"redacted_thinking","data":"opaque=="})"), block_stop(0),
       block(1, R"({"type":"server_tool_use","id":"s1","name":"web_search","input":{}})"),
       json_delta(1, R"({\"query\":)"), json_delta(1, R"(\"q\"})"), block_stop(1),
       block(2, R"({"type":"web_search_tool_result","tool_use_id":"s1","content":[]})"),
       block_stop(2), block(3, R"({"type":"fallback","from":{"model":"a"},"to":{"model":"b"}})"),
       block_stop(3), last("pause_turn"), stop},
      out));
  CHECK(
      out.events ==
      List{
          "begin msg_1 claude-x", "redacted opaque==",
          R"(opaque {"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"q"}})",
          R"(opaque {"type":"web_search_tool_result","tool_use_id":"s1","content":[]})",
          R"(opaque {"type":"fallback","from":{"model":"a"},"to":{"model":"b"}})",
          finish(Finish::paused), "end"});
}

TEST_CASE("anthropic_answer_reader/citations_cover_the_text_behind_them") {
  EventList out;
  CHECK(read_stream(
      {start, block(0, text_block), text(0, R"(A\u00e9\ud83d\ude00 )"), block_stop(0),
       block(1, R"({"citations":[],"type":"text","text":""})"),
       delta(
           1,
           R"({"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://x.example","title":"X","cited_text":"c","encrypted_index":"e"}})"),
       text(1, "cited"), block_stop(1), last("end_turn"), stop},
      out));
  CHECK(out.events.at(4) == "citation https://x.example");
  REQUIRE(out.cited.size() == 1);
  CHECK(out.cited[0].first == 4);
  CHECK(out.cited[0].second == 9);
  EventList whole;
  CHECK(read_whole(
      R"({"id":"m","model":"c","content":[{"type":"text","text":"four"},{"type":"text","text":"abc","citations":[{"type":"char_location","cited_text":"q","document_title":"D"}]}],"stop_reason":"end_turn","usage":{}})",
      whole));
  REQUIRE(whole.cited.size() == 1);
  CHECK(whole.cited[0].first == 4);
  CHECK(whole.cited[0].second == 7);
}

TEST_CASE("anthropic_answer_reader/thinking_whose_text_is_kept_back") {
  hub::Fold fold;
  CHECK(read_stream(
      {start, block(0, text_block), text(0, "a"), block_stop(0), block(1, thinking_block),
       delta(1, R"({"type":"signature_delta","signature":"S"})"), block_stop(1), last("end_turn"),
       stop},
      fold));
  const auto& parts = fold.answer().choices.at(0).parts;
  REQUIRE(parts.size() == 2);
  CHECK(parts[1].kind == hub::PartKind::thinking);
  CHECK(parts[1].signature == "S");
}

TEST_CASE("anthropic_answer_reader/ends_of_every_kind") {
  const auto finish_of = [](const std::string& end) {
    EventList out;
    CHECK(read_stream({start, end, stop}, out));
    return out.events.at(1);
  };
  CHECK(finish_of(last("end_turn")) == finish(Finish::stop));
  CHECK(finish_of(last("max_tokens")) == finish(Finish::length));
  CHECK(finish_of(last("model_context_window_exceeded")) == finish(Finish::context_full));
  CHECK(finish_of(last("compaction")) == finish(Finish::compaction));
  CHECK(finish_of(last("invented_later")) == finish(Finish::other));
  CHECK(
      finish_of(
          R"({"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{}})") ==
      finish(Finish::stop_sequence, "END"));
  CHECK(
      finish_of(
          R"({"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","explanation":"No."}},"usage":{}})") ==
      finish(Finish::refusal, "No."));
}

TEST_CASE("anthropic_answer_reader/what_comes_later_is_no_fault") {
  EventList out;
  CHECK(
      read_stream({R"({"type":"ping"})", start, block(0, text_block),
                   delta(0, R"({"type":"sparkle_delta","sparkle":1})"), text(0, "a"), block_stop(0),
                   R"({"type":"weather_report"})", last("end_turn"), stop, text(0, "late")},
                  out));
  CHECK(out.events.back() == "end");
}

TEST_CASE("anthropic_answer_reader/bodies_that_are_no_answer") {
  EventList out;
  CHECK_FALSE(read_whole(
      R"({"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"}})", out));
  CHECK_FALSE(read_whole("[]", out));
  CHECK(read_whole(R"({"type":"error","error":{"type":"api_error","message":"M"}})", out));
  CHECK(out.events == List{"error M"});
}

TEST_CASE("anthropic_errors/are_read_by_type_and_words") {
  const auto kind = [](std::uint16_t status, const std::string& body) {
    json::Document document;
    const auto root = document.read(body, json::Judge::answer);
    REQUIRE(root.has_value());
    hub::ErrorNote note;
    table().read_error(status, *root, note);
    return note.kind;
  };
  const auto typed = [](const std::string& type, const std::string& message,
                        const std::string& more = "") {
    return R"({"type":"error","error":{"type":")" + type + R"(","message":")" + message + "\"" +
           more + R"(},"request_id":"req_1"})";
  };
  using hub::ErrorKind;
  CHECK(kind(529, typed("overloaded_error", "Overloaded")) == ErrorKind::overloaded);
  CHECK(kind(413, typed("request_too_large", "x")) == ErrorKind::too_large);
  CHECK(kind(400, typed("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum")) ==
        ErrorKind::context_length);
  CHECK(kind(400, typed("invalid_request_error", "Your credit balance is too low to use")) ==
        ErrorKind::billing);
  CHECK(kind(429, typed("rate_limit_error", "x",
                        R"(,"details":{"error_code":"enforced_spend_limit_reached"})")) ==
        ErrorKind::quota);
  CHECK(kind(404, typed("not_found_error", "model: claude-0")) == ErrorKind::model_not_found);
  CHECK(kind(403, R"({"message":"no"})") == ErrorKind::permission);
  CHECK(kind(429, R"([{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}])") ==
        ErrorKind::rate_limit);
  hub::ErrorNote note;
  table().read_error(502, json::View(), note);
  CHECK(note.kind == ErrorKind::server);
}

TEST_CASE("anthropic_errors/are_written_with_their_parameter") {
  const auto written = [](const hub::ErrorNote& note) {
    json::Composer out;
    table().write_error(note, out);
    return std::string(out.text());
  };
  CHECK(
      written({.kind = hub::ErrorKind::invalid_request,
               .message = "Field required",
               .param = "max_tokens",
               .request_id = "req_1"}) ==
      R"({"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: Field required"},"request_id":"req_1"})");
  CHECK(
      written({.kind = hub::ErrorKind::overloaded, .message = "Busy", .code = "overloaded"}) ==
      R"({"type":"error","error":{"type":"overloaded_error","message":"Busy","details":{"error_code":"overloaded"}},"request_id":null})");
  // The one code that makes the official tool loops send the whole conversation.
  const std::string thread = written({.kind = hub::ErrorKind::unsupported,
                                      .message = "No",
                                      .code = "unsupported_parameter",
                                      .param = "thread"});
  CHECK(thread.find(R"("error_code":"thread_unsupported_request")") != std::string::npos);
}
