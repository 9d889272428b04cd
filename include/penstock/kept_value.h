// A small JSON value that is kept beyond the text it stood in, on one line: what a provider
// reported, for the log. Of values that are too large nothing is kept.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "penstock/bytes.h"

namespace penstock::json {

class KeptValue {
 public:
  static constexpr std::size_t bytes_max = 1024;
  // Stand behind the text, so that it can be looked at in whole blocks.
  static constexpr std::size_t blanks_behind = 32;

  // Keeps `value`, which was judged as JSON, without its line breaks and what indents behind them;
  // the value kept before goes. One with a backslash is not kept: its escapes may not be sound.
  void keep(Bytes value);
  // Keeps the members of `later`, an object, and those of the object kept before that it does not
  // have or has as null.
  void merge(Bytes later);
  void clear() { size_ = 0; }
  // Not only numbers, literals and names of members. True as well where a blank follows a name.
  bool has_words() const;
  // Empty: there is none.
  Bytes text() const { return {text_.data(), size_}; }

 private:
  void keep_lines(Bytes value);
  void end_at(std::size_t size);

  std::array<char, bytes_max + blanks_behind> text_;
  std::uint16_t size_ = 0;
};

}  // namespace penstock::json
