// Keeps the access tokens of service accounts fresh: one thread for the process, started when the
// first account is there. It fetches ahead of a token's end, so that no request ever waits for
// one; a fetch that fails is tried again while the old token still serves.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "gateway/token_cell.h"
#include "gateway/token_fetch.h"
#include "gateway/token_schedule.h"
#include "penstock/telemetry.h"

namespace penstock {

class TokenKeeper {
 public:
  explicit TokenKeeper(EventLog& events) : events_(events) {}
  TokenKeeper(const TokenKeeper&) = delete;
  TokenKeeper& operator=(const TokenKeeper&) = delete;
  ~TokenKeeper() { stop(); }

  // From now on these cells are kept, and no others. New ones get their token at once, the others
  // go on. Called by the control thread.
  void keep(const TokenCells& cells);
  // Ends the thread; a fetch under way is given up.
  void stop();

  std::uint64_t granted() const { return granted_.load(std::memory_order_relaxed); }
  std::uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    Entry(std::shared_ptr<TokenCell> of, Instant now) : cell(std::move(of)), schedule(now) {}
    std::shared_ptr<TokenCell> cell;
    TokenSchedule schedule;
    std::unique_ptr<TokenFetch> fetch;  // under way
    Instant asked{};
    bool failing = true;        // the next success is news
    std::uint64_t doubted = 0;  // the last version that was
  };

  void run();
  void take_cells();
  void look_for_doubts();
  void begin(Entry& entry);
  void finish(Entry& entry);
  void fail(Entry& entry, const char* why, std::uint16_t status, bool refused);
  Duration until_due() const;

  EventLog& events_;
  std::optional<FetchLoop> loop_;
  std::vector<std::unique_ptr<Entry>> entries_;  // the thread's
  std::mutex mutex_;
  std::optional<TokenCells> next_;  // cells that the thread has not looked at yet
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> granted_ = 0;
  std::atomic<std::uint64_t> failed_ = 0;
  std::thread thread_;
};

}  // namespace penstock
