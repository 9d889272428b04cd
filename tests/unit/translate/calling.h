// Answers of every provider that call one tool, and exchanges between a client and such a provider.
// NAME stands for the tool, ARGS for the call's arguments, TEXT for the same inside of a string.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "penstock/json_writer.h"
#include "penstock/translate.h"

namespace test {

using penstock::Bytes;
using penstock::dialect::Dialect;

inline void fill(std::string& text, Bytes place, Bytes with) {
  for (auto at = text.find(place); at != std::string::npos; at = text.find(place, at + with.size()))
    text.replace(at, place.size(), with);
}

inline std::string filled(Bytes text, Bytes name, Bytes arguments = "{}") {
  penstock::json::Composer quoted;
  quoted.string(arguments);
  std::string out(text);
  fill(out, "NAME", name);
  fill(out, "TEXT", quoted.text().substr(1, quoted.text().size() - 2));
  fill(out, "ARGS", arguments);
  return out;
}

inline std::size_t times(Bytes text, Bytes part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != Bytes::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

struct CallingProvider {
  Dialect dialect;
  Bytes whole;
  Bytes stream;  // empty: it is no text
};

// One line each, as they come from the wire.
inline constexpr CallingProvider calling_providers[] = {
    {Dialect::openai_chat,
     R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_2","type":"function","function":{"name":"NAME","arguments":"TEXT"}}]},"finish_reason":"tool_calls"}]})",
     R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_2","type":"function","function":{"name":"NAME","arguments":""}}]},"finish_reason":null}]})"
     "\n\n"
     R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"TEXT"}}]},"finish_reason":null}]})"
     "\n\n"
     R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})"
     "\n\ndata: [DONE]\n\n"},
    {Dialect::anthropic,
     R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"tool_use","id":"toolu_2","name":"NAME","input":ARGS}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":4}})",
     "event: message_start\n"
     R"(data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}})"
     "\n\n"
     R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_2","name":"NAME","input":{}}})"
     "\n\n"
     R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"TEXT"}})"
     "\n\n"
     R"(data: {"type":"content_block_stop","index":0})"
     "\n\n"
     R"(data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":4}})"
     "\n\n"
     "data: {\"type\":\"message_stop\"}\n\n"},
    {Dialect::gemini,
     R"({"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"NAME","args":ARGS}}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":1,"totalTokenCount":2},"modelVersion":"m","responseId":"r"})",
     R"(data: {"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"NAME","args":ARGS}}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":1,"totalTokenCount":2},"modelVersion":"m","responseId":"r"})"
     "\n\n"},
    {Dialect::bedrock,
     R"({"output":{"message":{"role":"assistant","content":[{"toolUse":{"toolUseId":"t","name":"NAME","input":ARGS}}]}},"stopReason":"tool_use","usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}})",
     ""},
    {Dialect::cohere,
     R"({"id":"c1","finish_reason":"TOOL_CALL","message":{"role":"assistant","tool_calls":[{"id":"w_1","type":"function","function":{"name":"NAME","arguments":"TEXT"}}]},"usage":{"tokens":{"input_tokens":1,"output_tokens":1}}})",
     "event: message-start\n"
     R"(data: {"id":"c1","type":"message-start","delta":{"message":{"role":"assistant"}}})"
     "\n\n"
     R"(data: {"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"w_1","type":"function","function":{"name":"NAME","arguments":""}}}}})"
     "\n\n"
     R"(data: {"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"TEXT"}}}}})"
     "\n\n"
     R"(data: {"type":"tool-call-end","index":0})"
     "\n\n"
     R"(data: {"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"tokens":{"input_tokens":1,"output_tokens":1}}}})"
     "\n\n"},
    {Dialect::ollama,
     R"({"model":"m","created_at":"2026-11-20T12:00:00Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"call_1","function":{"name":"NAME","arguments":ARGS}}]},"done":true,"done_reason":"stop","prompt_eval_count":1,"eval_count":1})",
     R"({"model":"m","created_at":"2026-11-20T12:00:00Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"call_1","function":{"name":"NAME","arguments":ARGS}}]},"done":false})"
     "\n"
     R"({"model":"m","created_at":"2026-11-20T12:00:00Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":1,"eval_count":1})"
     "\n"},
};

inline Bytes model_for(Dialect provider) {
  switch (provider) {
    case Dialect::gemini:
      return "gemini-3-flash";
    case Dialect::bedrock:
      return "anthropic.claude-sonnet-4-5-20250929-v1:0";
    case Dialect::anthropic:
      return "claude-sonnet-4-5";
    default:
      return "m";
  }
}

// One client's request for one target, and what the target's answer becomes.
class CallExchange {
 public:
  CallExchange(Dialect client, Dialect provider, std::string body)
      : client_(client), provider_(provider), body_(std::move(body)) {
    target.model = target.base_model = model_for(provider);
    context.request_id = "0123456789abcdef";
    context.model = "m";
    context.request = &request;
  }
  CallExchange(const CallExchange&) = delete;
  CallExchange& operator=(const CallExchange&) = delete;

  penstock::Result<> write() {
    return penstock::translate::translate_request(client_, provider_, body_, target, bench, request,
                                                  out, losses, issue);
  }
  Bytes written() const { return out.text(); }
  std::string whole(Bytes said) {
    penstock::translate::AnswerFacts facts;
    penstock::json::Composer answer;
    REQUIRE(penstock::translate::translate_answer(client_, provider_, said, target, context, bench,
                                                  answer, facts));
    return std::string(answer.text());
  }
  std::string stream(Bytes said, std::size_t cut) {
    penstock::translate::StreamTranslation stream(client_, provider_, target, context, bench);
    REQUIRE(stream.feed(said.substr(0, cut)));
    REQUIRE(stream.feed(said.substr(cut)));
    REQUIRE(stream.finish());
    return std::string(stream.output());
  }
  // The stream, which is the same wherever it is cut.
  std::string stream_at_every_cut(Bytes said) {
    const std::string whole_stream = stream(said, 0);
    for (std::size_t cut = 1; cut <= said.size(); ++cut) REQUIRE(stream(said, cut) == whole_stream);
    return whole_stream;
  }

  penstock::translate::Workbench bench;
  penstock::hub::Request request;
  penstock::json::Composer out;
  penstock::dialect::Losses losses;
  penstock::dialect::RequestIssue issue;
  penstock::dialect::TargetTraits target;
  penstock::dialect::AnswerContext context;

 private:
  Dialect client_;
  Dialect provider_;
  std::string body_;
};

}  // namespace test
