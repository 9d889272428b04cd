// Secrets that the file refers to with file:/path.
#pragma once

#include <string>

#include "config/value.h"
#include "penstock/secret.h"

namespace penstock::config {

// The content of a file that only its owner can read, without its last line end. At most 64 KiB.
Parsed<Secret> read_secret_file(const std::string& path);

}  // namespace penstock::config
