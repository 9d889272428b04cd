// One call of a service beside conversations, which is written anew for its target: embeddings,
// rerank or moderations. Chooses the form that the target's provider has for it. Pure.
#pragma once

#include "gateway/routes.h"
#include "penstock/embedding.h"
#include "penstock/json.h"
#include "penstock/moderation.h"
#include "penstock/rerank.h"
#include "penstock/snapshot.h"

namespace penstock {

// True when providers of this kind take the client's form of the call as it is. endpoint: one for
// which `is_side` holds.
bool takes_form(ProviderKind kind, Endpoint endpoint);

class SideCall {
 public:
  // endpoint: one for which `is_side` holds.
  explicit SideCall(Endpoint endpoint) : endpoint_(endpoint) {}

  // Reads the client's body, whose text must outlive this. Errors as the readers'.
  Result<> read(json::View body, dialect::RequestIssue& issue);

  // The gateway's own extensions in that body are no members of the call.
  void forget(Bytes body, const json::Facts& facts);

  // Writes the body for a target, to which the answer then belongs. Errors, Side::client:
  // unsupported_by_target, with `losses.refused`.
  Result<> write(const Provider& provider, const Target& target,
                 const dialect::TargetTraits& traits, json::Composer& out, dialect::Losses& losses);

  // Takes what the head of the answer tells of it.
  void note_head(const http::Fields& fields);

  // Writes the provider's answer for the client. id, model: told when the provider told none.
  // Error: malformed, Side::upstream.
  Result<> write_answer(json::View body, Bytes id, Bytes model, json::Composer& out,
                        hub::Usage& usage) const;

 private:
  Result<> write_embedding_answer(json::View body, Bytes model, json::Composer& out,
                                  hub::Usage& usage) const;
  Result<> write_rerank_answer(json::View body, Bytes id, json::Composer& out,
                               hub::Usage& usage) const;

  Endpoint endpoint_;
  // One of them is used, with the form of the target that was written for last.
  embedding::Request embedding_;
  embedding::ProviderForm embedding_form_ = embedding::ProviderForm::openai;
  rerank::Request rerank_;
  rerank::ProviderForm rerank_form_ = rerank::ProviderForm::cohere;
  moderation::Request moderation_;
  moderation::ProviderForm moderation_form_ = moderation::ProviderForm::openai;
  hub::Tokens counted_;  // told in the head
};

}  // namespace penstock
