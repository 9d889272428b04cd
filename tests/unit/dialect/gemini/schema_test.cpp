// Schemas between JSON Schema and Google's subset.
#include "dialect/gemini/schema.h"

#include "exchange.h"

using namespace penstock;
using namespace test;

namespace {

std::string openapi(const std::string& schema) {
  json::Document document;
  json::Composer out;
  const auto view = document.read(schema, json::Judge::answer);
  REQUIRE(view);
  if (!dialect::gemini::write_openapi_schema(*view, out)) return "refused";
  return std::string(out.text());
}
std::string json_schema(const std::string& schema) {
  json::Document document;
  json::Composer out;
  const auto view = document.read(schema, json::Judge::answer);
  REQUIRE(view);
  dialect::gemini::write_json_schema(*view, out);
  return std::string(out.text());
}

}  // namespace

TEST_CASE("gemini_schema/alternatives_and_several_types") {
  CHECK(openapi(R"({"anyOf":[{"type":"string"},{"type":"null"}]})") ==
        R"({"type":"STRING","nullable":true})");
  CHECK(openapi(R"({"oneOf":[{"type":"string"},{"type":"integer"}]})") ==
        R"({"anyOf":[{"type":"STRING"},{"type":"INTEGER"}]})");
  CHECK(openapi(R"({"type":["string","array","null"],"items":{"type":"number"}})") ==
        R"({"anyOf":[{"type":"STRING"},{"type":"ARRAY","items":{"type":"NUMBER"}}],)"
        R"("nullable":true})");
  CHECK(openapi(R"({"type":"array"})") == R"({"type":"ARRAY","items":{"type":"STRING"}})");
  CHECK(openapi(R"({"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"type":"boolean"}}})") ==
        R"({"type":"BOOLEAN"})");
}

TEST_CASE("gemini_schema/references_are_put_in_place_but_not_for_ever") {
  CHECK(openapi(R"({"type":"object","properties":{"a":{"$ref":"#/definitions/x"}},
                    "definitions":{"x":{"type":"string","format":"date-time"}}})") ==
        R"({"type":"OBJECT","properties":{"a":{"type":"STRING","format":"date-time"}}})");
  CHECK(openapi(R"({"properties":{"next":{"$ref":"#"}}})") == "refused");
  CHECK(openapi(R"({"$ref":"https://example.org/schema"})") == "refused");
  CHECK(openapi(R"({"$ref":"#/$defs/missing"})") == "refused");
  // Each definition holds the next one twice: a small text that would become a huge one.
  std::string bomb = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (int i = 0; i < 30; ++i) {
    const std::string next = R"({"$ref":"#/$defs/d)" + std::to_string(i + 1) + "\"}";
    bomb +=
        "\"d" + std::to_string(i) + R"(":{"properties":{"a":)" + next + ",\"b\":" + next + "}},";
  }
  CHECK(openapi(bomb + R"("d30":{"type":"string"}}})") == "refused");
}

TEST_CASE("gemini_schema/google_types_become_json_schema") {
  CHECK(json_schema(R"({"type":6,"properties":{"a":{"type":"ARRAY","items":{"type":"NUMBER"},
                       "min_items":"3"}},"required":["a"]})") ==
        R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"number"},)"
        R"("minItems":3}},"required":["a"]})");
  CHECK(json_schema(R"({"type":"STRING","enum":["x"],"nullable":true,"example":"x"})") ==
        R"({"type":["string","null"],"enum":["x",null],"examples":["x"]})");
  CHECK(json_schema(R"({"type":"TYPE_UNSPECIFIED","any_of":[{"type":"STRING"}]})") ==
        R"({"anyOf":[{"type":"string"}]})");
}
