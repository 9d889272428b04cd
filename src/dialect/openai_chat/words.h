// Words that stand for one idea of the hub each: reasons, effort levels and the ids of tool calls.
#pragma once

#include "penstock/hub.h"
#include "penstock/json_document.h"

namespace penstock::dialect::openai_chat {

// finish_reason. Nothing and "" are `none`; what no server is known to say is `other`.
hub::Finish finish_of(json::View finish_reason);

// What has been told of a choice when it finishes; it decides between words.
struct Told {
  bool calls = false;
  bool refusal = false;
  bool anything = false;
};
Bytes finish_word(hub::Finish finish, Told told, bool legacy_functions);

// reasoning_effort; `unset` for an unknown word.
hub::Effort effort_of(json::View word);
Bytes word_of(hub::Effort effort);
// The level that a budget of tokens comes nearest to.
hub::Effort effort_of_budget(std::int64_t tokens);

}  // namespace penstock::dialect::openai_chat
