// Assertions for our own mistakes. Input from a peer, a file or a provider is never asserted;
// it becomes an `Error` (error.h).
#pragma once

namespace penstock {

// Prints file, line and expression to stderr and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* file, int line, const char* expression) noexcept;

}  // namespace penstock

// Always on, also in release: a broken invariant stops the process rather than going on wrong.
#define PENSTOCK_ASSERT(expression)                   \
  (__builtin_expect(static_cast<bool>(expression), 1) \
       ? static_cast<void>(0)                         \
       : ::penstock::assertion_failed(__FILE__, __LINE__, #expression))

// Behind a switch that names every enumerator.
#define PENSTOCK_UNREACHABLE() ::penstock::assertion_failed(__FILE__, __LINE__, "unreachable")

// Costly checks, in debug builds only.
#ifdef NDEBUG
#define PENSTOCK_DEBUG_ASSERT(expression) static_cast<void>(sizeof(!(expression)))
#else
#define PENSTOCK_DEBUG_ASSERT(expression) PENSTOCK_ASSERT(expression)
#endif
