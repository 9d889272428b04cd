// The last byte of a fuzz input seeds where the rest is cut: the message itself stays readable, so
// that corpora and dictionaries are plain text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace fuzz {

struct Input {
  std::string_view bytes;
  std::vector<std::size_t> ends;  // rising, the last one is the size of `bytes`
};

inline Input take_cuts(const std::uint8_t* data, std::size_t size) {
  Input out;
  std::uint32_t seed = 0;
  if (size > 0) seed = data[--size];
  out.bytes = {reinterpret_cast<const char*>(data), size};
  const std::uint32_t step = 1 + seed % 61;
  for (std::size_t end = 1 + seed % 7; end < size; end += 1 + (seed >> 16) % step) {
    out.ends.push_back(end);
    seed = seed * 1103515245 + 12345;
  }
  out.ends.push_back(size);
  return out;
}

}  // namespace fuzz
