// The thread that takes access lines out of the shards' rings and writes them. What it cannot write
// is lost and counted; no shard ever waits for it. Lines of one shard stay in order, lines of
// different shards may not.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "telemetry/event_log.h"
#include "telemetry/log_file.h"
#include "telemetry/log_ring.h"
#include "telemetry/metric.h"

namespace penstock {

// Made, started and stopped by the control thread. Must outlive the shards that push into its
// rings; the rings and the event log must outlive it.
class LogWriter {
 public:
  // `path`: the file, empty for standard output. Events: `access_log_failed` and
  // `access_log_restored`, once for each change.
  LogWriter(std::span<LogRing* const> rings, std::string path, EventLog& events);
  // For tests: a descriptor that somebody else owns.
  LogWriter(std::span<LogRing* const> rings, int fd, EventLog& events);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  ~LogWriter();

  // Opens the file and starts the thread. 0, or the errno of the open.
  int start();
  // Opens the file again by its name, after what is written now: log rotation. Async-signal safe.
  void reopen() noexcept;
  // Writes what the rings hold, waiting at most a second for a slow reader, and ends the thread.
  void stop();
  // Lines taken from a ring and lost.
  std::uint64_t lines_dropped() const noexcept { return lines_dropped_.value(); }

 private:
  void attach(std::span<LogRing* const> rings);
  void wake() noexcept;
  void run();
  void drain();
  void reopen_file();
  void report_change(int error_before);
  static bool give_up(const void* self);

  std::vector<LogRing*> rings_;
  LogFile file_;
  EventLog& events_;
  int event_fd_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> reopen_wanted_{false};
  std::atomic<std::int64_t> give_up_ns_{0};  // monotonic; of interest when stopping
  Counter lines_dropped_;
  std::thread thread_;
};

}  // namespace penstock
