#include "penstock/rerank.h"

#include <doctest/doctest.h>

#include <string>

using namespace penstock;
using namespace penstock::rerank;

namespace {

struct Sent {
  std::string text;  // the body, or what was wrong
  std::vector<std::string> dropped;
};

Sent send(ProviderForm form, std::string_view body) {
  json::Document document;
  const auto root = document.read(body, json::Judge::request);
  REQUIRE(root.has_value());
  Request request;
  dialect::RequestIssue issue;
  if (const auto read = read_request(*root, request, issue); !read)
    return {(read.error().code == Code::missing_field ? "missing " : "invalid ") +
                std::string(issue.param),
            {}};
  json::Composer out;
  dialect::Losses losses;
  if (!write_request(form, request, {.model = "m"}, out, losses))
    return {"refused " + std::string(losses.refused), {}};
  Sent sent{std::string(out.text()), {}};
  for (const Bytes one : losses.dropped) sent.dropped.emplace_back(one);
  return sent;
}

constexpr std::string_view asked =
    R"({"model":"x","query":"Who?","documents":["A\n",{"text":"B","id":7}],"top_n":1,"return_documents":true})";

std::string answer(ProviderForm provider, std::string_view body, ClientForm client = ClientForm::v2,
                   std::string_view request_body = asked) {
  json::Document requests;
  const auto request_root = requests.read(request_body, json::Judge::request);
  REQUIRE(request_root.has_value());
  Request request;
  dialect::RequestIssue issue;
  REQUIRE(read_request(*request_root, request, issue).has_value());
  json::Document document;
  const auto root = document.read(body, json::Judge::answer);
  REQUIRE(root.has_value());
  Answer read;
  if (const auto result = read_answer(provider, *root, request.documents.size(), read); !result) {
    CHECK(result.error() == Error{Code::malformed, Side::upstream});
    return "malformed";
  }
  json::Composer out;
  write_answer(client, request, read, "r1", out);
  return std::string(out.text());
}

}  // namespace

TEST_CASE("rerank/requests_in_every_form") {
  CHECK(send(ProviderForm::cohere, asked).text ==
        R"({"model":"m","query":"Who?","documents":["A\n","B"],"top_n":1})");
  CHECK(send(ProviderForm::jina, asked).text ==
        R"({"model":"m","query":"Who?","documents":["A\n",{"text":"B","id":7}],"top_n":1})");
  CHECK(send(ProviderForm::voyage, asked).text ==
        R"({"model":"m","query":"Who?","documents":["A\n","B"],"top_k":1})");
  CHECK(send(ProviderForm::bedrock, asked).text ==
        R"({"query":"Who?","documents":["A\n","B"],"top_n":1,"api_version":2})");
  CHECK(send(ProviderForm::tei, asked).text == R"({"query":"Who?","texts":["A\n","B"]})");
}

TEST_CASE("rerank/what_cannot_be_sent") {
  const std::string_view fields =
      R"({"model":"x","query":"q","documents":[{"title":"T"}],"rank_fields":["title"],"max_tokens_per_doc":9,"priority":1})";
  CHECK(send(ProviderForm::cohere, fields).text == "refused documents");
  const auto jina = send(ProviderForm::jina, fields);
  CHECK(
      jina.text ==
      R"({"model":"m","query":"q","documents":[{"title":"T"}],"rank_fields":["title"],"priority":1})");
  CHECK(jina.dropped == std::vector<std::string>{"max_tokens_per_doc"});
  const auto cohere = send(
      ProviderForm::cohere,
      R"({"model":"x","query":"q","documents":["a"],"max_tokens_per_doc":9,"priority":1,"odd":1})");
  CHECK(cohere.text ==
        R"({"model":"m","query":"q","documents":["a"],"max_tokens_per_doc":9,"priority":1})");
  CHECK(cohere.dropped == std::vector<std::string>{"odd"});
}

TEST_CASE("rerank/requests_that_are_none") {
  const auto at = [](std::string_view body) { return send(ProviderForm::cohere, body).text; };
  CHECK(at("[]") == "invalid ");
  CHECK(at(R"({"query":"q","documents":["a"]})") == "missing model");
  CHECK(at(R"({"model":"x","documents":["a"]})") == "missing query");
  CHECK(at(R"({"model":"x","query":"","documents":["a"]})") == "invalid query");
  CHECK(at(R"({"model":"x","query":"q"})") == "missing documents");
  CHECK(at(R"({"model":"x","query":"q","documents":[]})") == "invalid documents");
  CHECK(at(R"({"model":"x","query":"q","documents":[1]})") == "invalid documents");
  CHECK(at(R"({"model":"x","query":"q","documents":["a"],"top_n":0})") == "invalid top_n");
  CHECK(at(R"({"model":"x","query":"q","documents":["a"],"return_documents":1})") ==
        "invalid return_documents");
}

TEST_CASE("rerank/answers_with_the_documents_of_the_request") {
  const std::string_view body =
      R"({"id":"c9","results":[{"index":1,"relevance_score":0.99},{"index":0,"relevance_score":1e-3}],"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}})";
  // One was asked for, however many come.
  CHECK(
      answer(ProviderForm::cohere, body) ==
      R"({"id":"c9","results":[{"index":1,"relevance_score":0.99,"document":{"text":"B","id":7}}],"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}})");
  CHECK(
      answer(ProviderForm::cohere, body, ClientForm::v1,
             R"({"model":"x","query":"q","documents":["a","b"]})") ==
      R"({"id":"c9","results":[{"index":1,"relevance_score":0.99},{"index":0,"relevance_score":1e-3}],"meta":{"api_version":{"version":"1"},"billed_units":{"search_units":1}}})");
  CHECK(
      answer(ProviderForm::jina,
             R"({"results":[{"index":0,"relevance_score":0.5}],"usage":{"total_tokens":12}})") ==
      R"({"id":"r1","results":[{"index":0,"relevance_score":0.5,"document":{"text":"A\n"}}],"meta":{"api_version":{"version":"2"}},"usage":{"total_tokens":12}})");
  CHECK(answer(ProviderForm::voyage, R"({"data":[{"index":0,"relevance_score":0.5}]})")
            .find(R"("index":0)") != std::string::npos);
  CHECK(answer(ProviderForm::tei, R"([{"index":1,"score":0.5},{"index":0,"score":0.1}])")
            .find(R"("results":[{"index":1,"relevance_score":0.5,)") != std::string::npos);
}

TEST_CASE("rerank/places_that_are_no_documents_are_malformed") {
  const auto at = [](std::string_view results) {
    return answer(ProviderForm::bedrock, R"({"results":)" + std::string(results) + "}");
  };
  CHECK(at(R"([{"index":2,"relevance_score":1}])") == "malformed");
  CHECK(at(R"([{"index":-1,"relevance_score":1}])") == "malformed");
  CHECK(at(R"([{"index":0,"relevance_score":1},{"index":0,"relevance_score":1}])") == "malformed");
  CHECK(at(R"([{"index":0,"relevance_score":"1"}])") == "malformed");
  CHECK(at(R"([{"relevance_score":1}])") == "malformed");
  CHECK(at("{}") == "malformed");
  CHECK(at("[]").starts_with(R"({"id":"r1","results":[])"));
}
