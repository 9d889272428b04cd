#include "telemetry/log_writer.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <system_error>
#include <utility>

#include "penstock/assert.h"

namespace penstock {
namespace {

constexpr int round_ms = 50;
constexpr std::int64_t last_wait_ns = 1'000'000'000;

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Nobody asks this thread to handle a signal, and a reader that left must not end the process.
void block_all_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

LogWriter::LogWriter(std::span<LogRing* const> rings, std::string path, EventLog& events)
    : file_(std::move(path)), events_(events) {
  attach(rings);
}

LogWriter::LogWriter(std::span<LogRing* const> rings, int fd, EventLog& events)
    : file_(fd), events_(events) {
  attach(rings);
}

void LogWriter::attach(std::span<LogRing* const> rings) {
  rings_.assign(rings.begin(), rings.end());
  event_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // Without it (out of descriptors at the start) the rounds alone must do.
  for (LogRing* ring : rings_) ring->set_alarm(event_fd_);
}

LogWriter::~LogWriter() {
  stop();
  for (LogRing* ring : rings_) ring->set_alarm(-1);
  if (event_fd_ >= 0) close(event_fd_);
}

int LogWriter::start() {
  PENSTOCK_ASSERT(!thread_.joinable());
  if (const int error = file_.open()) return error;
  stopping_.store(false, std::memory_order_relaxed);
  thread_ = std::thread([this] { run(); });
  return 0;
}

void LogWriter::reopen() noexcept {
  reopen_wanted_.store(true, std::memory_order_release);
  wake();
}

void LogWriter::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto ignored = ::write(event_fd_, &one, sizeof one);
}

void LogWriter::stop() {
  if (!thread_.joinable()) return;
  give_up_ns_.store(monotonic_ns() + last_wait_ns, std::memory_order_relaxed);
  stopping_.store(true, std::memory_order_release);
  wake();
  thread_.join();
}

// A slow reader is waited for as long as the gateway runs: the rings fill, and the shards drop.
bool LogWriter::give_up(const void* self) {
  const auto* writer = static_cast<const LogWriter*>(self);
  return writer->stopping_.load(std::memory_order_acquire) &&
         monotonic_ns() >= writer->give_up_ns_.load(std::memory_order_relaxed);
}

void LogWriter::run() {
  block_all_signals();
  pthread_setname_np(pthread_self(), "log");
  while (!stopping_.load(std::memory_order_acquire)) {
    pollfd bell{event_fd_, POLLIN, 0};
    if (poll(&bell, 1, round_ms) > 0) {
      std::uint64_t rings = 0;
      [[maybe_unused]] const auto ignored = ::read(event_fd_, &rings, sizeof rings);
    }
    drain();
    if (reopen_wanted_.exchange(false, std::memory_order_acq_rel)) reopen_file();
  }
  drain();
}

void LogWriter::drain() {
  for (LogRing* ring : rings_) {
    const auto [first, second] = ring->readable();
    if (first.empty()) continue;
    const int before = file_.error();
    lines_dropped_.add(file_.write(first, second, {&give_up, this}));
    ring->consume(first.size() + second.size());
    report_change(before);
  }
}

void LogWriter::report_change(int error_before) {
  const int error = file_.error();
  if ((error == 0) == (error_before == 0)) return;
  if (error != 0) {
    events_.write(Level::error, "access_log_failed",
                  {{"path", file_.path()}, {"reason", std::generic_category().message(error)}});
  } else {
    events_.write(Level::info, "access_log_restored",
                  {{"path", file_.path()}, {"lines_dropped", lines_dropped()}});
  }
}

void LogWriter::reopen_file() {
  if (const int error = file_.open()) {
    events_.write(Level::error, "access_log_not_reopened",
                  {{"path", file_.path()}, {"reason", std::generic_category().message(error)}});
  }
}

}  // namespace penstock
