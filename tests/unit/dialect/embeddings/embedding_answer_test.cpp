// Vectors of providers in the forms and encodings of clients.
#include <doctest/doctest.h>

#include <string>

#include "penstock/embedding.h"

using namespace penstock;
using namespace penstock::embedding;

namespace {

// The client's body, or "malformed".
std::string answer(ProviderForm provider, std::string_view body, std::size_t inputs,
                   Encoding encoding = Encoding::unset, ClientForm client = ClientForm::openai) {
  json::Document document;
  const auto root = document.read(body, json::Judge::answer);
  REQUIRE(root.has_value());
  Answer read;
  json::Composer out;
  Request request;
  request.encoding = encoding;
  auto result = read_answer(provider, *root, inputs, read);
  if (result) result = write_answer(client, request, read, "m", out);
  if (!result) {
    CHECK(result.error() == Error{Code::malformed, Side::upstream});
    return "malformed";
  }
  return std::string(out.text());
}

std::string list(std::string_view vectors, std::string_view model, int tokens) {
  return R"({"object":"list","data":[)" + std::string(vectors) + R"(],"model":")" +
         std::string(model) + R"(","usage":{"prompt_tokens":)" + std::to_string(tokens) +
         R"(,"total_tokens":)" + std::to_string(tokens) + "}}";
}

std::string vector(int index, std::string_view value) {
  return R"({"object":"embedding","index":)" + std::to_string(index) + R"(,"embedding":)" +
         std::string(value) + "}";
}

// One vector of Cohere's, as base64.
std::string base64_of(std::string_view numbers) {
  const std::string text =
      answer(ProviderForm::cohere, R"({"embeddings":{"float":[)" + std::string(numbers) + "]}}", 1,
             Encoding::base64);
  const auto from = text.find(R"("embedding":")");
  if (from == std::string::npos) return text;
  const auto begin = from + 13;
  return text.substr(begin, text.find('"', begin) - begin);
}

}  // namespace

TEST_CASE("embedding_answer/every_provider_in_openais_form") {
  const std::string two = vector(0, "[0.5,-1e-3]") + "," + vector(1, "[2,3]");
  CHECK(
      answer(
          ProviderForm::openai,
          R"({"object":"list","data":[{"index":1,"embedding":[2,3]},{"index":0,"embedding":[0.5,-1e-3]}],"model":"t","usage":{"prompt_tokens":7,"total_tokens":8}})",
          2) == list(two, "t", 7));
  CHECK(
      answer(
          ProviderForm::mistral,
          R"({"id":"e","data":[{"embedding":[0.5,-1e-3],"index":0},{"embedding":[2,3],"index":1}],"model":"mistral-embed","usage":{"total_tokens":9}})",
          2) == list(two, "mistral-embed", 9));
  CHECK(
      answer(
          ProviderForm::gemini_batch,
          R"({"embeddings":[{"values":[0.5,-1e-3]},{"values":[2,3]}],"usageMetadata":{"promptTokenCount":4}})",
          2) == list(two, "m", 4));
  CHECK(answer(ProviderForm::gemini, R"({"embedding":{"values":[2,3]}})", 1) ==
        list(vector(0, "[2,3]"), "m", 0));
  CHECK(
      answer(
          ProviderForm::vertex_predict,
          R"({"predictions":[{"embeddings":{"values":[0.5,-1e-3],"statistics":{"token_count":2,"truncated":false}}},{"embeddings":{"values":[2,3],"statistics":{"token_count":3}}}]})",
          2) == list(two, "m", 5));
  CHECK(
      answer(
          ProviderForm::cohere,
          R"({"id":"c","embeddings":{"float":[[0.5,-1e-3],[2,3]]},"texts":["a","b"],"meta":{"billed_units":{"input_tokens":6}}})",
          2) == list(two, "m", 6));
  CHECK(answer(ProviderForm::bedrock_cohere,
               R"({"id":"c","response_type":"embeddings_floats","embeddings":[[0.5,-1e-3],[2,3]]})",
               2) == list(two, "m", 0));
  CHECK(answer(ProviderForm::ollama,
               R"({"model":"nomic","embeddings":[[0.5,-1e-3],[2,3]],"prompt_eval_count":2})",
               2) == list(two, "nomic", 2));
  CHECK(answer(ProviderForm::bedrock_titan,
               R"({"embedding":[2,3],"embeddingsByType":{"float":[2,3]},"inputTextTokenCount":5})",
               1) == list(vector(0, "[2,3]"), "m", 5));
}

TEST_CASE("embedding_answer/geminis_forms") {
  const std::string_view body =
      R"({"data":[{"index":0,"embedding":[0.5]}],"model":"t","usage":{"prompt_tokens":7}})";
  CHECK(answer(ProviderForm::openai, body, 1, Encoding::unset, ClientForm::gemini) ==
        R"({"embedding":{"values":[0.5]},"usageMetadata":{"promptTokenCount":7}})");
  CHECK(answer(ProviderForm::openai, body, 1, Encoding::unset, ClientForm::gemini_batch) ==
        R"({"embeddings":[{"values":[0.5]}],"usageMetadata":{"promptTokenCount":7}})");
  CHECK(answer(ProviderForm::ollama, R"({"embeddings":[[1]]})", 1, Encoding::unset,
               ClientForm::gemini) == R"({"embedding":{"values":[1]}})");
}

TEST_CASE("embedding_answer/numbers_become_float32_little_endian") {
  CHECK(base64_of("[1]") == "AACAPw==");
  CHECK(base64_of("[-2, 0.5]") == "AAAAwAAAAD8=");
  CHECK(base64_of("[0,-0]") == "AAAAAAAAAIA=");
  CHECK(base64_of("[]") == "");
  // 0.1 is 3dcccccd.
  CHECK(base64_of("[ 1e-1 ]") == "zczMPQ==");
  // Half way between two floats but for the last digit: rounding by way of a double would lose it.
  CHECK(base64_of("[1.00000005960464477539062]") == "AACAPw==");
  CHECK(base64_of("[1.000000059604644775390626]") == "AQCAPw==");
  // The smallest float32, and what is less than half of it.
  CHECK(base64_of("[1.401298464324817e-45]") == "AQAAAA==");
  CHECK(base64_of("[1e-60]") == "AAAAAA==");
  CHECK(base64_of("[-1E-999]") == "AAAAAA==");
  CHECK(base64_of("[1e60]") == "malformed");
  CHECK(base64_of("[1e999]") == "malformed");
  CHECK(base64_of("[null]") == "malformed");
  CHECK(base64_of("[\"1\"]") == "malformed");
  CHECK(base64_of("[[1]]") == "malformed");
}

TEST_CASE("embedding_answer/base64_becomes_numbers_when_they_are_wanted") {
  const auto numbers = [](std::string_view text) {
    return answer(ProviderForm::openai,
                  R"({"data":[{"index":0,"embedding":")" + std::string(text) + R"("}]})", 1);
  };
  CHECK(numbers("AAAAwAAAAD8=") == list(vector(0, "[-2,0.5]"), "m", 0));
  CHECK(numbers("zczMPQ==") == list(vector(0, "[0.1]"), "m", 0));
  CHECK(numbers("AACAfw==") == "malformed");  // infinity
  CHECK(numbers("AAA=") == "malformed");      // half a number
  CHECK(numbers("????") == "malformed");
  // It stays as it is when it is wanted so.
  CHECK(answer(ProviderForm::openai, R"({"data":[{"index":0,"embedding":"zczMPQ=="}]})", 1,
               Encoding::base64) == list(vector(0, "\"zczMPQ==\""), "m", 0));
}

TEST_CASE("embedding_answer/what_is_not_one_vector_for_each_input_is_malformed") {
  CHECK(answer(ProviderForm::openai, R"({"data":[{"index":0,"embedding":[1]}]})", 2) ==
        "malformed");
  CHECK(answer(ProviderForm::openai,
               R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})",
               2) == "malformed");
  CHECK(answer(ProviderForm::openai, R"({"data":[{"index":5,"embedding":[1]}]})", 1) ==
        "malformed");
  CHECK(answer(ProviderForm::openai, R"({"data":[{"index":-1,"embedding":[1]}]})", 1) ==
        "malformed");
  CHECK(answer(ProviderForm::openai, R"({"data":[{"index":0,"embedding":{}}]})", 1) == "malformed");
  CHECK(answer(ProviderForm::gemini_batch, R"({"embeddings":[{"values":[1]}]})", 2) == "malformed");
  CHECK(answer(ProviderForm::gemini, "{}", 1) == "malformed");
  CHECK(answer(ProviderForm::cohere, R"({"embeddings":{"int8":[[1]]}})", 1) == "malformed");
  CHECK(answer(ProviderForm::ollama, R"({"error":"x"})", 1) == "malformed");
  CHECK(answer(ProviderForm::ollama, R"({"embeddings":[1]})", 1) == "malformed");
  CHECK(answer(ProviderForm::bedrock_titan, R"({"message":"no"})", 1) == "malformed");
  CHECK(answer(ProviderForm::vertex_predict, R"({"predictions":[{}]})", 1) == "malformed");
}
