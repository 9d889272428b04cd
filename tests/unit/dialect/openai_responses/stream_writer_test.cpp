#include <algorithm>
#include <array>

#include "driving.h"

using namespace penstock;
using hub::Event;
using hub::EventKind;
using hub::Finish;
using hub::Issuer;
using namespace test;

namespace {

std::vector<std::string> names(const Messages& messages) {
  std::vector<std::string> out;
  for (const Message& message : messages) {
    CHECK(message.name.starts_with("response.") == (message.name != "error"));
    out.push_back(message.name.starts_with("response.") ? message.name.substr(9) : message.name);
  }
  return out;
}

// Numbers rise by one, names agree, and every item and part that is opened is closed.
void check_stream(const Messages& messages) {
  std::size_t number = 0;
  std::vector<std::string> open;
  for (const Message& message : messages) {
    const Tree event = tree(message.data);
    CHECK(text_at(event, "type") == message.name);
    CHECK(text_at(event, "sequence_number") == std::to_string(number++));
    const std::string index = text_at(event, "output_index");
    if (message.name == "response.output_item.added") {
      CHECK(std::find(open.begin(), open.end(), index) == open.end());
      open.push_back(index);
    } else if (!index.empty()) {
      CHECK(std::find(open.begin(), open.end(), index) != open.end());
      if (message.name == "response.output_item.done") std::erase(open, index);
    }
  }
  CHECK(open.empty());
}

// The last event's response, item by item, is what the item events said, and the whole answer.
Tree check_whole(const std::vector<Event>& events, const AnswerContext& context) {
  const Messages messages = write_stream(events, context);
  check_stream(messages);
  REQUIRE_FALSE(messages.empty());
  const Tree last = at(tree(messages.back().data), "response");
  hub::Fold fold;
  for (const Event& event : events) fold.on(event);
  CHECK(tree(write_answer(fold.answer(), context)) == last);
  for (const Message& message : messages) {
    if (message.name != "response.output_item.done") continue;
    const Tree event = tree(message.data);
    CHECK(at(event, "item") == at(last, "output." + text_at(event, "output_index")));
  }
  return last;
}

}  // namespace

TEST_CASE("responses_writer/reasoning_text_and_two_calls_in_order") {
  const hub::Usage usage{.input = 10, .cache_read = 4, .output = 3, .reasoning = 2};
  const std::vector<Event> events{
      {.kind = EventKind::begin, .id = "chatcmpl-1", .model = "m", .created = 5},
      {.kind = EventKind::thinking, .text = "Think"},
      {.kind = EventKind::text, .text = "Hi"},
      {.kind = EventKind::tool_open, .call = 0, .id = "call_a", .name = "f"},
      {.kind = EventKind::tool_delta, .call = 0, .text = "{\\\"x\\\":1}"},
      {.kind = EventKind::tool_close, .call = 0},
      {.kind = EventKind::tool_open, .call = 1, .id = "call_b", .name = "g"},
      {.kind = EventKind::tool_close, .call = 1},
      {.kind = EventKind::finish, .finish = Finish::tool_calls},
      {.kind = EventKind::usage, .usage = &usage},
      {.kind = EventKind::end},
  };
  const Messages messages = write_stream(events, context_of());
  CHECK(names(messages) == std::vector<std::string>{"created",
                                                    "in_progress",
                                                    "output_item.added",
                                                    "reasoning_summary_part.added",
                                                    "reasoning_summary_text.delta",
                                                    "reasoning_summary_text.done",
                                                    "reasoning_summary_part.done",
                                                    "output_item.done",
                                                    "output_item.added",
                                                    "content_part.added",
                                                    "output_text.delta",
                                                    "output_text.done",
                                                    "content_part.done",
                                                    "output_item.done",
                                                    "output_item.added",
                                                    "function_call_arguments.delta",
                                                    "function_call_arguments.done",
                                                    "output_item.done",
                                                    "output_item.added",
                                                    "function_call_arguments.delta",
                                                    "function_call_arguments.done",
                                                    "output_item.done",
                                                    "completed"});
  const Tree last = check_whole(events, context_of());
  CHECK(text_at(last, "status") == "completed");
  CHECK(text_at(last, "id") == "resp_r1");
  CHECK(text_at(last, "created_at") == "5");
  CHECK(at(last, "output").items.size() == 4);
  CHECK(text_at(last, "output.2.arguments") == "{\"x\":1}");
  CHECK(text_at(last, "output.3.arguments") == "{}");
  CHECK(text_at(last, "usage.total_tokens") == "19");
}

TEST_CASE("responses_writer/begins_with_the_first_real_event_only") {
  json::Composer out;
  const auto writer = responses().stream_writer(context_of(), out);
  writer->on({.kind = EventKind::begin, .id = "resp_9", .model = "m"});
  const hub::Usage usage{.input = 1};
  writer->on({.kind = EventKind::usage, .usage = &usage});
  CHECK(out.text().empty());
  writer->on({.kind = EventKind::text, .text = "x"});
  const Messages messages = read_events(out.text());
  REQUIRE(messages.size() == 5);
  CHECK(text_at(tree(messages[0].data), "response.id") == "resp_9");
  CHECK(text_at(tree(messages[0].data), "response.status") == "in_progress");
  CHECK(at(tree(messages[0].data), "response.usage").kind == Tree::Kind::null);
  out.clear();
  writer->heartbeat();
  CHECK(out.text() == ": ping\n\n");
}

TEST_CASE("responses_writer/a_text_event_is_one_frame") {
  json::Composer out;
  const auto writer = responses().stream_writer(context_of(), out);
  writer->on({.kind = EventKind::text, .text = "x"});
  out.clear();
  writer->on({.kind = EventKind::text, .text = "\\ud83d"});
  CHECK(out.text() ==
        "event: response.output_text.delta\n"
        R"(data: {"type":"response.output_text.delta","item_id":"msg_r1_0","output_index":0,)"
        R"("content_index":0,"delta":"\ud83d","logprobs":[],"sequence_number":5})"
        "\n\n");
}

TEST_CASE("responses_writer/every_member_strict_clients_want_trap_94") {
  const Read read(R"({"model":"m","input":"x","instructions":"I","temperature":0.5,
    "metadata":{"k":"v"},"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],
    "tool_choice":"required","text":{"format":{"type":"json_object"}}})");
  const hub::Usage usage{.input = 2, .output = 3};
  const Tree last = check_whole({{.kind = EventKind::text, .text = "x"},
                                 {.kind = EventKind::finish, .finish = Finish::stop},
                                 {.kind = EventKind::usage, .usage = &usage},
                                 {.kind = EventKind::end}},
                                context_of(&read.request));
  for (const char* key : {"id",
                          "object",
                          "created_at",
                          "status",
                          "error",
                          "incomplete_details",
                          "instructions",
                          "metadata",
                          "model",
                          "output",
                          "parallel_tool_calls",
                          "temperature",
                          "tool_choice",
                          "tools",
                          "top_p",
                          "text",
                          "usage",
                          "previous_response_id",
                          "reasoning",
                          "truncation"})
    CHECK_MESSAGE(last.find(key) != nullptr, key);
  CHECK(text_at(last, "instructions") == "I");
  CHECK(text_at(last, "temperature") == "0.5");
  CHECK(text_at(last, "metadata.k") == "v");
  CHECK(text_at(last, "text.format.type") == "json_object");
  CHECK(text_at(last, "tools.0.name") == "f");
  CHECK(text_at(last, "tool_choice") == "required");
  CHECK(text_at(last, "model") == "some-model");
  CHECK(text_at(last, "created_at") == "1700000000");
  CHECK(text_at(last, "usage.input_tokens_details.cached_tokens") == "0");
  CHECK(text_at(last, "usage.input_tokens_details.cache_write_tokens") == "0");
  CHECK(text_at(last, "usage.output_tokens_details.reasoning_tokens") == "0");
  CHECK(at(last, "output.0.content.0.annotations").kind == Tree::Kind::array);
}

TEST_CASE("responses_writer/incomplete_is_said_trap_80") {
  const std::vector<Event> events{{.kind = EventKind::text, .text = "x"},
                                  {.kind = EventKind::finish, .finish = Finish::length},
                                  {.kind = EventKind::end}};
  const Tree last = check_whole(events, context_of());
  CHECK(text_at(last, "status") == "incomplete");
  CHECK(text_at(last, "incomplete_details.reason") == "max_output_tokens");
  CHECK(text_at(last, "output.0.status") == "incomplete");
  CHECK(write_stream(events, context_of()).back().name == "response.incomplete");
}

TEST_CASE("responses_writer/details_are_null_not_absent_trap_101") {
  const Tree last =
      check_whole({{.kind = EventKind::finish, .finish = Finish::stop}, {.kind = EventKind::end}},
                  context_of());
  REQUIRE(last.find("incomplete_details") != nullptr);
  CHECK(at(last, "incomplete_details").kind == Tree::Kind::null);
  REQUIRE(last.find("output") != nullptr);
  CHECK(at(last, "output").items.empty());
}

TEST_CASE("responses_writer/an_error_ends_the_stream_in_both_forms_trap_97") {
  json::Composer out;
  const auto writer = responses().stream_writer(context_of(), out);
  writer->on({.kind = EventKind::text, .text = "x"});
  hub::ErrorNote note;
  note.kind = hub::ErrorKind::overloaded;
  note.message = "busy";
  writer->on({.kind = EventKind::error, .error = &note});
  writer->on({.kind = EventKind::text, .text = "late"});
  writer->on({.kind = EventKind::end});
  writer->fail(note);
  const Messages messages = read_events(out.text());
  REQUIRE(messages.size() == 7);
  CHECK(messages[5].name == "error");
  CHECK(text_at(tree(messages[5].data), "error.message") == "busy");
  CHECK(text_at(tree(messages[5].data), "sequence_number") == "5");
  CHECK(messages[6].name == "response.failed");
  const Tree response = at(tree(messages[6].data), "response");
  CHECK(text_at(response, "status") == "failed");
  CHECK(text_at(response, "error.code") == "server_error");
  CHECK(at(response, "usage").kind == Tree::Kind::null);
  // Also before anything else.
  json::Composer first;
  responses().stream_writer(context_of(), first)->fail(note);
  CHECK(read_events(first.text()).size() == 4);
}

TEST_CASE("responses_writer/signatures_come_back_to_their_issuer_only") {
  const std::vector<Event> events{
      {.kind = EventKind::thinking, .text = "Because"},
      {.kind = EventKind::signature, .issuer = Issuer::anthropic, .text = "c2ln+/="},
      {.kind = EventKind::redacted, .issuer = Issuer::anthropic, .text = "ZGF0YQ"},
      {.kind = EventKind::opaque,
       .issuer = Issuer::anthropic,
       .raw = R"({"type":"server_tool_use","input":{"q":"a\"b"}})"},
      {.kind = EventKind::text, .text = "Hi"},
      {.kind = EventKind::signature, .issuer = Issuer::gemini, .text = "t~x%t"},
      {.kind = EventKind::tool_open, .call = 0, .id = "call~a", .name = "f"},
      {.kind = EventKind::signature, .call = 0, .issuer = Issuer::gemini, .text = "Y2FsbA"},
      {.kind = EventKind::tool_close, .call = 0},
      {.kind = EventKind::finish, .finish = Finish::tool_calls},
      {.kind = EventKind::end},
  };
  for (const bool shown : {true, false}) {
    AnswerContext context = context_of();
    context.show_reasoning = shown;
    const Tree last = check_whole(events, context);
    CHECK(at(last, "output").items.size() == 7);
    CHECK(at(last, "output.0.summary").items.size() == (shown ? 1 : 0));
    CHECK(text_at(last, "output.0.encrypted_content").starts_with("penstock.v1.anthropic."));
    // The client sends the items back.
    hub::Fold fold;
    for (const Event& event : events) fold.on(event);
    const std::string answer = write_answer(fold.answer(), context);
    json::Document document;
    const auto root = document.read(answer, json::Judge::answer);
    REQUIRE(root.has_value());
    const Read read(R"({"model":"m","input":)" + std::string((*root)["output"].raw()) + "}");
    REQUIRE_FALSE(read.error.has_value());
    REQUIRE(read.request.messages.size() == 1);
    const auto& parts = read.request.messages[0].parts;
    REQUIRE(parts.size() == 5);
    CHECK(parts[0].text == "Because");
    CHECK(parts[0].signature == "c2ln+/=");
    CHECK(parts[0].issuer == Issuer::anthropic);
    CHECK(parts[1].kind == hub::PartKind::redacted_thinking);
    CHECK(parts[1].signature == "ZGF0YQ");
    CHECK(parts[2].raw == R"({"type":"server_tool_use","input":{"q":"a\"b"}})");
    CHECK(parts[2].issuer == Issuer::anthropic);
    CHECK(parts[3].signature == "t~x%t");
    CHECK(parts[3].issuer == Issuer::gemini);
    CHECK(parts[4].id == "call~a");
    CHECK(parts[4].signature == "Y2FsbA");
    // To OpenAI none of it goes.
    const std::string text = write_request(read.request).text;
    CHECK(text.find("penstock") == std::string::npos);
    CHECK(text.find("c2ln") == std::string::npos);
    CHECK(text.find("server_tool_use") == std::string::npos);
  }
}

TEST_CASE("responses_writer/damaged_or_unknown_seals_are_left_out") {
  for (const std::string content :
       {"penstock.v2.anthropic.thinking.~s~", "penstock.v1.nobody.thinking.~s~",
        "penstock.v1.anthropic.thinking.s", "penstock.v1.anthropic.block.~~{broken",
        "penstock.v1.anthropic.block.~~3", "penstock.v1.anthropic.call.nope~s~"}) {
    const Read read(R"({"model":"m","input":[{"type":"reasoning","summary":[],
      "encrypted_content":")" +
                    content + R"("},{"role":"user","content":"x"}]})");
    CHECK_FALSE(read.error.has_value());
    for (const hub::Message& message : read.request.messages) {
      for (const hub::Part& part : message.parts) CHECK(part.signature.empty());
    }
    CHECK(write_request(read.request).text.find("penstock") == std::string::npos);
  }
}

TEST_CASE("responses_writer/custom_tools_get_their_plain_input") {
  const Read read(R"({"model":"m","input":"x","tools":[{"type":"custom","name":"sql"}]})");
  const std::vector<Event> wrapped{
      {.kind = EventKind::tool_open, .call = 0, .id = "c", .name = "sql"},
      {.kind = EventKind::tool_delta, .call = 0, .text = "{\\\"input\\\":"},
      {.kind = EventKind::tool_delta, .call = 0, .text = "\\\"SELECT\\\\n1\\\"}"},
      {.kind = EventKind::tool_close, .call = 0},
      {.kind = EventKind::finish, .finish = Finish::tool_calls},
      {.kind = EventKind::end}};
  const Tree last = check_whole(wrapped, context_of(&read.request));
  CHECK(text_at(last, "output.0.type") == "custom_tool_call");
  CHECK(text_at(last, "output.0.input") == "SELECT\n1");
  CHECK(names(write_stream(wrapped, context_of(&read.request))) ==
        std::vector<std::string>{"created", "in_progress", "output_item.added",
                                 "custom_tool_call_input.delta", "custom_tool_call_input.done",
                                 "output_item.done", "completed"});
  const Tree plain = check_whole(
      {{.kind = EventKind::tool_open, .call = 0, .custom = true, .id = "c", .name = "sql"},
       {.kind = EventKind::tool_delta, .call = 0, .text = "SELECT 2"},
       {.kind = EventKind::finish, .finish = Finish::tool_calls},
       {.kind = EventKind::end}},
      context_of(&read.request));
  CHECK(text_at(plain, "output.0.input") == "SELECT 2");
}

TEST_CASE("responses_writer/arguments_are_never_lost_trap_32") {
  const Tree last = check_whole({{.kind = EventKind::tool_open, .call = 0, .id = "a", .name = "f"},
                                 {.kind = EventKind::tool_open, .call = 1, .id = "b", .name = "g"},
                                 {.kind = EventKind::tool_delta, .call = 1, .text = "{1"},
                                 {.kind = EventKind::tool_delta, .call = 0, .text = "{0}"},
                                 {.kind = EventKind::tool_delta, .call = 1, .text = "}"},
                                 {.kind = EventKind::tool_close, .call = 1},
                                 {.kind = EventKind::tool_close, .call = 0},
                                 {.kind = EventKind::finish, .finish = Finish::tool_calls},
                                 {.kind = EventKind::end}},
                                context_of());
  CHECK(text_at(last, "output.0.arguments") == "{0}");
  CHECK(text_at(last, "output.1.arguments") == "{1}");
}

TEST_CASE("responses_writer/a_tool_without_arguments_gets_an_object_trap_2") {
  const Tree last = check_whole({{.kind = EventKind::tool_open, .call = 0, .id = "a", .name = "f"},
                                 {.kind = EventKind::tool_close, .call = 0},
                                 {.kind = EventKind::finish, .finish = Finish::tool_calls},
                                 {.kind = EventKind::end}},
                                context_of());
  CHECK(text_at(last, "output.0.arguments") == "{}");
}

TEST_CASE("responses_writer/parts_annotations_logprobs_and_refusals") {
  hub::Citation citation;
  citation.url = "https://e.com";
  citation.title = "E";
  citation.end = 2;
  const std::vector<Event> events{
      {.kind = EventKind::text, .text = "Hi"},
      {.kind = EventKind::logprobs, .raw = R"([{"token":"Hi","logprob":-1}])"},
      {.kind = EventKind::citation, .citation = &citation},
      {.kind = EventKind::block_end},
      {.kind = EventKind::text, .text = "there"},
      {.kind = EventKind::refusal, .text = "No."},
      {.kind = EventKind::finish, .finish = Finish::stop},
      {.kind = EventKind::end}};
  const Tree last = check_whole(events, context_of());
  REQUIRE(at(last, "output").items.size() == 1);
  CHECK(at(last, "output.0.content").items.size() == 3);
  CHECK(text_at(last, "output.0.content.0.annotations.0.url") == "https://e.com");
  CHECK(text_at(last, "output.0.content.0.annotations.0.type") == "url_citation");
  CHECK(text_at(last, "output.0.content.0.logprobs.0.token") == "Hi");
  CHECK(text_at(last, "output.0.content.2.refusal") == "No.");
}

TEST_CASE("responses_writer/any_order_of_events_gives_a_stream_equal_to_the_whole") {
  std::mt19937 random(20);
  const hub::Usage usage{.input = 5, .output = 6};
  hub::Citation citation;
  citation.url = "u";
  constexpr std::array<Finish, 4> ends{Finish::stop, Finish::length, Finish::content_filter,
                                       Finish::malformed_call};
  constexpr std::array<Issuer, 3> issuers{Issuer::openai, Issuer::anthropic, Issuer::gemini};
  for (int round = 0; round < 400; ++round) {
    std::vector<Event> events{{.kind = EventKind::begin, .id = "x", .model = "m"}};
    std::vector<std::uint32_t> open;
    std::uint32_t calls = 0;
    bool call_last = false;
    bool signable = false;  // text, thinking or a call is open
    for (int step = 0; step < 14; ++step) {
      const Issuer issuer = issuers[random() % 3];
      switch (random() % 12) {
        case 0:
        case 1:
          events.push_back({.kind = EventKind::text, .text = "t"});
          call_last = false;
          signable = true;
          break;
        case 2:
          events.push_back({.kind = EventKind::refusal, .text = "r"});
          call_last = signable = false;
          break;
        case 3:
          events.push_back({.kind = EventKind::thinking, .text = random() % 4 != 0 ? "h" : ""});
          call_last = false;
          signable = true;
          break;
        case 4:
          if (!signable) break;
          events.push_back({.kind = EventKind::signature,
                            .call = calls == 0 ? 0 : calls - 1,
                            .issuer = issuer,
                            .text = "s"});
          break;
        case 5:
          events.push_back({.kind = EventKind::redacted, .issuer = issuer, .text = "d"});
          call_last = signable = false;
          break;
        case 6:
          events.push_back({.kind = EventKind::block_end});
          signable = false;
          break;
        case 7:
          open.push_back(calls);
          events.push_back({.kind = EventKind::tool_open, .call = calls++, .id = "c", .name = "f"});
          call_last = signable = true;
          break;
        case 8:
          if (!open.empty())
            events.push_back(
                {.kind = EventKind::tool_delta, .call = open[random() % open.size()], .text = "1"});
          break;
        case 9:
          if (!open.empty()) {
            events.push_back({.kind = EventKind::tool_close, .call = open.back()});
            open.pop_back();
          }
          break;
        case 10:
          if (!call_last) events.push_back({.kind = EventKind::citation, .citation = &citation});
          break;
        default:
          events.push_back({.kind = EventKind::opaque,
                            .issuer = issuer,
                            .raw = R"({"type":"web_search_call","id":"w"})"});
          call_last = signable = false;
          break;
      }
    }
    events.push_back({.kind = EventKind::finish, .finish = ends[random() % 4]});
    events.push_back({.kind = EventKind::usage, .usage = &usage});
    events.push_back({.kind = EventKind::end});
    AnswerContext context = context_of();
    context.show_reasoning = random() % 3 != 0;
    CAPTURE(round);
    check_whole(events, context);
    // A client of this dialect can read what it was given.
    hub::Fold fold;
    for (const Event& event : events) fold.on(event);
    if (fold.answer().choices[0].finish == Finish::malformed_call) continue;
    const Messages messages = write_stream(events, context);
    std::vector<std::string> frames;
    for (const Message& message : messages) frames.push_back(message.data);
    const StreamRead read(frames);
    CHECK(read.ok);
    CHECK(read.complete);
    std::string before;
    std::string after;
    for (const hub::AnswerPart& part : fold.answer().choices[0].parts) {
      if (part.kind == hub::PartKind::text || part.kind == hub::PartKind::refusal)
        before += part.text;
    }
    for (const hub::AnswerPart& part : read.events.fold.answer().choices[0].parts) {
      if (part.kind == hub::PartKind::text || part.kind == hub::PartKind::refusal)
        after += part.text;
    }
    CHECK(before == after);
  }
}
