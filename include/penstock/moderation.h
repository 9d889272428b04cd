// Moderations: texts and images in, categories out, in OpenAI's form (POST /v1/moderations) for
// clients. OpenAI's own answers pass; Mistral's lack what OpenAI's clients look for.
#pragma once

#include <cstdint>
#include <vector>

#include "penstock/dialect.h"

namespace penstock::moderation {

// The views live as long as the body it was read from.
struct Request {
  hub::Escaped model{};    // empty: the client leaves it to the server
  hub::Raw input{};        // a text, a list of texts, or a list of parts
  bool texts_only = true;  // no parts
  std::vector<hub::Extra> extra{};
};

enum class ProviderForm : std::uint8_t { openai, mistral };

// Errors: invalid_value, missing_field, Side::client, with `issue`.
Result<> read_request(json::View body, Request& out, dialect::RequestIssue& issue);

// Errors: unsupported_by_target, Side::client, with `losses.refused`: parts for a server that
// takes texts only.
Result<> write_request(ProviderForm form, const Request& request,
                       const dialect::TargetTraits& target, json::Composer& out,
                       dialect::Losses& losses);

// A provider's whole answer with a 2xx status in OpenAI's form. `id` and `model` are told when the
// provider told none. Errors: malformed, Side::upstream.
Result<> write_answer(ProviderForm form, json::View body, Bytes id, Bytes model,
                      json::Composer& out);

}  // namespace penstock::moderation
