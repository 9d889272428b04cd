#include "penstock/secret.h"

#include <cstring>

#include "base/secret_memory.h"

namespace penstock {

Secret::Secret(std::string_view text) : size_(text.size()) {
  if (size_ == 0) return;
  bytes_ = take_secret_memory(size_);
  std::memcpy(bytes_, text.data(), size_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  clear();
  bytes_ = std::exchange(other.bytes_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

void Secret::clear() noexcept {
  if (bytes_) give_secret_memory(bytes_, size_);
  bytes_ = nullptr;
  size_ = 0;
}

void wipe(char* bytes, std::size_t size) noexcept {
  explicit_bzero(bytes, size);
}

}  // namespace penstock
