// The driver of the product: one io_uring ring per shard, used by the thread that made it.
#pragma once

#include <liburing.h>

#include <array>
#include <memory>
#include <vector>

#include "penstock/driver.h"

namespace penstock {

// Sizes of one ring. Defaults are for a shard with thousands of connections.
struct UringOptions {
  unsigned submissions = 1024;         // SQ entries; a full queue is submitted early
  unsigned completions = 32 * 1024;    // CQ entries: at least twice the connections
  unsigned buffers = 8;                // lent buffers, a power of two ...
  unsigned buffer_bytes = 128 * 1024;  // ... of this size: 1 MiB stays inside L2
  // When many completions come with every turn the shard is saturated: it then waits a little for
  // more of them, so that what belongs together is sent together. 0: never.
  unsigned merge_wait_us = 50;
};

// What the kernel offers, for `penstock version --features` and the start log.
struct UringFeatures {
  bool available = false;
  const char* refusal = "";  // why not: one word of errno
  bool incremental_buffers = false;
  bool minimum_wait = false;
};
UringFeatures probe_uring();

class UringDriver final : public Driver {
 public:
  // Errors: refused (the kernel or its policy says no: EPERM, ENOSYS, ENOMEM); `refusal` then names
  // the cause. Must be called on the thread that will call `turn`.
  static Result<std::unique_ptr<UringDriver>> create(const UringOptions& options,
                                                     std::size_t block_limit_bytes,
                                                     const char** refusal = nullptr);
  ~UringDriver() override;

  Result<int> open_socket(int family) override;
  void close_socket(int fd, CloseHow how) override;
  void shutdown_send(int fd) override;
  long send(int fd, std::span<const Bytes> pieces) override;
  void submit(Op& op) override;
  void cancel(Op& op) override;
  Instant clock() const override;
  void poke() override;
  const char* name() const override { return "uring"; }
  bool incremental() const { return incremental_; }
  bool minimum_wait() const { return min_wait_; }

 protected:
  void wait_and_dispatch(Instant until) override;
  void recycle() override;

 private:
  struct LentBuffer {
    unsigned used = 0;      // bytes the kernel has filled so far (incremental rings)
    bool finished = false;  // the kernel is done with it; free again at the end of the turn
  };

  UringDriver(const UringOptions& options, std::size_t block_limit_bytes);
  int set_up();
  int set_up_buffers();
  io_uring_sqe* next_sqe();
  void arm_poke();
  void arm_timeout(Instant until);
  void enter(unsigned wait_for, unsigned min_wait_us);
  void wait(Instant until);
  void dispatch(const io_uring_cqe& cqe);
  void received(ReceiveOp& op, const io_uring_cqe& cqe);
  void offer(unsigned id);

  UringOptions options_;
  io_uring ring_{};
  bool ring_ready_ = false;
  bool incremental_ = false;
  bool min_wait_ = false;
  int poke_fd_ = -1;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  std::size_t buffer_ring_bytes_ = 0;
  char* buffer_memory_ = nullptr;
  std::size_t buffer_memory_bytes_ = 0;
  std::vector<LentBuffer> lent_;
  std::vector<unsigned> finished_;  // ids to offer again at the end of the turn
  unsigned offered_ = 0;            // offered since the last advance of the ring's tail
  ReceiveOp* starved_ = nullptr;
  Instant timeout_armed_ = Instant::never();
  __kernel_timespec timeout_{};
  unsigned busy_turns_ = 0;  // turns in a row that brought many completions
};

}  // namespace penstock
