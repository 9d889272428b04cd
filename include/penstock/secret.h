// A secret in memory: a provider's credential, an admin token, a pepper. It cannot be formatted,
// compared or converted by accident, and its bytes are wiped when it dies. They lie in memory that
// is not swapped, dumped or handed to a child, as far as the kernel grants it. The only way to the
// text is `reveal()`, so that a search for that word finds every use.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

namespace penstock {

class Secret {
 public:
  Secret() = default;
  // Copies the text. Wiping the source is the caller's part (`wipe`).
  explicit Secret(std::string_view text);
  Secret(Secret&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { clear(); }

  // The text, valid as long as this object. Copy it into a send buffer only.
  std::string_view reveal() const { return {bytes_, size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Secret copy() const { return Secret(reveal()); }

  bool operator==(const Secret&) const = delete;

 private:
  void clear() noexcept;

  char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

// Overwrites memory that held a secret; the compiler cannot drop the write.
void wipe(char* bytes, std::size_t size) noexcept;

}  // namespace penstock
