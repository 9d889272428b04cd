// Runs one shard: its thread, its CPU, its driver, and the way other threads speak to it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/shard.h"

namespace penstock {

struct ShardThreadOptions {
  unsigned index = 0;
  std::optional<unsigned> cpu;  // none: not pinned
  IoBackend backend = IoBackend::automatic;
  bool spin = true;
  std::size_t block_limit_bytes = SIZE_MAX;
  std::uint32_t connections = 0;  // of clients; this shard may get all of them
  int listener = -1;              // the shard's listening socket, its from here on
};

class ShardThread {
 public:
  // `metrics`, `process`, `dns` and the log ring outlive the thread.
  ShardThread(const ShardThreadOptions& options, Process& process, DnsThread& dns,
              ShardMetrics& metrics, LogRing* log);
  ShardThread(const ShardThread&) = delete;
  ShardThread& operator=(const ShardThread&) = delete;
  ~ShardThread();

  // Starts the thread and waits until it accepts. The error is a sentence for people.
  std::expected<void, std::string> start(std::unique_ptr<Epoch> first);
  // The messages of the control thread; each is taken up within one turn.
  void adopt(std::unique_ptr<Epoch> next);
  void drain(Deadline hard);
  void stop();
  // After `drain`: everything that was accepted has ended.
  bool drained() const { return drained_.load(std::memory_order_acquire); }
  // Ended by `stop`.
  void join();
  const char* backend() const { return backend_; }
  // Why io_uring was not taken; empty when it was, or was not asked for.
  const char* refusal() const { return refusal_; }

 private:
  void run(std::unique_ptr<Epoch> first);
  std::unique_ptr<Driver> make_driver();
  void take_messages(Shard& shard);
  void post(auto change);

  ShardThreadOptions options_;
  Process& process_;
  DnsThread& dns_;
  ShardMetrics& metrics_;
  LogRing* log_;
  std::thread thread_;
  const char* backend_ = "";
  const char* refusal_ = "";

  std::mutex mutex_;
  std::condition_variable started_;
  bool running_ = false;                       // under mutex_
  std::string start_error_;                    // under mutex_
  Driver* driver_ = nullptr;                   // under mutex_; null when the thread has ended
  std::vector<std::unique_ptr<Epoch>> adopt_;  // under mutex_
  std::optional<Deadline> drain_;              // under mutex_
  bool stop_ = false;                          // under mutex_
  std::atomic<bool> posted_{false};
  std::atomic<bool> drained_{false};
};

}  // namespace penstock
