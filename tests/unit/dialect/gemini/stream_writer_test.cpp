// Streams and whole answers for Gemini clients.
#include "dialect/gemini/count_tokens.h"
#include "exchange.h"

using namespace penstock;
using namespace test;
using hub::Event;
using hub::EventKind;
using hub::Finish;

namespace {

struct Stream {
  explicit Stream(AnswerContext with = {}) : context(with) {
    context.model = "m1";
    context.request_id = "req1";
    writer = gemini_table().stream_writer(context, out);
  }
  // The events of an ordinary answer around those that a test is about.
  void all(const std::vector<Event>& events, Finish finish = Finish::stop) {
    writer->on({.kind = EventKind::begin, .id = "r1", .model = "claude"});
    for (const Event& event : events) writer->on(event);
    writer->on({.kind = EventKind::finish, .finish = finish});
    Event last{.kind = EventKind::usage};
    last.usage = &usage;
    writer->on(last);
    writer->on({.kind = EventKind::end});
  }
  // The events' JSON texts; every block is one data line, ended by a blank one.
  std::vector<std::string> chunks() const {
    std::vector<std::string> found;
    std::string text(out.text());
    while (!text.empty()) {
      const auto end = text.find("\r\n\r\n");
      REQUIRE(end != std::string::npos);
      const std::string block = text.substr(0, end);
      text.erase(0, end + 4);
      if (block.empty()) continue;
      REQUIRE(block.starts_with("data: "));
      CHECK(block.find_first_of("\r\n") == std::string::npos);
      CHECK_MESSAGE(read_tree(block.substr(6)), block);
      found.push_back(block.substr(6));
    }
    return found;
  }

  AnswerContext context;
  json::Composer out{};
  std::unique_ptr<dialect::StreamWriter> writer{};
  hub::Usage usage{.input = 5, .cache_read = 3, .output = 7, .reasoning = 2};
};

}  // namespace

TEST_CASE("gemini_stream_writer/text_and_the_last_chunk") {
  Stream stream;
  stream.all(
      {{.kind = EventKind::text, .text = "Hel"}, {.kind = EventKind::text, .text = "lo\\n"}});
  const auto chunks = stream.chunks();
  REQUIRE(chunks.size() == 3);
  CHECK(chunks[0] ==
        R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hel"}]},"index":0}],)"
        R"("modelVersion":"claude","responseId":"r1"})");
  CHECK(chunks[2] ==
        R"({"candidates":[{"content":{"role":"model","parts":[{"text":""}]},)"
        R"("finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":8,)"
        R"("cachedContentTokenCount":3,"candidatesTokenCount":7,"thoughtsTokenCount":2,)"
        R"("totalTokenCount":17},"modelVersion":"claude","responseId":"r1"})");
  const Told told = read_stream(chunks);
  CHECK(told.result);
  CHECK(told.part(0).text == "Hello\\n");
}

TEST_CASE("gemini_stream_writer/calls_come_whole_trap_32") {
  Stream stream;
  stream.all({{.kind = EventKind::tool_open, .call = 0, .id = "a", .name = "f"},
              {.kind = EventKind::tool_open, .call = 1, .id = "b", .name = "g"},
              {.kind = EventKind::tool_delta, .call = 0, .text = "{\\n\\\"x\\\":"},
              {.kind = EventKind::tool_delta, .call = 1, .text = ""},
              {.kind = EventKind::tool_delta, .call = 0, .text = "1}"},
              {.kind = EventKind::tool_close, .call = 0},
              {.kind = EventKind::tool_close, .call = 1}},
             Finish::tool_calls);
  const auto chunks = stream.chunks();
  REQUIRE(chunks.size() == 3);
  const Told told = read_stream(chunks);
  REQUIRE(told.result);
  CHECK(told.part(0).id == "a");
  CHECK(json::unescaped(told.part(0).text).find("\"x\":1") != std::string::npos);
  CHECK(told.part(1).name == "g");
  CHECK(told.part(1).text == "{}");
  CHECK(told.answer().choices[0].finish == Finish::tool_calls);
}

TEST_CASE("gemini_stream_writer/foreign_signatures_come_back_to_their_issuer") {
  Stream stream;
  stream.all(
      {{.kind = EventKind::thinking, .text = "I "},
       {.kind = EventKind::thinking, .text = "think"},
       {.kind = EventKind::signature, .issuer = hub::Issuer::anthropic, .text = "EqB+/x=="},
       {.kind = EventKind::redacted, .issuer = hub::Issuer::openai, .text = "gAAA", .id = "rs_1"},
       {.kind = EventKind::text, .text = "Hi"}});
  // What an SDK sends back: the parts as they came, signatures in the other alphabet.
  std::string parts;
  for (const std::string& one : stream.chunks()) {
    const auto begin = one.find("\"parts\":[") + 9;
    if (!parts.empty()) parts += ",";
    parts += one.substr(begin, one.find("]}", begin) - begin);
  }
  for (std::size_t at = parts.find("thoughtSignature"); at < parts.size();
       at = parts.find("thoughtSignature", at + 1)) {
    for (std::size_t i = at + 19; parts[i] != '"'; ++i) {
      if (parts[i] == '+') parts[i] = '-';
      if (parts[i] == '/') parts[i] = '_';
    }
  }
  const Asked asked(R"({"contents":[{"role":"model","parts":[)" + parts + "]}]}");
  REQUIRE(asked.result);
  const auto& back = asked.request.messages[0].parts;
  REQUIRE(back.size() == 3);
  CHECK(back[0].kind == hub::PartKind::thinking);
  CHECK(back[0].text == "I think");
  CHECK(back[0].signature == "EqB+/x==");
  CHECK(back[0].issuer == hub::Issuer::anthropic);
  CHECK(back[1].kind == hub::PartKind::redacted_thinking);
  CHECK(back[1].signature == "gAAA");
  CHECK(back[1].id == "rs_1");
  CHECK(back[1].issuer == hub::Issuer::openai);
  CHECK(back[2].text == "Hi");
}

TEST_CASE("gemini_stream_writer/a_forged_signature_cannot_break_the_json") {
  // base64 of penstock:as::x"},{"y
  const Asked asked(R"({"contents":[{"role":"model","parts":[{"text":"t","thought":true,)"
                    R"("thoughtSignature":"cGVuc3RvY2s6YXM6OngifSx7Inki"}]}]})");
  REQUIRE(asked.result);
  CHECK(asked.request.messages[0].parts[0].issuer == hub::Issuer::gemini);
  CHECK(asked.request.messages[0].parts[0].signature == "cGVuc3RvY2s6YXM6OngifSx7Inki");
}

TEST_CASE("gemini_stream_writer/hidden_reasoning_keeps_its_signature") {
  Stream stream(AnswerContext{.show_reasoning = false});
  stream.all({{.kind = EventKind::thinking, .text = "secret"},
              {.kind = EventKind::signature, .issuer = hub::Issuer::anthropic, .text = "c2ln"},
              {.kind = EventKind::text, .text = "Hi"}});
  CHECK(stream.out.text().find("secret") == Bytes::npos);
  CHECK(stream.out.text().find("thoughtSignature") != Bytes::npos);
}

TEST_CASE("gemini_stream_writer/the_array_form_is_one_json_text") {
  Stream stream(AnswerContext{.json_array = true});
  stream.writer->heartbeat();
  stream.all({{.kind = EventKind::text, .text = "a"}, {.kind = EventKind::text, .text = "b"}});
  const auto tree = read_tree(stream.out.text());
  REQUIRE(tree);
  CHECK(tree->items.size() == 3);
  CHECK(read_whole(std::string(stream.out.text())).part(0).text == "ab");
  Stream failed(AnswerContext{.json_array = true});
  failed.writer->on({.kind = EventKind::text, .text = "a"});
  failed.writer->fail({.kind = hub::ErrorKind::overloaded, .message = "later"});
  failed.writer->on({.kind = EventKind::end});
  const auto list = read_tree(failed.out.text());
  REQUIRE(list);
  REQUIRE(list->items.size() == 2);
  CHECK(list->items[1].find("error") != nullptr);
}

TEST_CASE("gemini_stream_writer/a_failed_stream_never_looks_finished") {
  Stream stream;
  stream.writer->fail({.kind = hub::ErrorKind::server, .status = 502, .message = "gone"});
  stream.writer->on({.kind = EventKind::end});
  stream.writer->heartbeat();
  const auto chunks = stream.chunks();
  REQUIRE(chunks.size() == 1);
  CHECK(chunks[0] == R"({"error":{"code":502,"message":"gone","status":"INTERNAL"}})");
}

TEST_CASE("gemini_stream_writer/heartbeats_are_blank_blocks_trap_42") {
  Stream stream;
  stream.writer->heartbeat();
  stream.all({{.kind = EventKind::text, .text = "a"}, {.kind = EventKind::ping}});
  CHECK(stream.chunks().size() == 2);
  CHECK(stream.out.text().find(':') > 4);  // no comment line before the first event
}

TEST_CASE("gemini_stream_writer/citations_are_told_in_bytes") {
  hub::Citation citation{.url = "https://a", .title = "A", .start = 1, .end = 3};
  Event cited{.kind = EventKind::citation};
  cited.citation = &citation;
  Stream stream;
  stream.all({{.kind = EventKind::text, .text = "äöü"}, cited});
  const auto chunks = stream.chunks();
  const auto tree = read_tree(chunks.back());
  const Tree& metadata = *tree->find("candidates")->items[0].find("groundingMetadata");
  CHECK(metadata == *read_tree(R"({"groundingChunks":[{"web":{"uri":"https://a","title":"A"}}],
    "groundingSupports":[{"segment":{"startIndex":2,"endIndex":6,"text":"öü"},
    "groundingChunkIndices":[0]}]})"));
  const Told told = read_stream(chunks);
  REQUIRE(told.part(0).citations.size() == 1);
  CHECK(told.part(0).citations[0].start == 1);
  CHECK(told.part(0).citations[0].end == 3);
}

TEST_CASE("gemini_stream_writer/several_choices_logprobs_and_media") {
  Stream stream;
  Event picture{.kind = EventKind::media, .choice = 1};
  picture.media = {.source = hub::Source::base64, .media_type = "image/png", .data = "AAAA"};
  Event logs{.kind = EventKind::logprobs};
  logs.raw = R"([{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[{"token":"b",
    "logprob":-1,"bytes":null}]}])";
  stream.all({{.kind = EventKind::text, .text = "a"},
              logs,
              picture,
              {.kind = EventKind::finish,
               .choice = 1,
               .finish = Finish::content_filter,
               .text = "because"}});
  const Told told = read_stream(stream.chunks());
  REQUIRE(told.result);
  CHECK(told.answer().choices[0].logprobs.find("-0.5") != std::string::npos);
  CHECK(told.part(0, 1).raw == "AAAA");
  CHECK(told.answer().choices[1].finish == Finish::content_filter);
  CHECK(told.answer().choices[1].finish_text == "because");
}

TEST_CASE("gemini_stream_writer/events_in_a_steady_state_need_no_more_room") {
  Stream stream;
  stream.writer->on({.kind = EventKind::begin, .id = "r", .model = "m"});
  for (int i = 0; i < 100; ++i) {
    stream.out.clear();
    stream.writer->on({.kind = EventKind::text, .text = "word"});
    CHECK(stream.out.fits());
    CHECK(stream.out.text().starts_with("data: {\"candidates\""));
  }
}

TEST_CASE("gemini_answer_writer/whole_and_streamed_say_the_same") {
  hub::Fold fold;
  Stream stream;
  const std::vector<Event> events{
      {.kind = EventKind::thinking, .text = "hm"},
      {.kind = EventKind::signature, .issuer = hub::Issuer::gemini, .text = "c2ln"},
      {.kind = EventKind::text, .text = "Hi"},
      {.kind = EventKind::tool_open, .id = "a", .name = "f"},
      {.kind = EventKind::tool_delta, .text = "{\\\"x\\\":1}"},
      {.kind = EventKind::tool_close}};
  stream.all(events, Finish::tool_calls);
  fold.on({.kind = EventKind::begin, .id = "r1", .model = "claude"});
  for (const Event& event : events) fold.on(event);
  fold.on({.kind = EventKind::finish, .finish = Finish::tool_calls});
  Event last{.kind = EventKind::usage};
  last.usage = &stream.usage;
  fold.on(last);
  const Written whole = answered(fold.answer(), stream.context);
  CHECK(whole.at({"candidates", "0", "content", "parts", "2"}) ==
        *read_tree(R"({"functionCall":{"id":"a","name":"f","args":{"x":1}}})"));
  CHECK(whole.at({"candidates", "0", "finishReason"}).text == "STOP");
  CHECK(whole.at({"modelVersion"}).text == "claude");
  CHECK(whole.at({"responseId"}).text == "r1");
  const Told one = read_whole(whole.text);
  const Told other = read_stream(stream.chunks());
  REQUIRE(one.answer().choices[0].parts.size() == other.answer().choices[0].parts.size());
  for (std::size_t i = 0; i < one.answer().choices[0].parts.size(); ++i) {
    CHECK(one.part(i).text == other.part(i).text);
    CHECK(one.part(i).signature == other.part(i).signature);
  }
  CHECK(one.answer().usage.input_total() == other.answer().usage.input_total());
}

TEST_CASE("gemini_count_tokens/both_forms_and_both_platforms") {
  for (
      const char* const body :
      {R"({"contents":[{"parts":[{"text":"x"}]}]})",
       R"({"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"x"}]}]}})"}) {
    const std::string text = body;
    json::Document document;
    hub::Request request;
    RequestIssue issue;
    REQUIRE(dialect::read_gemini_count_request(*document.read(text, json::Judge::request), request,
                                               issue));
    CHECK(request.messages.size() == 1);
    json::Composer out;
    Losses losses;
    REQUIRE(dialect::write_gemini_count_request(request, model("gemini-3-flash"), out, losses));
    CHECK(out.text() == R"({"generateContentRequest":{"model":"models/gemini-3-flash","contents":)"
                        R"([{"role":"user","parts":[{"text":"x"}]}]}})");
    out.clear();
    REQUIRE(
        dialect::write_gemini_count_request(request, model("gemini-3-flash", true), out, losses));
    CHECK(out.text() == R"({"contents":[{"role":"user","parts":[{"text":"x"}]}]})");
  }
  json::Composer out;
  dialect::write_gemini_count(12, {}, out);
  json::Document document;
  CHECK(dialect::read_gemini_count(*document.read(out.text(), json::Judge::answer)) == 12u);
}

TEST_CASE("gemini_count_tokens/vertex_gets_the_members_it_knows") {
  const std::string text =
      R"({"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"x"}]}],)"
      R"("systemInstruction":{"parts":[{"text":"s"}]},"generationConfig":{"seed":7},)"
      R"("tools":[{"functionDeclarations":[{"name":"f"}]}],)"
      R"("toolConfig":{"functionCallingConfig":{"mode":"ANY"}},)"
      R"("safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"OFF"}]}})";
  json::Document document;
  hub::Request request;
  RequestIssue issue;
  REQUIRE(dialect::read_gemini_count_request(*document.read(text, json::Judge::request), request,
                                             issue));
  json::Composer out;
  Losses losses;
  REQUIRE(dialect::write_gemini_count_request(request, model("gemini-3-flash", true), out, losses));
  json::Document written;
  const json::View root = *written.read(out.text(), json::Judge::answer);
  CHECK(root.size() == 4);
  for (const char* const name : {"contents", "systemInstruction", "generationConfig", "tools"}) {
    CHECK(root[name].exists());
  }
}
