// The search of the web that a provider does itself, asked for in one dialect and done by
// another's.
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
constexpr Client with_nothing[] = {
    {Dialect::openai_chat,
     R"({"model":"m","messages":[{"role":"user","content":"a"}],"web_search_options":{}})"},
    {Dialect::openai_responses, R"({"model":"m","input":"a","tools":[{"type":"web_search"}]})"},
    {Dialect::anthropic,
     R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],"tools":[)"
     R"({"type":"web_search_20250305","name":"web_search"}]})"},
    {Dialect::gemini,
     R"({"contents":[{"role":"user","parts":[{"text":"a"}]}],"tools":[{"google_search":{}}]})"},
};
constexpr Bytes chat_options =
    R"({"model":"m","messages":[{"role":"user","content":"a"}],"web_search_options":)"
    R"({"search_context_size":"high","user_location":{"type":"approximate","approximate":)"
    R"({"city":"Oslo","country":"NO"}}}})";
constexpr Bytes responses_options =
    R"({"model":"m","input":"a","tools":[{"type":"web_search_preview","filters":{"allowed_domains":)"
    R"(["a.example"]},"search_context_size":"low","user_location":{"type":"approximate",)"
    R"("timezone":"Europe/Oslo"}}]})";
constexpr Bytes anthropic_options =
    R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],"tools":[)"
    R"({"type":"web_search_20250305","name":"web_search","max_uses":3,"blocked_domains":)"
    R"(["b.example"],"user_location":{"type":"approximate","region":"Viken"}}]})";

constexpr dialect::Quirks openrouter{
    .verbosity = false, .web_search = dialect::SearchForm::plugin, .reasoning_details = true};
constexpr dialect::Quirks without{.verbosity = false, .web_search = dialect::SearchForm::none};

struct Target {
  Dialect dialect;
  Bytes search;
  const dialect::Quirks* quirks = nullptr;
  Bytes model{};
};
const Target targets[] = {
    {Dialect::openai_chat, R"("web_search_options":{})"},
    {Dialect::openai_chat, R"("plugins":[{"id":"web"}])", &openrouter},
    {Dialect::openai_responses, R"("tools":[{"type":"web_search"}])"},
    {Dialect::anthropic, R"("tools":[{"type":"web_search_20250305","name":"web_search"}])"},
    {Dialect::gemini, R"("tools":[{"googleSearch":{}}])"},
    {Dialect::bedrock, R"("tools":[{"systemTool":{"name":"nova_grounding"}}])", nullptr,
     "amazon.nova-premier-v1:0"},
};

std::string dropped(const dialect::Losses& losses) {
  std::string all;
  for (const Bytes field : losses.dropped) all.append(all.empty() ? "" : " ").append(field);
  return all;
}

// What the target is told, and what was lost.
struct Written {
  std::string body;
  std::string lost;
};
Written write(Dialect client, Dialect provider, Bytes body, Bytes model = {},
              bool on_vertex = false) {
  CallExchange exchange(client, provider, std::string(body));
  if (!model.empty()) exchange.target.model = exchange.target.base_model = model;
  exchange.target.on_vertex = on_vertex;
  REQUIRE(exchange.write());
  CHECK(test::read_tree(exchange.written()).has_value());
  return {std::string(exchange.written()), dropped(exchange.losses)};
}

}  // namespace

TEST_CASE("web_search/every_target_that_has_one_is_asked_in_its_own_words") {
  for (const Client& client : with_nothing) {
    for (const Target& target : targets) {
      if (client.dialect == target.dialect) continue;
      CAPTURE(dialect::dialect_of(client.dialect).name);
      CAPTURE(target.search);
      CallExchange exchange(client.dialect, target.dialect, std::string(client.request));
      exchange.target.quirks = target.quirks;
      exchange.target.drop_params = dialect::DropParams::error;
      if (!target.model.empty()) exchange.target.base_model = target.model;
      const Result<> written = exchange.write();
      CAPTURE(exchange.losses.reason);
      CAPTURE(exchange.losses.refused);
      REQUIRE(written);
      CHECK(times(exchange.written(), target.search) == 1);
      CHECK(!exchange.losses.emulated.empty());
    }
  }
}

TEST_CASE("web_search/a_target_without_one_refuses_whatever_the_policy_is") {
  for (const Client& client : with_nothing) {
    for (const Dialect provider :
         {Dialect::cohere, Dialect::ollama, Dialect::bedrock, Dialect::openai_chat}) {
      if (client.dialect == Dialect::openai_chat && provider == Dialect::openai_chat) continue;
      CAPTURE(dialect::dialect_of(client.dialect).name);
      CAPTURE(dialect::dialect_of(provider).name);
      CallExchange exchange(client.dialect, provider, std::string(client.request));
      exchange.target.quirks = &without;
      const Result<> refused = exchange.write();
      REQUIRE(!refused);
      CHECK(refused.error() == Error{Code::unsupported_by_target, Side::client});
      const bool options = client.dialect == Dialect::openai_chat;
      CHECK(exchange.losses.refused == (options ? "web_search_options" : "tools"));
    }
  }
}

TEST_CASE("web_search/other_tools_of_servers_are_refused") {
  constexpr Bytes body = R"({"model":"m","input":"a","tools":[{"type":"file_search"}]})";
  for (const Dialect provider : {Dialect::openai_chat, Dialect::anthropic, Dialect::gemini,
                                 Dialect::bedrock, Dialect::cohere, Dialect::ollama}) {
    CAPTURE(dialect::dialect_of(provider).name);
    CallExchange exchange(Dialect::openai_responses, provider, std::string(body));
    CHECK(!exchange.write());
    CHECK(exchange.losses.refused == "tools");
  }
}

TEST_CASE("web_search/what_a_target_has_a_word_for_is_told") {
  const Written responses = write(Dialect::openai_chat, Dialect::openai_responses, chat_options);
  CHECK(responses.body.find(R"({"type":"web_search","search_context_size":"high","user_location":)"
                            R"({"type":"approximate","city":"Oslo","country":"NO"}})") !=
        std::string::npos);
  CHECK(responses.lost.empty());

  const Written claude = write(Dialect::openai_responses, Dialect::anthropic, responses_options);
  CHECK(claude.body.find(R"("allowed_domains":["a.example"],"user_location":)"
                         R"({"type":"approximate","timezone":"Europe/Oslo"})") !=
        std::string::npos);
  CHECK(claude.lost == "tools.search_context_size");

  const Written chat = write(Dialect::openai_responses, Dialect::openai_chat, responses_options);
  CHECK(chat.body.find(R"("web_search_options":{"search_context_size":"low","user_location":)"
                       R"({"type":"approximate","approximate":{"timezone":"Europe/Oslo"}}})") !=
        std::string::npos);
  CHECK(chat.body.find("\"tools\"") == std::string::npos);
  CHECK(chat.lost == "tools.allowed_domains");

  constexpr dialect::Quirks perplexity{.verbosity = false,
                                       .web_search = dialect::SearchForm::perplexity};
  CallExchange sonar(
      Dialect::openai_responses, Dialect::openai_chat,
      R"({"model":"m","input":"a","tools":[{"type":"web_search","filters":{"allowed_domains":)"
      R"(["a.example"]},"user_location":{"type":"approximate","country":"NO","timezone":"T"}}]})");
  sonar.target.quirks = &perplexity;
  REQUIRE(sonar.write());
  CHECK(times(sonar.written(), R"("web_search_options":{"user_location":{"country":"NO"}},)"
                               R"("search_domain_filter":["a.example"])") == 1);
  CHECK(sonar.losses.dropped.empty());

  const Written limited = write(Dialect::anthropic, Dialect::openai_responses, anthropic_options);
  CHECK(limited.body.find(R"("max_tool_calls":3)") != std::string::npos);
  CHECK(limited.lost == "tools.blocked_domains");
}

TEST_CASE("web_search/what_a_target_has_no_word_for_is_lost_by_name") {
  const Written studio = write(Dialect::anthropic, Dialect::gemini, anthropic_options);
  CHECK(studio.lost == "tools.blocked_domains tools.user_location tools.max_uses");
  const Written vertex = write(Dialect::anthropic, Dialect::gemini, anthropic_options, {}, true);
  CHECK(vertex.body.find(R"({"googleSearch":{"excludeDomains":["b.example"]}})") !=
        std::string::npos);
  CHECK(vertex.lost == "tools.user_location tools.max_uses");
  const Written nova =
      write(Dialect::openai_chat, Dialect::bedrock, chat_options, "amazon.nova-premier-v1:0");
  CHECK(nova.lost == "web_search_options.search_context_size web_search_options.user_location");

  CallExchange strict(Dialect::anthropic, Dialect::gemini, std::string(anthropic_options));
  strict.target.drop_params = dialect::DropParams::error;
  CHECK(!strict.write());
  CHECK(strict.losses.refused == "tools.blocked_domains");
}

TEST_CASE("web_search/a_search_beside_functions") {
  constexpr Bytes body =
      R"({"model":"m","messages":[{"role":"user","content":"a"}],"web_search_options":{},"tools":[)"
      R"({"type":"function","function":{"name":"f"}}],"tool_choice":"required"})";
  const Written gemini = write(Dialect::openai_chat, Dialect::gemini, body);
  CHECK(gemini.body.find(R"({"googleSearch":{}})") != std::string::npos);
  CHECK(gemini.body.find(R"("mode":"ANY")") != std::string::npos);
  const Written claude = write(Dialect::openai_chat, Dialect::anthropic, body);
  CHECK(times(claude.body, R"("name":"web_search")") == 1);
  CHECK(claude.body.find(R"("name":"f")") != std::string::npos);
}

TEST_CASE("web_search/none_where_no_tool_may_be_used") {
  constexpr Bytes body =
      R"({"model":"m","input":"a","tools":[{"type":"web_search"}],"tool_choice":"none"})";
  for (const Target& target : targets) {
    if (target.dialect == Dialect::openai_responses) continue;
    CAPTURE(target.search);
    CallExchange exchange(Dialect::openai_responses, target.dialect, std::string(body));
    exchange.target.quirks = target.quirks;
    if (!target.model.empty()) exchange.target.base_model = target.model;
    REQUIRE(exchange.write());
    // Claude has a word for it.
    const bool told = exchange.written().find(R"("tool_choice":{"type":"none"})") != Bytes::npos;
    CHECK((told || exchange.written().find("earch") == Bytes::npos));
    CHECK(exchange.written().find("nova_grounding") == Bytes::npos);
  }
}

TEST_CASE("web_search/what_an_answer_cites_is_told_in_every_dialect") {
  struct Source {
    Dialect provider;
    Bytes answer;
  };
  constexpr Source sources[] = {
      {Dialect::anthropic,
       R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text",)"
       R"("text":"Rain.","citations":[{"type":"web_search_result_location","url":"https://a.example/",)"
       R"("title":"Weather","encrypted_index":"x","cited_text":"It rains."}]}],"stop_reason":)"
       R"("end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":4}})"},
      {Dialect::gemini,
       R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Rain."}]},"finishReason":"STOP",)"
       R"("index":0,"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.example/",)"
       R"("title":"Weather"}}],"groundingSupports":[{"segment":{"startIndex":0,"endIndex":5,"text":)"
       R"("Rain."},"groundingChunkIndices":[0]}]}}],"usageMetadata":{"promptTokenCount":1},)"
       R"("modelVersion":"m","responseId":"r"})"},
      {Dialect::openai_chat,
       R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,)"
       R"("message":{"role":"assistant","content":"Rain.","annotations":[{"type":"url_citation",)"
       R"("url_citation":{"url":"https://a.example/","title":"Weather","start_index":0,)"
       R"("end_index":5}}]},"finish_reason":"stop"}]})"},
  };
  for (const Source& source : sources) {
    for (const Client& client : with_nothing) {
      if (client.dialect == source.provider) continue;
      CAPTURE(dialect::dialect_of(source.provider).name);
      CAPTURE(dialect::dialect_of(client.dialect).name);
      CallExchange exchange(client.dialect, source.provider, std::string(client.request));
      REQUIRE(exchange.write());
      const std::string answer = exchange.whole(source.answer);
      CHECK(times(answer, "https://a.example/") == 1);
      CHECK(times(answer, "Weather") == 1);
    }
  }
}

TEST_CASE("web_search/the_clients_own_dialect_gets_it_as_it_was") {
  for (const Client& client : with_nothing) {
    const Written own = write(client.dialect, client.dialect, client.request);
    CHECK(times(own.body, "search") >= 1);
    CHECK(own.lost.empty());
  }
}
