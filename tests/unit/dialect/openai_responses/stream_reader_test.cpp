#include "driving.h"

using namespace penstock;
using namespace test;
using hub::ErrorKind;
using hub::Finish;
using Lines = std::vector<std::string>;

namespace {

const std::string created =
    R"({"type":"response.created","sequence_number":0,"response":{"id":"resp_1","model":"m",
       "created_at":7,"status":"in_progress","service_tier":"auto"}})";
const std::string completed =
    R"({"type":"response.completed","response":{"id":"resp_1","model":"m","status":"completed",
       "output":[],"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4,
       "cache_write_tokens":2},"output_tokens":6,"output_tokens_details":{"reasoning_tokens":5}}}})";

std::string delta(const std::string& what, const std::string& text, const std::string& where) {
  return R"({"type":"response.)" + what + R"(.delta",)" + where + R"(,"delta":")" + text + "\"}";
}

Lines lines_of(const std::vector<std::string>& frames) {
  StreamRead read(frames);
  CHECK(read.ok);
  CHECK(read.complete);
  return read.events.lines;
}

Events whole(std::string_view body) {
  json::Document document;
  const auto root = document.read(body, json::Judge::answer);
  REQUIRE(root.has_value());
  Events events;
  REQUIRE(responses().read_answer(*root, {}, events).has_value());
  return events;
}

}  // namespace

TEST_CASE("responses_reader/text_is_told_once_trap_93") {
  const Lines lines = lines_of({
      created,
      R"({"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message"}})",
      R"({"type":"response.content_part.added","output_index":0,"content_index":0,"part":{}})",
      delta("output_text", "Hel", R"("output_index":0,"content_index":0)"),
      delta("output_text", "lo", R"("output_index":0,"content_index":0)"),
      R"({"type":"response.output_text.done","output_index":0,"content_index":0,"text":"Hello"})",
      R"({"type":"response.content_part.done","output_index":0,"content_index":0,
          "part":{"type":"output_text","text":"Hello","annotations":[]}})",
      R"({"type":"response.output_item.done","output_index":0,"item":{"id":"msg_1",
          "type":"message","content":[{"type":"output_text","text":"Hello"}]}})",
      completed,
      "[DONE]",
  });
  CHECK(lines == Lines{"begin resp_1 m", "text Hel", "text lo", "finish 1", "usage 10 6", "end"});
}

TEST_CASE("responses_reader/done_events_complete_what_was_missing_trap_98") {
  const std::string added =
      R"({"type":"response.output_item.added","output_index":0,"item":{"id":"fc_1",
          "type":"function_call","call_id":"c","name":"f","arguments":""}})";
  const std::string item_done =
      R"({"type":"response.output_item.done","output_index":0,"item":{"id":"fc_1",
          "type":"function_call","call_id":"c","name":"f","arguments":"{\"x\":1}"}})";
  const std::string rest =
      R"({"type":"response.function_call_arguments.done","output_index":0,"arguments":"{\"x\":1}"})";
  const Lines all{"begin resp_1 m",
                  "tool_open 0 c f",
                  "tool_delta 0 {\\\"x\\\":1}",
                  "tool_close 0",
                  "finish 5",
                  "usage 10 6",
                  "end"};
  CHECK(lines_of({created, added, rest, item_done, completed}) == all);
  CHECK(lines_of({created, added, item_done, completed}) == all);
  CHECK(lines_of({created, item_done, completed}) == all);
  const Lines cut =
      lines_of({created, added, delta("function_call_arguments", "{\\\"x", R"("output_index":0)"),
                rest, item_done, completed});
  CHECK(cut[2] == "tool_delta 0 {\\\"x");
  CHECK(cut[3] == "tool_delta 0 \\\":1}");
  // Text that came in `done` events only.
  CHECK(lines_of({created,
                  R"({"type":"response.output_text.done","output_index":0,"content_index":0,
                      "text":"Hi"})",
                  completed})[1] == "text Hi");
}

TEST_CASE("responses_reader/items_are_told_apart_by_their_place_trap_99") {
  StreamRead read({
      created,
      R"({"type":"response.output_item.added","output_index":0,"item":{"id":"aaa",
          "type":"function_call","call_id":"c0","name":"f"}})",
      R"({"type":"response.output_item.added","output_index":1,"item":{"id":"bbb",
          "type":"function_call","call_id":"c1","name":"g"}})",
      delta("function_call_arguments", "{1", R"("item_id":"ccc","output_index":0)"),
      delta("function_call_arguments", "{2", R"("item_id":"ddd","output_index":1)"),
      delta("function_call_arguments", "}", R"("item_id":"eee","output_index":0)"),
      delta("function_call_arguments", "}", R"("item_id":"fff","output_index":1)"),
      completed,
  });
  CHECK(read.complete);
  const auto& parts = read.events.fold.answer().choices[0].parts;
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].text == "{1}");
  CHECK(parts[1].text == "{2}");
  CHECK(parts[1].id == "c1");
}

TEST_CASE("responses_reader/parallel_calls_are_not_merged_trap_91") {
  Events events = whole(R"({"id":"r","status":"completed","output":[
    {"type":"function_call","call_id":"a","name":"f","arguments":"{}"},
    {"type":"function_call","call_id":"b","name":"f","arguments":"{\"y\":2}"}]})");
  const auto& parts = events.fold.answer().choices[0].parts;
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].text == "{}");
  CHECK(parts[1].text == "{\\\"y\\\":2}");
}

TEST_CASE("responses_reader/completed_with_calls_is_tool_calls_trap_112") {
  Events events = whole(R"({"id":"r","status":"completed","output":[
    {"type":"function_call","call_id":"a","name":"f","arguments":"{}"}]})");
  CHECK(events.fold.answer().choices[0].finish == Finish::tool_calls);
  // Hosted tools are not the client's.
  Events hosted = whole(R"({"id":"r","status":"completed","output":[
    {"type":"web_search_call","id":"ws"},
    {"type":"message","content":[{"type":"output_text","text":"x"}]}]})");
  CHECK(hosted.fold.answer().choices[0].finish == Finish::stop);
  CHECK(hosted.fold.answer().choices[0].parts[0].kind == hub::PartKind::opaque);
}

TEST_CASE("responses_reader/summaries_are_joined_and_the_data_kept") {
  const Lines lines = lines_of({
      created,
      R"({"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning",
          "encrypted_content":"early"}})",
      delta("reasoning_summary_text", "one", R"("output_index":0,"summary_index":0)"),
      R"({"type":"response.reasoning_summary_text.done","output_index":0,"summary_index":0,
          "text":"one"})",
      delta("reasoning_summary_text", "two", R"("output_index":0,"summary_index":1)"),
      R"({"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1",
          "type":"reasoning","summary":[{"type":"summary_text","text":"one"},
          {"type":"summary_text","text":"two"}],"encrypted_content":"gAAA"}})",
      R"({"type":"response.output_item.done","output_index":1,"item":{"id":"rs_2",
          "type":"reasoning","summary":[],"encrypted_content":"gBBB"}})",
      delta("output_text", "x", R"("output_index":2,"content_index":0)"),
      completed,
  });
  CHECK(lines == Lines{"begin resp_1 m", "thinking one", "thinking \\n\\n", "thinking two",
                       "signature rs_1 gAAA", "redacted rs_2 gBBB", "text x", "finish 1",
                       "usage 10 6", "end"});
}

TEST_CASE("responses_reader/reasoning_text_of_open_models") {
  const Lines lines = lines_of({
      created,
      R"({"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning"}})",
      delta("reasoning_text", "deep", R"("output_index":0,"content_index":0)"),
      R"({"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning",
          "summary":[{"type":"summary_text","text":"short"}],
          "content":[{"type":"reasoning_text","text":"deep"}]}})",
      completed,
  });
  CHECK(lines[1] == "thinking deep");
  CHECK(lines[2] == "finish 1");
}

TEST_CASE("responses_reader/refusal_annotations_logprobs_and_blocks") {
  const Lines lines = lines_of({
      created,
      R"({"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a",
          "logprobs":[{"token":"a","logprob":-1}]})",
      R"({"type":"response.output_text.annotation.added","output_index":0,"content_index":0,
          "annotation_index":0,"annotation":{"type":"url_citation","url":"u","title":"t",
          "start_index":0,"end_index":1}})",
      R"({"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[
          {"type":"output_text","text":"a","annotations":[
            {"type":"url_citation","url":"u","start_index":0,"end_index":1},
            {"type":"url_citation","url":"v","start_index":0,"end_index":1}]},
          {"type":"output_text","text":"b"}]}})",
      R"({"type":"response.refusal.delta","output_index":1,"content_index":0,"delta":"No."})",
      R"({"type":"response.refusal.done","output_index":1,"content_index":0,"refusal":"No."})",
      completed,
  });
  CHECK(lines == Lines{"begin resp_1 m", "text a", R"(logprobs [{"token":"a","logprob":-1}])",
                       "citation u 0 1", "citation v 0 1", "block_end", "text b", "refusal No.",
                       "finish 1", "usage 10 6", "end"});
}

TEST_CASE("responses_reader/errors_come_once_in_either_form_trap_97") {
  const std::string failed =
      R"({"type":"response.failed","response":{"id":"resp_1","status":"failed","error":{
          "code":"rate_limit_exceeded","message":"slow"},"usage":null}})";
  StreamRead nested({created, R"({"type":"error","sequence_number":2,"error":{
      "type":"insufficient_quota","code":"insufficient_quota","message":"pay","param":null}})",
                     failed});
  CHECK(nested.events.lines == Lines{"error insufficient_quota pay"});
  CHECK(*nested.events.fold.answer().error == ErrorKind::quota);
  CHECK(nested.done);
  StreamRead flat({created, R"({"type":"error","code":"server_error","message":"oops"})"});
  CHECK(flat.events.lines == Lines{"error server_error oops"});
  StreamRead alone({created, failed});
  CHECK(alone.events.lines == Lines{"error rate_limit_exceeded slow"});
  CHECK(*alone.events.fold.answer().error == ErrorKind::rate_limit);
}

TEST_CASE("responses_reader/a_cut_answer_is_an_error_trap_132") {
  StreamRead read({created, delta("output_text", "x", R"("output_index":0,"content_index":0)")});
  CHECK(read.ok);
  CHECK_FALSE(read.done);
  CHECK_FALSE(read.complete);
}

TEST_CASE("responses_reader/incomplete_and_uncounted_usage") {
  StreamRead read({created, delta("output_text", "x", R"("output_index":0,"content_index":0)"),
                   R"({"type":"response.incomplete","response":{"status":"incomplete",
                       "incomplete_details":{"reason":"max_output_tokens"},"usage":{
                       "input_tokens":0,"output_tokens":0}}})"});
  CHECK(read.complete);
  CHECK(read.events.fold.answer().choices[0].finish == Finish::length);
  CHECK_FALSE(read.events.fold.answer().usage.any());
  Events filtered = whole(R"({"status":"incomplete","incomplete_details":{
    "reason":"content_filter"},"output":[]})");
  CHECK(filtered.fold.answer().choices[0].finish == Finish::content_filter);
}

TEST_CASE("responses_reader/usage_is_disjoint_and_never_negative_trap_116") {
  Events events = whole(R"({"status":"completed","output":[],"usage":{"input_tokens":10,
    "input_tokens_details":{"cached_tokens":4,"cache_write_tokens":3,
    "cache_write_tokens_details":{"ttl_30m_tokens":1,"ttl_12h_tokens":2}},"output_tokens":6,
    "output_tokens_details":{"reasoning_tokens":9}},"tool_usage":{"web_search":{
    "num_requests":2}}})");
  const hub::Usage& usage = events.fold.answer().usage;
  CHECK(usage.input.value == 3);
  CHECK(usage.cache_read.value == 4);
  CHECK(usage.cache_write_30m.value == 1);
  CHECK(usage.cache_write_12h.value == 2);
  CHECK(usage.output.value == 0);
  CHECK(usage.reasoning.value == 6);
  CHECK(usage.web_searches.value == 2);
  CHECK(usage.input_total() == 10);
}

TEST_CASE("responses_reader/custom_tools_images_and_what_is_not_known") {
  const Lines lines = lines_of({
      created,
      R"({"type":"response.output_item.added","output_index":0,"item":{"type":"custom_tool_call",
          "call_id":"c","name":"sql","input":""}})",
      R"({"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"SELECT"})",
      R"({"type":"response.custom_tool_call_input.done","output_index":0,"input":"SELECT 1"})",
      R"({"type":"response.shell_call_command.delta","output_index":1,"delta":"ls"})",
      R"({"type":"response.brand_new"})",
      R"({"type":"response.output_item.done","output_index":2,"item":{
          "type":"image_generation_call","id":"ig","result":"AAAA","output_format":"webp"}})",
      completed,
  });
  CHECK(lines == Lines{"begin resp_1 m", "tool_open 0 c sql custom", "tool_delta 0 SELECT",
                       "tool_delta 0  1", "media image/webp", "tool_close 0", "finish 5",
                       "usage 10 6", "end"});
}

TEST_CASE("responses_reader/what_is_no_answer_is_malformed") {
  for (const std::string_view body :
       {"[]", "{}", R"({"status":"queued","output":[]})", R"({"status":"completed"})"}) {
    json::Document document;
    const auto root = document.read(body, json::Judge::answer);
    REQUIRE(root.has_value());
    Events events;
    const auto done = responses().read_answer(*root, {}, events);
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error() == Error{Code::malformed, Side::upstream});
  }
  std::vector<std::string> frames{created};
  for (int i = 0; i < 5000; ++i) {
    frames.push_back(R"({"type":"response.output_item.added","output_index":)" +
                     std::to_string(i * 1000003LL) + R"(,"item":{"type":"message"}})");
  }
  CHECK_FALSE(StreamRead(frames).ok);
}

TEST_CASE("responses_errors/are_read_by_code_before_status") {
  const auto kind = [](std::uint16_t status, std::string_view body) {
    json::Document document;
    const auto root = document.read(body, json::Judge::answer);
    hub::ErrorNote note;
    responses().read_error(status, root ? *root : json::View(), note);
    return note.kind;
  };
  CHECK(kind(400, R"({"error":{"message":"x","code":"model_not_found"}})") ==
        ErrorKind::model_not_found);
  CHECK(kind(400, R"({"error":{"message":"x","code":"context_length_exceeded"}})") ==
        ErrorKind::context_length);
  CHECK(kind(429, R"({"error":{"type":"insufficient_quota","code":null}})") == ErrorKind::quota);
  CHECK(kind(429, R"({"error":{"type":"requests","code":"rate_limit_exceeded"}})") ==
        ErrorKind::rate_limit);
  CHECK(kind(404, R"({"error":{"type":"invalid_request_error"}})") == ErrorKind::not_found);
  CHECK(kind(400, R"({"error":{"type":"invalid_request_error",
    "message":"Your input exceeds the context window of this model."}})") ==
        ErrorKind::context_length);
  CHECK(kind(400, R"({"code":"x","error":"text"})") == ErrorKind::invalid_request);
  CHECK(kind(503, "<html>") == ErrorKind::overloaded);
  CHECK(kind(401, "") == ErrorKind::authentication);
}

TEST_CASE("responses_errors/have_all_four_members_trap_102") {
  hub::ErrorNote note;
  note.kind = ErrorKind::context_length;
  note.message = "too \\\"long\\\"";
  json::Composer out;
  responses().write_error(note, out);
  CHECK(tree(out.text()) ==
        tree(R"({"error":{"type":"invalid_request_error","code":"context_length_exceeded",
          "message":"too \"long\"","param":null}})"));
}
