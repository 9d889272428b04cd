// Bedrock's errors: a body {"message"} and a name that stands in the header x-amzn-errortype, in
// `__type`, or, inside a stream, in the frame (AWS API reference, Converse: Errors).
#pragma once

#include "penstock/hub.h"
#include "penstock/json_document.h"

namespace penstock::dialect::bedrock {

// Fills kind and words. The type is `__type` of the body when it has one, or else what stands in
// `out.type`, where the caller may put the header's value.
void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out);

// The same for an exception inside a stream, whose name is `name`.
void read_exception(Bytes name, json::View body, hub::ErrorNote& out);

}  // namespace penstock::dialect::bedrock
