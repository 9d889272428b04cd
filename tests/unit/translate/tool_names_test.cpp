// Names of tools that a target would refuse: written in another way for it, and the client's own
// in every answer.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "calling.h"
#include "penstock/tool_name.h"
#include "support/json_tree.h"

using namespace penstock;
using dialect::Dialect;
using dialect::NameRule;
using test::CallExchange;
using test::calling_providers;
using test::CallingProvider;
using test::filled;
using test::times;

namespace {

constexpr Bytes odd = "9 files/read.v2";

std::string fitted(Bytes name, Dialect provider) {
  dialect::NameRoom room;
  return std::string(dialect::fit_tool_name(name, dialect::dialect_of(provider).tool_names, room));
}

// A declaration, a choice, a call and its result.
struct Client {
  Dialect dialect;
  Bytes request;
};
constexpr Client clients[] = {
    {Dialect::openai_chat,
     R"({"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,)"
     R"("tool_calls":[{"id":"call_1","type":"function","function":{"name":"NAME","arguments":"{}"}}]},)"
     R"({"role":"tool","tool_call_id":"call_1","content":"b"}],"tools":[{"type":"function",)"
     R"("function":{"name":"NAME","parameters":{"type":"object"}}}],)"
     R"("tool_choice":{"type":"function","function":{"name":"NAME"}}})"},
    {Dialect::openai_responses,
     R"({"model":"m","input":[{"role":"user","content":"a"},{"type":"function_call",)"
     R"("call_id":"call_1","name":"NAME","arguments":"{}"},{"type":"function_call_output",)"
     R"("call_id":"call_1","output":"b"}],"tools":[{"type":"function","name":"NAME",)"
     R"("parameters":{"type":"object"}}],"tool_choice":{"type":"function","name":"NAME"}})"},
    {Dialect::anthropic,
     R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant",)"
     R"("content":[{"type":"tool_use","id":"call_1","name":"NAME","input":{}}]},{"role":"user",)"
     R"("content":[{"type":"tool_result","tool_use_id":"call_1","content":"b"}]}],"tools":[)"
     R"({"name":"NAME","input_schema":{"type":"object"}}],)"
     R"("tool_choice":{"type":"tool","name":"NAME"}})"},
    {Dialect::gemini,
     R"({"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[)"
     R"({"functionCall":{"name":"NAME","args":{}}}]},{"role":"user","parts":[{"functionResponse":)"
     R"({"name":"NAME","response":{"output":"b"}}}]}],"tools":[{"functionDeclarations":[)"
     R"({"name":"NAME"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY",)"
     R"("allowedFunctionNames":["NAME"]}}})"},
};

// Where a request of such a client names its tool.
std::size_t places(Dialect provider) {
  if (provider == Dialect::gemini) return 4;  // in the result as well
  if (provider == Dialect::cohere) return 2;  // the choice is told by what is offered
  return 3;
}

bool has_rule(const CallingProvider& provider) {
  return dialect::dialect_of(provider.dialect).tool_names != NameRule::any;
}

}  // namespace

TEST_CASE("tool_names/a_target_gets_a_name_it_takes_and_the_client_its_own") {
  for (const Client& client : clients) {
    for (const CallingProvider& provider : calling_providers) {
      if (client.dialect == provider.dialect || !has_rule(provider)) continue;
      CAPTURE(dialect::dialect_of(client.dialect).name);
      CAPTURE(dialect::dialect_of(provider.dialect).name);
      CallExchange exchange(client.dialect, provider.dialect, filled(client.request, odd));
      const Result<> written = exchange.write();
      CAPTURE(exchange.losses.reason);
      REQUIRE(written);
      const std::string name = fitted(odd, provider.dialect);
      CHECK(name != odd);
      CHECK(times(exchange.written(), "\"" + name + "\"") == places(provider.dialect));
      CHECK(exchange.written().find(odd) == Bytes::npos);
      CHECK(exchange.losses.emulated.back() == "tools.name");

      const std::string answer = exchange.whole(filled(provider.whole, name));
      CHECK(test::read_tree(answer).has_value());
      CHECK(answer.find(odd) != std::string::npos);
      CHECK(answer.find(name) == std::string::npos);
      if (provider.stream.empty()) continue;
      const std::string stream = exchange.stream_at_every_cut(filled(provider.stream, name));
      CHECK(stream.find(odd) != std::string::npos);
      CHECK(stream.find(name) == std::string::npos);
    }
  }
}

TEST_CASE("tool_names/a_name_that_fits_goes_as_it_is") {
  constexpr Bytes plain = "get-weather_2";
  for (const Client& client : clients) {
    for (const CallingProvider& provider : calling_providers) {
      if (client.dialect == provider.dialect || !has_rule(provider)) continue;
      CallExchange exchange(client.dialect, provider.dialect, filled(client.request, plain));
      REQUIRE(exchange.write());
      CHECK(times(exchange.written(), "\"get-weather_2\"") == places(provider.dialect));
      CHECK(exchange.whole(filled(provider.whole, plain)).find(plain) != std::string::npos);
      // A tool that nobody declared keeps the name that the provider gave it.
      CHECK(exchange.whole(filled(provider.whole, "other")).find("other") != std::string::npos);
    }
  }
}

TEST_CASE("tool_names/the_clients_own_dialect_is_for_its_provider_to_judge") {
  for (const Client& client : clients) {
    for (const CallingProvider& provider : calling_providers) {
      if (client.dialect != provider.dialect) continue;
      CallExchange exchange(client.dialect, provider.dialect, filled(client.request, odd));
      REQUIRE(exchange.write());
      CHECK(times(exchange.written(), odd) == places(provider.dialect));
      CHECK(exchange.whole(filled(provider.whole, odd)).find(odd) != std::string::npos);
    }
  }
}

TEST_CASE("tool_names/rules") {
  using dialect::fits_name_rule;
  CHECK(fits_name_rule(odd, NameRule::any));
  CHECK(fits_name_rule("a-B_9", NameRule::word_64));
  CHECK(fits_name_rule("9", NameRule::word_64));
  CHECK(!fits_name_rule("a.b", NameRule::word_64));
  CHECK(!fits_name_rule("a\\u0062", NameRule::word_64));
  CHECK(fits_name_rule(std::string(64, 'a'), NameRule::word_64));
  CHECK(!fits_name_rule(std::string(65, 'a'), NameRule::word_64));
  CHECK(fits_name_rule(std::string(128, 'a'), NameRule::word_128));
  CHECK(!fits_name_rule(std::string(129, 'a'), NameRule::word_128));
  CHECK(fits_name_rule("_a.b:c-d", NameRule::dotted));
  CHECK(!fits_name_rule("9a", NameRule::dotted));
  CHECK(!fits_name_rule("-a", NameRule::dotted));
  CHECK(!fits_name_rule(std::string(65, 'a'), NameRule::dotted));
}

TEST_CASE("tool_names/a_made_name_fits_and_tells_names_apart") {
  const std::string names[] = {"a.b",
                               "a b",
                               "a/b",
                               ".",
                               "9.",
                               "-",
                               "\xC3\xA9",
                               std::string(500, 'a'),
                               std::string(499, 'a') + "b",
                               std::string(500, '9')};
  for (const NameRule rule : {NameRule::word_64, NameRule::word_128, NameRule::dotted}) {
    std::vector<std::string> made;
    for (const std::string& name : names) {
      dialect::NameRoom room;
      const std::string one(dialect::fit_tool_name(name, rule, room));
      CHECK(dialect::fits_name_rule(one, rule));
      CHECK(std::ranges::find(made, one) == made.end());
      made.push_back(one);
    }
  }
}

TEST_CASE("tool_names/the_spelling_of_a_name_makes_no_difference") {
  dialect::NameRoom one;
  dialect::NameRoom other;
  CHECK(dialect::fit_tool_name("a/b", NameRule::word_64, one) ==
        dialect::fit_tool_name("a\\/\\u0062", NameRule::word_64, other));
}

TEST_CASE("tool_names/two_tools_that_would_be_one_are_refused") {
  const std::string taken = fitted("a.b", Dialect::anthropic);
  const std::string body =
      R"({"model":"m","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function",)"
      R"("function":{"name":"a.b"}},{"type":"function","function":{"name":")" +
      taken + R"("}}]})";
  CallExchange exchange(Dialect::openai_chat, Dialect::anthropic, body);
  const Result<> written = exchange.write();
  REQUIRE(!written);
  CHECK(written.error() == Error{Code::unsupported_by_target, Side::client});
  CHECK(exchange.losses.refused == "tools");
}
