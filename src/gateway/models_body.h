// The list of models as OpenAI's dialect has it. Pure.
#pragma once

#include <cstddef>
#include <span>

#include "penstock/bytes.h"
#include "penstock/snapshot.h"

namespace penstock {

// Room that either of the two needs at most.
std::size_t models_body_bytes(const Snapshot& snapshot);
// `{"object":"list","data":[…]}` with the models that the key may use, in the file's order.
Bytes write_models(const Snapshot& snapshot, KeyIndex key, std::span<char> out);
// One entry of that list.
Bytes write_model(const Snapshot& snapshot, ModelIndex model, std::span<char> out);

}  // namespace penstock
