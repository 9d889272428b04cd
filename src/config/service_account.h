// The JSON key file of a Google service account.
#pragma once

#include <string_view>

#include "config/value.h"

namespace penstock::config {

// `text` is the file's content. The account's private key was parsed: an RSA key of at least 2048
// bits. Errors are sentence parts with advice; they hold nothing of the file.
Parsed<ServiceAccount> parse_service_account(std::string_view text);

}  // namespace penstock::config
