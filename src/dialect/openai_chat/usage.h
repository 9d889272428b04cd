// The `usage` object. Inside it is not always what OpenAI puts inside: see read_usage.
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect::openai_chat {

// prompt_tokens holds cached and written tokens, completion_tokens reasoning and audio, except
// where the figures say otherwise: Mistral counts audio beside the prompt, xAI reasoning beside the
// completion. Parts are never larger than their whole. An object of zeros is no usage.
hub::Usage read_usage(json::View usage, const Quirks& quirks);

void write_usage(const hub::Usage& usage, json::Writer& out);

}  // namespace penstock::dialect::openai_chat
