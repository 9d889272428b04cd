// Errors of the Messages API: its own form, and what stands in front of it on Google's and Amazon's
// platforms.
#pragma once

#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

// DialectTable::write_error. A parameter at fault is named as Anthropic does: "messages.0.role: …".
void write_error(const hub::ErrorNote& error, json::Composer& out);

// DialectTable::read_error. `status` 0: the error came inside a stream.
void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out);

}  // namespace penstock::dialect::anthropic
