// Embeddings: texts in, vectors out. A small hub of its own beside hub.h, since neither messages
// nor events occur: one request, one answer. The views of a Request live as long as the body it was
// read from and its own `keep`; those of an Answer as long as the provider's body.
//
//   read_request(client form, body, …) ; write_request(provider form, request, target, …)
//   read_answer(provider form, body, …) ; write_answer(client form, request, answer, …)
//
// Errors of providers are read by the dialect of the same name (dialect.h).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "penstock/dialect.h"

namespace penstock::embedding {

using hub::Escaped;
using hub::Raw;

struct Input {
  enum class Kind : std::uint8_t {
    text,     // `text`
    tokens,   // `raw`: an array of token numbers of OpenAI's tokenizer
    content,  // `raw`: Gemini's content object, which holds more than text
  };
  Kind kind = Kind::text;
  Escaped text{};
  Raw raw{};
  Escaped title{};  // of a document (Gemini)
};

// What the vectors are for.
enum class Task : std::uint8_t {
  unset,
  query,
  document,
  similarity,
  classification,
  clustering,
  question_answering,
  fact_verification,
  code_query,
};

// How the client wants its vectors; `unset` are numbers.
enum class Encoding : std::uint8_t { unset, floats, base64 };

struct Request {
  Escaped model{};  // as the client wrote it; empty where the path names it (Gemini, Azure)
  std::vector<Input> inputs{};
  bool list = false;  // the client sent a list, be it of one
  std::optional<std::int64_t> dimensions{};
  Encoding encoding = Encoding::unset;
  Task task = Task::unset;
  Escaped user{};
  std::vector<hub::Extra> extra{};         // in the order of the body
  hub::Issuer issuer = hub::Issuer::none;  // whose form the client spoke: owner of `extra`

  // Keeps a text made while reading for as long as the request.
  Bytes keep(std::string text) { return kept_.emplace_back(std::move(text)); }

 private:
  std::deque<std::string> kept_;
};

// One vector, as the provider gave it: one of the two is set.
struct Vector {
  Raw floats{};      // an array of numbers
  Escaped base64{};  // float32 after float32, little-endian
};

struct Answer {
  Escaped id{};
  Escaped model{};                // as the provider reported it
  std::vector<Vector> vectors{};  // in the order of the inputs, one for each
  // Tokens of all inputs. Cohere on Bedrock tells them in the header
  // X-Amzn-Bedrock-Input-Token-Count only: the caller sets them.
  hub::Tokens input_tokens{};
};

// What a client's call looks like.
enum class ClientForm : std::uint8_t {
  openai,        // POST /v1/embeddings
  gemini,        // :embedContent, one text
  gemini_batch,  // :batchEmbedContents
};

// What a provider's call looks like; the address belongs to it.
enum class ProviderForm : std::uint8_t {
  openai,          // /embeddings; OpenAI, Azure and most others
  mistral,         // /v1/embeddings with output_dimension
  gemini,          // :embedContent, one text
  gemini_batch,    // :batchEmbedContents, at most 100
  vertex_predict,  // :predict of Vertex's older models
  cohere,          // /v2/embed, at most 96
  ollama,          // /api/embed
  bedrock_titan,   // InvokeModel, one text
  bedrock_cohere,  // InvokeModel, at most 96
};

// The most inputs of one call; 0: the provider names no limit.
std::size_t inputs_max(ProviderForm form);

// Errors: invalid_value, missing_field, Side::client, with `issue`.
Result<> read_request(ClientForm form, json::View body, Request& out, dialect::RequestIssue& issue);

// Errors: unsupported_by_target, Side::client, with `losses.refused`: token numbers for another
// tokenizer, more inputs than one call takes, parts that are no text.
Result<> write_request(ProviderForm form, const Request& request,
                       const dialect::TargetTraits& target, json::Composer& out,
                       dialect::Losses& losses);

// A whole answer with a 2xx status to a call with `inputs` inputs. Errors: malformed,
// Side::upstream: it is none, or its vectors are not one for each input.
Result<> read_answer(ProviderForm form, json::View body, std::size_t inputs, Answer& out);

// The answer in the client's form and encoding; numbers become base64 and the other way round
// where the provider's encoding is not the wanted one. `model` is told when the provider told none.
// Errors: malformed, Side::upstream: a vector holds something else.
Result<> write_answer(ClientForm form, const Request& request, const Answer& answer, Bytes model,
                      json::Composer& out);

}  // namespace penstock::embedding
