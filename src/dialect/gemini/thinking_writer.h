// How much a model is to think: a budget of tokens or a level, by its generation.
#pragma once

#include "dialect/gemini/content_writer.h"

namespace penstock::dialect::gemini {

// `thinkingConfig`, when the client said anything about reasoning and the model thinks.
Result<> write_thinking(Target& to);

}  // namespace penstock::dialect::gemini
