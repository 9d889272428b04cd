#include "gateway/routes.h"

#include <doctest/doctest.h>

#include <set>
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
      {"/models", Endpoint::models},
  };
  for (const Row& row : rows) {
    for (const char* prefix : {"", "/v1", "/openai/v1"}) {
      const std::string path = prefix + std::string(row.path);
      CAPTURE(path);
      CHECK(route(path).endpoint == row.endpoint);
      CHECK(route(path).id.empty());
      CHECK(route(path + "/").endpoint == Endpoint::none);
      CHECK(route(path + "x").endpoint == Endpoint::none);
      CHECK(route("/x" + path).endpoint == Endpoint::none);
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
  for (const char* path : {"", "/", "*", "/v1", "/v1/", "/v1/v1/models", "/v1//models",
                           "/V1/models", "/openai/models", "/v2/models", "/v1/responses"}) {
    CAPTURE(path);
    CHECK(route(path).endpoint == Endpoint::none);
  }
}

TEST_CASE("routes: methods, and who needs a key") {
  for (std::size_t i = 1; i < endpoint_count; ++i) {
    const auto endpoint = static_cast<Endpoint>(i);
    const bool posts = goes_upstream(endpoint);
    CAPTURE(name(endpoint));
    CHECK(allows(endpoint, http::Method::post) == posts);
    CHECK(allows(endpoint, http::Method::get) != posts);
    CHECK(allows(endpoint, http::Method::head) != posts);
    CHECK_FALSE(allows(endpoint, http::Method::delete_));
    CHECK((allowed_methods(endpoint).find("POST") != Bytes::npos) == posts);
    CHECK((allowed_methods(endpoint).find("GET") != Bytes::npos) != posts);
    CHECK(upstream_path(endpoint).empty() != posts);
    CHECK(needs_key(endpoint) == (endpoint != Endpoint::live && endpoint != Endpoint::ready));
  }
}

TEST_CASE("routes: names are distinct") {
  std::set<Bytes> names;
  for (std::size_t i = 0; i < endpoint_count; ++i) names.insert(name(static_cast<Endpoint>(i)));
  CHECK(names.size() == endpoint_count);
}
