#include "penstock/assert.h"

#include <cstdio>
#include <cstdlib>

namespace penstock {

void assertion_failed(const char* file, int line, const char* expression) noexcept {
  std::fprintf(stderr, "penstock: %s:%d: assertion failed: %s\n", file, line, expression);
  std::abort();
}

}  // namespace penstock
