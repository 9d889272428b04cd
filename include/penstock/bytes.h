// Views of bytes. `Bytes` never owns; who owns is said where the view is handed out.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "penstock/assert.h"

namespace penstock {

using Bytes = std::string_view;

// A message as a list of slices, sent in order as one write. The slices are not owned: they must
// live until the write took them. A request is spliced this way: slices of the original body with
// a few literals between them.
class Gather {
 public:
  static constexpr std::size_t pieces_max = 32;

  Gather() {}  // NOLINT(modernize-use-equals-default): the union has no default constructor

  // Appends a slice; an empty one is dropped. More than `pieces_max` is our own mistake.
  void add(Bytes piece) {
    if (piece.empty()) return;
    PENSTOCK_ASSERT(count_ < pieces_max);
    pieces_[count_++] = piece;
    bytes_ += piece.size();
  }
  void clear() { count_ = bytes_ = 0; }
  std::span<const Bytes> pieces() const { return {&pieces_[0], count_}; }
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return bytes_ == 0; }
  bool full() const { return count_ == pieces_max; }

 private:
  // Left as it is until a slice is added: clearing it would cost more than most messages.
  union {
    Bytes pieces_[pieces_max];
  };
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace penstock
