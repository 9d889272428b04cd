// The only file that sees simdjson. Its check of UTF-8 is what is used of it: bodies are walked
// without its index of all tokens, which costs more than it saves here (walk.h).
#include <simdjson.h>

#include <cstdint>
#include <cstring>

#include "penstock/json.h"

namespace penstock::json {
namespace {

std::uint64_t load_word(const char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

bool is_ascii(Bytes text) {
  constexpr std::size_t step = 64;
  std::uint64_t seen = 0;  // all bytes, ored
  const char* p = text.data();
  const char* const end = p + text.size();
  for (; static_cast<std::size_t>(end - p) >= step; p += step) {
    for (std::size_t i = 0; i < step; i += 8) seen |= load_word(p + i);
  }
  for (; end - p >= 8; p += 8) seen |= load_word(p);
  for (; p != end; ++p) seen |= static_cast<unsigned char>(*p);
  return (seen & 0x8080'8080'8080'8080u) == 0;
}

}  // namespace

bool valid_utf8(Bytes text) {
  return is_ascii(text) || simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace penstock::json
