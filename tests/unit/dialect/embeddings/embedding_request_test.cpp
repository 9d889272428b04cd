// Embeddings requests of clients as those of providers.
#include <doctest/doctest.h>

#include <string>

#include "penstock/embedding.h"

using namespace penstock;
using namespace penstock::embedding;

namespace {

// What became of a client's body at one provider: its body, or "refused PARAM", or "invalid PARAM".
struct Sent {
  std::string text;
  std::vector<std::string> dropped;
  std::vector<std::string> emulated;
};

Sent send(ClientForm client, ProviderForm provider, std::string_view body,
          dialect::TargetTraits target = {.model = "m", .base_model = "m"}) {
  json::Document document;
  const auto root = document.read(body, json::Judge::request);
  REQUIRE(root.has_value());
  Request request;
  dialect::RequestIssue issue;
  Sent out;
  if (const auto read = read_request(client, *root, request, issue); !read) {
    CHECK(read.error().side == Side::client);
    out.text = (read.error().code == Code::missing_field ? "missing " : "invalid ") +
               std::string(issue.param);
    return out;
  }
  json::Composer composer;
  dialect::Losses losses;
  if (const auto wrote = write_request(provider, request, target, composer, losses); !wrote) {
    CHECK(wrote.error() == Error{Code::unsupported_by_target, Side::client});
    CHECK_FALSE(losses.reason.empty());
    out.text = "refused " + std::string(losses.refused);
    return out;
  }
  out.text = composer.text();
  for (const Bytes one : losses.dropped) out.dropped.emplace_back(one);
  for (const Bytes one : losses.emulated) out.emulated.emplace_back(one);
  return out;
}

Sent from_openai(ProviderForm provider, std::string_view body,
                 dialect::TargetTraits target = {.model = "m", .base_model = "m"}) {
  return send(ClientForm::openai, provider, body, target);
}

std::string many(std::size_t count) {
  std::string list = R"({"model":"x","input":["a")";
  for (std::size_t i = 1; i < count; ++i) list += ",\"a\"";
  return list + "]}";
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("embedding_request/one_text_at_every_provider") {
  const std::string_view body = R"({"model":"x","input":"Gr\u00fc\n","dimensions":256})";
  const auto at = [&](ProviderForm form) { return from_openai(form, body).text; };
  CHECK(at(ProviderForm::openai) == R"({"model":"m","input":"Gr\u00fc\n","dimensions":256})");
  CHECK(at(ProviderForm::mistral) ==
        R"({"model":"m","input":"Gr\u00fc\n","output_dimension":256})");
  CHECK(
      at(ProviderForm::gemini) ==
      R"({"model":"models/m","content":{"parts":[{"text":"Gr\u00fc\n"}]},"outputDimensionality":256})");
  CHECK(
      at(ProviderForm::gemini_batch) ==
      R"({"requests":[{"model":"models/m","content":{"parts":[{"text":"Gr\u00fc\n"}]},"outputDimensionality":256}]})");
  CHECK(at(ProviderForm::vertex_predict) ==
        R"({"instances":[{"content":"Gr\u00fc\n"}],"parameters":{"outputDimensionality":256}})");
  CHECK(
      at(ProviderForm::cohere) ==
      R"({"model":"m","texts":["Gr\u00fc\n"],"input_type":"search_document","embedding_types":["float"],"output_dimension":256})");
  CHECK(at(ProviderForm::ollama) == R"({"model":"m","input":["Gr\u00fc\n"],"dimensions":256})");
  CHECK(at(ProviderForm::bedrock_titan) == R"({"inputText":"Gr\u00fc\n","dimensions":256})");
  CHECK(
      at(ProviderForm::bedrock_cohere) ==
      R"({"texts":["Gr\u00fc\n"],"input_type":"search_document","embedding_types":["float"],"output_dimension":256})");
}

TEST_CASE("embedding_request/base64_is_asked_only_of_who_has_it_trap_115") {
  const std::string_view body = R"({"model":"x","input":["a","b"],"encoding_format":"base64"})";
  CHECK(from_openai(ProviderForm::openai, body).text ==
        R"({"model":"m","input":["a","b"],"encoding_format":"base64"})");
  CHECK(
      from_openai(ProviderForm::cohere, body).text ==
      R"({"model":"m","texts":["a","b"],"input_type":"search_document","embedding_types":["float"]})");
  CHECK(from_openai(ProviderForm::mistral, body).text == R"({"model":"m","input":["a","b"]})");
  // Null is unset.
  CHECK(
      from_openai(
          ProviderForm::openai,
          R"({"model":"x","input":["a"],"encoding_format":null,"dimensions":null,"user":null,"z":null})")
          .text == R"({"model":"m","input":["a"]})");
}

TEST_CASE("embedding_request/token_numbers_stay_with_their_tokenizer") {
  const std::string_view one = R"({"model":"x","input":[102257, 4]})";
  const std::string_view two = R"({"model":"x","input":[[1],"a",[2,3]]})";
  CHECK(from_openai(ProviderForm::openai, one).text == R"({"model":"m","input":[102257, 4]})");
  CHECK(from_openai(ProviderForm::openai, two).text == R"({"model":"m","input":[[1],"a",[2,3]]})");
  for (const auto form :
       {ProviderForm::mistral, ProviderForm::gemini_batch, ProviderForm::vertex_predict,
        ProviderForm::cohere, ProviderForm::ollama, ProviderForm::bedrock_cohere}) {
    CHECK(from_openai(form, two).text == "refused input");
  }
  CHECK(from_openai(ProviderForm::gemini, one).text == "refused input");
  CHECK(from_openai(ProviderForm::bedrock_titan, one).text == "refused input");
}

TEST_CASE("embedding_request/too_many_inputs_are_refused") {
  CHECK(from_openai(ProviderForm::cohere, many(96)).text.starts_with("{"));
  CHECK(from_openai(ProviderForm::cohere, many(97)).text == "refused input");
  CHECK(from_openai(ProviderForm::bedrock_cohere, many(97)).text == "refused input");
  CHECK(from_openai(ProviderForm::gemini_batch, many(100)).text.starts_with("{"));
  CHECK(from_openai(ProviderForm::gemini_batch, many(101)).text == "refused input");
  CHECK(from_openai(ProviderForm::gemini, many(2)).text == "refused input");
  CHECK(from_openai(ProviderForm::bedrock_titan, many(2)).text == "refused input");
  CHECK(from_openai(ProviderForm::vertex_predict, many(251)).text == "refused input");
  CHECK(from_openai(ProviderForm::openai, many(2048)).text.starts_with("{"));
  CHECK(from_openai(ProviderForm::openai, many(2049)).text == "refused input");
  CHECK(from_openai(ProviderForm::ollama, many(3000)).text.starts_with("{"));
}

TEST_CASE("embedding_request/what_the_vectors_are_for") {
  const std::string_view body = R"({"model":"x","input":"a","input_type":"search_query"})";
  CHECK(from_openai(ProviderForm::openai, body).text ==
        R"({"model":"m","input":"a","input_type":"search_query"})");
  CHECK(from_openai(ProviderForm::openai, body).dropped.empty());
  CHECK(from_openai(ProviderForm::gemini, body).text ==
        R"({"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY"})");
  CHECK(from_openai(ProviderForm::vertex_predict, body).text ==
        R"({"instances":[{"content":"a","task_type":"RETRIEVAL_QUERY"}]})");
  const auto cohere = from_openai(ProviderForm::cohere, body);
  CHECK(cohere.text ==
        R"({"model":"m","texts":["a"],"input_type":"search_query","embedding_types":["float"]})");
  CHECK(cohere.dropped.empty());
  CHECK(cohere.emulated.empty());
  CHECK(from_openai(ProviderForm::ollama, body).dropped == Names{"input_type"});
  CHECK(from_openai(ProviderForm::mistral, body).dropped == Names{"input_type"});
  CHECK(from_openai(ProviderForm::bedrock_titan, body).dropped == Names{"input_type"});
  // Cohere demands a word; the nearest one is told.
  const auto near =
      send(ClientForm::gemini, ProviderForm::cohere,
           R"({"content":{"parts":[{"text":"a"}]},"taskType":"SEMANTIC_SIMILARITY"})");
  CHECK(near.text.find(R"("input_type":"clustering")") != std::string::npos);
  CHECK(near.emulated == Names{"input_type"});
  CHECK(from_openai(ProviderForm::cohere, R"({"model":"x","input":"a"})").emulated ==
        Names{"input_type"});
}

TEST_CASE("embedding_request/unknown_members_go_to_who_knows_them") {
  const std::string_view body =
      R"({"model":"x","input":"a","user":"u","truncate":"END","normalize":false,"odd":1})";
  CHECK(from_openai(ProviderForm::openai, body).text ==
        R"({"model":"m","input":"a","user":"u","truncate":"END","normalize":false,"odd":1})");
  CHECK(from_openai(ProviderForm::openai, R"({"model":"x","input":"a","o\u0064d\n":1})").text ==
        R"({"model":"m","input":"a","odd\n":1})");
  const auto cohere = from_openai(ProviderForm::cohere, body);
  CHECK(cohere.text.ends_with(R"("embedding_types":["float"],"truncate":"END"})"));
  CHECK(cohere.dropped == Names{"user", "normalize", "odd"});
  CHECK(from_openai(ProviderForm::bedrock_titan, body).text ==
        R"({"inputText":"a","normalize":false})");
  const dialect::TargetTraits strict{
      .model = "m", .base_model = "m", .drop_params = dialect::DropParams::error};
  CHECK(from_openai(ProviderForm::cohere, body, strict).text == "refused user");
}

TEST_CASE("embedding_request/gemini_clients") {
  const auto one = [](ProviderForm form, std::string_view body) {
    return send(ClientForm::gemini, form, body);
  };
  const std::string_view body =
      R"({"model":"models/g","content":{"parts":[{"text":"A "},{"text":"b"}]},"task_type":"RETRIEVAL_DOCUMENT","title":"T","output_dimensionality":8})";
  const auto openai = one(ProviderForm::openai, body);
  CHECK(openai.text == R"({"model":"m","input":"A b","dimensions":8})");
  CHECK(openai.dropped == Names{"taskType"});
  CHECK(
      one(ProviderForm::gemini, body).text ==
      R"({"model":"models/m","content":{"parts":[{"text":"A b"}]},"taskType":"RETRIEVAL_DOCUMENT","title":"T","outputDimensionality":8})");
  CHECK(one(ProviderForm::openai, R"({"content":{"parts":{"text":"x"}}})").text ==
        R"({"model":"m","input":"x"})");
  CHECK(one(ProviderForm::openai, R"({"content":"x"})").text == R"({"model":"m","input":"x"})");
  const std::string_view image =
      R"({"content":{"parts":[{"text":"a"},{"inline_data":{"mime_type":"image/png","data":"AA"}}]}})";
  CHECK(one(ProviderForm::openai, image).text == "refused content");
  CHECK(one(ProviderForm::cohere, image).text == "refused input");
  CHECK(
      one(ProviderForm::gemini, image).text ==
      R"({"model":"models/m","content":{"parts":[{"text":"a"},{"inline_data":{"mime_type":"image/png","data":"AA"}}]}})");
  // Vertex names the model in the address.
  CHECK(send(ClientForm::gemini, ProviderForm::gemini, R"({"content":"x"})",
             {.model = "m", .base_model = "m", .on_vertex = true})
            .text == R"({"content":{"parts":[{"text":"x"}]}})");
}

TEST_CASE("embedding_request/gemini_batches_agree_or_are_invalid") {
  const auto batch = [](std::string_view body) {
    return send(ClientForm::gemini_batch, ProviderForm::openai, body).text;
  };
  CHECK(batch(R"({"requests":[{"content":{"parts":[{"text":"a"}]}}]})") ==
        R"({"model":"m","input":["a"]})");
  CHECK(
      batch(
          R"({"requests":[{"content":"a","outputDimensionality":4},{"content":"b","outputDimensionality":4}]})") ==
      R"({"model":"m","input":["a","b"],"dimensions":4})");
  CHECK(batch(R"({"requests":[{"content":"a","outputDimensionality":4},{"content":"b"}]})") ==
        "invalid requests");
  CHECK(batch(R"({"requests":[{"content":"a"},{"content":"b","taskType":"CLUSTERING"}]})") ==
        "invalid requests");
  CHECK(batch(R"({"requests":[]})") == "invalid requests");
  CHECK(batch("{}") == "missing requests");
  CHECK(batch(R"({"requests":[{}]})") == "missing content");
  CHECK(batch(R"({"requests":[{"content":{"parts":[]}}]})") == "invalid content.parts");
  CHECK(batch(R"({"requests":[{"content":"a","outputDimensionality":0}]})") ==
        "invalid outputDimensionality");
}

TEST_CASE("embedding_request/what_openai_would_refuse_is_refused_here") {
  const auto at = [](std::string_view body) {
    return from_openai(ProviderForm::cohere, body).text;
  };
  CHECK(at("[]") == "invalid ");
  CHECK(at(R"({"model":5,"input":"a"})") == "invalid model");
  CHECK(at(R"({"model":"x"})") == "missing input");
  CHECK(at(R"({"model":"x","input":[]})") == "invalid input");
  CHECK(at(R"({"model":"x","input":{"a":1}})") == "invalid input");
  CHECK(at(R"({"model":"x","input":["a",5]})") == "invalid input");
  CHECK(at(R"({"model":"x","input":[-1]})") == "invalid input");
  CHECK(at(R"({"model":"x","input":[1.5]})") == "invalid input");
  CHECK(at(R"({"model":"x","input":"a","dimensions":-1})") == "invalid dimensions");
  CHECK(at(R"({"model":"x","input":"a","dimensions":"8"})") == "invalid dimensions");
  CHECK(at(R"({"model":"x","input":"a","encoding_format":"hex"})") == "invalid encoding_format");
  CHECK(at(R"({"model":"x","input":"a","user":5})") == "invalid user");
}

TEST_CASE("embedding_request/the_first_titan_has_one_size") {
  const std::string_view body = R"({"model":"x","input":"a","dimensions":256})";
  const auto got = from_openai(ProviderForm::bedrock_titan, body,
                               {.model = "arn", .base_model = "amazon.titan-embed-text-v1"});
  CHECK(got.text == R"({"inputText":"a"})");
  CHECK(got.dropped == Names{"dimensions"});
}
