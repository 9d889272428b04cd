#include "gateway/shard_thread.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>

#include "gateway/connection.h"
#include "penstock/drivers.h"

namespace penstock {
namespace {

// How often a shard looks up without a reason: messages arrive by `poke`.
constexpr Duration turn_longest = Duration::seconds(1);
// How often the runtime's numbers are mirrored into the metrics.
constexpr Duration observe_every = Duration::milliseconds(100);

void pin_to(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

}  // namespace

ShardThread::ShardThread(const ShardThreadOptions& options, Process& process, DnsThread& dns,
                         ShardMetrics& metrics, LogRing* log)
    : options_(options), process_(process), dns_(dns), metrics_(metrics), log_(log) {}

ShardThread::~ShardThread() {
  join();
}

std::expected<void, std::string> ShardThread::start(std::unique_ptr<Epoch> first) {
  thread_ = std::thread([this, epoch = std::move(first)]() mutable { run(std::move(epoch)); });
  std::unique_lock lock(mutex_);
  started_.wait(lock, [&] { return running_ || !start_error_.empty(); });
  if (!start_error_.empty()) return std::unexpected(start_error_);
  return {};
}

void ShardThread::join() {
  if (thread_.joinable()) thread_.join();
}

std::unique_ptr<Driver> ShardThread::make_driver() {
  if (options_.backend != IoBackend::epoll) {
    UringOptions uring_options;
    if (!options_.spin) uring_options.spin_us = 0;
    // Room for one completion of each connection, upstream ones included; the kernel has its own
    // limit.
    uring_options.completions =
        std::max(uring_options.completions, 2 * std::min(options_.connections, 1u << 20));
    auto uring = UringDriver::create(uring_options, options_.block_limit_bytes, &refusal_);
    if (uring) return std::move(*uring);
    if (options_.backend == IoBackend::uring) return nullptr;
  }
  auto epoll = EpollDriver::create({}, options_.block_limit_bytes);
  if (epoll) return std::move(*epoll);
  return nullptr;
}

void ShardThread::run(std::unique_ptr<Epoch> first) {
  if (options_.cpu) pin_to(*options_.cpu);
  const std::unique_ptr<Driver> driver = make_driver();
  if (!driver) {
    const std::scoped_lock lock(mutex_);
    start_error_ = std::string("io.backend: the kernel refuses io_uring (") + refusal_ +
                   "); set io.backend to auto, or allow io_uring for this process";
    started_.notify_all();
    return;
  }
  ShardResolver resolver(*driver, dns_);
  {
    Shard shard(process_, options_.index, *driver, resolver, metrics_, log_, std::move(first));
    shard.listen(options_.listener);
    {
      const std::scoped_lock lock(mutex_);
      driver_ = driver.get();
      backend_ = driver->name();
      running_ = true;
      started_.notify_all();
    }
    Instant observed{};
    while (!shard.ended()) {
      driver->turn({driver->now() + turn_longest});
      resolver.poll();
      if (posted_.load(std::memory_order_acquire)) take_messages(shard);
      if (driver->now() - observed >= observe_every) {
        shard.observe();
        observed = driver->now();
      }
      if (shard.draining() && shard.idle()) drained_.store(true, std::memory_order_release);
    }
    const std::scoped_lock lock(mutex_);
    driver_ = nullptr;
  }
}

void ShardThread::take_messages(Shard& shard) {
  const std::scoped_lock lock(mutex_);
  posted_.store(false, std::memory_order_relaxed);
  for (auto& epoch : adopt_) shard.adopt(std::move(epoch));
  adopt_.clear();
  if (drain_) shard.begin_drain(*drain_);
  drain_.reset();
  if (stop_) shard.stop();
}

void ShardThread::post(auto change) {
  const std::scoped_lock lock(mutex_);
  change();
  posted_.store(true, std::memory_order_release);
  if (driver_) driver_->poke();
}

void ShardThread::adopt(std::unique_ptr<Epoch> next) {
  post([&] { adopt_.push_back(std::move(next)); });
}
void ShardThread::drain(Deadline hard) {
  post([&] { drain_ = hard; });
}
void ShardThread::stop() {
  post([&] { stop_ = true; });
}

}  // namespace penstock
