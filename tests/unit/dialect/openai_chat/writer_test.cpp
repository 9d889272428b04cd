// What clients of chat completions and of legacy completions get.
#include "replay.h"

using namespace test;
using hub::Event;
using hub::EventKind;
using hub::Finish;
using hub::Issuer;

namespace {

AnswerContext context() {
  AnswerContext made;
  made.request_id = "req1";
  made.model = "alias";
  made.created = 99;
  return made;
}

// The same events streamed, whole, and both read again by our own reader, which must agree.
class Told {
 public:
  explicit Told(const AnswerContext& context, const DialectTable& dialect = chat())
      : context_(context), dialect_(dialect), writer_(dialect.stream_writer(context, out_)) {}

  Told& on(const Event& event) {
    writer_->on(event);
    fold_.on(event);
    return *this;
  }
  Told& begin() { return on({.kind = EventKind::begin, .id = "p1", .model = "m1", .created = 7}); }
  Told& text(hub::Escaped said) { return on({.kind = EventKind::text, .text = said}); }
  Told& thinking(hub::Escaped said) { return on({.kind = EventKind::thinking, .text = said}); }
  Told& signature(hub::Escaped seal, Issuer issuer) {
    return on({.kind = EventKind::signature, .issuer = issuer, .text = seal});
  }
  Told& call(std::uint32_t number, hub::Escaped id, hub::Escaped name, hub::Escaped arguments) {
    on({.kind = EventKind::tool_open, .call = number, .id = id, .name = name});
    if (!arguments.empty()) on({.kind = EventKind::tool_delta, .call = number, .text = arguments});
    return on({.kind = EventKind::tool_close, .call = number});
  }
  Told& finish(Finish reason) { return on({.kind = EventKind::finish, .finish = reason}); }
  Told& usage(const hub::Usage& figures) {
    return on({.kind = EventKind::usage, .usage = &figures});
  }
  Told& end() { return on({.kind = EventKind::end}); }
  void fail(const hub::ErrorNote& error) { writer_->fail(error); }
  void heartbeat() { writer_->heartbeat(); }

  std::string stream() const { return std::string(out_.text()); }
  std::string whole() const {
    json::Composer out;
    dialect_.write_answer(fold_.answer(), context_, out);
    return std::string(out.text());
  }
  // The data of the events, one per line.
  std::string data() const {
    std::string lines;
    for (const Message& message : read_events(stream())) lines += message.data + '\n';
    return lines;
  }
  const hub::Answer& answer() const { return fold_.answer(); }

 private:
  AnswerContext context_;
  const DialectTable& dialect_;
  json::Composer out_;
  std::unique_ptr<StreamWriter> writer_;
  hub::Fold fold_;
};

// Every delta of choice 0 by its place, e.g. all of "content".
std::vector<std::string> deltas(const std::string& data) {
  std::vector<std::string> out;
  each_line(
      data,
      [&](std::string_view line) {
        const Tree chunk = tree(line);
        if (at(chunk, "choices").items.empty()) return true;
        for (const std::string& key : at(chunk, "choices.0.delta").keys) out.push_back(key);
        if (at(chunk, "choices.0.delta").keys.empty())
          out.push_back("finish " + at(chunk, "choices.0.finish_reason").text);
        return true;
      },
      [&](std::string_view word) {
        out.emplace_back(word);
        return true;
      });
  return out;
}

std::string parts_of(const hub::Answer& answer) {
  std::string out;
  for (const auto& part : answer.choices.at(0).parts) {
    out += std::to_string(static_cast<int>(part.kind)) + '/' + part.text + '/' + part.signature +
           '/' + std::to_string(static_cast<int>(part.issuer)) + '/' + part.name + ' ';
  }
  return out;
}

}  // namespace

TEST_CASE("chat_writer/text_byte_by_byte_trap_128") {
  Told told(context());
  told.begin().text("Bl\\u00fc").finish(Finish::stop).end();
  const std::string head =
      R"({"id":"chatcmpl-p1","object":"chat.completion.chunk","created":7,"model":"m1","choices":[{"index":0,"delta":)";
  const std::string tail = R"(,"logprobs":null,"finish_reason":null}]})"
                           "\n\n";
  CHECK(told.stream() == "data: " + head + R"({"role":"assistant","content":"","refusal":null})" +
                             tail + "data: " + head + R"({"content":"Bl\u00fc"})" + tail +
                             "data: " + head +
                             R"({},"logprobs":null,"finish_reason":"stop"}]})"
                             "\n\ndata: [DONE]\n\n");
  CHECK(
      told.whole() ==
      R"({"id":"chatcmpl-p1","object":"chat.completion","created":7,"model":"m1","choices":[{"index":0,"message":{"role":"assistant","content":"Bl\u00fc","refusal":null},"logprobs":null,"finish_reason":"stop"}]})");
}

TEST_CASE("chat_writer/usage_only_if_asked_for") {
  const hub::Usage usage{
      .input = 5, .cache_read = 3, .cache_write_5m = 2, .output = 4, .reasoning = 1};
  Told silent(context());
  silent.begin().text("a").finish(Finish::stop).usage(usage).end();
  CHECK_FALSE(holds(silent.stream(), "usage"));
  CHECK(text_at(silent.whole(), "usage.prompt_tokens") == "10");
  AnswerContext asked = context();
  asked.include_usage = true;
  Told told(asked);
  told.begin().text("a").finish(Finish::stop).usage(usage).end();
  const auto messages = read_events(told.stream());
  REQUIRE(messages.size() == 5);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(at(tree(messages[i].data), "usage").kind == Tree::Kind::null);
    CHECK(holds(messages[i].data, "\"usage\":null"));
  }
  CHECK(at(tree(messages[3].data), "choices").items.empty());
  CHECK(text_at(messages[3].data, "usage.prompt_tokens") == "10");
  CHECK(text_at(messages[3].data, "usage.completion_tokens") == "5");
  CHECK(text_at(messages[3].data, "usage.total_tokens") == "15");
  CHECK(text_at(messages[3].data, "usage.prompt_tokens_details.cached_tokens") == "3");  // trap 9
  CHECK(text_at(messages[3].data, "usage.prompt_tokens_details.cache_write_tokens") == "2");
  CHECK(text_at(messages[3].data, "usage.completion_tokens_details.reasoning_tokens") == "1");
}

TEST_CASE("chat_writer/calls_in_order_trap_1_2_3") {
  Told told(context());
  told.begin().call(0, "a", "f", "{\\\"x\\\":1}").call(1, "", "g", "").finish(Finish::stop).end();
  const auto got = replay(told.data());
  CHECK(got.whole);
  CHECK(got.events.lines ==
        "begin chatcmpl-p1 m1\ntool_open 0 a f\ntool_delta 0 {\\\"x\\\":1}\ntool_close 0\n"
        "tool_open 1 call_req1_0_1 g\ntool_delta 1 {}\ntool_close 1\nfinish tool_calls\nend\n");
  CHECK(read_whole(told.whole()).lines == got.events.lines);
  CHECK(at(tree(told.whole()), "choices.0.message.content").kind == Tree::Kind::null);
}

TEST_CASE("chat_writer/an_error_is_the_last_word_trap_97") {
  Told told(context());
  told.begin().text("a");
  told.fail({.kind = hub::ErrorKind::server, .message = "gone", .code = "502"});
  told.text("b").finish(Finish::stop).end();
  CHECK(told.stream().ends_with(
      R"(data: {"error":{"message":"gone","type":"server_error","param":null,"code":"502"}})"
      "\n\n"));
  CHECK_FALSE(holds(told.stream(), "[DONE]"));
  CHECK_FALSE(holds(told.stream(), R"("finish_reason":")"));
  CHECK_FALSE(holds(told.stream(), "\"b\""));
  Told early(context());
  early.fail({.message = "gone"});
  CHECK(early.stream().starts_with("data: {\"error\":"));
}

TEST_CASE("chat_writer/heartbeats_are_comments") {
  Told told(context());
  told.begin();
  told.heartbeat();
  CHECK(told.stream().ends_with("\n\n: ping\n\n"));
  CHECK(read_events(told.stream()).size() == 1);
}

TEST_CASE("chat_writer/reasoning_and_signatures_survive_the_client_trap_13_45") {
  Told told(context());
  told.begin().thinking("h").thinking("m").signature("S1", Issuer::anthropic);
  told.on({.kind = EventKind::block_end}).thinking("b").signature("S2", Issuer::openai);
  told.on({.kind = EventKind::redacted, .issuer = Issuer::anthropic, .text = "R"});
  told.text("a").signature("S3", Issuer::gemini);
  told.on({.kind = EventKind::tool_open, .call = 0, .id = "t", .name = "f"})
      .signature("S4", Issuer::gemini);
  told.on({.kind = EventKind::tool_delta, .call = 0, .text = "{}"})
      .on({.kind = EventKind::tool_close, .call = 0});
  told.finish(Finish::tool_calls).end();
  CHECK(deltas(told.data()) ==
        std::vector<std::string>{"role", "content", "refusal", "reasoning_content",
                                 "reasoning_content", "reasoning_details", "reasoning_content",
                                 "reasoning_details", "reasoning_details", "content",
                                 "extra_content", "tool_calls", "tool_calls", "tool_calls",
                                 "finish tool_calls", "[DONE]"});
  // The whole message, sent back by the client, is what the provider said.
  const Tree message = at(tree(told.whole()), "choices.0.message");
  CHECK(at(message, "reasoning_content").text == "hmb");
  const std::string whole = told.whole();
  const auto from = whole.find("\"message\":") + 10;
  const auto to = whole.find(",\"logprobs\"");
  const Asked back(R"({"model":"m","messages":[{"role":"user","content":"q"},)" +
                   whole.substr(from, to - from) + "]}");
  REQUIRE(back.result.has_value());
  std::string seals;
  for (const auto& part : back.request.messages.at(1).parts) {
    seals += std::string(part.text) + '/' + std::string(part.signature) + '/' +
             std::to_string(static_cast<int>(part.issuer)) + ' ';
  }
  CHECK(seals == "hm/S1/2 b/S2/1 /R/2 a/S3/3 /S4/3 ");
}

TEST_CASE("chat_writer/hidden_reasoning_keeps_its_signature") {
  AnswerContext quiet = context();
  quiet.show_reasoning = false;
  Told told(quiet);
  told.begin()
      .thinking("secret")
      .signature("S", Issuer::anthropic)
      .text("a")
      .finish(Finish::stop)
      .end();
  for (const std::string& text : {told.stream(), told.whole()}) {
    CHECK_FALSE(holds(text, "secret"));
    CHECK(holds(text, R"("signature":"S")"));
  }
}

TEST_CASE("chat_writer/streams_and_whole_answers_agree") {
  hub::Citation cited{.url = "u", .title = "t", .start = 1, .end = 2};
  Told told(context());
  told.begin().thinking("h").text("ab");
  told.on({.kind = EventKind::citation, .citation = &cited});
  cited.url = "u2";
  told.on({.kind = EventKind::citation, .citation = &cited});
  told.on({.kind = EventKind::logprobs, .raw = R"([{"token":"ab"}])"});
  told.on({.kind = EventKind::media,
           .media = {.source = hub::Source::base64, .media_type = "image/png", .data = "AAAA"}});
  told.call(0, "t", "f", "{}").finish(Finish::tool_calls).end();
  hub::Fold streamed;
  hub::Fold whole;
  REQUIRE(feed(told.data(), streamed));
  json::Document document;
  const std::string body = told.whole();
  const auto root = document.read(body, json::Judge::answer);
  REQUIRE(root.has_value());
  REQUIRE(chat().read_answer(*root, target_with(plain_quirks), whole).has_value());
  CHECK(streamed.answer().choices.at(0).logprobs == whole.answer().choices.at(0).logprobs);
  CHECK(holds(body, R"("annotations":[{"type":"url_citation","url_citation":{"url":"u",)"));
  // Accumulators of the SDKs take annotations from one delta only.
  CHECK(told.data().find("annotations") == told.data().rfind("annotations"));
  CHECK(holds(parts_of(streamed.answer()), "7/h///") == holds(parts_of(whole.answer()), "7/h///"));
  CHECK(holds(
      body,
      R"("images":[{"index":0,"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}])"));
}

TEST_CASE("chat_writer/finish_words") {
  const std::pair<Finish, const char*> cases[] = {{Finish::stop, "stop"},
                                                  {Finish::stop_sequence, "stop"},
                                                  {Finish::length, "length"},
                                                  {Finish::context_full, "length"},
                                                  {Finish::content_filter, "content_filter"},
                                                  {Finish::refusal, "content_filter"},
                                                  {Finish::paused, "stop"},
                                                  {Finish::compaction, "stop"},
                                                  {Finish::malformed_call, "stop"},
                                                  {Finish::other, "stop"},
                                                  {Finish::tool_calls, "stop"}};
  for (const auto& [reason, word] : cases) {
    Told told(context());
    told.begin().text("a").finish(reason).end();
    CHECK(deltas(told.data()).at(4) == std::string("finish ") + word);
    CHECK(text_at(told.whole(), "choices.0.finish_reason") == word);
  }
  Told empty(context());
  empty.begin().finish(Finish::other).end();
  CHECK(text_at(empty.whole(), "choices.0.finish_reason") == "content_filter");
  Told refused(context());
  refused.begin().on({.kind = EventKind::refusal, .text = "No."}).finish(Finish::refusal).end();
  CHECK(text_at(refused.whole(), "choices.0.finish_reason") == "stop");
  CHECK(text_at(refused.whole(), "choices.0.message.refusal") == "No.");
}

TEST_CASE("chat_writer/several_choices_have_a_role_each") {
  Told told(context());
  told.begin().text("a").on({.kind = EventKind::text, .choice = 12, .text = "b"});
  told.finish(Finish::stop)
      .on({.kind = EventKind::finish, .choice = 12, .finish = Finish::stop})
      .end();
  int roles = 0;
  for (const Message& message : read_events(told.stream()))
    roles += holds(message.data, "\"role\"") ? 1 : 0;
  CHECK(roles == 2);
  CHECK(holds(told.stream(), R"("index":12,"delta":{"content":"b"})"));
}

TEST_CASE("chat_writer/functions_are_answered_in_kind") {
  AnswerContext legacy = context();
  legacy.legacy_functions = true;
  Told told(legacy);
  told.begin().call(0, "a", "f", "{}").finish(Finish::tool_calls).end();
  CHECK(text_at(told.whole(), "choices.0.message.function_call.name") == "f");
  CHECK(text_at(told.whole(), "choices.0.finish_reason") == "function_call");
  CHECK(deltas(told.data()) == std::vector<std::string>{"role", "content", "refusal",
                                                        "function_call", "function_call",
                                                        "finish function_call", "[DONE]"});
}

TEST_CASE("chat_writer/custom_calls_come_out_of_functions") {
  hub::Request request;
  request.tools = {{.kind = hub::ToolKind::custom, .name = "g"}};
  AnswerContext with_tools = context();
  with_tools.request = &request;
  Told told(with_tools);
  told.begin();
  told.on({.kind = EventKind::tool_open, .call = 0, .id = "a", .name = "g"});
  told.on({.kind = EventKind::tool_delta, .call = 0, .text = "{\\\"input\\\":\\\"a"});
  told.on({.kind = EventKind::tool_delta, .call = 0, .text = "\\\\n\\\"}"});
  told.on({.kind = EventKind::tool_close, .call = 0}).finish(Finish::tool_calls).end();
  const auto got = replay(told.data());
  CHECK(holds(got.events.lines, "tool_open 0 a g\ntool_delta 0 a\\n\ntool_close 0\n"));
  CHECK(text_at(told.whole(), "choices.0.message.tool_calls.0.custom.input") == "a\n");
  CHECK(text_at(told.whole(), "choices.0.message.tool_calls.0.type") == "custom");
}

TEST_CASE("chat_writer/an_endless_input_of_a_custom_tool_ends_the_stream") {
  hub::Request request;
  request.tools = {{.kind = hub::ToolKind::custom, .name = "g"}};
  AnswerContext asked = context();
  asked.request = &request;
  json::Composer out;
  const auto writer = chat().stream_writer(asked, out);
  writer->on({.kind = EventKind::begin, .id = "p1", .model = "m1"});
  writer->on({.kind = EventKind::tool_open, .id = "c", .name = "g"});
  const std::string piece(1u << 20, 'a');
  for (int i = 0; i < 17; ++i) writer->on({.kind = EventKind::tool_delta, .text = piece});
  writer->on({.kind = EventKind::tool_close});
  writer->on({.kind = EventKind::finish, .finish = Finish::tool_calls});
  writer->on({.kind = EventKind::end});
  CHECK(holds(out.text(), "The input of a tool is too long."));
  CHECK_FALSE(holds(out.text(), "[DONE]"));
  CHECK(out.text().size() < 4096);
}

TEST_CASE("chat_writer/what_the_provider_did_not_say") {
  Told told(context());
  told.on({.kind = EventKind::begin}).text("a").finish(Finish::stop).end();
  for (const std::string& body : {told.whole(), read_events(told.stream()).at(0).data}) {
    CHECK(text_at(body, "id") == "chatcmpl-req1");
    CHECK(text_at(body, "model") == "alias");
    CHECK(text_at(body, "created") == "99");
    CHECK_FALSE(holds(body, "system_fingerprint"));
  }
}

TEST_CASE("chat_writer/legacy_completions") {
  AnswerContext asked = context();
  asked.include_usage = true;
  const hub::Usage usage{.input = 5, .output = 4};
  Told told(asked, openai_completions_table());
  told.begin().thinking("h").text("a").text("b").finish(Finish::length).usage(usage).end();
  const auto messages = read_events(told.stream());
  REQUIRE(messages.size() == 5);
  CHECK(
      messages[0].data ==
      R"({"id":"cmpl-p1","object":"text_completion","created":7,"model":"m1","choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":null}],"usage":null})");
  CHECK(text_at(messages[2].data, "choices.0.finish_reason") == "length");
  CHECK(text_at(messages[3].data, "usage.total_tokens") == "9");
  CHECK(messages[4].data == "[DONE]");
  CHECK(text_at(told.whole(), "choices.0.text") == "ab");
  CHECK(text_at(told.whole(), "object") == "text_completion");
}
