// The many forms in which servers that are like OpenAI tell an error.
#pragma once

#include "penstock/json_document.h"

namespace penstock::dialect::openai_chat {

// A body or event that is an error although its status was good: `error` says something, or it is
// of another server's form and holds no choices.
bool is_error(json::View body);

}  // namespace penstock::dialect::openai_chat
