#include "penstock/blocks.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>

namespace penstock {

BlockPool::~BlockPool() {
  for (Free*& list : free_) {
    while (list) std::free(std::exchange(list, list->next));
  }
}

char* BlockPool::take(std::size_t bytes, std::size_t& capacity) noexcept {
  if (bytes > limit_) return nullptr;
  const std::size_t size = std::bit_ceil(std::max(bytes, std::size_t{1} << smallest_shift));
  // Above the classes a block has the size asked for: doubling a 20 MiB body would waste 12.
  const std::size_t index = static_cast<std::size_t>(std::countr_zero(size)) - smallest_shift;
  capacity = index < classes ? size : bytes;
  if (capacity > limit_ || lent_ > limit_ - capacity) return nullptr;
  char* block;
  if (index < classes && free_[index]) {
    block = reinterpret_cast<char*>(std::exchange(free_[index], free_[index]->next));
    kept_[index] -= capacity;
  } else {
    block = static_cast<char*>(std::malloc(capacity + block_padding));
    PENSTOCK_ASSERT(block != nullptr);
    std::memset(block + capacity, 0, block_padding);
  }
  lent_ += capacity;
  return block;
}

void BlockPool::give(char* block, std::size_t capacity) noexcept {
  PENSTOCK_ASSERT(lent_ >= capacity);
  lent_ -= capacity;
  const bool classed =
      std::has_single_bit(capacity) && capacity >> smallest_shift != 0 &&
      static_cast<std::size_t>(std::countr_zero(capacity)) - smallest_shift < classes;
  if (classed) {
    const auto index = static_cast<std::size_t>(std::countr_zero(capacity)) - smallest_shift;
    if (kept_[index] + capacity <= kept_bytes) {
      kept_[index] += capacity;
      free_[index] = ::new (block) Free{free_[index]};
      return;
    }
  }
  std::free(block);
}

Result<> Buffer::reserve(std::size_t more) noexcept {
  if (room_bytes() >= more && data_) return {};
  const std::size_t held = size();
  const bool cheap_to_slide = data_ && begin_ > 0 && begin_ >= held;
  if (cheap_to_slide && capacity_ - held >= more) {
    std::memcpy(data_, data_ + begin_, held);
    begin_ = 0;
    end_ = held;
    return {};
  }
  std::size_t capacity = 0;
  char* block = pool_->take(std::max(held + more, data_ ? capacity_ * 2 : 0), capacity);
  if (!block && data_) block = pool_->take(held + more, capacity);
  if (!block) return fail(Code::refused);
  if (data_) {
    std::memcpy(block, data_ + begin_, held);
    pool_->give(data_, capacity_);
  }
  data_ = block;
  begin_ = 0;
  end_ = held;
  capacity_ = capacity;
  return {};
}

}  // namespace penstock
