// additionalModelRequestFields: what goes to the model itself, in its maker's own words, because
// Converse has none for it.
#pragma once

#include "dialect/bedrock/request_job.h"

namespace penstock::dialect::bedrock {

// Writes the member, and the paths of what is wanted back of the model's own answer. Writes
// nothing when there is nothing to say.
void write_model_fields(RequestJob& job);

// Whether `write_model_fields` takes this member of the client's body.
bool is_model_field(const RequestJob& job, const hub::Extra& extra);

}  // namespace penstock::dialect::bedrock
