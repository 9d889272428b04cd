#include "penstock/frames.h"

#include <cstdlib>
#include <new>
#include <utility>

#include "penstock/assert.h"

namespace penstock {

FrameArena::~FrameArena() {
  PENSTOCK_ASSERT(live_ == 0);
  while (slabs_) {
    Slab* next = slabs_->next;
    std::free(slabs_);
    slabs_ = next;
  }
}

void* FrameArena::take(std::size_t bytes) noexcept {
  ++live_;
  if (bytes > frame_bytes_max) [[unlikely]]
    return take_large(bytes);
  Free*& list = free_[class_of(bytes)];
  if (!list) return carve(class_of(bytes) * step);
  return std::exchange(list, list->next);
}

void FrameArena::give(void* frame, std::size_t bytes) noexcept {
  PENSTOCK_ASSERT(live_ > 0);
  --live_;
  if (bytes > frame_bytes_max) [[unlikely]]
    return std::free(frame);
  Free*& list = free_[class_of(bytes)];
  list = ::new (frame) Free{list};
}

void* FrameArena::take_large(std::size_t bytes) noexcept {
  void* frame = std::malloc(bytes);
  PENSTOCK_ASSERT(frame != nullptr);
  return frame;
}

void* FrameArena::carve(std::size_t bytes) noexcept {
  if (fresh_bytes_ < bytes) {  // the rest of the old slab is lost: less than one frame
    void* memory = std::malloc(slab_bytes);
    PENSTOCK_ASSERT(memory != nullptr);
    slabs_ = ::new (memory) Slab{slabs_};
    fresh_ = static_cast<char*>(memory) + step;
    fresh_bytes_ = slab_bytes - step;
  }
  void* frame = fresh_;
  fresh_ += bytes;
  fresh_bytes_ -= bytes;
  return frame;
}

FrameArena& shard_frames() noexcept {
  static thread_local FrameArena arena;
  return arena;
}

}  // namespace penstock
