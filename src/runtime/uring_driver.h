// The driver of the product: one io_uring ring per shard, used by the thread that made it. Turns
// and operations are in uring_driver.cpp, sends in uring_sends.cpp, making and giving up rings in
// uring_ring.cpp.
#pragma once

#include <liburing.h>

#include <deque>
#include <memory>
#include <vector>

#include "penstock/driver.h"
#include "runtime/mapping.h"
#include "runtime/merge_gate.h"
#include "runtime/send_batch.h"
#include "runtime/spin_gate.h"

namespace penstock {

// Between the driver and the kernel, for tests: what a kernel may answer but hardly ever does.
struct UringFaults {
  unsigned enters = 0;             // so many of the next system calls are not made ...
  int enter_error = 0;             // ... but end with this -errno
  bool refuses_multishot = false;  // multishot forms are unknown: -EINVAL
};

// Sizes of one ring. Defaults are for a shard with thousands of connections.
struct UringOptions {
  unsigned submissions = 1024;         // SQ entries; a full queue is submitted early
  unsigned completions = 32 * 1024;    // CQ entries: at least twice the connections
  unsigned buffers = 16;               // lent buffers, a power of two ...
  unsigned buffer_bytes = 128 * 1024;  // ... of this size: with half as many, receives starve
  // A saturated shard (merge_gate.h) waits so long for more completions before it works on any.
  // 0: never.
  unsigned merge_wait_us = 50;
  // While nearly all waits end so soon, and a few connections are all there is, the shard looks for
  // completions so long before it sleeps. 0: never.
  unsigned spin_us = 20;
  bool batch_sends = true;        // where the kernel can
  UringFaults* faults = nullptr;  // outlives the driver; null: none
};

// What the kernel offers, for `penstock version --features` and the start log.
struct UringFeatures {
  bool available = false;
  const char* refusal = "";  // why not: one word of errno
  bool incremental_buffers = false;
  bool minimum_wait = false;
  bool restrictions = false;  // a ring can be limited to the operations in use
  bool batched_sends = false;
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
  bool send_batched(SendOp& op, std::span<const Bytes> pieces) override;
  bool seal_sends(int fd, const RecordKeys& keys) override;
  long send_sealed(int fd, RecordType type, std::span<const Bytes> pieces) override;
  void submit(Op& op) override;
  void cancel(Op& op) override;
  Instant clock() const override;
  void poke() override;
  const char* name() const override { return "uring"; }
  bool incremental() const { return incremental_; }
  bool minimum_wait() const { return min_wait_; }
  bool restricted() const { return restricted_; }
  bool batches_sends() const { return batches_; }

 protected:
  void wait_and_dispatch(Instant until) override;
  void recycle() override;

 private:
  static constexpr std::uint16_t buffer_group = 0;
  // user_data of completions that belong to no Op.
  static constexpr std::uint64_t ignored = 1, poked = 2, timeout_fired = 3, last_tag = 3;
  struct LentBuffer {
    unsigned used = 0;      // bytes the kernel has filled so far (incremental rings)
    bool finished = false;  // the kernel is done with it; free again at the end of the turn
  };

  UringDriver(const UringOptions& options, std::size_t block_limit_bytes);

  static Op& op_of(const io_uring_cqe& cqe) {  // the address that `start` gave to the kernel
    return *reinterpret_cast<Op*>(             // NOLINT(performance-no-int-to-ptr)
        static_cast<std::uintptr_t>(cqe.user_data));
  }

  // -- The ring's life (uring_ring.cpp).
  int set_up();
  int start_ring();
  int open_ring();
  int enable_ring();
  int set_up_buffers();
  void close_ring();
  void rebuild();
  void close_accepted();
  void break_given(Op* first);

  // -- Sends (uring_sends.cpp).
  long counted(long taken);
  bool can_batch();
  bool probe_batches(int fd);
  SendOp* take_batch();
  void put_back(SendOp* first);
  void tell_batch(SendOp* first);

  // -- Submissions.
  io_uring_sqe* next_sqe();
  void move_backlog();
  void start(Op& op);
  void begin(Op& op);
  void end(Op& op);
  void arm_poke();
  void arm_timeout(Instant until);

  // -- A turn.
  int injected_error();
  int hand_over();
  int enter(unsigned wait_for, unsigned min_wait_us);
  int enter_merging(unsigned wait_for, unsigned min_wait_us);
  void judge(int error);
  bool spin(Instant until);
  int sleep();
  void note_wait();
  void wait(Instant until);
  void dispatch(const io_uring_cqe& cqe);
  bool goes_on(Op& op, const io_uring_cqe& cqe);
  void accepted(Op& op, int fd);
  void received(ReceiveOp& op, const io_uring_cqe& cqe);
  void offer(unsigned id);

  UringOptions options_;
  io_uring ring_{};
  bool ring_ready_ = false;
  bool incremental_ = false;
  bool min_wait_ = false;
  bool restricted_ = false;
  // Whether the kernel knows these operations in the form that completes many times.
  bool multishot_accept_ = true;
  bool multishot_receive_ = true;
  bool multishot_poll_ = true;
  bool lost_completions_ = false;  // the ring is not to be trusted
  int poke_fd_ = -1;
  Mapping buffer_ring_;
  Mapping buffers_;
  // Of the last ring that was given up. The kernel ends its operations a moment after the close,
  // and until then nothing else may be at these addresses.
  Mapping old_buffer_ring_;
  Mapping old_buffers_;
  std::vector<LentBuffer> lent_;
  std::vector<unsigned> finished_;  // ids to offer again at the end of the turn
  std::vector<unsigned> held_;      // ... when the batch that may point into them has left
  unsigned offered_ = 0;            // offered since the last advance of the ring's tail
  Op* given_ = nullptr;             // all pending operations
  ReceiveOp* starved_first_ = nullptr;
  ReceiveOp* starved_last_ = nullptr;
  SendBatch batch_;
  SendOp* batched_ = nullptr;  // what is in it, the last one first
  unsigned batched_count_ = 0;
  bool batches_ = false;
  // Submissions that the queue had no room for, in their order. At most two for each operation.
  std::deque<io_uring_sqe> backlog_;
  Instant shed_until_{0};  // the kernel is short of memory: new connections are closed
  Instant timeout_armed_ = Instant::never();
  __kernel_timespec timeout_{};
  MergeGate merge_gate_;
  SpinGate spin_gate_;
  Instant waited_from_ = Instant::never();  // when the last wait began, if its length counts
  Duration sending_;                        // ... and how much of it its sends may have taken
};

}  // namespace penstock
