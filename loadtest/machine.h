// What both tools do to the machine so that a measurement shows the proxy and not the scheduler:
// clock, pinning, batch scheduling, keeping processors out of idle states. Linux only.
#pragma once

#include <sys/epoll.h>

#include <cstdint>

namespace penstock::loadtest {

// CLOCK_MONOTONIC in nanoseconds. The same clock in every process, so differences between the two
// tools are transit times.
std::int64_t now_ns();

// Binds the calling thread to one CPU and makes it SCHED_BATCH: a wake-up from another CPU then
// never preempts it, which would cost an inter-processor interrupt. Returns false when refused.
bool pin_to_cpu(int cpu);

// Holds /dev/cpu_dma_latency at 0 while alive, if wanted, so no processor enters a sleep state.
// Does nothing where the device is missing or may not be opened.
class AwakeProcessors {
 public:
  explicit AwakeProcessors(bool wanted);
  ~AwakeProcessors();
  AwakeProcessors(const AwakeProcessors&) = delete;
  AwakeProcessors& operator=(const AwakeProcessors&) = delete;

 private:
  int fd_;
};

// Waits for socket events. `spin`: looks once without waiting, gives the CPU to whoever shares it
// and returns; otherwise waits up to `wait_ns`. Returns the number of events, never negative.
int wait_events(int epoll_fd, epoll_event* events, int events_max, bool spin, std::int64_t wait_ns);

// The process gets SIGTERM when its parent ends, and ends itself after `seconds` whatever happens.
void bound_lifetime(unsigned seconds);

}  // namespace penstock::loadtest
