// Custom tools, which take plain text: a function with one string where a target has no such tools,
// and a custom tool's call again for the client.
#include <doctest/doctest.h>

#include <string>

#include "calling.h"
#include "support/json_tree.h"

using namespace penstock;
using dialect::Dialect;
using test::CallExchange;
using test::calling_providers;
using test::CallingProvider;
using test::filled;
using test::times;

namespace {

struct Client {
  Dialect dialect;
  Bytes request;  // a declaration, a choice, a call and its result
  Bytes call;     // what of an answer shows that a custom tool was called
};
constexpr Client clients[] = {
    {Dialect::openai_chat,
     R"({"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,)"
     R"("tool_calls":[{"id":"call_1","type":"custom","custom":{"name":"run","input":"1 \"+\" 1"}}]},)"
     R"({"role":"tool","tool_call_id":"call_1","content":"2"}],"tools":[{"type":"custom",)"
     R"("custom":{"name":"run","description":"Runs.","format":FORMAT}}],)"
     R"("tool_choice":{"type":"custom","custom":{"name":"run"}}})",
     R"("type":"custom","custom":{"name":"run")"},
    {Dialect::openai_responses,
     R"({"model":"m","input":[{"role":"user","content":"a"},{"type":"custom_tool_call",)"
     R"("call_id":"call_1","name":"run","input":"1 \"+\" 1"},{"type":"custom_tool_call_output",)"
     R"("call_id":"call_1","output":"2"}],"tools":[{"type":"custom","name":"run",)"
     R"("description":"Runs.","format":FORMAT}],"tool_choice":{"type":"custom","name":"run"}})",
     R"("type":"custom_tool_call")"},
};
constexpr Bytes plain = R"({"type":"text"})";
constexpr Bytes chat_grammar =
    R"({"type":"grammar","grammar":{"syntax":"regex","definition":"a+\\b"}})";
constexpr Bytes responses_grammar = R"({"type":"grammar","syntax":"regex","definition":"a+\\b"})";

constexpr dialect::Quirks compatible{.verbosity = false};

std::string body_of(const Client& client, Bytes format) {
  std::string body(client.request);
  test::fill(body, "FORMAT", format);
  return body;
}

}  // namespace

TEST_CASE("custom_tools/a_target_gets_a_function_and_the_client_its_own_tool") {
  for (const Client& client : clients) {
    for (const CallingProvider& provider : calling_providers) {
      CAPTURE(dialect::dialect_of(client.dialect).name);
      CAPTURE(dialect::dialect_of(provider.dialect).name);
      CallExchange exchange(client.dialect, provider.dialect, body_of(client, plain));
      exchange.target.quirks = &compatible;
      exchange.target.drop_params = dialect::DropParams::error;
      const Result<> written = exchange.write();
      CAPTURE(exchange.losses.reason);
      REQUIRE(written);
      CHECK(test::read_tree(exchange.written()).has_value());
      CHECK(exchange.losses.emulated.front() == "tools");
      CHECK(exchange.losses.dropped.empty());
      CHECK(exchange.written().find(R"("custom)") == Bytes::npos);
      // The call of the history, as an object or inside of a string.
      const bool object = exchange.written().find(R"({"input":"1 \"+\" 1"})") != Bytes::npos;
      const bool text =
          exchange.written().find(R"("{\"input\":\"1 \\\"+\\\" 1\"}")") != Bytes::npos;
      CHECK(object != text);

      const Bytes arguments = R"({"input":"2 \"*\" 3\n"})";
      const std::string answer = exchange.whole(filled(provider.whole, "run", arguments));
      CHECK(answer.find(client.call) != std::string::npos);
      CHECK(answer.find(R"("input":"2 \"*\" 3\n")") != std::string::npos);
      CHECK(answer.find("arguments") == std::string::npos);
      if (provider.stream.empty()) continue;
      const std::string stream =
          exchange.stream_at_every_cut(filled(provider.stream, "run", arguments));
      CHECK(stream.find(client.call) != std::string::npos);
      CHECK(stream.find(R"("2 \"*\" 3\n")") != std::string::npos);
      CHECK(stream.find("arguments") == std::string::npos);
    }
  }
}

TEST_CASE("custom_tools/a_grammar_is_lost_where_there_is_none") {
  for (const Client& client : clients) {
    const bool chat = client.dialect == Dialect::openai_chat;
    for (const CallingProvider& provider : calling_providers) {
      CAPTURE(dialect::dialect_of(provider.dialect).name);
      CallExchange exchange(client.dialect, provider.dialect,
                            body_of(client, chat ? chat_grammar : responses_grammar));
      exchange.target.quirks = &compatible;
      REQUIRE(exchange.write());
      REQUIRE(exchange.losses.dropped.size() == 1);
      CHECK(exchange.losses.dropped[0] == "tools.format");
      exchange.target.drop_params = dialect::DropParams::error;
      const Result<> refused = exchange.write();
      REQUIRE(!refused);
      CHECK(exchange.losses.refused == "tools.format");
    }
  }
}

TEST_CASE("custom_tools/openai_gets_the_grammar_in_the_form_of_either_api") {
  for (const Client& client : clients) {
    const bool chat = client.dialect == Dialect::openai_chat;
    for (const Dialect provider : {Dialect::openai_chat, Dialect::openai_responses}) {
      CallExchange exchange(client.dialect, provider,
                            body_of(client, chat ? chat_grammar : responses_grammar));
      REQUIRE(exchange.write());
      CHECK(exchange.losses.dropped.empty());
      const Bytes wanted = provider == Dialect::openai_chat ? chat_grammar : responses_grammar;
      CHECK(times(exchange.written(), wanted) == 1);
    }
  }
}
