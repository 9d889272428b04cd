// Bodies that were damaged at random: whatever is taken gives valid JSON of bounded size, and
// nothing is read beyond a text's end (the sanitizers' builds judge that).
#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>

#include "penstock/embedding.h"
#include "penstock/moderation.h"
#include "penstock/rerank.h"
#include "support/json_tree.h"

using namespace penstock;

namespace {

constexpr std::array<std::string_view, 12> bodies{
    R"({"model":"x","input":["a",[1,2],"\u00fc"],"dimensions":8,"encoding_format":"base64","user":"u","task":"query"})",
    R"({"requests":[{"content":{"parts":[{"text":"a"},{"text":"b"}]},"taskType":"CLUSTERING","outputDimensionality":4}]})",
    R"({"content":{"parts":{"text":"a"}},"title":"t"})",
    R"({"data":[{"index":1,"embedding":[0.5,-1e-3]},{"index":0,"embedding":"AAAAwAAAAD8="}],"model":"t","usage":{"prompt_tokens":7}})",
    R"({"embeddings":[{"values":[1,2]},{"values":[3e38,4e-46]}],"usageMetadata":{"promptTokenCount":4}})",
    R"({"embeddings":{"float":[[1,2],[3,4]]},"meta":{"billed_units":{"input_tokens":6}}})",
    R"({"predictions":[{"embeddings":{"values":[1],"statistics":{"token_count":3}}}]})",
    R"({"model":"x","query":"q","documents":["a",{"text":"b"}],"top_n":1,"return_documents":true})",
    R"({"results":[{"index":1,"relevance_score":0.9}],"meta":{"billed_units":{"search_units":1}}})",
    R"([{"index":0,"score":1}])",
    R"({"model":"m","input":[{"type":"text","text":"a"},"b"]})",
    R"({"results":[{"categories":{"a\n":true},"category_scores":{"a\n":0.5}}]})",
};

std::string damaged(std::string_view body, std::mt19937& random) {
  std::string out(body);
  constexpr std::string_view spare = "0123456789-+.eE\"\\[]{},: ntfu";
  for (auto times = random() % 3 + 1; times > 0; --times) {
    const auto at = random() % out.size();
    switch (random() % 3) {
      case 0:
        out[at] = spare[random() % spare.size()];
        break;
      case 1:
        out.erase(at, 1 + random() % 4);
        break;
      default:
        out.insert(at, 1, spare[random() % spare.size()]);
    }
    if (out.empty()) out = "{";
  }
  return out;
}

int taken = 0;

void judge(const json::Composer& out, std::size_t body) {
  ++taken;
  CHECK_MESSAGE(test::read_tree(out.text()).has_value(), out.text());
  CHECK(out.size() < 16 * body + 1024);
}

void try_embeddings(json::View root, std::size_t body) {
  using namespace penstock::embedding;
  json::Composer out;
  for (int c = 0; c < 3; ++c) {
    Request request;
    dialect::RequestIssue issue;
    if (!read_request(static_cast<ClientForm>(c), root, request, issue)) continue;
    for (int p = 0; p < 9; ++p) {
      out.clear();
      dialect::Losses losses;
      if (write_request(static_cast<ProviderForm>(p), request, {.model = "m", .base_model = "m"},
                        out, losses))
        judge(out, body);
    }
  }
  for (int p = 0; p < 9; ++p) {
    for (std::size_t inputs = 1; inputs < 3; ++inputs) {
      Answer answer;
      if (!read_answer(static_cast<ProviderForm>(p), root, inputs, answer)) continue;
      for (int c = 0; c < 6; ++c) {
        Request request;
        request.encoding = c < 3 ? Encoding::floats : Encoding::base64;
        out.clear();
        if (write_answer(static_cast<ClientForm>(c % 3), request, answer, "m", out) &&
            (c % 3 != 1 || inputs == 1))
          judge(out, body);
      }
    }
  }
}

void try_rerank(json::View root, std::size_t body) {
  using namespace penstock::rerank;
  json::Composer out;
  Request request;
  dialect::RequestIssue issue;
  const bool asked = read_request(root, request, issue).has_value();
  for (int p = 0; p < 5; ++p) {
    out.clear();
    dialect::Losses losses;
    if (asked && write_request(static_cast<ProviderForm>(p), request, {.model = "m"}, out, losses))
      judge(out, body);
    Answer answer;
    out.clear();
    if (!read_answer(static_cast<ProviderForm>(p), root, 2, answer)) continue;
    write_answer(ClientForm::v2, request, answer, "r", out);
    judge(out, body);
  }
}

void try_moderation(json::View root, std::size_t body) {
  using namespace penstock::moderation;
  json::Composer out;
  Request request;
  dialect::RequestIssue issue;
  dialect::Losses losses;
  if (read_request(root, request, issue) &&
      write_request(ProviderForm::mistral, request, {.model = "m"}, out, losses))
    judge(out, body);
  out.clear();
  if (write_answer(ProviderForm::mistral, root, "i", "m", out)) judge(out, body);
}

}  // namespace

TEST_CASE("embedding_hostile/damaged_bodies_give_valid_json_or_nothing") {
  std::mt19937 random(20261121);
  json::Document document;
  for (int round = 0; round < 3000; ++round) {
    const auto body = damaged(bodies[static_cast<std::size_t>(round) % bodies.size()], random);
    const auto root = document.read(body, json::Judge::answer);
    if (!root) continue;
    try_embeddings(*root, body.size());
    try_rerank(*root, body.size());
    try_moderation(*root, body.size());
  }
  CHECK(taken > 1000);
}
