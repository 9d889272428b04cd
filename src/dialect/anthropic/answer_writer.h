// Writes whole answers of the hub as messages.
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

// DialectTable::write_answer. Only the first choice has a place in this dialect.
void write_answer(const hub::Answer& answer, const AnswerContext& context, json::Composer& out);

}  // namespace penstock::dialect::anthropic
