#include "message_machine.h"

using namespace penstock;
using namespace test;
using hub::EventKind;
using hub::Finish;
using hub::Issuer;

namespace {

using List = std::vector<std::string>;

const dialect::AnswerContext context{
    .request_id = "r1", .model = "gpt-x", .input_tokens_estimate = 12};

// Runs events through a stream and through a fold and a whole answer.
struct Told {
  MachineReport stream;
  Tree whole;

  explicit Told(const std::vector<hub::Event>& events,
                const dialect::AnswerContext& with = context) {
    Client client(with);
    hub::Fold fold;
    for (const hub::Event& event : events) {
      client.on(event);
      fold.on(event);
    }
    stream = client.report();
    json::Composer out;
    table().write_answer(fold.answer(), with, out);
    const auto tree = read_tree(out.text());
    REQUIRE(tree.has_value());
    whole = *tree;
    hub::Fold streamed;
    CHECK(read_stream(stream.data, streamed));
    hub::Fold read;
    CHECK(read_whole(std::string(out.text()), read));
    CHECK(describe(streamed.answer()) == describe(read.answer()));
  }
};

hub::Event tool_open(std::uint32_t call, Bytes id, Bytes name) {
  return {.kind = EventKind::tool_open, .call = call, .id = id, .name = name};
}
hub::Event piece(std::uint32_t call, Bytes text) {
  return {.kind = EventKind::tool_delta, .call = call, .text = text};
}
hub::Event shut(std::uint32_t call) {
  return {.kind = EventKind::tool_close, .call = call};
}
hub::Event text(Bytes words) {
  return {.kind = EventKind::text, .text = words};
}
hub::Event thinking(Bytes words) {
  return {.kind = EventKind::thinking, .text = words};
}
const hub::Event begin{.kind = EventKind::begin, .id = "chatcmpl-1", .model = "gpt-x-1"};
const hub::Event end{.kind = EventKind::end};
hub::Event done(Finish finish) {
  return {.kind = EventKind::finish, .finish = finish};
}

}  // namespace

TEST_CASE("anthropic_stream_writer/exact_bytes") {
  Client client(context);
  const hub::Usage usage{.input = 20, .cache_read = 30, .output = 20};
  for (const hub::Event& event :
       {begin, text(R"(Hi \"x\"\n)"), hub::Event{.kind = EventKind::usage, .usage = &usage},
        done(Finish::stop), end})
    client.on(event);
  CHECK(
      client.stream ==
      "event: message_start\n"
      R"(data: {"type":"message_start","message":{"id":"msg_chatcmpl-1","type":"message","role":"assistant","model":"gpt-x-1","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}})"
      "\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n"
      "event: content_block_start\n"
      R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
      "\n\nevent: content_block_delta\n"
      R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi \"x\"\n"}})"
      "\n\nevent: content_block_stop\n"
      R"(data: {"type":"content_block_stop","index":0})"
      "\n\nevent: message_delta\n"
      R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":20,"cache_creation_input_tokens":0,"cache_read_input_tokens":30,"output_tokens":20}})"
      "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

TEST_CASE("anthropic_stream_writer/blocks_open_by_their_kind_trap_29_trap_31") {
  const Told told({begin, thinking("Need time."), text("One moment."),
                   tool_open(0, "call_9", "now"), piece(0, R"({\"tz\":\"UTC\"})"), shut(0),
                   done(Finish::tool_calls), end});
  CHECK(told.stream.fault == "");
  CHECK(told.stream.steps == List{"start 0 thinking", "delta 0 Need time.", "delta 0 pk1.none..",
                                  "stop 0", "start 1 text", "delta 1 One moment.", "stop 1",
                                  "start 2 tool_use", R"(delta 2 {"tz":"UTC"})", "stop 2"});
  CHECK(word(*told.stream.message_delta.find("delta"), "stop_reason") == "tool_use");
}

TEST_CASE("anthropic_stream_writer/one_message_start_trap_30") {
  const Told told({begin, begin, text("a"), begin, done(Finish::stop), end});
  CHECK(told.stream.fault == "");
  CHECK(told.stream.steps.size() == 3);
}

TEST_CASE("anthropic_stream_writer/arguments_in_one_piece_are_kept_trap_32") {
  const Told told(
      {begin, tool_open(0, "c0", "f"), piece(0, R"({\"a\":1})"), shut(0), done(Finish::stop), end});
  CHECK(told.stream.steps == List{"start 0 tool_use", R"(delta 0 {"a":1})", "stop 0"});
  const Tree& use = told.whole.find("content")->items.at(0);
  CHECK(use.find("input")->find("a")->text == "1");
  CHECK(word(told.whole, "stop_reason") == "tool_use");
}

TEST_CASE("anthropic_stream_writer/usage_is_complete_at_once_trap_33") {
  const Told told({begin, text("a"), done(Finish::stop), end});
  for (const auto key : {"input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens",
                         "output_tokens"}) {
    CHECK(told.stream.message_start.find("usage")->find(key) != nullptr);
    CHECK(told.stream.message_delta.find("usage")->find(key) != nullptr);
    CHECK(told.whole.find("usage")->find(key) != nullptr);
  }
  CHECK(word(*told.stream.message_start.find("usage"), "input_tokens") == "12");
}

TEST_CASE("anthropic_stream_writer/interleaved_calls_follow_each_other_trap_34_trap_35") {
  const Told told({begin, text("Both."), tool_open(0, "c0", "f"), tool_open(1, "c1", "g"),
                   piece(1, R"({\"b\")"), piece(0, R"({\"a\")"), tool_open(2, "c2", "h"),
                   piece(1, ":2}"), piece(0, ":1}"), shut(1), thinking("Hm."), shut(0), shut(2),
                   done(Finish::tool_calls), end});
  CHECK(told.stream.fault == "");
  CHECK(told.stream.steps == List{"start 0 text", "delta 0 Both.", "stop 0", "start 1 tool_use",
                                  R"(delta 1 {"a")", "delta 1 :1}", "stop 1", "start 2 tool_use",
                                  R"(delta 2 {"b":2})", "stop 2", "start 3 tool_use", "delta 3 {}",
                                  "stop 3", "start 4 thinking", "delta 4 Hm.", "delta 4 pk1.none..",
                                  "stop 4"});
}

TEST_CASE("anthropic_stream_writer/calls_left_open_are_closed_at_the_end") {
  const Told told({begin, tool_open(0, "c0", "f"), tool_open(1, "c1", "g"), piece(1, "{}"),
                   done(Finish::length), end});
  CHECK(told.stream.fault == "");
  CHECK(told.stream.steps == List{"start 0 tool_use", "delta 0 {}", "stop 0", "start 1 tool_use",
                                  "delta 1 {}", "stop 1"});
  CHECK(word(*told.stream.message_delta.find("delta"), "stop_reason") == "max_tokens");
}

TEST_CASE("anthropic_stream_writer/signatures_stay_out_of_ids_trap_36") {
  const Told told(
      {begin, tool_open(0, "functions.f:0", "f"),
       hub::Event{.kind = EventKind::signature, .issuer = Issuer::gemini, .text = "c2ln"},
       piece(0, "{}"), shut(0), done(Finish::tool_calls), end});
  CHECK(told.stream.fault == "");
  const Tree& content = *told.whole.find("content");
  REQUIRE(content.items.size() == 2);
  const std::string id = word(content.items[1], "id");
  CHECK(id.find_first_of(".:") == std::string::npos);
  CHECK(word(content.items[0], "signature") == "pk1.gemini." + id + ".c2ln");
}

TEST_CASE("anthropic_stream_writer/encrypted_reasoning_carries_its_id_trap_38") {
  const std::vector<hub::Event> events = {
      begin,
      thinking("Sum."),
      {.kind = EventKind::signature, .issuer = Issuer::openai, .text = "blob", .id = "rs_7"},
      {.kind = EventKind::redacted, .issuer = Issuer::openai, .text = "more", .id = "rs_8"},
      text("T"),
      {.kind = EventKind::signature, .issuer = Issuer::gemini, .text = "tsig"},
      done(Finish::stop),
      end};
  const Told told(events);
  const std::string content = [&] {
    json::Composer out;
    hub::Fold fold;
    for (const hub::Event& event : events) fold.on(event);
    table().write_answer(fold.answer(), context, out);
    std::string body(out.text());
    const std::size_t from = body.find("\"content\":") + 10;
    return body.substr(from, body.find(",\"stop_reason\"") - from);
  }();
  const ReadRequest back(
      R"({"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":)" + content +
      "}]}");
  REQUIRE(back.ok);
  const auto& parts = back.request.messages.at(0).parts;
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].issuer == Issuer::openai);
  CHECK(parts[0].id == "rs_7");
  CHECK(parts[0].signature == "blob");
  CHECK(parts[0].text == "Sum.");
  CHECK(parts[1].id == "rs_8");
  CHECK(parts[1].signature == "more");
  CHECK(parts[2].signature == "tsig");
  CHECK(parts[2].issuer == Issuer::gemini);
}

TEST_CASE("anthropic_stream_writer/a_sign_of_life_is_an_event_with_data_trap_42") {
  Client client(context);
  client.heartbeat();
  CHECK(client.stream == "event: ping\ndata: {\"type\":\"ping\"}\n\n");
  for (const hub::Event& event : {begin, text("a")}) client.on(event);
  client.heartbeat();
  for (const hub::Event& event : {text("b"), done(Finish::stop), end}) client.on(event);
  client.heartbeat();
  CHECK(client.report().fault == "");
}

TEST_CASE("anthropic_stream_writer/an_error_ends_all") {
  Client client(context);
  for (const hub::Event& event : {begin, text("a")}) client.on(event);
  client.fail({.kind = hub::ErrorKind::overloaded, .message = "Busy"});
  const std::string before = client.stream;
  for (const hub::Event& event : {text("b"), done(Finish::stop), end}) client.on(event);
  client.heartbeat();
  CHECK(client.stream == before);
  CHECK(client.report().steps.back() == "error");
  CHECK(client.stream.find("message_stop") == std::string::npos);
  Client first(context);
  first.fail({.kind = hub::ErrorKind::server, .message = "M"});
  CHECK(first.stream ==
        "event: error\ndata: "
        R"({"type":"error","error":{"type":"api_error","message":"M"},"request_id":null})"
        "\n\n");
}

TEST_CASE("anthropic_stream_writer/an_answer_without_content_ends_properly_trap_130") {
  const Told told(
      {begin,
       hub::Event{.kind = EventKind::finish, .finish = Finish::refusal, .text = "Not allowed."},
       end});
  CHECK(told.stream.fault == "");
  CHECK(told.stream.steps.empty());
  CHECK(word(*told.whole.find("stop_details"), "explanation") == "Not allowed.");
  const Told nothing({end});
  CHECK(nothing.stream.fault == "");
  CHECK(word(nothing.stream.message_start, "id") == "msg_r1");
  CHECK(word(nothing.stream.message_start, "model") == "gpt-x");
}

TEST_CASE("anthropic_stream_writer/reasons_to_end") {
  const auto reason = [](Finish finish, Bytes words = {}) {
    const Told told(
        {begin, text("a"), {.kind = EventKind::finish, .finish = finish, .text = words}, end});
    CHECK(word(told.whole, "stop_reason") ==
          word(*told.stream.message_delta.find("delta"), "stop_reason"));
    return word(told.whole, "stop_reason") + " " + word(told.whole, "stop_sequence");
  };
  CHECK(reason(Finish::stop) == "end_turn null");
  CHECK(reason(Finish::stop_sequence, "END") == "stop_sequence END");
  CHECK(reason(Finish::stop_sequence) == "end_turn null");
  CHECK(reason(Finish::content_filter) == "refusal null");
  CHECK(reason(Finish::context_full) == "model_context_window_exceeded null");
  CHECK(reason(Finish::other) == "end_turn null");
  const Told refused({begin, {.kind = EventKind::refusal, .text = "No."}, done(Finish::stop), end});
  CHECK(word(refused.whole, "stop_reason") == "refusal");
  CHECK(word(refused.whole.find("content")->items.at(0), "text") == "No.");
}

TEST_CASE("anthropic_stream_writer/reasoning_can_be_kept_back") {
  dialect::AnswerContext quiet = context;
  quiet.show_reasoning = false;
  const Told told({begin,
                   thinking("Secret"),
                   {.kind = EventKind::signature, .issuer = Issuer::anthropic, .text = "S"},
                   text("a"),
                   done(Finish::stop),
                   end},
                  quiet);
  CHECK(told.stream.steps ==
        List{"start 0 thinking", "delta 0 S", "stop 0", "start 1 text", "delta 1 a", "stop 1"});
  const Told unsigned_text({begin, thinking("Secret"), text("a"), done(Finish::stop), end}, quiet);
  CHECK(unsigned_text.stream.steps.front() == "start 0 text");
}

TEST_CASE("anthropic_stream_writer/citations_and_blocks_of_the_provider") {
  const hub::Citation cited{.url = "https://x.example", .title = "X", .cited_text = "c"};
  const Told told(
      {begin,
       text("a"),
       {.kind = EventKind::citation, .citation = &cited},
       {.kind = EventKind::block_end},
       {.kind = EventKind::opaque,
        .issuer = Issuer::anthropic,
        .raw = "{\"type\":\"web_search_tool_result\",\n\"tool_use_id\":\"s\",\"content\":[]}"},
       {.kind = EventKind::opaque, .issuer = Issuer::openai, .raw = "{}"},
       text("b"),
       done(Finish::stop),
       end});
  CHECK(told.stream.fault == "");
  CHECK(told.stream.steps == List{"start 0 text", "delta 0 a", "delta 0 ", "stop 0",
                                  "start 1 web_search_tool_result", "stop 1", "start 2 text",
                                  "delta 2 b", "stop 2"});
}

TEST_CASE("anthropic_stream_writer/what_waits_is_bounded") {
  Client client(context);
  for (const hub::Event& event : {begin, tool_open(0, "c0", "f")}) client.on(event);
  for (std::uint32_t call = 1; call < 2000; ++call) client.on(tool_open(call, "c", "g"));
  CHECK(client.report().steps.back() == "error");
}
