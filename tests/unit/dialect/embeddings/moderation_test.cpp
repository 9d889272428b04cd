#include "penstock/moderation.h"

#include <doctest/doctest.h>

#include <string>

using namespace penstock;
using namespace penstock::moderation;

namespace {

std::string send(ProviderForm form, std::string_view body) {
  json::Document document;
  const auto root = document.read(body, json::Judge::request);
  REQUIRE(root.has_value());
  Request request;
  dialect::RequestIssue issue;
  if (const auto read = read_request(*root, request, issue); !read)
    return (read.error().code == Code::missing_field ? "missing " : "invalid ") +
           std::string(issue.param);
  json::Composer out;
  dialect::Losses losses;
  if (!write_request(form, request, {.model = "m"}, out, losses))
    return "refused " + std::string(losses.refused);
  return std::string(out.text()) + (losses.dropped.empty() ? "" : " dropped");
}

std::string answer(ProviderForm form, std::string_view body) {
  json::Document document;
  const auto root = document.read(body, json::Judge::answer);
  REQUIRE(root.has_value());
  json::Composer out;
  if (!write_answer(form, *root, "modr-1", "m", out)) return "malformed";
  return std::string(out.text());
}

}  // namespace

TEST_CASE("moderation/requests") {
  const std::string_view parts = R"({"model":"x","input":[{"type":"text","text":"a"}]})";
  CHECK(send(ProviderForm::openai, parts) ==
        R"({"model":"m","input":[{"type":"text","text":"a"}]})");
  CHECK(send(ProviderForm::mistral, parts) == "refused input");
  CHECK(send(ProviderForm::mistral, R"({"input":["a","b"],"odd":1})") ==
        R"({"model":"m","input":["a","b"]} dropped)");
  CHECK(send(ProviderForm::openai, R"({"input":"a","odd":1,"model":null})") ==
        R"({"model":"m","input":"a","odd":1})");
  CHECK(send(ProviderForm::openai, "{}") == "missing input");
  CHECK(send(ProviderForm::openai, R"({"input":[]})") == "invalid input");
  CHECK(send(ProviderForm::openai, R"({"input":[1]})") == "invalid input");
  CHECK(send(ProviderForm::openai, R"({"input":"a","model":1})") == "invalid model");
}

TEST_CASE("moderation/mistrals_answers_get_a_verdict") {
  const std::string_view openai =
      R"({"id":"modr-9","model":"o","results":[{"flagged":false,"categories":{},"category_scores":{}}]})";
  CHECK(answer(ProviderForm::openai, openai) == openai);
  CHECK(
      answer(
          ProviderForm::mistral,
          R"({"id":"z","model":"mm","results":[{"categories":{"sexual":false,"pii":true},"category_scores":{"sexual":1e-9,"pii":0.9}}]})") ==
      R"({"id":"z","model":"mm","results":[{"flagged":true,"categories":{"sexual":false,"pii":true},"category_scores":{"sexual":1e-9,"pii":0.9},"category_applied_input_types":{"sexual":["text"],"pii":["text"]}}]})");
  CHECK(
      answer(ProviderForm::mistral,
             R"({"results":[{"categories":{"pii":false},"category_scores":{"pii":0}}]})") ==
      R"({"id":"modr-1","model":"m","results":[{"flagged":false,"categories":{"pii":false},"category_scores":{"pii":0},"category_applied_input_types":{"pii":["text"]}}]})");
  CHECK(answer(ProviderForm::mistral, R"({"results":[{"categories":[]}]})") == "malformed");
  CHECK(answer(ProviderForm::openai, R"({"error":{}})") == "malformed");
}
