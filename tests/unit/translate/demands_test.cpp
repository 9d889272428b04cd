// What would change the answer if it were left out is met or refused, at every target alike.
#include <doctest/doctest.h>

#include <string>

#include "calling.h"

using namespace penstock;
using dialect::Dialect;
using test::CallExchange;

namespace {

constexpr Dialect providers[] = {
    Dialect::openai_chat, Dialect::openai_responses, Dialect::anthropic, Dialect::gemini,
    Dialect::bedrock,     Dialect::cohere,           Dialect::ollama};
constexpr dialect::Quirks like_groq{
    .n = false, .verbosity = false, .web_search = dialect::SearchForm::none};

std::string chat(Bytes members) {
  return R"({"model":"m","messages":[{"role":"user","content":"a"}],)" + std::string(members) + "}";
}
std::string gemini(Bytes config) {
  return R"({"contents":[{"role":"user","parts":[{"text":"a"}]}],"generationConfig":{)" +
         std::string(config) + "}}";
}

void check_refused(Dialect client, Dialect provider, const std::string& body, Bytes field) {
  CAPTURE(dialect::dialect_of(provider).name);
  CallExchange exchange(client, provider, body);
  exchange.target.quirks = &like_groq;
  const Result<> refused = exchange.write();
  REQUIRE(!refused);
  CHECK(refused.error() == Error{Code::unsupported_by_target, Side::client});
  CHECK(exchange.losses.refused == field);
}

}  // namespace

TEST_CASE("demands/more_than_one_answer") {
  for (const Dialect provider : providers) {
    if (provider == Dialect::gemini) continue;
    check_refused(Dialect::openai_chat, provider, chat(R"("n":2)"), "n");
    if (provider != Dialect::openai_chat)
      check_refused(Dialect::gemini, provider, gemini(R"("candidateCount":2)"), "n");
    CallExchange one(Dialect::openai_chat, provider, chat(R"("n":1)"));
    CHECK(one.write());
    CHECK(one.losses.dropped.empty());
  }
  CallExchange two(Dialect::openai_chat, Dialect::gemini, chat(R"("n":2)"));
  REQUIRE(two.write());
  CHECK(two.written().find(R"("candidateCount":2)") != Bytes::npos);
}

TEST_CASE("demands/an_answer_in_audio_or_images") {
  for (const Dialect provider : providers) {
    if (provider == Dialect::gemini) continue;
    check_refused(Dialect::openai_chat, provider,
                  chat(R"("modalities":["text","audio"],"audio":{"voice":"a","format":"wav"})"),
                  "modalities");
    check_refused(Dialect::openai_chat, provider, chat(R"("audio":{"voice":"a","format":"wav"})"),
                  "audio");
    check_refused(Dialect::openai_chat, provider, chat(R"("modalities":["image","text"])"),
                  "modalities");
    check_refused(Dialect::gemini, provider, gemini(R"("responseModalities":["AUDIO"])"),
                  "generationConfig.responseModalities");
    // Text goes without saying.
    CallExchange text(Dialect::openai_chat, provider, chat(R"("modalities":["text"])"));
    CHECK(text.write());
    CHECK(text.losses.dropped.empty());
  }
  CallExchange heard(Dialect::openai_chat, Dialect::gemini,
                     chat(R"("modalities":["text","audio","image"],"audio":{"voice":"Kore"})"));
  REQUIRE(heard.write());
  CHECK(heard.written().find(R"("responseModalities":["TEXT","AUDIO","IMAGE"])") != Bytes::npos);
  CHECK(heard.written().find(R"("voiceName":"Kore")") != Bytes::npos);
  CallExchange openai(Dialect::openai_chat, Dialect::openai_chat,
                      chat(R"("modalities":["audio"])"));
  REQUIRE(openai.write());
  CHECK(openai.written().find(R"("modalities":["audio"])") != Bytes::npos);
}

TEST_CASE("demands/a_tool_of_a_server_that_must_be_called") {
  for (const Dialect provider : providers) {
    if (provider == Dialect::openai_responses || provider == Dialect::cohere ||
        provider == Dialect::ollama || provider == Dialect::bedrock)
      continue;
    CAPTURE(dialect::dialect_of(provider).name);
    for (const Bytes choice : {R"({"type":"web_search"})", R"("required")"}) {
      CallExchange exchange(Dialect::openai_responses, provider,
                            R"({"model":"m","input":"a","tools":[{"type":"web_search"}],)"
                            R"("tool_choice":)" +
                                std::string(choice) + "}");
      CHECK(!exchange.write());
      CHECK(exchange.losses.refused == "tool_choice");
    }
  }
}

TEST_CASE("demands/a_call_that_cannot_be_forced_is_asked_for_in_words") {
  constexpr Bytes tools =
      R"("tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":)"
      R"({"name":"g"}}],"tool_choice":)";
  constexpr Bytes words = "Answer by calling one of the given tools.";
  constexpr dialect::Quirks deaf{
      .tool_choice_named = false, .tool_choice_required = false, .verbosity = false};
  for (const Dialect provider : {Dialect::ollama, Dialect::openai_chat}) {
    for (const auto& [choice, others] :
         {std::pair<Bytes, bool>{R"("required"})", true},
          {R"({"type":"function","function":{"name":"f"}}})", false}}) {
      std::string body = chat(std::string(tools) + std::string(choice));
      body.pop_back();
      CallExchange exchange(Dialect::openai_chat, provider, body);
      exchange.target.quirks = &deaf;
      exchange.target.drop_params = dialect::DropParams::error;
      REQUIRE(exchange.write());
      CHECK(test::times(exchange.written(), words) == 1);
      CHECK(exchange.written().find("tool_choice") == Bytes::npos);
      CHECK((exchange.written().find(R"("name":"g")") != Bytes::npos) == others);
      REQUIRE(exchange.losses.emulated.size() == 1);
      CHECK(exchange.losses.emulated[0] == "tool_choice");
    }
    CallExchange free(Dialect::openai_chat, provider, chat(std::string(tools) + R"("auto")"));
    free.target.quirks = &deaf;
    REQUIRE(free.write());
    CHECK(free.written().find(words) == Bytes::npos);
  }
}
