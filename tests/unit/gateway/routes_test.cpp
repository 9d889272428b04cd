#include "gateway/routes.h"

#include <doctest/doctest.h>

#include <string>

using namespace penstock;

TEST_CASE("routes: each endpoint with its prefixes") {
  struct Row {
    Bytes path;
    Endpoint endpoint;
  };
  constexpr Row rows[] = {
      {"/chat/completions", Endpoint::chat_completions},
      {"/completions", Endpoint::completions},
      {"/embeddings", Endpoint::embeddings},
      {"/responses", Endpoint::responses},
      {"/messages", Endpoint::messages},
      {"/messages/count_tokens", Endpoint::count_tokens},
      {"/models", Endpoint::models},
      {"/rerank", Endpoint::rerank},
      {"/moderations", Endpoint::moderations},
  };
  for (const Row& row : rows) {
    for (const char* prefix : {"", "/v1", "/openai/v1", "/anthropic/v1"}) {
      const std::string path = prefix + std::string(row.path);
      CAPTURE(path);
      CHECK(route(path).endpoint == row.endpoint);
      CHECK(route(path).id.empty());
      CHECK(route(path + "/").endpoint == Endpoint::none);
      CHECK(route(path + "x").endpoint == Endpoint::none);
      CHECK(route("/x" + path).endpoint == Endpoint::none);
      const bool plain = Bytes(prefix).empty() || Bytes(prefix) == "/v1";
      CHECK(plain_route(path) == (plain ? row.endpoint : Endpoint::none));
      CHECK(plain_route(path + "/") == Endpoint::none);
      CHECK(plain_route("/v1/v1" + std::string(row.path)) == Endpoint::none);
    }
  }
}

TEST_CASE("routes: a model by its name, which may hold slashes") {
  CHECK(route("/v1/models/gpt").endpoint == Endpoint::model);
  CHECK(route("/v1/models/gpt").id == "gpt");
  CHECK(route("/models/org/name").id == "org/name");
  CHECK(route("/openai/v1/models/a").id == "a");
  CHECK(route("/v1/models/").endpoint == Endpoint::none);
}

TEST_CASE("routes: health stands without a prefix") {
  CHECK(route("/livez").endpoint == Endpoint::live);
  CHECK(route("/health/liveness").endpoint == Endpoint::live);
  CHECK(route("/health/liveliness").endpoint == Endpoint::live);
  CHECK(route("/readyz").endpoint == Endpoint::ready);
  CHECK(route("/health/readiness").endpoint == Endpoint::ready);
  CHECK(route("/v1/livez").endpoint == Endpoint::none);
}

TEST_CASE("routes: what is nothing") {
  for (const char* path :
       {"", "/", "*", "/v1", "/v1/", "/v1/v1/models", "/v1//models", "/V1/models", "/openai/models",
        "/v2/models", "/v1/response", "/v1beta/models/a:fly", "/v1beta/models/:generateContent",
        "/openai/deployments/a/messages", "/openai/deployments//chat/completions"}) {
    CAPTURE(path);
    CHECK(route(path).endpoint == Endpoint::none);
  }
}

TEST_CASE("routes: methods, and who needs a key") {
  for (std::size_t i = 1; i < endpoint_count; ++i) {
    const auto endpoint = static_cast<Endpoint>(i);
    if (passes_through(endpoint)) continue;  // passage_rules_test.cpp
    const bool posts = goes_upstream(endpoint);
    CAPTURE(name(endpoint));
    CHECK(allows(endpoint, http::Method::post) == posts);
    CHECK(allows(endpoint, http::Method::get) != posts);
    CHECK(allows(endpoint, http::Method::head) != posts);
    CHECK_FALSE(allows(endpoint, http::Method::delete_));
    CHECK((allowed_methods(endpoint).find("POST") != Bytes::npos) == posts);
    CHECK((allowed_methods(endpoint).find("GET") != Bytes::npos) != posts);
    CHECK(needs_key(endpoint) == (endpoint != Endpoint::live && endpoint != Endpoint::ready));
  }
}

TEST_CASE("routes: every endpoint has a name") {
  for (std::size_t i = 0; i < endpoint_count; ++i) {
    CHECK_FALSE(name(static_cast<Endpoint>(i)).empty());
  }
}

TEST_CASE("routes: models that the path names") {
  struct Row {
    Bytes path;
    Endpoint endpoint;
    Bytes id;
  };
  constexpr Row rows[] = {
      {"/v1beta/models/g:generateContent", Endpoint::gemini_generate, "g"},
      {"/genai/v1beta/models/org/g:streamGenerateContent", Endpoint::gemini_stream, "org/g"},
      {"/v1/projects/p/locations/l/publishers/google/models/g:countTokens", Endpoint::gemini_count,
       "g"},
      {"/openai/deployments/d/chat/completions", Endpoint::chat_completions, "d"},
      {"/openai/deployments/d/embeddings", Endpoint::embeddings, "d"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(route(row.path).endpoint == row.endpoint);
    CHECK(route(row.path).id == row.id);
    CHECK(names_model(route(row.path)));
  }
  CHECK_FALSE(names_model(route("/v1/models/g")));
}

TEST_CASE("routes: embeddings in Gemini's form, and rerank of both versions") {
  CHECK(route("/v1beta/models/g:embedContent").endpoint == Endpoint::gemini_embed);
  CHECK(route("/v1/models/org/g:batchEmbedContents").endpoint == Endpoint::gemini_embed_batch);
  CHECK(route("/v1/models/org/g:batchEmbedContents").id == "org/g");
  CHECK(route("/v2/rerank").endpoint == Endpoint::rerank_v2);
  CHECK(route("/v1/v2/rerank").endpoint == Endpoint::none);
  CHECK(route("/v2/embeddings").endpoint == Endpoint::none);
}

TEST_CASE("routes: what is spoken and what is asked for") {
  using dialect::Dialect;
  CHECK(dialect_of(Endpoint::messages) == Dialect::anthropic);
  CHECK(dialect_of(Endpoint::responses) == Dialect::openai_responses);
  CHECK(dialect_of(Endpoint::gemini_stream) == Dialect::gemini);
  CHECK(dialect_of(Endpoint::embeddings) == Dialect::openai_chat);
  CHECK(service_of(Endpoint::count_tokens) == Service::count_tokens);
  CHECK(service_of(Endpoint::completions) == Service::completions);
  CHECK(service_of(Endpoint::responses) == Service::chat);
  CHECK(dialect_of(Endpoint::gemini_embed_batch) == Dialect::gemini);
  CHECK(dialect_of(Endpoint::rerank) == Dialect::openai_chat);
  CHECK(service_of(Endpoint::gemini_embed) == Service::embeddings);
  CHECK(service_of(Endpoint::rerank_v2) == Service::rerank);
  CHECK(service_of(Endpoint::moderations) == Service::moderations);
  for (std::size_t i = 0; i < endpoint_count; ++i) {
    const auto endpoint = static_cast<Endpoint>(i);
    const Service service = service_of(endpoint);
    const bool side = service == Service::embeddings || service == Service::rerank ||
                      service == Service::moderations;
    CAPTURE(name(endpoint));
    CHECK(is_side(endpoint) == side);
    if (side) CHECK(goes_upstream(endpoint));
  }
}
