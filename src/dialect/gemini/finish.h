// Why a candidate ended, in Google's words and the hub's
// (https://ai.google.dev/api/generate-content#FinishReason).
#pragma once

#include "penstock/hub.h"
#include "penstock/json_document.h"

namespace penstock::dialect::gemini {

// A word, or a number where enumerations came as numbers. Calls are not considered here.
hub::Finish read_finish(json::View reason);
// The word for a client.
Bytes finish_word(hub::Finish finish);

}  // namespace penstock::dialect::gemini
