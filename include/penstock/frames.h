// Memory of coroutine frames: one arena per thread, so that a frame costs a list pop and no heap.
#pragma once

#include <array>
#include <cstddef>

namespace penstock {

// Free lists by 64-byte class up to `frame_bytes_max`. A larger frame comes from the heap: in the
// product that is a design error, which the allocation test finds (keep arrays and parsers in an
// object, not in the frame), but compilers that instrument code make frames of any size. Chunks
// are carved from slabs that go back to the system only when the arena dies. Not thread safe: each
// shard's thread has its own (`shard_frames`).
class FrameArena {
 public:
  static constexpr std::size_t frame_bytes_max = 4096;

  FrameArena() = default;
  FrameArena(const FrameArena&) = delete;
  FrameArena& operator=(const FrameArena&) = delete;
  ~FrameArena();

  void* take(std::size_t bytes) noexcept;
  void give(void* frame, std::size_t bytes) noexcept;
  // Frames taken and not given back.
  std::size_t live() const noexcept { return live_; }

 private:
  static constexpr std::size_t step = 64;
  static constexpr std::size_t slab_bytes = std::size_t{64} * 1024;
  struct Free {
    Free* next;
  };
  struct Slab {
    Slab* next;
  };
  static constexpr std::size_t class_of(std::size_t bytes) { return (bytes + step - 1) / step; }
  void* carve(std::size_t bytes) noexcept;
  static void* take_large(std::size_t bytes) noexcept;

  std::array<Free*, frame_bytes_max / step + 1> free_{};
  Slab* slabs_ = nullptr;
  char* fresh_ = nullptr;  // the rest of the newest slab
  std::size_t fresh_bytes_ = 0;
  std::size_t live_ = 0;
};

// The calling thread's arena.
FrameArena& shard_frames() noexcept;

}  // namespace penstock
