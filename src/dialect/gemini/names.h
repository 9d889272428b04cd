// Names and ids that Gemini spells differently from others. Function-call ids may be absent here,
// so they are made up on the way in and left out again on the way back; a function's name must
// begin with a letter or an underscore (https://ai.google.dev/api/caching#FunctionDeclaration).
#pragma once

#include <array>

#include "penstock/hub.h"
#include "penstock/json_writer.h"

namespace penstock::dialect::gemini {

using CallIdRoom = std::array<char, 40>;

// The id of a call in an answer that came without one: the same for the same answer, and unlike
// those of other answers of the conversation.
hub::Escaped made_call_id(Bytes answer_id, Bytes call, std::uint32_t ordinal, CallIdRoom& room);
// The id of a call in a client's history that came without one.
hub::Escaped made_call_id(std::uint32_t ordinal, CallIdRoom& room);
// It was made here: Google never saw it.
bool is_made_call_id(hub::Escaped id);

// A function's name as Gemini takes it, reversibly, and back.
void write_name(hub::Escaped name, json::Writer& out);
hub::Escaped restored_name(hub::Escaped name);

}  // namespace penstock::dialect::gemini
