// Paths, methods and queries of what is passed through.
#include "gateway/passage_rules.h"

#include <doctest/doctest.h>

using namespace penstock;

TEST_CASE("passage_rules/paths_with_and_without_prefixes") {
  struct Row {
    Bytes path;
    Endpoint endpoint;
    Bytes resource;
  };
  for (const Row& row :
       {Row{"/v1/files", Endpoint::files, "/files"},
        Row{"/files/file-1", Endpoint::file, "/files/file-1"},
        Row{"/openai/v1/files/a.b~c/content", Endpoint::file_content, "/files/a.b~c/content"},
        Row{"/v1/batches/b_1/cancel", Endpoint::batch_cancel, "/batches/b_1/cancel"},
        Row{"/v1/batches/cancel", Endpoint::batch, "/batches/cancel"},
        Row{"/v1/audio/speech", Endpoint::audio_speech, "/audio/speech"},
        Row{"/v1/images/edits", Endpoint::image_edits, "/images/edits"}}) {
    CAPTURE(row.path);
    const Route found = route(row.path);
    CHECK(found.endpoint == row.endpoint);
    CHECK(found.resource == row.resource);
    CHECK(found.id.empty());
    CHECK(passes_through(found.endpoint));
    CHECK(goes_upstream(found.endpoint));
    CHECK(needs_key(found.endpoint));
  }
  const Route azure = route("/openai/deployments/whisper/audio/transcriptions");
  CHECK(azure.endpoint == Endpoint::audio_transcriptions);
  CHECK(azure.id == "whisper");
  CHECK(azure.resource == "/audio/transcriptions");
}

TEST_CASE("passage_rules/what_could_change_the_address_is_no_path") {
  for (const Bytes path : {"/v1/files/", "/v1/files/a/b", "/v1/files/a%3Fb", "/v1/files/a?b",
                           "/v1/files/a/content/x", "/v1/images", "/v1/images/other", "/v1/audio",
                           "/v1/batches/a/stop", "/openai/deployments/x/files", "/v1/filesystem"}) {
    CAPTURE(path);
    CHECK(route(path).endpoint == Endpoint::none);
  }
  CHECK(route("/v1/files/" + std::string(257, 'a')).endpoint == Endpoint::none);
}

TEST_CASE("passage_rules/methods") {
  using http::Method;
  CHECK(allows(Endpoint::files, Method::get));
  CHECK(allows(Endpoint::files, Method::post));
  CHECK_FALSE(allows(Endpoint::files, Method::delete_));
  CHECK(allows(Endpoint::file, Method::delete_));
  CHECK_FALSE(allows(Endpoint::file, Method::post));
  CHECK_FALSE(allows(Endpoint::file_content, Method::head));
  CHECK(allows(Endpoint::batch_cancel, Method::post));
  CHECK_FALSE(allows(Endpoint::audio_speech, Method::get));
  CHECK(allowed_methods(Endpoint::file) == "DELETE, GET, OPTIONS");
  CHECK(allowed_methods(Endpoint::batches) == "GET, OPTIONS, POST");
  CHECK(allowed_methods(Endpoint::batch) == "GET, OPTIONS");
  CHECK(allowed_methods(Endpoint::audio_speech) == "OPTIONS, POST");
}

TEST_CASE("passage_rules/queries") {
  CHECK(passed_query("") == "");
  CHECK(passed_query("limit=2&model=x&after=a%26b&api-version=1") == "?limit=2&after=a%26b");
  CHECK(passed_query("model=x") == "");
  CHECK(passed_query("&&purpose&model") == "?purpose");
  CHECK(model_of_query("a=b&model=open%61i%2Fx") == "openai/x");
  CHECK(model_of_query("model=a%4") == "a%4");
  CHECK(model_of_query("model=a%zz%") == "a%zz%");
  CHECK(model_of_query("models=a") == "");
}
