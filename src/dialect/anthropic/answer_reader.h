// Reads answers of /v1/messages, streamed and whole, into the hub's events.
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

// DialectTable::read_answer.
Result<> read_answer(json::View body, const TargetTraits& target, hub::EventSink& out);

// DialectTable::stream_reader.
std::unique_ptr<StreamReader> stream_reader(const TargetTraits& target);

}  // namespace penstock::dialect::anthropic
