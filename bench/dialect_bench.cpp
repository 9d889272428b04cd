// One exchange between two dialects, for each pair that there is: a request of 8 KB with twenty
// messages and three tools, read and written; one text event of a stream, from the upstream's bytes
// to the client's.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "dialects.h"
#include "penstock/translate.h"
#include "text_events.h"
#include "wire.h"

using namespace penstock;
using dialect::Dialect;

namespace {

const dialect::Quirks quirks{};
const dialect::TargetTraits target{.model = "m", .base_model = "m", .quirks = &quirks};

// As a client of OpenAI's chat sends it.
std::string chat_request() {
  const std::string words(330, 'w');
  json::Composer out;
  out.begin_object().key("model").string("m").key("stream").boolean(true);
  out.key("temperature").raw("0.7").key("max_completion_tokens").integer(512);
  out.key("messages").begin_array();
  out.begin_object().key("role").string("system").key("content").string(words).end_object();
  for (int i = 0; i < 9; ++i) {
    const std::string id = "call_" + std::to_string(i);
    const bool calls = i % 3 == 0;
    out.begin_object().key("role").string("user").key("content");
    out.string(words + "\nand more").end_object();
    out.begin_object().key("role").string("assistant").key("content");
    out.string(words);
    if (calls) {
      out.key("tool_calls").begin_array().begin_object().key("id").string(id);
      out.key("type").string("function").key("function").begin_object();
      out.key("name").string("weather").key("arguments").string(R"({"city":"Paris","days":3})");
      out.end_object().end_object().end_array();
    }
    out.end_object();
    if (calls) {
      out.begin_object().key("role").string("tool").key("tool_call_id").string(id);
      out.key("content").string("21 degrees, sunny").end_object();
    }
  }
  out.end_array().key("tools").begin_array();
  for (const char* name : {"weather", "search", "calendar"}) {
    out.begin_object().key("type").string("function").key("function").begin_object();
    out.key("name").string(name).key("description").string("Looks something up.");
    out.key("parameters")
        .raw(R"({"type":"object","properties":{"city":{"type":"string",)"
             R"("description":"Where"},"days":{"type":"integer"}},)"
             R"("required":["city"]})");
    out.end_object().end_object();
  }
  out.end_array().end_object();
  return std::string(out.text());
}

// The same request in another dialect; a prompt of that size where there are no messages.
std::string request_of(Dialect client) {
  if (client == Dialect::openai_chat) return chat_request();
  if (client == Dialect::openai_completions) {
    return R"({"model":"m","stream":true,"max_tokens":512,"prompt":")" + std::string(8000, 'w') +
           "\"}";
  }
  translate::Workbench bench;
  hub::Request request;
  dialect::Losses losses;
  dialect::RequestIssue issue;
  json::Composer out;
  const std::string chat = chat_request();
  if (!translate::translate_request(Dialect::openai_chat, client, chat, target, bench, request, out,
                                    losses, issue)) {
    return {};
  }
  std::string text(out.text());
  // Gemini has the model in its path; the gateway puts it into the body.
  if (client == Dialect::gemini) text.insert(1, R"("model":"m",)");
  return text;
}

void translate_request(benchmark::State& state, Dialect client, Dialect provider) {
  const std::string body = request_of(client);
  translate::Workbench bench;
  hub::Request request;
  dialect::Losses losses;
  dialect::RequestIssue issue;
  json::Composer out;
  for (auto _ : state) {
    if (!translate::translate_request(client, provider, body, target, bench, request, out, losses,
                                      issue)) {
      state.SkipWithError("refused");
    }
    benchmark::DoNotOptimize(out.text().data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

void text_event(benchmark::State& state, Dialect client, const test::TextStream& provider) {
  const hub::Request request;
  dialect::AnswerContext context;
  context.request_id = "0123456789abcdef";
  context.model = "m";
  context.request = &request;
  translate::Workbench bench;
  translate::StreamTranslation stream(client, provider.dialect, target, context, bench);
  if (!stream.feed(golden::framed(provider.dialect, provider.head, false)))
    state.SkipWithError("refused");
  const std::string event = golden::framed(provider.dialect, {provider.event}, false);
  for (auto _ : state) {
    if (!stream.feed(event) || stream.output().empty()) state.SkipWithError("refused");
    stream.drained();
  }
}

// What an event's JSON alone costs.
void read_event_json(benchmark::State& state, const std::string& text) {
  json::Document document;
  for (auto _ : state) {
    auto root = document.read(text, json::Judge::answer);
    if (!root) state.SkipWithError("refused");
    benchmark::DoNotOptimize(root);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

const bool registered = [] {
  using golden::name_of;
  for (const Dialect client : golden::client_dialects()) {
    for (const Dialect provider : golden::provider_dialects()) {
      if (provider == client) continue;
      const std::string pair = name_of(client) + "/" + name_of(provider);
      benchmark::RegisterBenchmark(("translate_request/" + pair).c_str(), translate_request, client,
                                   provider);
    }
    for (const test::TextStream& provider : test::text_streams()) {
      if (provider.dialect == client) continue;
      const std::string pair = name_of(client) + "/" + name_of(provider.dialect);
      benchmark::RegisterBenchmark(("text_event/" + pair).c_str(), text_event, client, provider);
    }
  }
  for (const test::TextStream& provider : test::text_streams()) {
    benchmark::RegisterBenchmark(("read_event_json/" + name_of(provider.dialect)).c_str(),
                                 read_event_json, provider.event);
  }
  return true;
}();

}  // namespace
