// The seam to the kernel. A shard is one thread, one driver, many coroutines; everything that waits
// does so through the driver, so that production (io_uring, epoll) and simulation (virtual time,
// seeded faults) run the same code.
//
//   turn:  wait → completions (each sets its owner's state and wakes its signal)
//               → due timers → woken coroutines run → end of turn: lent bytes go back
//
// A coroutine sees every completion of the turn at once: what arrived in pieces is sent on in one
// write. Bytes handed out by a receive are lent for the turn only; who still needs them then copies
// them (Stream does). So receive buffers are always back before the next wait, and a slow peer can
// never pin them.
#pragma once

#include <sys/socket.h>

#include <coroutine>
#include <cstdint>
#include <span>

#include "penstock/assert.h"
#include "penstock/blocks.h"
#include "penstock/bytes.h"
#include "penstock/error.h"
#include "penstock/record_keys.h"
#include "penstock/time.h"
#include "penstock/timer.h"

namespace penstock {

class Driver;

// One operation of the kernel, owned by the object that started it, which must outlive the last
// completion (`pending()` false). Completions come from `Driver::turn` on the shard's thread.
struct Op {
  enum class Kind : std::uint8_t { accept, receive, hangup, connect, writable, send };
  enum class State : std::uint8_t { idle, pending, cancelling };

  // accept: a new descriptor or -errno, many times. receive: bytes (in `lent`), 0 at the end of the
  // stream, or -errno, many times. hangup, connect, writable: 0 or -errno, once. send: as the
  // result of `Driver::send`, once. The op is idle again when the driver has said so before calling
  // (`pending()` false inside the callback): the last one. Any of them: -EBADR, the last one, when
  // the kernel lost completions. What this operation did since its last completion is then unknown;
  // of a receive, bytes may be missing.
  using Complete = void (*)(Op& op, int result);

  Op(Kind k, Complete c) : complete(c), kind(k) {}
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;

  bool pending() const { return state != State::idle; }

  Complete complete;
  int fd = -1;
  Kind kind;
  State state = State::idle;
  bool multishot = false;  // the driver's: in which form the kernel has it
  Op* next = nullptr;      // the driver's list of what it was given
  Op* previous = nullptr;
};

// Multishot accept. Ends by cancel or by an error that the kernel ends it with; re-submit if
// wanted.
struct AcceptOp : Op {
  explicit AcceptOp(Complete c) : Op(Kind::accept, c) {}
};

// Multishot receive. -ENOBUFS never surfaces: the driver starts it again when buffers are back.
// While it is idle its kind may be changed to `hangup`: that completes when the peer has closed its
// side or the connection broke, and leaves the bytes before it where they are.
struct ReceiveOp : Op {
  explicit ReceiveOp(Complete c) : Op(Kind::receive, c) {}
  Bytes lent;                         // valid in the callback and until the end of the turn
  ReceiveOp* next_starved = nullptr;  // the driver's list of receives without a buffer
};

struct ConnectOp : Op {
  explicit ConnectOp(Complete c) : Op(Kind::connect, c) {}
  sockaddr_storage address{};
  socklen_t address_bytes = 0;
};

// Completes once when the socket takes bytes again (or broke: the next send tells).
struct WritableOp : Op {
  explicit WritableOp(Complete c) : Op(Kind::writable, c) {}
};

// Bytes that leave with those of other sockets (`Driver::send_batched`).
struct SendOp : Op {
  explicit SendOp(Complete c) : Op(Kind::send, c) {}
  std::span<const Bytes> pieces;   // what was given; readable until the callback returns
  SendOp* next_batched = nullptr;  // the driver's list
  int result = 0;                  // the driver's: what it will tell
};

enum class Wake : std::uint8_t { woken, expired };

// The one wake-up point of a coroutine. Sources (streams, connects, lookups, mailboxes) set their
// state and call `wake`; the coroutine looks at all states when it runs. A wake without a waiter is
// remembered, so none is lost; a spurious one costs a look.
class Signal {
 public:
  explicit Signal(Driver& driver) noexcept : driver_(driver) { timer_.expire = &on_expire; }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  ~Signal();

  void wake() noexcept;

  // Waits for `wake` or the deadline. One waiter at a time.
  auto wait(Deadline deadline) noexcept {
    struct Wait {
      Signal& signal;
      Deadline deadline;
      bool await_ready() const noexcept { return signal.take_wake(); }
      void await_suspend(std::coroutine_handle<> waiter) const noexcept {
        signal.suspend(waiter, deadline);
      }
      Wake await_resume() const noexcept { return signal.finish(); }
    };
    return Wait{*this, deadline};
  }
  Driver& driver() const { return driver_; }

 private:
  friend class Driver;
  static void on_expire(Timer& timer);
  bool take_wake() noexcept;
  void suspend(std::coroutine_handle<> waiter, Deadline deadline) noexcept;
  Wake finish() noexcept;
  void resume() noexcept;

  Driver& driver_;
  std::coroutine_handle<> waiter_;
  Signal* next_ready_ = nullptr;
  Timer timer_;  // must stay a plain member: on_expire finds the signal by its offset
  bool woken_ = false;
  bool expired_ = false;
  bool queued_ = false;
};

// Called at the end of the turn for objects that hold lent bytes.
struct TurnEnd {
  TurnEnd* next = nullptr;
  bool queued = false;
  void (*settle)(TurnEnd&) = nullptr;
};

enum class CloseHow : std::uint8_t {
  orderly,  // FIN after what was sent
  reset,    // RST at once (SO_LINGER 0): a provider sees a cancelled stream immediately
};

// What the driver counted; read by telemetry from other threads.
struct DriverCounters {
  std::uint64_t turns = 0;
  std::uint64_t completions = 0;
  std::uint64_t enters = 0;          // system calls of the ring (or epoll_wait)
  std::uint64_t sends = 0;           // inline and batched
  std::uint64_t sends_batched = 0;   // of them: given to the kernel with others
  std::uint64_t sends_blocked = 0;   // of them: the socket was full
  std::uint64_t starved = 0;         // receives that found no buffer
  std::uint64_t overflows = 0;       // completion queue overflows seen
  std::uint64_t enters_refused = 0;  // system calls that the kernel was too short of memory for
  std::uint64_t accepts_shed = 0;    // connections closed unserved because of that
  std::uint64_t rebuilds = 0;        // rings given up because completions were lost
  std::uint64_t sealed = 0;          // connections whose records the kernel seals
  std::uint64_t seal_refusals = 0;   // connections that it refused to seal for
};

class Driver {
 public:
  explicit Driver(Instant now, std::size_t block_limit_bytes)
      : timers_(now), blocks_(block_limit_bytes), now_(now) {}
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  virtual ~Driver() = default;

  // -- Sockets. Descriptors are the kernel's (or the simulator's).

  // A non-blocking stream socket with TCP_NODELAY. refused: out of descriptors.
  virtual Result<int> open_socket(int family) = 0;
  // Closes. No op may be pending on `fd`.
  virtual void close_socket(int fd, CloseHow how) = 0;
  // Half-close: FIN after what was sent.
  virtual void shutdown_send(int fd) = 0;
  // Sends without waiting: bytes taken (may be fewer than given), -EAGAIN when the socket is full,
  // or another -errno when it is broken. The pieces are not kept.
  virtual long send(int fd, std::span<const Bytes> pieces) = 0;
  // The same when the work of this turn is done, together with the sends of other sockets: the
  // kernel is entered once for all of them. `op` completes at the start of the next turn, which
  // comes when it would have come anyway; who cannot wait so long says `hurry`. Copies the pieces,
  // but for large ones that are lent: those stay as they are until the completion. false: not this
  // way (too much to copy, or a driver without it); nothing was taken.
  virtual bool send_batched(SendOp& op, std::span<const Bytes> pieces) {
    static_cast<void>(op);
    static_cast<void>(pieces);
    return false;
  }
  // When the kernel was last given a batch. Told to a callback of a batched send: that of its own.
  Instant handed_over() const { return handed_over_; }
  // The next turn does not wait.
  void hurry() { hurried_ = true; }
  // Lets the kernel seal what is sent on `fd` as TLS records from here on; then `send_sealed` takes
  // the place of `send`. False: it does not, or this driver does not offer it, and nothing changed.
  virtual bool seal_sends([[maybe_unused]] int fd, [[maybe_unused]] const RecordKeys& keys) {
    return false;
  }
  // As `send`, in records of this type. Of what it took nothing is lost when `fd` is shut down or
  // closed next. An alert is one piece, taken whole or not at all.
  virtual long send_sealed([[maybe_unused]] int fd, [[maybe_unused]] RecordType type,
                           [[maybe_unused]] std::span<const Bytes> pieces) {
    PENSTOCK_UNREACHABLE();  // `seal_sends` has refused
  }

  // -- Operations.

  virtual void submit(Op& op) = 0;
  // Asks for the end; the last completion still arrives (often -ECANCELED, sometimes a result).
  virtual void cancel(Op& op) = 0;

  // -- Time and turns.

  // The clock as read at the start of this turn's work; cheap.
  Instant now() const { return now_; }
  // The clock now.
  virtual Instant clock() const = 0;
  // One turn; waits at most until `limit`, the next timer, a completion or a `poke`.
  void turn(Deadline limit);
  // Ends another thread's wait (thread safe, async-signal safe, may be called any time).
  virtual void poke() = 0;
  virtual const char* name() const = 0;  // "uring", "epoll", "sim"

  TimerWheel& timers() { return timers_; }
  BlockPool& blocks() { return blocks_; }
  const DriverCounters& counters() const { return counters_; }

  // Objects that free themselves after their last completion count themselves here, so that a
  // shard knows when nothing is under way any more.
  void hold() noexcept { ++held_; }
  void unhold() noexcept { --held_; }
  std::size_t held() const { return held_; }

  // For objects that hold lent bytes until the end of the turn.
  void at_turn_end(TurnEnd& node) noexcept;

 protected:
  // Waits until a completion, a poke or `until`, then dispatches all completions there are
  // (`op.complete`). `until` in the past: does not wait.
  virtual void wait_and_dispatch(Instant until) = 0;
  // All lent bytes are free again.
  virtual void recycle() = 0;
  // Reads the clock for `now`. `wait_and_dispatch` calls it between the wait and the completions:
  // what they start, and what is due, must not be counted from before the wait.
  void refresh_now() { now_ = clock(); }

  DriverCounters counters_;
  Instant handed_over_{};

 private:
  friend class Signal;
  void make_ready(Signal& signal) noexcept;
  void run_ready();

  TimerWheel timers_;
  BlockPool blocks_;
  Instant now_;
  Signal* ready_first_ = nullptr;
  Signal* ready_last_ = nullptr;
  TurnEnd* turn_end_ = nullptr;
  std::size_t held_ = 0;
  bool hurried_ = false;
};

}  // namespace penstock
