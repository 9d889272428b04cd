#include "machine.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

namespace penstock::loadtest {

namespace {
constexpr std::int64_t ns_per_s = 1'000'000'000;
}

std::int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * ns_per_s + t.tv_nsec;
}

bool pin_to_cpu(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) return false;
  const sched_param none{};
  return sched_setscheduler(0, SCHED_BATCH, &none) == 0;
}

AwakeProcessors::AwakeProcessors(bool wanted)
    : fd_(wanted ? open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC) : -1) {
  const std::int32_t latency_us = 0;
  if (fd_ >= 0 && write(fd_, &latency_us, sizeof latency_us) != sizeof latency_us) {
    close(fd_);
    fd_ = -1;
  }
}

AwakeProcessors::~AwakeProcessors() {
  if (fd_ >= 0) close(fd_);
}

int wait_events(int epoll_fd, epoll_event* events, int events_max, bool spin,
                std::int64_t wait_ns) {
  if (spin) sched_yield();
  if (spin || wait_ns < 0) wait_ns = 0;
  const timespec wait{.tv_sec = wait_ns / ns_per_s, .tv_nsec = wait_ns % ns_per_s};
  const int count = epoll_pwait2(epoll_fd, events, events_max, &wait, nullptr);
  return count < 0 ? 0 : count;
}

void bound_lifetime(unsigned seconds) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  alarm(seconds);
}

}  // namespace penstock::loadtest
