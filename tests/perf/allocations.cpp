// Takes the place of the C library's allocator (which operator new uses, too) and hands on to it by
// the names that glibc exports for this.
#include "allocations.h"

#include <cerrno>
#include <cstddef>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace penstock::test {
namespace {

thread_local std::atomic<std::uint64_t>* counter = nullptr;

}  // namespace

// Not inlined: a debugger's breakpoint here shows who allocates.
[[gnu::noinline]] void note_allocation() {
  if (counter) counter->fetch_add(1, std::memory_order_relaxed);
}

void count_allocations_into(std::atomic<std::uint64_t>* c) {
  counter = c;
}

}  // namespace penstock::test

using penstock::test::note_allocation;

extern "C" {

void* malloc(std::size_t bytes) {
  note_allocation();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
  note_allocation();
  return __libc_calloc(count, bytes);
}
void* realloc(void* old, std::size_t bytes) {
  note_allocation();
  return __libc_realloc(old, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  note_allocation();
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return memalign(alignment, bytes);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t bytes) {
  *out = memalign(alignment, bytes);
  return *out ? 0 : ENOMEM;
}

}  // extern "C"
