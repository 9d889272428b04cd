// The driver for kernels and sandboxes without io_uring: the same contract over epoll(7).
//
// Each descriptor is registered once, edge-triggered, for both directions; what epoll reported is
// remembered per descriptor. So starting and cancelling operations costs no system call.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "penstock/driver.h"

namespace penstock {

struct EpollOptions {
  std::size_t receive_buffer_bytes = std::size_t{64} * 1024;
  std::size_t receive_buffers = 16;
};

class EpollDriver final : public Driver {
 public:
  // refused: the kernel gave no descriptor for epoll or eventfd.
  static Result<std::unique_ptr<EpollDriver>> create(const EpollOptions& options,
                                                     std::size_t block_limit_bytes);
  ~EpollDriver() override;

  Result<int> open_socket(int family) override;
  void close_socket(int fd, CloseHow how) override;
  void shutdown_send(int fd) override;
  long send(int fd, std::span<const Bytes> pieces) override;
  bool seal_sends(int fd, const RecordKeys& keys) override;
  long send_sealed(int fd, RecordType type, std::span<const Bytes> pieces) override;
  void submit(Op& op) override;
  void cancel(Op& op) override;
  Instant clock() const override;
  void poke() override;
  const char* name() const override { return "epoll"; }

 private:
  long counted(int fd, long sent);
  // What is known of one descriptor. A flag stays set until a call said EAGAIN.
  struct Socket {
    Op* reader = nullptr;    // an accept, receive or hangup
    Op* writer = nullptr;    // a connect or writable
    std::uint32_t life = 0;  // counts closes: tells an event of an earlier life of the number
    bool registered = false;
    bool readable = false;
    bool writable = false;
    bool hung_up = false;  // the end of the stream or an error is behind the bytes
    bool queued = false;   // in `ready_`
  };
  struct Due {
    Op* op;
    int result;
  };

  EpollDriver(const EpollOptions& options, std::size_t block_limit_bytes, int epoll, int event);

  void wait_and_dispatch(Instant until) override;
  void recycle() override;

  Socket& socket_of(int fd);
  [[gnu::noinline]] void make_room(std::size_t index);
  void start_life(int fd);
  int watch(int fd, bool again);
  void start_reader(Op& op);
  void start_connect(ConnectOp& op);
  void start_writable(Op& op);
  int wait(Instant until);
  void note_event(const epoll_event& event);
  void complete_writer(int fd);
  void queue_reader(int fd, Socket& socket);
  void complete_due();
  void run_readers();
  static bool reads(const Op& op);
  void accept_some(int fd, AcceptOp& op);
  bool receive_some(int fd, ReceiveOp& op);
  void finish(Op& op, int result);

  static constexpr std::size_t events_max = 256;  // of one wait; more are found by the next
  static constexpr int accepts_max = 64;          // of one listener in one turn, for fairness
  static constexpr int receives_max = 4;          // of one socket in one turn, for fairness

  const EpollOptions options_;
  const int epoll_;
  const int event_;
  std::unique_ptr<char[]> buffers_;
  std::size_t lent_bytes_ = 0;   // of `buffers_`, in this turn, with what was skipped at seams
  std::vector<Socket> sockets_;  // by descriptor
  std::vector<Due> due_;         // completions that are known and come with the next dispatch
  std::vector<Due> due_now_;
  std::vector<int> ready_;  // descriptors with a reader that need not wait for an event
  std::array<epoll_event, events_max> events_;
};

}  // namespace penstock
