// Route paths, segments and single values.
#include "cuts.h"

using namespace penstock;
using namespace penstock::http;

TEST_CASE("path/route_paths") {
  std::array<char, 64> scratch;
  for (const auto& [path, expected] :
       std::initializer_list<std::pair<const char*, const char*>>{{"/", "/"},
                                                                  {"/v1/models", "/v1/models"},
                                                                  {"/v1/%6dodels", "/v1/models"},
                                                                  {"/%7E%2d%5F%2E", "/~-_."},
                                                                  {"/a%20b", "/a%20b"},
                                                                  {"/a%2541", "/a%2541"},
                                                                  {"/...", "/..."},
                                                                  {"/.a/b.", "/.a/b."}}) {
    CAPTURE(path);
    CHECK(route_path(path, scratch) == expected);
  }
  for (const char* path : {"",
                           "*",
                           "v1",
                           "//",
                           "//v1",
                           "/v1//models",
                           "/v1/models/",
                           "/.",
                           "/..",
                           "/v1/../models",
                           "/v1/./models",
                           "/v1/models/..",
                           "/%2e",
                           "/v1/%2E%2e/models",
                           "/.%2e",
                           "/v1%2fmodels",
                           "/v1%2Fmodels",
                           "/v1%5cmodels",
                           "/%",
                           "/%4",
                           "/%zz"}) {
    CAPTURE(path);
    CHECK(route_path(path, scratch).empty());
  }
}

TEST_CASE("path/without_an_escape_nothing_is_copied") {
  const Bytes path = "/v1/models";
  CHECK(route_path(path, {}).data() == path.data());
  std::array<char, 5> small;
  CHECK(route_path("/abc%41", small) == "/abcA");
  CHECK(route_path("/abcd%41", small).empty());
}

TEST_CASE("path/segment_after") {
  CHECK(segment_after("/v1/models/gpt-4", "/v1/models/") == "gpt-4");
  CHECK_FALSE(segment_after("/v1/models/", "/v1/models/"));
  CHECK_FALSE(segment_after("/v1/models", "/v1/models/"));
  CHECK_FALSE(segment_after("/v1/models/a/b", "/v1/models/"));
  CHECK_FALSE(segment_after("/v2/models/a", "/v1/models/"));
}

TEST_CASE("values/delta_seconds") {
  CHECK(delta_seconds("0") == 0);
  CHECK(delta_seconds("120") == 120);
  CHECK(delta_seconds("999999999") == 999999999);
  for (const char* value :
       {"", "1000000000", "-1", "+1", "1.5", "1 ", "Mon, 01 Jan 2024 00:00:00 GMT"}) {
    CHECK_FALSE(delta_seconds(value));
  }
}

TEST_CASE("values/reasons_have_names_of_their_own") {
  for (std::size_t at = 0; at < reason_count; ++at) {
    const Bytes label = name(static_cast<Reason>(at));
    CHECK_FALSE(label.empty());
    for (std::size_t other = 0; other < at; ++other) {
      CHECK(label != name(static_cast<Reason>(other)));
    }
  }
  CHECK(name(Reason::chunk_flood) == "chunk_flood");
  CHECK(name(Reason::truncated) == "truncated");
  CHECK(name(Reason::unknown_version) == "unknown_version");
  CHECK(name(Reason::unknown_expectation) == "unknown_expectation");
}
