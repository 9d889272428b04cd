// What an HTTP status means when the provider's words say nothing more exact
// (the codes that model providers are known to send, RFC 9110 and a few of their own).
#pragma once

#include <cstdint>

#include "penstock/hub.h"

namespace penstock::dialect {

// A 404 is `not_found`: whether it was the model that was not found is for the words to tell.
hub::ErrorKind kind_of_status(std::uint16_t status);

}  // namespace penstock::dialect
