// Counting the tokens of a prompt by the service that a provider has for it. Each takes an ordinary
// request without what says nothing about the prompt. The client's side of it is in DialectTable.
#pragma once

#include <cstdint>
#include <optional>

#include "penstock/dialect.h"

namespace penstock::dialect {

// Writes the call, in the words of openai_responses, anthropic, gemini or bedrock. Errors, as
// `DialectTable::write_request`.
Result<> write_count_request(Dialect provider, const hub::Request& request,
                             const TargetTraits& target, json::Composer& out, Losses& losses);
// What the provider answered; nothing when that is no count.
std::optional<std::uint64_t> read_count(Dialect provider, json::View body);

}  // namespace penstock::dialect
