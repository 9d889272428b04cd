#include "gateway/side_call.h"

#include <doctest/doctest.h>

#include <string>

#include "penstock/provider.h"

using namespace penstock;

namespace {

struct To {
  ProviderKind kind;
  std::string model = "m";
  std::string host = "127.0.0.1";
};

// A call, what it is read from, and what it was written to.
struct Asked {
  Asked(Endpoint endpoint, std::string_view text) : call(endpoint), body(text) {
    const auto root = document.read(body, json::Judge::request);
    REQUIRE(root.has_value());
    read = call.read(*root, issue);
  }

  // The body for the target, or the field of the refusal.
  std::string write(const To& to) {
    Provider provider;
    provider.kind = to.kind;
    provider.base_url.host = to.host;
    Target target;
    target.upstream_model = target.base_model = to.model;
    Model model;
    const auto traits = traits_of(provider, model, target);
    if (!call.write(provider, target, traits, out, losses))
      return "refused " + std::string(losses.refused);
    return std::string(out.text());
  }

  std::string answer(std::string_view text) {
    json::Document answered;
    const auto root = answered.read(text, json::Judge::answer);
    REQUIRE(root.has_value());
    json::Composer told;
    usage = {};
    if (!call.write_answer(*root, "req_1", "m", told, usage)) return "malformed";
    return std::string(told.text());
  }

  SideCall call;
  std::string body;
  json::Document document;
  dialect::RequestIssue issue;
  dialect::Losses losses;
  json::Composer out;
  hub::Usage usage;
  Result<> read;
};

}  // namespace

TEST_CASE("side_call/kinds_that_take_the_clients_form") {
  for (const KindFacts& facts : all_kinds()) {
    const auto kind = static_cast<ProviderKind>(&facts - all_kinds().data());
    CAPTURE(facts.name);
    CHECK_FALSE(takes_form(kind, Endpoint::rerank));
    CHECK_FALSE(takes_form(kind, Endpoint::rerank_v2));
    CHECK_FALSE(takes_form(kind, Endpoint::gemini_embed));
    CHECK_FALSE(takes_form(kind, Endpoint::gemini_embed_batch));
    const bool openai_like = facts.paths == Paths::openai || facts.paths == Paths::azure;
    if (facts.services.has(Service::embeddings)) {
      CHECK(takes_form(kind, Endpoint::embeddings) ==
            (openai_like && kind != ProviderKind::mistral && kind != ProviderKind::together &&
             kind != ProviderKind::lmstudio));
    }
    if (facts.services.has(Service::moderations)) {
      CHECK(takes_form(kind, Endpoint::moderations) == (kind != ProviderKind::mistral));
    }
  }
}

TEST_CASE("side_call/embeddings_have_a_form_for_each_target") {
  Asked asked(Endpoint::embeddings, R"({"model":"x","input":"a"})");
  REQUIRE(asked.read.has_value());
  using enum ProviderKind;
  CHECK(asked.write({gemini}) ==
        R"({"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]}}]})");
  CHECK(asked.write({vertex, "text-embedding-005"}) == R"({"instances":[{"content":"a"}]})");
  CHECK(asked.write({vertex, "gemini-embedding-2"}) == R"({"content":{"parts":[{"text":"a"}]}})");
  CHECK(asked.write({ollama}) == R"({"model":"m","input":["a"]})");
  CHECK(asked.write({mistral}) == R"({"model":"m","input":"a"})");
  CHECK(asked.write({bedrock, "amazon.titan-embed-text-v2:0"}) == R"({"inputText":"a"})");
  CHECK(asked.write({bedrock, "us.cohere.embed-v4:0"}).starts_with(R"({"texts":["a"])"));
  CHECK(asked.write({bedrock, "amazon.nova-pro-v1:0"}) == "refused model");
  CHECK(asked.write({cohere}).starts_with(R"({"model":"m","texts":["a"])"));
}

TEST_CASE("side_call/the_answer_belongs_to_the_last_target") {
  Asked asked(Endpoint::embeddings, R"({"model":"x","input":["a"],"encoding_format":"base64"})");
  const std::string_view gemini = R"({"embeddings":[{"values":[1]}]})";
  asked.write({ProviderKind::cohere});
  CHECK(asked.answer(gemini) == "malformed");
  asked.write({ProviderKind::gemini});
  CHECK(asked.answer(gemini) ==
        R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":"AACAPw=="}],)"
        R"("model":"m","usage":{"prompt_tokens":0,"total_tokens":0}})");
  CHECK_FALSE(asked.usage.any());
}

TEST_CASE("side_call/tokens_that_only_the_head_tells") {
  Asked asked(Endpoint::embeddings, R"({"model":"x","input":["a"]})");
  const To to{ProviderKind::bedrock, "cohere.embed-v4:0"};
  const std::string_view answer = R"({"embeddings":{"float":[[1]]}})";
  asked.write(to);
  http::Fields fields;
  fields.add("X-Amzn-Bedrock-Input-Token-Count", "7", http::Field::other);
  asked.call.note_head(fields);
  asked.answer(answer);
  CHECK(asked.usage.input.present);
  CHECK(asked.usage.input.value == 7);
  asked.write(to);  // of another attempt
  asked.answer(answer);
  CHECK_FALSE(asked.usage.input.present);
  for (const Bytes odd : {"", "-1", "7x", "99999999999999999999"}) {
    fields.clear();
    fields.add("x-amzn-bedrock-input-token-count", odd, http::Field::other);
    asked.call.note_head(fields);
    asked.answer(answer);
    CHECK_FALSE(asked.usage.input.present);
  }
}

TEST_CASE("side_call/rerank_by_host_and_kind") {
  Asked asked(Endpoint::rerank_v2, R"({"model":"x","query":"q","documents":["a"],"top_n":1})");
  REQUIRE(asked.read.has_value());
  using enum ProviderKind;
  const std::string plain = R"({"model":"m","query":"q","documents":["a"],"top_n":1})";
  CHECK(asked.write({cohere}) == plain);
  CHECK(asked.write({together}) == plain);
  CHECK(asked.write({bedrock}) == R"({"query":"q","documents":["a"],"top_n":1,"api_version":2})");
  CHECK(asked.write({openai_compatible, "m", "api.voyageai.com"}) ==
        R"({"model":"m","query":"q","documents":["a"],"top_k":1})");
  CHECK(
      asked.answer(R"({"data":[{"index":0,"relevance_score":0.5}],"usage":{"total_tokens":4}})") ==
      R"({"id":"req_1","results":[{"index":0,"relevance_score":0.5}],)"
      R"("meta":{"api_version":{"version":"2"}},"usage":{"total_tokens":4}})");
  CHECK(asked.usage.input.value == 4);
}

TEST_CASE("side_call/moderations") {
  Asked asked(Endpoint::moderations, R"({"model":"x","input":"a"})");
  CHECK(asked.write({ProviderKind::mistral}) == R"({"model":"m","input":"a"})");
  asked.answer(R"({"results":[],"usage":{"prompt_tokens":-4}})");
  CHECK_FALSE(asked.usage.input.present);
  CHECK(asked.answer(R"({"results":[],"usage":{"prompt_tokens":4}})") ==
        R"({"id":"req_1","model":"m","results":[]})");
  CHECK(asked.usage.input.value == 4);
  CHECK(asked.answer("{}") == "malformed");
}

TEST_CASE("side_call/what_is_no_call_names_its_field") {
  for (const Endpoint endpoint :
       {Endpoint::embeddings, Endpoint::gemini_embed, Endpoint::gemini_embed_batch,
        Endpoint::rerank, Endpoint::rerank_v2, Endpoint::moderations}) {
    const Asked asked(endpoint, R"({"model":"x"})");
    CAPTURE(name(endpoint));
    REQUIRE_FALSE(asked.read.has_value());
    CHECK(asked.read.error().code == Code::missing_field);
    CHECK(asked.read.error().side == Side::client);
    CHECK_FALSE(asked.issue.param.empty());
  }
}
