// Where each dialect reports usage, so that it can be kept as it stood.
#pragma once

#include <memory>

#include "penstock/dialect.h"
#include "penstock/kept_value.h"

namespace penstock::translate {

// The object in one frame of a stream, or in a whole answer (its name is empty); nothing when it
// holds none. Ollama has no such object.
json::View usage_object(dialect::Dialect provider, Bytes name, json::View frame);

// Keeps what a frame reports, with what others reported before where the dialect tells it in parts.
// `kept` is made when there is something.
void keep_usage(dialect::Dialect provider, Bytes name, json::View frame,
                std::unique_ptr<json::KeptValue>& kept);

}  // namespace penstock::translate
