// Rerank: a query and documents in, the documents' places by relevance out. The views of a Request
// live as long as the body it was read from, those of an Answer as long as the provider's body.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "penstock/dialect.h"

namespace penstock::rerank {

using hub::Escaped;
using hub::Raw;

struct Document {
  Escaped text{};   // what is judged
  Raw value{};      // as the client sent it: a string or an object
  bool has_text{};  // false: an object without `text`
};

struct Request {
  Escaped model{};
  Escaped query{};
  std::vector<Document> documents{};
  std::optional<std::int64_t> top_n{};
  std::optional<std::int64_t> max_tokens_per_doc{};
  bool return_documents = false;
  std::vector<hub::Extra> extra{};
};

struct Ranked {
  std::uint32_t index = 0;  // into the documents of the request
  Raw score{};              // a number
};

struct Answer {
  Escaped id{};
  std::vector<Ranked> results{};  // best first, as the provider ordered them
  hub::Tokens search_units{};     // Cohere's unit of billing
  hub::Tokens total_tokens{};
};

// What a client's call looks like: Cohere's and Jina's form, which differ in the version told.
enum class ClientForm : std::uint8_t { v1, v2 };

enum class ProviderForm : std::uint8_t {
  cohere,   // POST /v2/rerank: strings only
  jina,     // /v1/rerank of Jina, Together, vLLM and llama.cpp
  voyage,   // /v1/rerank with top_k
  bedrock,  // InvokeModel of Cohere's model
  tei,      // /rerank of text-embeddings-inference
};

// Errors: invalid_value, missing_field, Side::client, with `issue`.
Result<> read_request(json::View body, Request& out, dialect::RequestIssue& issue);

// Errors: unsupported_by_target, Side::client, with `losses.refused`: documents that are no text.
Result<> write_request(ProviderForm form, const Request& request,
                       const dialect::TargetTraits& target, json::Composer& out,
                       dialect::Losses& losses);

// A whole answer with a 2xx status to a request of `documents` documents. Errors: malformed,
// Side::upstream: it is none, or a place in it is no document's.
Result<> read_answer(ProviderForm form, json::View body, std::size_t documents, Answer& out);

// The documents themselves come from the request where the client wants them back. `id` is told
// when the provider told none.
void write_answer(ClientForm form, const Request& request, const Answer& answer, Bytes id,
                  json::Composer& out);

}  // namespace penstock::rerank
