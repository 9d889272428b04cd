// The driver of simulations: one thread, virtual time, connections that are queues in memory, and
// faults by seed. The product's code runs on it unchanged, with its scripted clients and upstreams
// in the same process. A seed gives the same run every time.
//
//   const int listener = sim.listen(80);        // for an AcceptOp
//   ... a ConnectOp to any address with port 80 reaches it ...
//   sim.run_until([&] { return done; }, Duration::seconds(600));
//   CHECK(sim.leftovers() == "");
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "penstock/driver.h"
#include "runtime/sim_faults.h"

namespace penstock {

// Stricter than a kernel where that finds mistakes: a call on a descriptor that is not open,
// closing one with an operation pending, or two receives on one socket trip an assertion; lent
// bytes are overwritten and freed at the end of the turn; numbers of closed descriptors are used
// again at once.
class SimDriver final : public Driver {
 public:
  explicit SimDriver(std::uint64_t seed, const SimFaults& faults = {},
                     std::size_t block_limit_bytes = SIZE_MAX);
  ~SimDriver() override;

  // A listening descriptor. Several on one port share its connections. Closed by `close_socket`.
  int listen(int port);
  // Other faults from now on: none, for the end of a run that must complete.
  void set_faults(const SimFaults& faults) { faults_ = faults; }
  // Turns until `done` says so, `limit` of virtual time has passed, or nothing can happen any more.
  // True: done.
  template <class Done>
  bool run_until(Done done, Duration limit) {
    const Deadline end = Deadline::after(time_, limit);
    stuck_ = false;
    while (!done()) {
      if (end.passed(time_) || stuck_) return false;
      turn(end);
    }
    return true;
  }
  // What is still held that must not be at the end of a run: sockets, operations, frames, blocks.
  // Empty: nothing. The thread's frames are counted too.
  std::string leftovers() const;
  // A hash of every completion so far, to compare two runs.
  std::uint64_t digest() const { return digest_; }
  SimRandom& random() { return random_; }
  std::uint64_t stale_sends() const { return stale_sends_; }

  Result<int> open_socket(int family) override;
  void close_socket(int fd, CloseHow how) override;
  void shutdown_send(int fd) override;
  long send(int fd, std::span<const Bytes> pieces) override;
  bool send_batched(SendOp& op, std::span<const Bytes> pieces) override;
  void submit(Op& op) override;
  void cancel(Op& op) override;
  Instant clock() const override { return time_; }
  void poke() override { poked_.store(true); }
  const char* name() const override { return "sim"; }

 private:
  // An operation on a socket. Events that carry an older ticket are void.
  struct Slot {
    Op* op = nullptr;
    std::uint64_t ticket = 0;
    bool scheduled = false;  // an event for it is under way
    Instant due;             // when
  };
  struct Batched {
    SendOp* op;
    std::string bytes;
    Bytes piece;  // `bytes`
  };
  struct Segment {
    enum class Kind : std::uint8_t { bytes, end, reset };
    Kind kind;
    Instant arrives;
    std::string bytes;
  };
  enum class Role : std::uint8_t { fresh, listening, connecting, connected };
  struct Socket {
    std::uint64_t id = 0;
    std::uint64_t peer = 0;  // 0 or the id of one that is gone: nobody there
    int fd = -1;             // -1 until accepted
    int port = 0;            // of a listener, or of the destination
    Role role = Role::fresh;
    Slot reader, writer;
    const SendOp* batched = nullptr;
    bool outgoing = false;        // made by a connect
    bool heard = false;           // it has received since it last sent
    std::string arrived;          // not received yet
    std::deque<Segment> transit;  // on the way to here
    std::size_t transit_bytes = 0;
    std::size_t capacity = 0;  // of `arrived` and `transit`
    bool ended = false;        // the peer's FIN arrived
    bool finished = false;     // we sent ours
    bool broken = false;
    int error = 0;  // told once, by the next send or receive
    std::deque<std::uint64_t> backlog;
  };
  struct Event {
    enum class Kind : std::uint8_t { arrive, read, end_read, end_write, connect };
    Instant at;
    std::uint64_t order;
    Kind kind;
    int result;
    std::uint64_t socket;
    std::uint64_t ticket;
    bool operator<(const Event& other) const {  // the priority queue's top is the earliest
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  void wait_and_dispatch(Instant until) override;
  void recycle() override;

  Socket& make_socket();
  void erase_socket(Socket& socket);
  void give_number(Socket& socket);
  Socket& open_socket_of(int fd);
  Socket* find(std::uint64_t id);
  static Slot& slot_of(Socket& socket, const Op& op);

  Instant soon();
  void schedule(Instant at, Event::Kind kind, Socket& socket, std::uint64_t ticket, int result);
  void schedule_slot(Slot& slot, Socket& socket, Event::Kind kind, Instant at, int result);
  void wake_reader(Socket& socket);
  void wake_writer(Socket& socket);
  void run(const Event& event);
  void make_batch();
  void tell_batch();
  void lose_completions();

  void start_connect(Socket& socket, const ConnectOp& op);
  void connect(Socket& socket);
  Socket* pick_listener(int port);
  void read(Socket& socket);
  void read_stream(Socket& socket);
  void deliver_bytes(Socket& socket, bool last);
  void accept_one(Socket& listener, bool last);
  void end_read(Socket& socket, int result);
  void end_write(Socket& socket, int result);
  void complete(Slot& slot, int result, bool last);
  void note(const Op& op, int result);

  std::size_t room_towards(const Socket& peer) const;
  void push(Socket& to, Segment::Kind kind, std::string bytes);
  void arrive(Socket& socket);
  void break_off(Socket& socket, bool lose_bytes);
  void reset_both(Socket& socket);
  void let_peer_die(Socket& socket);

  SimRandom random_;
  SimFaults faults_;
  Instant time_;
  std::uint64_t ids_ = 0;
  std::uint64_t tickets_ = 0;
  std::uint64_t orders_ = 0;
  std::uint64_t digest_ = 0;
  std::uint64_t stale_sends_ = 0;
  bool stuck_ = false;
  std::atomic<bool> poked_ = false;
  std::unordered_map<std::uint64_t, std::unique_ptr<Socket>> sockets_;
  std::map<int, std::uint64_t> open_;  // by descriptor
  std::map<int, std::vector<std::uint64_t>> listeners_;
  std::vector<int> free_numbers_;
  int next_number_ = 1000;  // far from real descriptors, so that a mix-up shows
  std::priority_queue<Event> events_;
  std::vector<std::unique_ptr<std::string>> lent_;  // of this turn
  std::vector<std::unique_ptr<Batched>> batch_;     // sends that wait for its end
  std::vector<std::unique_ptr<Batched>> made_;      // and those to be told of
};

}  // namespace penstock
