#include "gateway/side_call.h"

#include <optional>

#include "gateway/extensions.h"
#include "penstock/provider.h"

namespace penstock {
namespace {

using embedding::ClientForm;

ClientForm embedding_client(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::gemini_embed:
      return ClientForm::gemini;
    case Endpoint::gemini_embed_batch:
      return ClientForm::gemini_batch;
    default:
      return ClientForm::openai;
  }
}

// The models behind InvokeModel have each a form of their own.
std::optional<embedding::ProviderForm> invoked_embedding(Bytes model) {
  if (model.find("titan-embed-text") != Bytes::npos) return embedding::ProviderForm::bedrock_titan;
  if (model.find("cohere.embed") != Bytes::npos) return embedding::ProviderForm::bedrock_cohere;
  return {};
}

// The form that belongs to the address. Gemini's call for many takes one as well, and tells the
// tokens, which the call for one does not.
std::optional<embedding::ProviderForm> embedding_form(ProviderKind kind, const Target& target) {
  using enum embedding::ProviderForm;
  switch (kind) {
    case ProviderKind::mistral:
      return mistral;
    case ProviderKind::gemini:
      return gemini_batch;
    case ProviderKind::vertex:
      return embeds_content(target) ? gemini : vertex_predict;
    case ProviderKind::bedrock:
      return invoked_embedding(target.base_model);
    case ProviderKind::cohere:
      return cohere;
    case ProviderKind::ollama:
      return ollama;
    default:
      return openai;
  }
}

// Together and LM Studio have OpenAI's form, but answer with numbers where base64 was asked for,
// which the official Node client reads as if it were base64.
bool takes_openai_embeddings(ProviderKind kind) {
  switch (kind) {
    case ProviderKind::mistral:
    case ProviderKind::gemini:
    case ProviderKind::vertex:
    case ProviderKind::bedrock:
    case ProviderKind::cohere:
    case ProviderKind::ollama:
    case ProviderKind::together:
    case ProviderKind::lmstudio:
      return false;
    default:
      return true;
  }
}

// Voyage is an OpenAI-compatible service but for this call.
rerank::ProviderForm rerank_form(const Provider& provider) {
  switch (provider.kind) {
    case ProviderKind::cohere:
      return rerank::ProviderForm::cohere;
    case ProviderKind::bedrock:
      return rerank::ProviderForm::bedrock;
    default:
      return Bytes(provider.base_url.host).ends_with("voyageai.com") ? rerank::ProviderForm::voyage
                                                                     : rerank::ProviderForm::jina;
  }
}

}  // namespace

bool takes_form(ProviderKind kind, Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::embeddings:
      return takes_openai_embeddings(kind);
    case Endpoint::moderations:
      return kind != ProviderKind::mistral;
    default:
      return false;
  }
}

Result<> SideCall::read(json::View body, dialect::RequestIssue& issue) {
  switch (service_of(endpoint_)) {
    case Service::embeddings:
      return embedding::read_request(embedding_client(endpoint_), body, embedding_, issue);
    case Service::rerank:
      return rerank::read_request(body, rerank_, issue);
    case Service::moderations:
      return moderation::read_request(body, moderation_, issue);
    default:
      PENSTOCK_UNREACHABLE();
  }
}

void SideCall::forget(Bytes body, const json::Facts& facts) {
  for (auto* extra : {&embedding_.extra, &rerank_.extra, &moderation_.extra}) {
    forget_extensions(body, facts, *extra);
  }
}

Result<> SideCall::write(const Provider& provider, const Target& target,
                         const dialect::TargetTraits& traits, json::Composer& out,
                         dialect::Losses& losses) {
  out.clear();
  losses = {};
  counted_ = {};
  switch (service_of(endpoint_)) {
    case Service::embeddings: {
      const auto form = embedding_form(provider.kind, target);
      if (!form) {
        losses.refused = "model";
        losses.reason = "The target makes no embeddings.";
        return fail(Code::unsupported_by_target, Side::client);
      }
      embedding_form_ = *form;
      return embedding::write_request(embedding_form_, embedding_, traits, out, losses);
    }
    case Service::rerank:
      rerank_form_ = rerank_form(provider);
      return rerank::write_request(rerank_form_, rerank_, traits, out, losses);
    case Service::moderations:
      moderation_form_ = provider.kind == ProviderKind::mistral ? moderation::ProviderForm::mistral
                                                                : moderation::ProviderForm::openai;
      return moderation::write_request(moderation_form_, moderation_, traits, out, losses);
    default:
      PENSTOCK_UNREACHABLE();
  }
}

// Bedrock tells the tokens of Cohere's models nowhere else.
void SideCall::note_head(const http::Fields& fields) {
  counted_ = {};
  const http::FieldLine* const line = fields.find("x-amzn-bedrock-input-token-count");
  if (line == nullptr) return;
  if (const auto count = http::delta_seconds(line->value)) counted_ = hub::Tokens(*count);
}

Result<> SideCall::write_answer(json::View body, Bytes id, Bytes model, json::Composer& out,
                                hub::Usage& usage) const {
  switch (service_of(endpoint_)) {
    case Service::embeddings:
      return write_embedding_answer(body, model, out, usage);
    case Service::rerank:
      return write_rerank_answer(body, id, out, usage);
    case Service::moderations:
      if (const auto tokens = body["usage"]["prompt_tokens"].integer(); tokens && *tokens >= 0) {
        usage.input = static_cast<std::uint64_t>(*tokens);
      }
      return moderation::write_answer(moderation_form_, body, id, model, out);
    default:
      PENSTOCK_UNREACHABLE();
  }
}

Result<> SideCall::write_embedding_answer(json::View body, Bytes model, json::Composer& out,
                                          hub::Usage& usage) const {
  embedding::Answer answer;
  const std::size_t inputs = embedding_.inputs.size();
  PENSTOCK_CHECK(embedding::read_answer(embedding_form_, body, inputs, answer));
  if (!answer.input_tokens.present) answer.input_tokens = counted_;
  usage.input = answer.input_tokens;
  return embedding::write_answer(embedding_client(endpoint_), embedding_, answer, model, out);
}

Result<> SideCall::write_rerank_answer(json::View body, Bytes id, json::Composer& out,
                                       hub::Usage& usage) const {
  rerank::Answer answer;
  PENSTOCK_CHECK(rerank::read_answer(rerank_form_, body, rerank_.documents.size(), answer));
  usage.input = answer.total_tokens;
  const bool second = endpoint_ == Endpoint::rerank_v2;
  rerank::write_answer(second ? rerank::ClientForm::v2 : rerank::ClientForm::v1, rerank_, answer,
                       id, out);
  return {};
}

}  // namespace penstock
