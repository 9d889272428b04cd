// A listening socket of one shard. With SO_REUSEPORT every shard has its own on the same address,
// so that accepting needs no coordination.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/driver.h"

namespace penstock {

// Opens a listening socket. `host` is an IP literal; port 0 lets the kernel choose (`port_of`).
// steer_cpus > 1: asks the kernel to hand a connection to the listener whose place in the group
// equals the CPU that received it (SO_ATTACH_REUSEPORT_CBPF), where it can; the group must be
// complete and in CPU order. Errors: refused, with the reason in `errno`.
Result<int> open_listener(std::string_view host, std::uint16_t port, unsigned steer_cpus);

// The address a socket is bound to, as `host:port` (IPv6 in brackets); empty on failure.
std::string bound_address(int fd);

// Accepts until it is closed. Descriptor exhaustion never spins: it rests and tries again, and a
// spare descriptor lets it take and drop one waiting connection, which then hears an end instead of
// silence.
class Listener {
 public:
  // accepted: called with each new descriptor, which the callee owns.
  using Accepted = void (*)(void* context, int fd);

  Listener(Driver& driver, int fd, Accepted accepted, void* context);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  void start();
  // No new connections; those in the backlog are refused by the kernel when the descriptor closes.
  // The listener must live until `closed`.
  void close();
  bool closed() const { return fd_ < 0; }

 private:
  struct Accept : AcceptOp {
    explicit Accept(Listener* l) : AcceptOp(&Listener::on_accept), owner(l) {}
    Listener* owner;
  };
  struct Rest : Timer {
    Listener* owner = nullptr;
  };
  static void on_accept(Op& op, int result);
  static void on_rested(Timer& timer);
  void end_if_idle();
  void shed_one();
  void rest();

  Driver& driver_;
  int fd_;
  int spare_fd_;
  Accepted accepted_;
  void* context_;
  Accept accept_;
  Rest rest_;
  Duration pause_;
  bool closing_ = false;
};

}  // namespace penstock
