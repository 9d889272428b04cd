// The only file that sees simdjson. Its check of UTF-8 is what is used of it: bodies are walked
// without its index of all tokens, which costs more than it saves here (walk.h).
#include <simdjson.h>

#include "penstock/json.h"

namespace penstock::json {
namespace {

// A loop that compilers turn into a few wide instructions.
bool is_ascii(Bytes text) {
  unsigned char seen = 0;
  for (const char c : text) seen |= static_cast<unsigned char>(c);
  return seen < 0x80;
}

}  // namespace

bool valid_utf8(Bytes text) {
  return is_ascii(text) || simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace penstock::json
