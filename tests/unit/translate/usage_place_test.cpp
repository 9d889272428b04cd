#include "translate/usage_place.h"

#include <doctest/doctest.h>

#include <string>

using namespace penstock;
using dialect::Dialect;

namespace {

std::string place(Dialect dialect, std::string_view name, std::string_view text) {
  json::Document document;
  const auto root = document.read(text, json::Judge::answer);
  REQUIRE(root.has_value());
  return std::string(translate::usage_object(dialect, name, *root).raw());
}

}  // namespace

TEST_CASE("usage_place/of_each_dialect") {
  using enum Dialect;
  CHECK(place(openai_chat, {}, R"({"usage":{"a":1}})") == R"({"a":1})");
  CHECK(place(openai_chat, {}, R"({"usage":null,"x_groq":{"usage":{"a":1}}})") == R"({"a":1})");
  CHECK(place(openai_responses, {}, R"({"usage":{"a":1}})") == R"({"a":1})");
  CHECK(place(openai_responses, "response.completed", R"({"response":{"usage":{"a":1}}})") ==
        R"({"a":1})");
  CHECK(place(anthropic, {}, R"({"usage":{"a":1}})") == R"({"a":1})");
  CHECK(place(anthropic, "message_start", R"({"message":{"usage":{"a":1}}})") == R"({"a":1})");
  CHECK(place(gemini, {}, R"({"usageMetadata":{"a":1}})") == R"({"a":1})");
  CHECK(place(bedrock, "metadata", R"({"usage":{"a":1}})") == R"({"a":1})");
  CHECK(place(cohere, {}, R"({"usage":{"a":1}})") == R"({"a":1})");
  CHECK(place(cohere, "message-end", R"({"delta":{"usage":{"a":1}}})") == R"({"a":1})");
}

TEST_CASE("usage_place/nowhere") {
  using enum Dialect;
  for (const Dialect dialect :
       {openai_chat, openai_responses, anthropic, gemini, bedrock, cohere}) {
    CHECK(place(dialect, {}, "{}").empty());
    CHECK(place(dialect, {}, R"({"usage":7,"usageMetadata":[1],"delta":{"usage":"x"}})").empty());
  }
  CHECK(place(ollama, {}, R"({"usage":{"a":1},"eval_count":7})").empty());
}

TEST_CASE("usage_place/what_is_told_in_parts_is_put_together") {
  json::Document document;
  std::unique_ptr<json::KeptValue> kept;
  const auto keep = [&](Dialect dialect, std::string_view text) {
    const auto root = document.read(text, json::Judge::answer);
    REQUIRE(root.has_value());
    translate::keep_usage(dialect, {}, *root, kept);
  };
  keep(Dialect::anthropic, "{}");
  CHECK(kept == nullptr);
  keep(Dialect::anthropic, R"({"message":{"usage":{"in":9,"out":1}}})");
  keep(Dialect::anthropic, R"({"usage":{"out":4,"in":null}})");
  CHECK(kept->text() == R"({"in":9,"out":4})");
  keep(Dialect::gemini, R"({"usageMetadata":{"total":3}})");
  CHECK(kept->text() == R"({"total":3})");
}
