#include "base/secret_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>
#include <new>
#include <utility>

#include "penstock/assert.h"
#include "penstock/secret.h"

namespace penstock {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr std::size_t smallest_shift = 5;
constexpr std::size_t classes = 12;  // 32 B … 64 KiB; larger ones are mapped alone
static_assert(std::size_t{1} << (smallest_shift + classes - 1) == chunk_bytes);

// The kernel may refuse each of these wishes (a limit of locked memory, an old version): then the
// secret is as safe as any other memory.
char* map_secret(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  PENSTOCK_ASSERT(memory != MAP_FAILED);
  static_cast<void>(::madvise(memory, bytes, MADV_DONTDUMP));
  static_cast<void>(::madvise(memory, bytes, MADV_WIPEONFORK));
  static_cast<void>(::mlock(memory, bytes));
  return static_cast<char*>(memory);
}

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + page - 1) & ~(page - 1);
}

// Sizes by powers of two, cut from chunks that are kept for good.
class Arena {
 public:
  char* take(std::size_t size) {
    const std::scoped_lock lock(mutex_);
    Free*& list = free_[index_of(size)];
    if (list) return reinterpret_cast<char*>(std::exchange(list, list->next));
    if (left_ < size) {
      next_ = map_secret(chunk_bytes);
      left_ = chunk_bytes;
    }
    left_ -= size;
    return std::exchange(next_, next_ + size);
  }
  void give(char* memory, std::size_t size) noexcept {
    const std::scoped_lock lock(mutex_);
    Free*& list = free_[index_of(size)];
    list = ::new (memory) Free{list};
  }

 private:
  struct Free {
    Free* next;
  };
  static std::size_t index_of(std::size_t size) {
    return static_cast<std::size_t>(std::countr_zero(size)) - smallest_shift;
  }

  std::mutex mutex_;
  std::array<Free*, classes> free_{};
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

// Never destroyed: secrets may outlive every other static object.
Arena& arena() {
  alignas(Arena) static std::array<std::byte, sizeof(Arena)> place;
  static Arena* const made = ::new (place.data()) Arena;
  return *made;
}

std::size_t class_of(std::size_t bytes) {
  return std::bit_ceil(std::max(bytes, std::size_t{1} << smallest_shift));
}

}  // namespace

char* take_secret_memory(std::size_t bytes) {
  return bytes > chunk_bytes ? map_secret(whole_pages(bytes)) : arena().take(class_of(bytes));
}

void give_secret_memory(char* memory, std::size_t bytes) noexcept {
  wipe(memory, bytes);
  if (bytes > chunk_bytes) {
    ::munmap(memory, whole_pages(bytes));
  } else {
    arena().give(memory, class_of(bytes));
  }
}

}  // namespace penstock
