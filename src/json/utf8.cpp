// The only file that sees simdjson. Its check of UTF-8 is what is used of it: bodies are walked
// without its index of all tokens, which costs more than it saves here (walk.h).
#include <simdjson.h>

#include <cstdint>
#include <cstring>

#include "penstock/json.h"

namespace penstock::json {
namespace {

// 32 bytes, in whatever registers the processor has for them.
using Wide [[gnu::vector_size(32)]] = std::uint64_t;

bool is_ascii(Bytes text) {
  constexpr std::size_t step = 4 * sizeof(Wide);
  Wide wide{};
  const auto take = [&](std::size_t at) {
    Wide next;
    std::memcpy(&next, text.data() + at, sizeof next);
    wide |= next;
  };
  std::size_t i = 0;
  for (; text.size() - i >= step; i += step) {
    for (std::size_t part = 0; part < step; part += sizeof wide) take(i + part);
  }
  for (; text.size() - i >= sizeof wide; i += sizeof wide) take(i);
  if (text.size() >= sizeof wide) {  // what is left, together with bytes before it
    take(text.size() - sizeof wide);
    i = text.size();
  }
  std::uint64_t seen = (wide[0] | wide[1]) | (wide[2] | wide[3]);
  for (; i < text.size(); ++i) seen |= static_cast<unsigned char>(text[i]);
  return (seen & 0x8080'8080'8080'8080) == 0;
}

}  // namespace

bool valid_utf8(Bytes text) {
  return is_ascii(text) || simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace penstock::json
