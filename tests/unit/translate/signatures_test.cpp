// Clients that build their history anew from the fields of their dialect's standard, without the
// extensions in which signatures travel: the providers that ask for those still take the request.
#include <doctest/doctest.h>

#include <string>

#include "calling.h"
#include "support/json_tree.h"

using namespace penstock;
using dialect::Dialect;
using test::CallExchange;
using test::times;

namespace {

struct Client {
  Dialect dialect;
  Bytes request;
};
// An answered turn with a call; then a turn that is going on: two calls at once, then one more.
constexpr Client clients[] = {
    {Dialect::openai_chat,
     R"({"model":"m",THINK"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[)"
     R"({"id":"c0","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool",)"
     R"("tool_call_id":"c0","content":"0"},{"role":"assistant","content":"b"},{"role":"user",)"
     R"("content":"c"},{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":)"
     R"({"name":"f","arguments":"{}"}},{"id":"c2","type":"function","function":{"name":"f",)"
     R"("arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"1"},{"role":"tool",)"
     R"("tool_call_id":"c2","content":"2"},{"role":"assistant","tool_calls":[{"id":"c3","type":)"
     R"("function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c3",)"
     R"("content":"3"}],"tools":[{"type":"function","function":{"name":"f"}}]})"},
    {Dialect::openai_responses,
     R"({"model":"m",THINK"input":[{"role":"user","content":"a"},{"type":"function_call","call_id":"c0",)"
     R"("name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c0","output":"0"},)"
     R"({"role":"assistant","content":"b"},{"role":"user","content":"c"},{"type":"function_call",)"
     R"("call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call","call_id":"c2","name":)"
     R"("f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"1"},{"type":)"
     R"("function_call_output","call_id":"c2","output":"2"},{"type":"function_call","call_id":"c3",)"
     R"("name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c3","output":"3"}],)"
     R"("tools":[{"type":"function","name":"f"}]})"},
    {Dialect::anthropic,
     R"({"model":"m","max_tokens":9000,THINK"messages":[{"role":"user","content":"a"},{"role":"assistant",)"
     R"("content":[{"type":"tool_use","id":"c0","name":"f","input":{}}]},{"role":"user","content":[)"
     R"({"type":"tool_result","tool_use_id":"c0","content":"0"}]},{"role":"assistant","content":"b"},)"
     R"({"role":"user","content":"c"},{"role":"assistant","content":[{"type":"tool_use","id":"c1",)"
     R"("name":"f","input":{}},{"type":"tool_use","id":"c2","name":"f","input":{}}]},{"role":"user",)"
     R"("content":[{"type":"tool_result","tool_use_id":"c1","content":"1"},{"type":"tool_result",)"
     R"("tool_use_id":"c2","content":"2"}]},{"role":"assistant","content":[{"type":"tool_use","id":)"
     R"("c3","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result",)"
     R"("tool_use_id":"c3","content":"3"}]}],"tools":[{"name":"f","input_schema":)"
     R"({"type":"object"}}]})"},
};

std::string body_of(const Client& client, bool thinks) {
  std::string body(client.request);
  const Bytes asked = client.dialect == Dialect::openai_chat ? R"("reasoning_effort":"low",)"
                      : client.dialect == Dialect::openai_responses
                          ? R"("reasoning":{"effort":"low"},)"
                          : R"("thinking":{"type":"enabled","budget_tokens":2000},)";
  test::fill(body, "THINK", thinks ? asked : Bytes());
  return body;
}

}  // namespace

TEST_CASE("signatures/gemini_3_gets_the_mark_for_calls_whose_signature_is_lost") {
  constexpr Bytes mark = R"("thoughtSignature":"skip_thought_signature_validator")";
  for (const Client& client : clients) {
    CAPTURE(dialect::dialect_of(client.dialect).name);
    for (const bool on_vertex : {false, true}) {
      CallExchange exchange(client.dialect, Dialect::gemini, body_of(client, false));
      exchange.target.on_vertex = on_vertex;
      REQUIRE(exchange.write());
      // The first call of each step of the turn that is going on, and nothing else.
      CHECK(times(exchange.written(), mark) == 2);
      const auto tree = test::read_tree(exchange.written());
      REQUIRE(tree);
      const auto& contents = tree->find("contents")->items;
      for (const std::size_t step : {std::size_t{5}, std::size_t{7}}) {
        REQUIRE(step < contents.size());
        CHECK(contents[step].find("parts")->items[0].find("thoughtSignature") != nullptr);
      }
      CHECK(contents[1].find("parts")->items[0].find("thoughtSignature") == nullptr);
      CHECK(contents[5].find("parts")->items[1].find("thoughtSignature") == nullptr);
    }
    // Older models ask for none.
    CallExchange older(client.dialect, Dialect::gemini, body_of(client, false));
    older.target.model = older.target.base_model = "gemini-2.5-flash";
    REQUIRE(older.write());
    CHECK(times(older.written(), "thoughtSignature") == 0);
  }
}

TEST_CASE("signatures/claude_does_not_think_on_from_a_call_whose_thinking_is_lost") {
  struct Target {
    Dialect dialect;
    Bytes model;
  };
  for (const Client& client : clients) {
    CAPTURE(dialect::dialect_of(client.dialect).name);
    for (const Target& target :
         {Target{Dialect::anthropic, "claude-sonnet-4-5"},
          Target{Dialect::anthropic, "claude-opus-4-6"},
          Target{Dialect::bedrock, "anthropic.claude-sonnet-4-5-20250929-v1:0"}}) {
      CAPTURE(target.model);
      CallExchange exchange(client.dialect, target.dialect, body_of(client, true));
      exchange.target.model = exchange.target.base_model = target.model;
      REQUIRE(exchange.write());
      CHECK(times(exchange.written(), R"("type":"enabled")") == 0);
      CHECK(times(exchange.written(), "budget_tokens") == 0);
    }
  }
}

TEST_CASE("signatures/claude_thinks_from_the_next_words_of_the_user_on") {
  CallExchange exchange(
      Dialect::openai_chat, Dialect::anthropic,
      R"({"model":"m","reasoning_effort":"low","messages":[{"role":"user","content":"a"},)"
      R"({"role":"assistant","tool_calls":[{"id":"c0","type":"function","function":{"name":"f",)"
      R"("arguments":"{}"}}]},{"role":"tool","tool_call_id":"c0","content":"0"},{"role":"assistant",)"
      R"("content":"b"},{"role":"user","content":"c"}],"tools":[{"type":"function","function":)"
      R"({"name":"f"}}]})");
  REQUIRE(exchange.write());
  CHECK(times(exchange.written(), R"("type":"enabled")") == 1);
}
