// Checks what counts as taken from the proxy by strangers.

#include "process_meter.h"

#include <cstdio>

namespace {

int failures = 0;

void expect(const char* what, std::int64_t found, std::int64_t wanted) {
  if (found == wanted) return;
  std::fprintf(stderr, "%s: %lld instead of %lld\n", what, static_cast<long long>(found),
               static_cast<long long>(wanted));
  ++failures;
}

}  // namespace

int main() {
  using penstock::loadtest::foreign_wait_ns;
  using penstock::loadtest::ProcessUse;

  ProcessUse before;
  before.threads = {{1, 500, 10}, {2, 900, 400}};
  ProcessUse after;
  after.threads = {{1, 1500, 60}, {2, 930, 1400}};
  expect("wait beyond the other thread's time", foreign_wait_ns(before, after), 50 - 30);
  after.threads[0].wait_ns = 40;
  expect("wait for the other thread", foreign_wait_ns(before, after), 0);
  after.threads.push_back({3, 5000, 7000});
  expect("a thread that began meanwhile", foreign_wait_ns(before, after), 7000 - 1030);
  expect("nothing", foreign_wait_ns({}, {}), 0);
  return failures == 0 ? 0 : 1;
}
