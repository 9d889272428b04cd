// Recorded embeddings, rankings, moderations and token counts: every request to every provider's
// form, every answer to every client's form.
#include <doctest/doctest.h>

#include <array>
#include <string>

#include "findings.h"
#include "penstock/embedding.h"
#include "penstock/moderation.h"
#include "penstock/rerank.h"
#include "reading.h"
#include "recordings.h"

namespace {

using namespace golden;
using namespace penstock;
using embedding::Encoding;
using golden::Tree;

constexpr std::array embedding_forms{
    embedding::ProviderForm::openai,         embedding::ProviderForm::mistral,
    embedding::ProviderForm::gemini,         embedding::ProviderForm::gemini_batch,
    embedding::ProviderForm::vertex_predict, embedding::ProviderForm::cohere,
    embedding::ProviderForm::ollama,         embedding::ProviderForm::bedrock_titan,
    embedding::ProviderForm::bedrock_cohere};
constexpr std::array embedding_clients{embedding::ClientForm::openai, embedding::ClientForm::gemini,
                                       embedding::ClientForm::gemini_batch};
constexpr std::array rerank_forms{rerank::ProviderForm::cohere, rerank::ProviderForm::jina,
                                  rerank::ProviderForm::voyage, rerank::ProviderForm::bedrock,
                                  rerank::ProviderForm::tei};

// What a writer made of a request: an object, or a refusal that says why.
template <class Form, class Request>
void check_written(Form form, const Request& request, const std::string& where,
                   Findings& findings) {
  json::Composer out;
  dialect::Losses losses;
  dialect::TargetTraits target;
  target.model = target.base_model = "the-model";
  if (!write_request(form, request, target, out, losses)) {
    if (losses.refused.empty() || losses.reason.empty()) findings.add(where, "refused, no reason");
    return;
  }
  const auto tree = test::read_tree(out.text());
  if (!tree || tree->kind != Tree::Kind::object) findings.add(where, "no sound JSON");
}

embedding::ProviderForm embedding_form(const Recording& recording) {
  if (recording.provider == "gemini") return embedding::ProviderForm::gemini_batch;
  if (recording.provider == "mistral") return embedding::ProviderForm::mistral;
  if (recording.provider == "ollama") return embedding::ProviderForm::ollama;
  if (recording.provider == "cohere") return embedding::ProviderForm::cohere;
  return embedding::ProviderForm::openai;
}

// The vectors of a client's answer.
std::vector<const Tree*> vectors_of(embedding::ClientForm client, const Tree& answer) {
  std::vector<const Tree*> vectors;
  if (client == embedding::ClientForm::gemini) {
    vectors.push_back(detail::at(detail::at(&answer, "embedding"), "values"));
    return vectors;
  }
  const bool openai = client == embedding::ClientForm::openai;
  const Tree* const list = detail::at(&answer, openai ? "data" : "embeddings");
  if (list == nullptr) return vectors;
  for (const Tree& one : list->items) {
    vectors.push_back(detail::at(&one, openai ? "embedding" : "values"));
  }
  return vectors;
}

// How many numbers a vector has, whatever its encoding.
std::size_t length_of(const Tree* vector) {
  if (vector == nullptr) return 0;
  if (vector->kind == Tree::Kind::array) return vector->items.size();
  std::size_t bytes = vector->text.size() / 4 * 3;
  for (std::size_t end = vector->text.size(); end > 0 && vector->text[end - 1] == '='; --end) {
    --bytes;
  }
  return bytes % 4 == 0 ? bytes / 4 : 0;
}

void check_embedding_answer(const Recording& recording, std::size_t inputs, Findings& findings) {
  json::Document document;
  const auto body = document.read(recording.body, json::Judge::answer);
  const auto form = embedding_form(recording);
  embedding::Answer answer;
  if (!body || !read_answer(form, *body, inputs, answer)) {
    return findings.add(recording.name, "the answer was refused");
  }
  embedding::Answer other;
  if (read_answer(form, *body, inputs + 1, other)) {
    findings.add(recording.name, "a vector is missing and nobody sees it");
  }
  std::size_t length = 0;
  for (const auto client : embedding_clients) {
    if (client == embedding::ClientForm::gemini && inputs != 1) continue;
    for (const Encoding encoding : {Encoding::unset, Encoding::floats, Encoding::base64}) {
      const std::string where = recording.name + " -> form " +
                                std::to_string(static_cast<int>(client)) + " encoding " +
                                std::to_string(static_cast<int>(encoding));
      embedding::Request request;
      request.encoding = encoding;
      json::Composer out(std::size_t{16} << 20);
      if (!write_answer(client, request, answer, "m", out)) {
        findings.add(where, "the answer cannot be written");
        continue;
      }
      const auto tree = test::read_tree(out.text());
      if (!tree) {
        findings.add(where, "no sound JSON");
        continue;
      }
      const auto vectors = vectors_of(client, *tree);
      if (vectors.size() != inputs) findings.add(where, "not one vector for each input");
      for (const Tree* const vector : vectors) {
        if (length == 0) length = length_of(vector);
        if (length == 0 || length_of(vector) != length) findings.add(where, "a vector is cut");
      }
    }
  }
}

void check_embedding(const Recording& recording, Findings& findings) {
  json::Document document;
  const auto body = document.read(recording.request, json::Judge::request);
  // Ollama's own form is none of a client's; its one text is in `input` like OpenAI's.
  const auto client = recording.provider == "gemini" ? embedding::ClientForm::gemini_batch
                                                     : embedding::ClientForm::openai;
  embedding::Request request;
  dialect::RequestIssue issue;
  if (!body || !read_request(client, *body, request, issue)) {
    return findings.add(recording.name, "the request was refused: " + std::string(issue.param));
  }
  for (const auto form : embedding_forms) {
    const std::string where = recording.name + " => form " + std::to_string(static_cast<int>(form));
    check_written(form, request, where, findings);
  }
  check_embedding_answer(recording, request.inputs.size(), findings);
}

void check_rerank(const Recording& recording, Findings& findings) {
  json::Document requests;
  const auto asked = requests.read(recording.request, json::Judge::request);
  rerank::Request request;
  dialect::RequestIssue issue;
  if (!asked || !rerank::read_request(*asked, request, issue)) {
    return findings.add(recording.name, "the request was refused: " + std::string(issue.param));
  }
  for (const auto form : rerank_forms) {
    check_written(form, request, recording.name + " => " + std::to_string(static_cast<int>(form)),
                  findings);
  }
  json::Document answers;
  const auto told = answers.read(recording.body, json::Judge::answer);
  rerank::Answer answer;
  if (!told || !read_answer(rerank::ProviderForm::cohere, *told, request.documents.size(), answer))
    return findings.add(recording.name, "the answer was refused");
  const auto recorded = test::read_tree(recording.body);
  for (const auto client : {rerank::ClientForm::v1, rerank::ClientForm::v2}) {
    json::Composer out;
    rerank::write_answer(client, request, answer, "r", out);
    const auto tree = test::read_tree(out.text());
    const Tree* const results = tree ? detail::at(&*tree, "results") : nullptr;
    const Tree* const expected = detail::at(&*recorded, "results");
    if (results == nullptr || results->items.size() != expected->items.size()) {
      findings.add(recording.name, "not all results arrive");
      continue;
    }
    for (std::size_t i = 0; i < results->items.size(); ++i) {
      for (const char* key : {"index", "relevance_score"}) {
        if (*results->items[i].find(key) != *expected->items[i].find(key)) {
          findings.add(recording.name, "a result is not the provider's");
        }
      }
    }
  }
}

void check_moderation(const Recording& recording, Findings& findings) {
  json::Document requests;
  const auto asked = requests.read(recording.request, json::Judge::request);
  moderation::Request request;
  dialect::RequestIssue issue;
  if (!asked || !moderation::read_request(*asked, request, issue)) {
    return findings.add(recording.name, "the request was refused: " + std::string(issue.param));
  }
  for (const auto form : {moderation::ProviderForm::openai, moderation::ProviderForm::mistral}) {
    const std::string where = recording.name + " form " + std::to_string(static_cast<int>(form));
    check_written(form, request, where, findings);
    json::Document answers;
    const auto told = answers.read(recording.body, json::Judge::answer);
    json::Composer out;
    if (!told || !moderation::write_answer(form, *told, "id", "m", out)) {
      findings.add(where, "the answer was refused");
      continue;
    }
    const auto tree = test::read_tree(out.text());
    const auto recorded = test::read_tree(recording.body);
    const Tree* const results = tree ? detail::at(&*tree, "results") : nullptr;
    const Tree* const expected = detail::at(&*recorded, "results");
    if (results == nullptr || results->items.size() != expected->items.size()) {
      findings.add(where, "not one result for each input");
      continue;
    }
    for (std::size_t i = 0; i < results->items.size(); ++i) {
      const Tree* const categories = detail::at(&results->items[i], "categories");
      if (categories == nullptr || *categories != *expected->items[i].find("categories")) {
        findings.add(where, "the categories are not the provider's");
      }
    }
  }
}

void check_count(const Recording& recording, Findings& findings) {
  const auto& table = dialect::dialect_of(recording.dialect);
  json::Document document;
  const auto body = document.read(recording.request, json::Judge::request);
  hub::Request request;
  dialect::RequestIssue issue;
  if (!body || !table.read_count_request(*body, request, issue)) {
    return findings.add(recording.name, "the request was refused: " + std::string(issue.param));
  }
  if (dialect::estimate_input_tokens(request) == 0) findings.add(recording.name, "estimate 0");
  const auto recorded = test::read_tree(recording.body);
  const Tree* const total = detail::at(recorded ? &*recorded : nullptr, "totalTokens");
  if (total == nullptr) return findings.add(recording.name, "there is no count");
  json::Composer out;
  table.write_count(static_cast<std::uint64_t>(std::atoi(total->text.c_str())), out);
  const auto tree = test::read_tree(out.text());
  const Tree* const written = detail::at(tree ? &*tree : nullptr, "totalTokens");
  if (written == nullptr || *written != *total) {
    findings.add(recording.name, "the count is not written as the provider writes it");
  }
}

}  // namespace

TEST_CASE("recorded/every_side_call_to_every_form") {
  Findings findings;
  int cases = 0;
  for (const Recording& recording : recordings().others) {
    const Work work = recording.work;
    if (work == Work::embedding) check_embedding(recording, findings);
    if (work == Work::rerank) check_rerank(recording, findings);
    if (work == Work::moderation) check_moderation(recording, findings);
    if (work == Work::count) check_count(recording, findings);
    cases += work != Work::error && work != Work::foreign;
  }
  MESSAGE("side calls: ", cases);
  findings.judge();
}
