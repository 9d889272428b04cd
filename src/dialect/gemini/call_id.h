// Ids of function calls may be absent at Gemini, so they are made up on the way in and left out
// again on the way back.
#pragma once

#include <array>

#include "penstock/hub.h"

namespace penstock::dialect::gemini {

using CallIdRoom = std::array<char, 40>;

// The id of a call in an answer that came without one: the same for the same answer, and unlike
// those of other answers of the conversation.
hub::Escaped made_call_id(Bytes answer_id, Bytes call, std::uint32_t ordinal, CallIdRoom& room);
// The id of a call in a client's history that came without one.
hub::Escaped made_call_id(std::uint32_t ordinal, CallIdRoom& room);
// It was made here: Google never saw it.
bool is_made_call_id(hub::Escaped id);

}  // namespace penstock::dialect::gemini
