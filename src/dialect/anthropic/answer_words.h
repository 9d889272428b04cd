// What streamed and whole answers to Anthropic's clients say in the same words.
#pragma once

#include <string>

#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

// The members `id`, `type`, `role` and `model` of a message. `id`, `model`: Escaped, as the
// provider told them, may be empty.
void write_identity(hub::Escaped id, hub::Escaped model, const AnswerContext& context,
                    json::Writer& out);

// The members `stop_reason` and `stop_sequence`, and `stop_details` of a refusal with an
// explanation. `text`: Event::text of the finish.
void write_stop(hub::Finish finish, hub::Escaped text, json::Writer& out);

// The finish as this dialect sees it: an answer with calls of tools ends for them, one that refused
// in words ends as a refusal.
hub::Finish finish_for(hub::Finish finish, bool calls, bool refused);

// Appends what stands in the `signature` of a thinking block.
void append_signature(hub::Issuer issuer, hub::Escaped id, hub::Escaped signature,
                      std::string& out);
// The id that a carried signature of the text before it has.
inline constexpr Bytes signed_text_id = "@text";

// One element of a text's `citations`.
void write_citation(const hub::Citation& citation, json::Writer& out);

}  // namespace penstock::dialect::anthropic
