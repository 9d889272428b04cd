// Stage 1 of simdjson: where the tokens of a text start. Its source is the only file that sees
// simdjson.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "penstock/bytes.h"

namespace penstock::json {

// Holds the index of one text and reuses its room for the next.
class Index {
 public:
  // `bytes_kept`: of text; the room for the index of a larger one is given back by `trim`. The
  // index takes four bytes for each byte of text.
  explicit Index(std::size_t bytes_kept);
  ~Index();
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;

  // Makes room for a text of `bytes`. False: there is no memory.
  bool grow(std::size_t bytes);
  // Finds the structural positions of `text`, for which there is room, and returns their number.
  // 0: the text cannot be walked (walk.h), because it is not UTF-8, a string is open or holds raw
  // controls, or what opens with a bracket does not have one as its last token. `any_value` admits
  // texts whose top level is not an object.
  std::uint32_t read(Bytes text, bool any_value);
  const std::uint32_t* positions() const;
  void trim();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::size_t capacity_ = 0;
  std::size_t kept_;
};

}  // namespace penstock::json
