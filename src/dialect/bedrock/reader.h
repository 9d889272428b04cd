// Converse's answers, whole and streamed, as the hub's events.
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect::bedrock {

Result<> read_answer(json::View body, const TargetTraits& target, hub::EventSink& out);

// ConverseStream: frames are named by their event type or exception type. Complete when both
// messageStop and metadata were seen, in whichever order they come.
std::unique_ptr<StreamReader> make_stream_reader(const TargetTraits& target);

}  // namespace penstock::dialect::bedrock
