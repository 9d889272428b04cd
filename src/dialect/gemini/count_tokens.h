// countTokens (https://ai.google.dev/api/tokens), as a client's and as a provider's dialect.
#pragma once

#include <optional>

#include "penstock/dialect.h"

namespace penstock::dialect {

// Reads {contents} as well as {generateContentRequest:{…}}; errors as `read_request`.
Result<> read_gemini_count_request(json::View body, hub::Request& out, RequestIssue& issue);
// {"totalTokens":…,"promptTokensDetails":[…]}. `cached`: of them, in named cached contents.
void write_gemini_count(std::uint64_t total, hub::Tokens cached, json::Composer& out);

// Writes the request for a provider. AI Studio wants it wrapped, with the model's name inside;
// Vertex knows a few members of it only.
Result<> write_gemini_count_request(const hub::Request& request, const TargetTraits& target,
                                    json::Composer& out, Losses& losses);
// Nothing when the answer is none.
std::optional<std::uint64_t> read_gemini_count(json::View body);

}  // namespace penstock::dialect
