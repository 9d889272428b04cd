// Values that a chunk and a whole message have in common.
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect::openai_chat {

// An entry, or two, of `reasoning_details`: a thought with its signature, or, with `redacted`, the
// data of one that is not shown. `index` tells the entries of one message apart.
struct Thought {
  hub::Issuer issuer = hub::Issuer::none;
  bool redacted = false;
  hub::Escaped text{};
  hub::Escaped signature{};
  hub::Escaped id{};
};
void write_thought(const Thought& thought, std::int64_t index, json::Writer& out);

// {"google":{"thought_signature":"…"}}.
void write_google_seal(hub::Escaped signature, json::Writer& out);

// An element of `annotations`; nothing is written for a citation without address. True: it was.
bool write_annotation(const hub::Citation& citation, json::Writer& out);

// An element of `images`, as OpenRouter has it.
void write_image(const hub::Media& media, std::int64_t index, json::Writer& out);

// {"id","data","expires_at","transcript"}.
void write_audio(hub::Escaped id, hub::Escaped data, hub::Escaped transcript, json::Writer& out);

// The id of a tool call; where the provider had none, one that is unique in a conversation.
void write_call_id(hub::Escaped id, const AnswerContext& context, std::uint32_t choice,
                   std::uint32_t call, json::Writer& out);

// `name` is a custom tool of the client's, which the provider knows as a function with one string.
bool is_emulated_custom(hub::Escaped name, const AnswerContext& context);
// The inside of that string; all of the arguments when they are of another form. Writes a string.
void write_custom_input(hub::Escaped arguments, json::Writer& out);

bool wants_legacy_functions(const AnswerContext& context);

}  // namespace penstock::dialect::openai_chat
