// Where secrets lie, and that nothing of them stays behind.
#include "penstock/secret.h"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace penstock;

namespace {

// The flags of the mapping that holds an address, as /proc/self/smaps gives them.
std::string flags_of(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) {
      inside = begin <= wanted && wanted < end;
    } else if (inside && line.starts_with("VmFlags:")) {
      return line + " ";
    }
  }
  return {};
}

}  // namespace

TEST_CASE("secret: neither dumped nor given to a child, whatever its size") {
  for (const std::size_t size : {1u, 32u, 33u, 4096u, 65'536u, 65'537u, 1'000'000u}) {
    CAPTURE(size);
    const std::string text(size, 's');
    const Secret secret{text};
    CHECK(secret.reveal() == text);
    const std::string flags = flags_of(secret.reveal().data());
    CHECK(flags.find(" dd ") != std::string::npos);
    CHECK(flags.find(" wf ") != std::string::npos);
  }
}

TEST_CASE("secret: locked in memory where that is possible") {
  // Not with a small limit, and not under a sanitizer, which makes the call do nothing.
  void* const page =
      ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  REQUIRE(page != MAP_FAILED);
  static_cast<void>(::mlock(page, 1 << 20));
  const bool possible = flags_of(page).find(" lo ") != std::string::npos;
  ::munmap(page, 1 << 20);
  if (!possible) return;
  const Secret secret("0123456789abcdef");
  CHECK(flags_of(secret.reveal().data()).find(" lo ") != std::string::npos);
}

TEST_CASE("secret: wiped when it dies, and its place is used again") {
  const char* place = nullptr;
  {
    const Secret secret("a credential of forty characters, no more");
    place = secret.reveal().data();
  }
  // The place belongs to the arena, which keeps a link at its begin.
  const std::string_view left(place + sizeof(void*), 30);
  CHECK(left == std::string(30, '\0'));
  const Secret next("another credential with forty characters.");
  CHECK(next.reveal().data() == place);
}

TEST_CASE("secret: moved, copied, empty") {
  Secret first("first");
  Secret second = std::move(first);
  CHECK(first.empty());
  CHECK(second.reveal() == "first");
  second = Secret("second, and longer than the first one was");
  CHECK(second.reveal() == "second, and longer than the first one was");
  Secret copy = second.copy();
  CHECK(copy.reveal() == second.reveal());
  CHECK(copy.reveal().data() != second.reveal().data());
  copy = Secret();
  CHECK(copy.empty());
  CHECK(copy.reveal().empty());
}

TEST_CASE("secret: made and dropped by several threads") {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (std::size_t i = 1; i < 2000; ++i) {
        const std::string text(i % 300 + 1, static_cast<char>('a' + t));
        const Secret one{text};
        const Secret two = one.copy();
        if (one.reveal() != text || two.reveal() != text) std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}
