// Memory straight from the kernel, in whole pages and filled with zeros.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <utility>

namespace penstock {

// Move-only; empty when the kernel has no memory.
class Mapping {
 public:
  Mapping() = default;
  explicit Mapping(std::size_t bytes) : bytes_((bytes + page - 1) & ~std::size_t{page - 1}) {
    void* memory =
        ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (memory != MAP_FAILED) memory_ = memory;
  }
  Mapping(Mapping&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Mapping() {
    if (memory_) ::munmap(memory_, bytes_);
  }

  explicit operator bool() const { return memory_ != nullptr; }
  template <class T>
  T* as() const {
    return static_cast<T*>(memory_);
  }

 private:
  static constexpr std::size_t page = 4096;
  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace penstock
