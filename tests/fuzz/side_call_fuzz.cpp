// Embeddings, rerank and moderations of every client form to every provider form, and answers back:
// no crash, what comes out is sound JSON and not out of proportion, a refusal says why. The first
// byte chooses the client, the first line is its body, the rest is what the provider answers.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "penstock/embedding.h"
#include "penstock/moderation.h"
#include "penstock/rerank.h"

namespace {

using namespace penstock;

void check(bool holds) {
  if (!holds) std::abort();
}

void check_json(const json::Composer& out, std::size_t bytes) {
  json::Document document;
  check(document.read(out.text(), json::Judge::answer).has_value());
  check(out.size() <= 64 * bytes + 16'384);
}

struct Input {
  Bytes request;
  Bytes answer;
  std::size_t bytes() const { return request.size() + answer.size(); }
};

dialect::TargetTraits target_for(dialect::DropParams drop) {
  dialect::TargetTraits target;
  target.model = target.base_model = "the-model";
  target.drop_params = drop;
  return target;
}

void check_written(const Result<>& written, const dialect::Losses& losses,
                   const json::Composer& out, std::size_t bytes) {
  if (written) {
    check_json(out, bytes);
    return;
  }
  check(written.error().code == Code::unsupported_by_target);
  check(written.error().side == Side::client && !losses.reason.empty());
}

void check_unread(const Result<>& read) {
  check(read.error().side == Side::client);
}

void embeddings(embedding::ClientForm client, const Input& input, json::View body,
                json::View answered) {
  embedding::Request request;
  dialect::RequestIssue issue;
  if (const auto read = embedding::read_request(client, body, request, issue); !read) {
    return check_unread(read);
  }
  for (int form = 0; form <= static_cast<int>(embedding::ProviderForm::bedrock_cohere); ++form) {
    const auto provider = static_cast<embedding::ProviderForm>(form);
    for (const auto drop : {dialect::DropParams::drop, dialect::DropParams::error}) {
      json::Composer out;
      dialect::Losses losses;
      const auto written =
          embedding::write_request(provider, request, target_for(drop), out, losses);
      check_written(written, losses, out, input.bytes());
    }
    embedding::Answer answer;
    const auto read = embedding::read_answer(provider, answered, request.inputs.size(), answer);
    if (!read) {
      check(read.error().side == Side::upstream);
      continue;
    }
    json::Composer out;
    if (embedding::write_answer(client, request, answer, "the-model", out)) {
      check_json(out, input.bytes());
    }
  }
}

void ranking(const Input& input, json::View body, json::View answered) {
  rerank::Request request;
  dialect::RequestIssue issue;
  if (const auto read = rerank::read_request(body, request, issue); !read) {
    return check_unread(read);
  }
  for (int form = 0; form <= static_cast<int>(rerank::ProviderForm::tei); ++form) {
    const auto provider = static_cast<rerank::ProviderForm>(form);
    json::Composer out;
    dialect::Losses losses;
    const auto written = rerank::write_request(provider, request,
                                               target_for(dialect::DropParams::drop), out, losses);
    check_written(written, losses, out, input.bytes());
    rerank::Answer answer;
    if (!rerank::read_answer(provider, answered, request.documents.size(), answer)) continue;
    out.clear();
    rerank::write_answer(rerank::ClientForm::v1, request, answer, "id", out);
    check_json(out, input.bytes());
  }
}

void moderations(const Input& input, json::View body, json::View answered) {
  moderation::Request request;
  dialect::RequestIssue issue;
  if (const auto read = moderation::read_request(body, request, issue); !read) {
    return check_unread(read);
  }
  for (const auto provider :
       {moderation::ProviderForm::openai, moderation::ProviderForm::mistral}) {
    json::Composer out;
    dialect::Losses losses;
    const auto written = moderation::write_request(
        provider, request, target_for(dialect::DropParams::drop), out, losses);
    check_written(written, losses, out, input.bytes());
    out.clear();
    if (moderation::write_answer(provider, answered, "id", "the-model", out)) {
      check_json(out, input.bytes());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const Input input{text.substr(0, line), text.substr(std::min(line + 1, text.size()))};
  json::Document requests;
  json::Document answers;
  const auto body = requests.read(input.request, json::Judge::request);
  if (!body) return 0;
  const auto answered = answers.read(input.answer, json::Judge::answer);
  const json::View answer = answered ? *answered : json::View();
  switch (data[0] % 5) {
    case 0:
      embeddings(embedding::ClientForm::openai, input, *body, answer);
      break;
    case 1:
      embeddings(embedding::ClientForm::gemini, input, *body, answer);
      break;
    case 2:
      embeddings(embedding::ClientForm::gemini_batch, input, *body, answer);
      break;
    case 3:
      ranking(input, *body, answer);
      break;
    default:
      moderations(input, *body, answer);
      break;
  }
  return 0;
}
