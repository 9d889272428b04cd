// The forms of embeddings calls, one file each, behind the functions of penstock/embedding.h; and
// what they share.
#pragma once

#include "penstock/embedding.h"

namespace penstock::embedding {

using dialect::Losses;
using dialect::RequestIssue;
using dialect::TargetTraits;

// -- Clients --

Result<> read_openai_request(json::View body, Request& out, RequestIssue& issue);
Result<> write_openai_answer(const Request& request, const Answer& answer, Bytes model,
                             json::Composer& out);
Result<> read_gemini_request(json::View body, Request& out, RequestIssue& issue);
Result<> read_gemini_batch(json::View body, Request& out, RequestIssue& issue);
Result<> write_gemini_answer(bool batch, const Answer& answer, json::Composer& out);

// -- Providers --

// What a writer of a provider's request works with.
struct Call {
  const Request& request;
  const TargetTraits& target;
  json::Composer& out;
  Losses& losses;
};

Result<> write_openai_call(const Call& call);
Result<> write_mistral_call(const Call& call);
Result<> write_gemini_call(const Call& call);
Result<> write_gemini_batch_call(const Call& call);
Result<> write_vertex_call(const Call& call);
Result<> write_cohere_call(const Call& call);
Result<> write_bedrock_cohere_call(const Call& call);
Result<> write_titan_call(const Call& call);
Result<> write_ollama_call(const Call& call);

// They put the vectors into `out`; whether they are one for each input is judged by the caller.
Result<> read_openai_answer(json::View body, std::size_t inputs, Answer& out);
Result<> read_gemini_answer(json::View body, Answer& out);
Result<> read_vertex_answer(json::View body, Answer& out);
Result<> read_cohere_answer(json::View body, Answer& out);
Result<> read_titan_answer(json::View body, Answer& out);
Result<> read_ollama_answer(json::View body, Answer& out);

// -- Shared --

std::unexpected<Error> malformed();
// A figure of a usage object, if it is one.
hub::Tokens read_tokens(json::View figure);
// The vectors of an array of arrays of numbers.
Result<> read_vectors(json::View list, Answer& out);
// "query", "search_query", "RETRIEVAL_QUERY" and their like; `unset` for other words.
Task read_task(json::View word);
// Refuses inputs that are no texts; how many there are is judged by `write_request`.
Result<> need_texts(const Call& call);
// Loses `user`, where it is set, and every extra member that is not in `known`, which are written.
// The words `task` and `input_type` were understood already.
Result<> write_extras(const Call& call, std::initializer_list<Bytes> known);
Result<> lose_user(const Call& call);

// A vector as an array of numbers, or as a string of base64. Errors: malformed, Side::upstream.
Result<> write_floats(const Vector& vector, json::Composer& out);
Result<> write_base64(const Vector& vector, json::Composer& out);

}  // namespace penstock::embedding
