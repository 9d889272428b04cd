#include "penstock/secret.h"

#include <cstring>

namespace penstock {

Secret::Secret(std::string_view text)
    : bytes_(text.empty() ? nullptr : new char[text.size()]), size_(text.size()) {
  if (size_ > 0) std::memcpy(bytes_.get(), text.data(), size_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  clear();
  bytes_ = std::move(other.bytes_);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

void Secret::clear() noexcept {
  if (bytes_) wipe(bytes_.get(), size_);
  bytes_.reset();
  size_ = 0;
}

void wipe(char* bytes, std::size_t size) noexcept {
  explicit_bzero(bytes, size);
}

}  // namespace penstock
