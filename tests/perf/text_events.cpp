#include "text_events.h"

namespace penstock::test {

std::vector<TextStream> text_streams() {
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

}  // namespace penstock::test
