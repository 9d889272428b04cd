// Payloads put into the framing of their endpoint, as an upstream sends them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/dialect.h"

namespace golden {

using penstock::dialect::Dialect;

// One binary frame of AWS with string headers; its checksums are right.
std::string aws_frame(const std::vector<std::pair<std::string, std::string>>& headers,
                      std::string_view payload);

// The payloads of one stream, each a JSON text. Bedrock's are {"eventType": payload}; OpenAI's chat
// streams get their [DONE] unless `terminate` is false.
std::string framed(Dialect provider, const std::vector<std::string>& payloads,
                   bool terminate = true);

// The objects of a JSON array, each in one line.
std::vector<std::string> elements_of(std::string_view array);

// The lines of a text that are not empty.
std::vector<std::string> lines_of(std::string_view text);

}  // namespace golden
