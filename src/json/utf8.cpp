// The only file that sees simdjson. Its check of UTF-8 is what is used of it: bodies are walked
// without its index of all tokens, which costs more than it saves here (walk.h).
#include <simdjson.h>

#include "penstock/json.h"

namespace penstock::json {

bool valid_utf8(Bytes text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace penstock::json
