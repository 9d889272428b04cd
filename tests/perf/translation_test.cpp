// A streamed text event costs nothing from the heap, for every pair of dialects. The text itself is
// kept where it is repeated at the end or citations are placed in it: in a buffer that doubles, so
// that a thousand events cost a handful of allocations and none of them is the event's own.
#include <doctest/doctest.h>

#include <atomic>
#include <string>

#include "allocations.h"
#include "penstock/translate.h"
#include "wire.h"

namespace {

using namespace penstock;
using golden::Dialect;

// How a provider begins, and one text event of it.
struct Provider {
  Dialect dialect;
  std::vector<std::string> head;
  std::string event;
};

std::vector<Provider> providers() {
  const std::string chunk = R"({"id":"c1","object":"chat.completion.chunk","created":1700000001,)"
                            R"("model":"m","choices":[{"index":0,"finish_reason":null,"delta":)";
  const std::string response = R"("response":{"id":"r1","object":"response","created_at":1,)"
                               R"("status":"in_progress","model":"m","output":[]}})";
  return {
      {Dialect::openai_chat,
       {chunk + R"({"role":"assistant","content":""}}]})"},
       chunk + R"({"content":" word"}}]})"},
      {Dialect::openai_responses,
       {R"({"type":"response.created","sequence_number":0,)" + response,
        R"({"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":)"
        R"({"id":"m1","type":"message","status":"in_progress","role":"assistant","content":[]}})",
        R"({"type":"response.content_part.added","sequence_number":2,"item_id":"m1",)"
        R"("output_index":0,"content_index":0,"part":{"type":"output_text","text":"",)"
        R"("annotations":[]}})"},
       R"({"type":"response.output_text.delta","sequence_number":3,"item_id":"m1",)"
       R"("output_index":0,"content_index":0,"delta":" word","logprobs":[]})"},
      {Dialect::anthropic,
       {R"({"type":"message_start","message":{"id":"m1","type":"message","role":"assistant",)"
        R"("model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":1,)"
        R"("output_tokens":1}}})",
        R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"},
       R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" word"}})"},
      {Dialect::gemini,
       {},
       R"({"candidates":[{"content":{"parts":[{"text":" word"}],"role":"model"},"index":0}],)"
       R"("modelVersion":"m","responseId":"r1"})"},
      {Dialect::bedrock,
       {R"({"messageStart":{"role":"assistant"}})"},
       R"({"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":" word"}}})"},
      {Dialect::cohere,
       {R"({"id":"c1","type":"message-start","delta":{"message":{"role":"assistant"}}})",
        R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text",)"
        R"("text":""}}}})"},
       R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":" word"}}}})"},
      {Dialect::ollama,
       {},
       R"({"model":"m","created_at":"2025-01-02T03:04:05Z","message":{"role":"assistant",)"
       R"("content":" word"},"done":false})"},
  };
}

// Allocations of `events` text events behind a warm-up.
std::uint64_t allocations(const Provider& provider, Dialect client, int events) {
  static const dialect::Quirks quirks{};
  const hub::Request request;
  dialect::TargetTraits target{.model = "m", .base_model = "m", .quirks = &quirks};
  dialect::AnswerContext context;
  context.request_id = "0123456789abcdef";
  context.model = "m";
  context.request = &request;
  translate::Workbench bench;
  translate::StreamTranslation stream(client, provider.dialect, target, context, bench);
  const std::string event = golden::framed(provider.dialect, {provider.event}, false);
  REQUIRE(stream.feed(golden::framed(provider.dialect, provider.head, false)));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(stream.feed(event));
    stream.drained();
  }
  std::atomic<std::uint64_t> counter = 0;
  bool fine = true;
  test::count_allocations_into(&counter);
  for (int i = 0; i < events; ++i) {
    fine = fine && stream.feed(event) && stream.output().find(" word") != Bytes::npos;
    stream.drained();
  }
  test::count_allocations_into(nullptr);
  REQUIRE(fine);
  return counter;
}

}  // namespace

TEST_CASE("translation/a_text_event_takes_nothing_from_the_heap") {
  for (const Provider& provider : providers()) {
    for (const Dialect client : {Dialect::openai_chat, Dialect::openai_completions,
                                 Dialect::openai_responses, Dialect::anthropic, Dialect::gemini}) {
      const auto name = [](Dialect d) { return std::string(dialect::dialect_of(d).name); };
      INFO(name(provider.dialect) << " -> " << name(client));
      CHECK(allocations(provider, client, 1000) <= 16);
    }
  }
}
