#include <doctest/doctest.h>

#include <array>
#include <string>

#include "penstock/provider.h"

using namespace penstock;
using dialect::Dialect;

namespace {

struct Asked {
  ProviderKind kind;
  std::string model = "m";
  Dialect dialect{};
  bool own_dialect = true;  // the kind's
  std::string version{};
  std::string base_model{};
};

Provider provider_of(const Asked& asked) {
  Provider provider;
  provider.kind = asked.kind;
  provider.api_version = asked.version;
  provider.project = "my-project";
  provider.region = "europe-west4";
  return provider;
}

Target target_of(const Asked& asked) {
  Target target;
  target.upstream_model = asked.model;
  target.base_model = asked.base_model.empty() ? asked.model : asked.base_model;
  target.dialect = asked.own_dialect ? facts_of(asked.kind).chat : asked.dialect;
  return target;
}

// The path, or the name of the error.
std::string path(const Asked& asked, Service service = Service::chat, bool stream = false) {
  std::array<char, upstream_path_bytes_max> room;
  const auto found = upstream_path(provider_of(asked), target_of(asked), service, stream, room);
  return found ? std::string(*found) : std::string(describe(found.error().code).code);
}
std::string stream_path(const Asked& asked) {
  return path(asked, Service::chat, true);
}
Asked in(Dialect dialect, ProviderKind kind, std::string model = "m") {
  return {.kind = kind, .model = std::move(model), .dialect = dialect, .own_dialect = false};
}

constexpr auto unserved = "unsupported_parameter";  // of Code::unsupported_by_target

}  // namespace

TEST_CASE("upstream_path/openai_has_the_model_in_the_body") {
  using enum ProviderKind;
  CHECK(path({openai}) == "/chat/completions");
  CHECK(stream_path({openai}) == "/chat/completions");
  CHECK(path({openai}, Service::completions) == "/completions");
  CHECK(path({openai}, Service::embeddings) == "/embeddings");
  CHECK(path({openai}, Service::responses) == "/responses");
  CHECK(path({openai}, Service::models) == "/models");
  CHECK(path({openai}, Service::moderations) == "/moderations");
  CHECK(path({openai}, Service::rerank) == unserved);
  CHECK(path({openai}, Service::count_tokens) == "/responses/input_tokens");
  CHECK(path({groq}, Service::count_tokens) == unserved);
  CHECK(path(in(Dialect::openai_responses, openai)) == "/responses");
  CHECK(path(in(Dialect::openai_responses, vllm), Service::responses) == "/responses");
  CHECK(path({groq}, Service::responses) == unserved);
  CHECK(path(in(Dialect::openai_responses, groq), Service::responses) == "/responses");
  CHECK(path(in(Dialect::anthropic, openrouter)) == "/messages");
  CHECK(path(in(Dialect::anthropic, deepseek)) == "/anthropic/v1/messages");
  CHECK(path({vllm}, Service::rerank) == "/rerank");
  CHECK(path({llamacpp}, Service::count_tokens) == "/messages/count_tokens");
}

TEST_CASE("upstream_path/every_kind_has_a_chat_and_refuses_what_its_row_lacks_trap_106") {
  for (const KindFacts& facts : all_kinds()) {
    CAPTURE(facts.name);
    const auto kind = static_cast<ProviderKind>(&facts - all_kinds().data());
    CHECK(name_of(kind) == facts.name);
    for (int i = 0; i <= static_cast<int>(Service::moderations); ++i) {
      const auto service = static_cast<Service>(i);
      const std::string found = path({kind}, service);
      CHECK((found == unserved) == !facts.services.has(service));
      CHECK((found == unserved || found.starts_with('/')));
    }
    CHECK(facts.services.has(Service::chat));
  }
}

TEST_CASE("upstream_path/azure_v1_and_dated_versions") {
  const auto with = [](std::string version) {
    return Asked{.kind = ProviderKind::azure, .model = "my gpt/4", .version = std::move(version)};
  };
  CHECK(path(with("")) == "/openai/v1/chat/completions");
  CHECK(path(with("v1")) == "/openai/v1/chat/completions");
  CHECK(path(with("v1"), Service::responses) == "/openai/v1/responses");
  CHECK(path(with("preview")) == "/openai/v1/chat/completions?api-version=preview");
  CHECK(path(with("2024-10-21")) ==
        "/openai/deployments/my%20gpt%2F4/chat/completions?api-version=2024-10-21");
  CHECK(path(with("2024-10-21"), Service::embeddings) ==
        "/openai/deployments/my%20gpt%2F4/embeddings?api-version=2024-10-21");
  CHECK(path(with("2024-10-21"), Service::completions) ==
        "/openai/deployments/my%20gpt%2F4/completions?api-version=2024-10-21");
  // Neither these nor files and batches have a deployment in their path.
  CHECK(path(with("2025-04-01-preview"), Service::responses) ==
        "/openai/responses?api-version=2025-04-01-preview");
  CHECK(path(with("2024-10-21"), Service::models) == "/openai/models?api-version=2024-10-21");
  CHECK(path(in(Dialect::anthropic, ProviderKind::azure)) == "/anthropic/v1/messages");
}

TEST_CASE("upstream_path/what_is_passed_through_trap_88") {
  const auto resource = [](const Asked& asked, Bytes what) {
    std::array<char, upstream_path_bytes_max> room;
    const auto found = upstream_resource_path(provider_of(asked), target_of(asked), what, room);
    return found ? std::string(*found) : std::string(describe(found.error().code).code);
  };
  const Asked azure{.kind = ProviderKind::azure, .version = "2024-10-21"};
  CHECK(resource({ProviderKind::openai}, "/images/generations") == "/images/generations");
  CHECK(resource(azure, "/audio/speech") ==
        "/openai/deployments/m/audio/speech?api-version=2024-10-21");
  CHECK(resource(azure, "/files?purpose=batch") ==
        "/openai/files?purpose=batch&api-version=2024-10-21");
  CHECK(resource(azure, "/batches") == "/openai/batches?api-version=2024-10-21");
  CHECK(resource({ProviderKind::azure}, "/files") == "/openai/v1/files");
  CHECK(resource({ProviderKind::bedrock}, "/files") == unserved);
}

TEST_CASE("upstream_path/gemini") {
  const auto named = [](std::string model) {
    return Asked{.kind = ProviderKind::gemini, .model = std::move(model)};
  };
  CHECK(path(named("gemini-2.5-pro")) == "/v1beta/models/gemini-2.5-pro:generateContent");
  CHECK(stream_path(named("gemini-2.5-pro")) ==
        "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
  CHECK(path(named("models/gemini-2.5-pro")) == "/v1beta/models/gemini-2.5-pro:generateContent");
  CHECK(path(named("tunedModels/mine")) == "/v1beta/tunedModels/mine:generateContent");
  CHECK(path(named("a/../b?c")) == "/v1beta/models/a%2F..%2Fb%3Fc:generateContent");
  CHECK(path(named("m"), Service::count_tokens) == "/v1beta/models/m:countTokens");
  CHECK(path(named("m"), Service::embeddings) == "/v1beta/models/m:batchEmbedContents");
  CHECK(path(named("m"), Service::models) == "/v1beta/models");
  CHECK(path({.kind = ProviderKind::gemini, .version = "v1"}) == "/v1/models/m:generateContent");
  CHECK(path(in(Dialect::openai_chat, ProviderKind::gemini)) == "/v1beta/openai/chat/completions");
}

TEST_CASE("upstream_path/vertex_google_and_partners") {
  const std::string where = "/v1/projects/my-project/locations/europe-west4";
  const auto named = [](std::string model) {
    return Asked{.kind = ProviderKind::vertex, .model = std::move(model)};
  };
  const auto claude = [](std::string model) {
    return in(Dialect::anthropic, ProviderKind::vertex, std::move(model));
  };
  CHECK(path(named("gemini-3-pro")) ==
        where + "/publishers/google/models/gemini-3-pro:generateContent");
  CHECK(stream_path(named("gemini-3-pro")) ==
        where + "/publishers/google/models/gemini-3-pro:streamGenerateContent?alt=sse");
  CHECK(path(named("endpoints/123")) == where + "/endpoints/123:generateContent");
  CHECK(path(named("publishers/x/models/y")) == where + "/publishers/x/models/y:generateContent");
  CHECK(path(claude("claude-sonnet-4-5@20250929")) ==
        where + "/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict");
  CHECK(stream_path(claude("claude-opus-5-5")) ==
        where + "/publishers/anthropic/models/claude-opus-5-5:streamRawPredict");
  CHECK(path(claude("claude-opus-5-5"), Service::count_tokens) ==
        where + "/publishers/anthropic/models/count-tokens:rawPredict");
  CHECK(path(in(Dialect::openai_chat, ProviderKind::vertex)) ==
        where + "/endpoints/openapi/chat/completions");
  CHECK(path(named("text-embedding-005"), Service::embeddings) ==
        where + "/publishers/google/models/text-embedding-005:predict");
  CHECK(path(named("gemini-embedding-2"), Service::embeddings) ==
        where + "/publishers/google/models/gemini-embedding-2:embedContent");
  // Express mode: an API key and no project.
  Provider express = provider_of(named("m"));
  express.project.clear();
  express.region.clear();
  std::array<char, 256> room;
  CHECK(*upstream_path(express, target_of(named("m")), Service::chat, false, room) ==
        "/v1/publishers/google/models/m:generateContent");
}

TEST_CASE("upstream_path/bedrock_ids_are_one_segment_trap_66") {
  const auto named = [](std::string model) {
    return Asked{.kind = ProviderKind::bedrock, .model = std::move(model)};
  };
  const std::string id = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
  const std::string arn =
      "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123xyz";
  CHECK(path(named(id)) == "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse");
  CHECK(stream_path(named(id)) ==
        "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream");
  CHECK(path(named(arn)) ==
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile"
        "%2Fabc123xyz/converse");
  CHECK(path(in(Dialect::anthropic, ProviderKind::bedrock, id)) ==
        "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke");
  CHECK(stream_path(in(Dialect::anthropic, ProviderKind::bedrock, id)) ==
        "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream");
  CHECK(path(named("cohere.embed-v4:0"), Service::embeddings) ==
        "/model/cohere.embed-v4%3A0/invoke");
  CHECK(path(named("cohere.rerank-v3-5:0"), Service::rerank) ==
        "/model/cohere.rerank-v3-5%3A0/invoke");
}

TEST_CASE("upstream_path/bedrock_counts_by_the_plain_id_trap_41") {
  const auto counted = [](std::string model, std::string base = {}) {
    return path(
        {.kind = ProviderKind::bedrock, .model = std::move(model), .base_model = std::move(base)},
        Service::count_tokens);
  };
  for (const std::string region :
       {"us.", "eu.", "apac.", "jp.", "au.", "in.", "ca.", "us-gov.", "global.", ""}) {
    CHECK(counted(region + "anthropic.claude-x-v1:0") ==
          "/model/anthropic.claude-x-v1%3A0/count-tokens");
  }
  CHECK(counted("arn:aws:bedrock:us-east-1:1:inference-profile/p", "us.anthropic.claude-x") ==
        "/model/anthropic.claude-x/count-tokens");
}

TEST_CASE("upstream_path/anthropic_cohere_and_ollama") {
  using enum ProviderKind;
  CHECK(path({anthropic}) == "/v1/messages");
  CHECK(path({anthropic}, Service::count_tokens) == "/v1/messages/count_tokens");
  CHECK(path({anthropic}, Service::models) == "/v1/models");
  CHECK(path({cohere}) == "/v2/chat");
  CHECK(path({cohere}, Service::embeddings) == "/v2/embed");
  CHECK(path({cohere}, Service::rerank) == "/v2/rerank");
  CHECK(path({cohere}, Service::models) == "/v1/models");
  CHECK(path({ollama}) == "/api/chat");
  CHECK(path({ollama}, Service::embeddings) == "/api/embed");
  CHECK(path({ollama}, Service::completions) == "/v1/completions");
  CHECK(path(in(Dialect::openai_chat, ollama)) == "/v1/chat/completions");
  CHECK(path(in(Dialect::anthropic, ollama)) == "/v1/messages");
  CHECK(path(in(Dialect::openai_responses, ollama)) == "/v1/responses");
}

TEST_CASE("upstream_path/too_little_room_at_every_size_is_an_error") {
  const Asked asked{.kind = ProviderKind::bedrock, .model = "a:b/c"};
  const std::string whole = path(asked);
  std::array<char, 256> room;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto found = upstream_path(provider_of(asked), target_of(asked), Service::chat, false,
                                     std::span(room).first(size));
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Code::too_large);
  }
}

TEST_CASE("upstream_path/who_counts_and_in_whose_words") {
  using enum ProviderKind;
  const auto counted = [](const Asked& asked) {
    return counting_dialect(provider_of(asked), target_of(asked));
  };
  CHECK(counted({openai}) == Dialect::openai_responses);
  CHECK(counted(in(Dialect::openai_responses, openai)) == Dialect::openai_responses);
  CHECK(counted({llamacpp}) == Dialect::anthropic);
  CHECK(counted({anthropic}) == Dialect::anthropic);
  CHECK(counted({gemini}) == Dialect::gemini);
  CHECK(counted(in(Dialect::openai_chat, gemini)) == Dialect::gemini);
  CHECK(counted({vertex}) == Dialect::gemini);
  CHECK(counted(in(Dialect::anthropic, vertex)) == Dialect::anthropic);
  CHECK_FALSE(counted(in(Dialect::openai_chat, vertex)));
  CHECK(counted({bedrock, "us.anthropic.claude-x-v1:0"}) == Dialect::bedrock);
  CHECK(counted(in(Dialect::anthropic, bedrock, "anthropic.claude-x")) == Dialect::anthropic);
  CHECK(counted({.kind = bedrock, .model = "arn:aws:x", .base_model = "anthropic.claude-x"}) ==
        Dialect::bedrock);
  CHECK_FALSE(counted({bedrock, "amazon.nova-pro-v1:0"}));
  for (const ProviderKind kind : {openai_compatible, azure, groq, cohere, ollama, vllm}) {
    CHECK_FALSE(counted({kind}));
  }
  // Who counts has an address for it.
  for (const KindFacts& facts : all_kinds()) {
    CAPTURE(facts.name);
    const auto kind = static_cast<ProviderKind>(&facts - all_kinds().data());
    const Asked asked{kind, "anthropic.claude-x"};
    CHECK((path(asked, Service::count_tokens) != unserved) == counted(asked).has_value());
  }
}
