// Converse's `usage` object (AWS API reference, TokenUsage).
#pragma once

#include "penstock/hub.h"
#include "penstock/json_document.h"

namespace penstock::dialect::bedrock {

// `inputTokens` is without the cached tokens. Each cache figure comes under two names; one is read.
hub::Usage read_usage(json::View usage);

}  // namespace penstock::dialect::bedrock
