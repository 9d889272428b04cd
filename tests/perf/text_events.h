// Streams of text, one for each dialect a provider may speak: what the figures about a translated
// text event are taken with.
#pragma once

#include <string>
#include <vector>

#include "penstock/dialect.h"

namespace penstock::test {

using dialect::Dialect;

// How a provider begins, and one text event of it that says " word": payloads without their
// framing.
struct TextStream {
  Dialect dialect;
  std::vector<std::string> head;
  std::string event;
};

std::vector<TextStream> text_streams();

}  // namespace penstock::test
