// Tool-call ids must meet the rule of the provider that reads them, and a call and its result must
// still agree. An id that fits goes as it is; another is hashed, always to the same, so that no
// state is needed (reference: the id rules in docs/translation.md).
#pragma once

#include <array>

#include "penstock/hub.h"

namespace penstock::dialect {

enum class IdRule : std::uint8_t {
  any,           // OpenAI and most others: any string that is not empty
  word,          // Anthropic, Bedrock: 1 to 64 of [a-zA-Z0-9_-]
  nine_letters,  // Mistral: exactly nine of [a-zA-Z0-9]
};

// Room for an id that had to be made.
using IdRoom = std::array<char, 32>;

// `id` if it fits `rule`, else one made from it, a view into `room`. `id` and the result are
// Escaped. An empty id is made from `ordinal`, the place of the call in the conversation.
hub::Escaped fit_tool_id(hub::Escaped id, IdRule rule, std::uint32_t ordinal, IdRoom& room);

}  // namespace penstock::dialect
