// Bodies that a recorder kept compressed. The gateway asks for none and refuses what comes so.
#pragma once

#include <string>
#include <string_view>

namespace golden {

// The text of a gzip member; empty when it is none, or longer than 16 MiB.
std::string unzipped(std::string_view bytes);

}  // namespace golden
