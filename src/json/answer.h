// Reads the facts of an answer, or of one event of a stream, from its structure.
#pragma once

#include "json/walk.h"
#include "penstock/json.h"

namespace penstock::json {

// `walk` stands at the first token of `body`. False: the walk's error says why.
bool read_answer(Bytes body, Walk& walk, AnswerFacts& facts);

}  // namespace penstock::json
