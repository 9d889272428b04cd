// The payload of InvokeModelWithResponseStream's `chunk` frames (Bedrock): {"bytes":"<base64 of the
// model's own event>"}. Taken out, so that the model's dialect reads its event as everywhere else.
#pragma once

#include <string>

#include "penstock/bytes.h"
#include "penstock/error.h"
#include "penstock/hub.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"

namespace penstock::translate {

// The event inside, put into `out`. Error: malformed, Side::upstream, when there is none.
Result<> unwrap_invoke_chunk(Bytes payload, json::Document& document, std::string& out);

// An exception of AWS in such a stream as Anthropic's error event, so that the model's dialect
// reads it. `payload` is its JSON, if it is any; `out` is begun anew.
void write_invoke_error(Bytes exception, Bytes payload, json::Document& document,
                        json::Composer& out);

}  // namespace penstock::translate
