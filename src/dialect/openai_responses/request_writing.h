// The parts of the request writer, and what an answer echoes of a request in the same words.
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect::openai_responses {

// The values of the members of these names, in this dialect's form.
// One tool; only a server tool of OpenAI's is written, others are for the caller to judge.
void write_tool(const hub::Tool& tool, bool lenient, json::Writer& out);
void write_tool_choice(const hub::ToolChoice& choice, const hub::Request& request,
                       json::Writer& out);
// `text`: format and verbosity; an unset format is plain text.
void write_text(const hub::Request& request, json::Writer& out);
// The word of an effort; empty when unset.
Bytes effort_word(hub::Effort effort);
// The effort that was asked for, also where it was asked for as a budget of tokens.
hub::Effort effort_of(const hub::Reasoning& reasoning);

// The message whose text is `instructions`, or nullptr.
const hub::Message* instructions_of(const hub::Request& request);
// `input` as an array of items. Errors: unsupported_by_target with `losses.refused`.
Result<> write_input(const hub::Request& request, const TargetTraits& target, json::Writer& out,
                     Losses& losses);

}  // namespace penstock::dialect::openai_responses
