// Recorded embeddings, rerank and moderations.
#include "support/fixtures.h"

#include <doctest/doctest.h>

#include <string>

#include "penstock/embedding.h"
#include "penstock/moderation.h"
#include "penstock/rerank.h"
#include "support/json_tree.h"

using namespace penstock;

namespace {

struct Case {
  std::string request;
  std::string answer;
};

std::optional<Case> recorded(const std::string& name) {
  const auto folder = test::fixtures(name);
  if (!folder) {
    MESSAGE("not there: " << name);
    return {};
  }
  MESSAGE("recorded: " << name);
  return Case{test::read_file(*folder / "request.json"),
              test::read_file(*folder / "response.body")};
}

// The answer of one provider as an OpenAI client sees it.
test::Tree answered(embedding::ProviderForm form, const Case& of, std::size_t inputs,
                    embedding::Encoding encoding) {
  json::Document document;
  const auto body = document.read(of.answer, json::Judge::answer);
  REQUIRE(body.has_value());
  embedding::Answer answer;
  REQUIRE(embedding::read_answer(form, *body, inputs, answer).has_value());
  embedding::Request request;
  request.encoding = encoding;
  json::Composer out;
  REQUIRE(embedding::write_answer(embedding::ClientForm::openai, request, answer, "m", out)
              .has_value());
  const auto tree = test::read_tree(out.text());
  REQUIRE(tree.has_value());
  return *tree;
}

const test::Tree& first_vector(const test::Tree& answer) {
  return *answer.find("data")->items.at(0).find("embedding");
}

using embedding::ClientForm;
using embedding::Encoding;
using embedding::ProviderForm;

}  // namespace

TEST_CASE("embedding_fixtures/azures_base64_as_numbers_and_back") {
  const auto of = recorded("azure/embeddings.plain");
  if (!of) return;
  const auto numbers = answered(ProviderForm::openai, *of, 1, Encoding::floats);
  CHECK(first_vector(numbers).items.size() == 3072);
  CHECK(numbers.find("usage")->find("prompt_tokens")->text == "8");
  // The numbers, read again and packed, are the bytes that were recorded.
  std::string list = "[";
  for (const auto& one : first_vector(numbers).items)
    list += (list.size() > 1 ? "," : "") + one.text;
  const Case again{"", R"({"embeddings":[)" + list + "]]}"};
  const auto packed = answered(ProviderForm::ollama, again, 1, Encoding::base64);
  const auto recorded_text = answered(ProviderForm::openai, *of, 1, Encoding::base64);
  CHECK(first_vector(packed).text == first_vector(recorded_text).text);
}

TEST_CASE("embedding_fixtures/ollama_and_gemini") {
  if (const auto of = recorded("ollama/api-embed.plain")) {
    const auto got = answered(ProviderForm::ollama, *of, 1, Encoding::unset);
    CHECK(first_vector(got).items.size() == 768);
    CHECK(got.find("model")->text == "nomic-embed-text");
    CHECK(got.find("usage")->find("prompt_tokens")->text == "2");
  }
  if (const auto of = recorded("gemini/embed-content.image")) {
    json::Document document;
    const auto body = document.read(of->request, json::Judge::request);
    REQUIRE(body.has_value());
    embedding::Request request;
    dialect::RequestIssue issue;
    REQUIRE(embedding::read_request(ClientForm::gemini_batch, *body, request, issue).has_value());
    REQUIRE(request.inputs.size() == 1);
    CHECK(request.inputs[0].kind == embedding::Input::Kind::content);
    // The image stays in its form for Gemini and is refused elsewhere.
    json::Composer out;
    dialect::Losses losses;
    REQUIRE(embedding::write_request(ProviderForm::gemini_batch, request,
                                     {.model = "gemini-embedding-2"}, out, losses)
                .has_value());
    CHECK(test::read_tree(out.text()) == test::read_tree(of->request));
    CHECK_FALSE(embedding::write_request(ProviderForm::cohere, request, {}, out, losses));
    const auto got = answered(ProviderForm::gemini_batch, *of, 1, Encoding::base64);
    CHECK(first_vector(got).text.size() % 4 == 0);
    CHECK(got.find("usage")->find("total_tokens")->text == "261");
  }
}

TEST_CASE("embedding_fixtures/requests_of_openai_mistral_and_cohere") {
  if (const auto of = recorded("openai/embeddings.error-400")) {
    json::Document document;
    const auto body = document.read(of->request, json::Judge::request);
    REQUIRE(body.has_value());
    embedding::Request request;
    dialect::RequestIssue issue;
    CHECK_FALSE(embedding::read_request(ClientForm::openai, *body, request, issue).has_value());
    CHECK(issue.param == "dimensions");
  }
  if (const auto of = recorded("mistral/embeddings.gzip")) {
    json::Document document;
    const auto body = document.read(of->request, json::Judge::request);
    REQUIRE(body.has_value());
    embedding::Request request;
    dialect::RequestIssue issue;
    REQUIRE(embedding::read_request(ClientForm::openai, *body, request, issue).has_value());
    json::Composer out;
    dialect::Losses losses;
    REQUIRE(embedding::write_request(ProviderForm::mistral, request, {.model = "mistral-embed"},
                                     out, losses)
                .has_value());
    CHECK(test::read_tree(out.text()) == test::read_tree(of->request));
  }
}

TEST_CASE("rerank_fixtures/cohere") {
  const auto of = recorded("cohere/rerank.plain");
  if (!of) return;
  json::Document document;
  const auto body = document.read(of->request, json::Judge::request);
  REQUIRE(body.has_value());
  rerank::Request request;
  dialect::RequestIssue issue;
  REQUIRE(rerank::read_request(*body, request, issue).has_value());
  json::Composer out;
  dialect::Losses losses;
  REQUIRE(rerank::write_request(rerank::ProviderForm::cohere, request,
                                {.model = "rerank-english-v3.0"}, out, losses)
              .has_value());
  auto sent = test::read_tree(out.text());
  CHECK(sent == test::read_tree(of->request));

  json::Document answers;
  const auto answer_body = answers.read(of->answer, json::Judge::answer);
  REQUIRE(answer_body.has_value());
  rerank::Answer answer;
  REQUIRE(rerank::read_answer(rerank::ProviderForm::cohere, *answer_body, request.documents.size(),
                              answer)
              .has_value());
  out.clear();
  rerank::write_answer(rerank::ClientForm::v2, request, answer, "r", out);
  CHECK(test::read_tree(out.text()) == test::read_tree(of->answer));
}

TEST_CASE("moderation_fixtures/openai_passes_and_a_text_server_refuses_the_image") {
  const auto of = recorded("openai/moderations.image");
  if (!of) return;
  json::Document document;
  const auto body = document.read(of->request, json::Judge::request);
  REQUIRE(body.has_value());
  moderation::Request request;
  dialect::RequestIssue issue;
  REQUIRE(moderation::read_request(*body, request, issue).has_value());
  CHECK_FALSE(request.texts_only);
  json::Composer out;
  dialect::Losses losses;
  REQUIRE(moderation::write_request(moderation::ProviderForm::openai, request,
                                    {.model = "omni-moderation-latest"}, out, losses)
              .has_value());
  CHECK(test::read_tree(out.text()) == test::read_tree(of->request));
}
