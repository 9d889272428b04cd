// A connection of a scripted peer (a client, an upstream) over any driver. Independent of the
// product's Stream on purpose: what one gets wrong must not be hidden by the same mistake here.
#pragma once

#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "penstock/driver.h"
#include "penstock/task.h"

namespace penstock::test {

// Bytes that arrive are kept in `in`. One coroutine uses it and calls `close` at the end.
class Wire {
 public:
  explicit Wire(Driver& driver) : signal_(driver), driver_(driver) {
    receive_.wire = connect_.wire = writable_.wire = this;
  }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() { PENSTOCK_ASSERT(fd_ < 0); }

  std::string in;

  // Connects to a port. upstream_connect_failed, timed_out, refused (no descriptor).
  Task<Result<>> connect(int port, Deadline deadline) {
    const auto fd = driver_.open_socket(AF_INET);
    if (!fd) co_return std::unexpected(fd.error());
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::memcpy(&connect_.address, &address, sizeof address);
    connect_.address_bytes = sizeof address;
    fd_ = connect_.fd = *fd;
    driver_.submit(connect_);
    bool expired = false;
    while (connect_.pending()) {
      const Wake wake = co_await signal_.wait(expired ? Deadline::never() : deadline);
      if (wake == Wake::expired) {
        expired = true;
        driver_.cancel(connect_);
      }
    }
    if (connect_.result != 0) {
      driver_.close_socket(std::exchange(fd_, -1), CloseHow::reset);
      co_return fail(expired ? Code::timed_out : Code::upstream_connect_failed);
    }
    adopt(fd_);
    co_return Result<>{};
  }
  // Takes over an accepted descriptor.
  void adopt(int fd) {
    fd_ = receive_.fd = writable_.fd = fd;
    driver_.submit(receive_);
  }

  // Sends all. reset: the connection broke. timed_out.
  Task<Result<>> send_all(Bytes bytes, Deadline deadline) {
    while (!bytes.empty()) {
      const long taken = send_some(bytes);
      if (taken < 0) co_return fail(Code::reset);
      bytes.remove_prefix(static_cast<std::size_t>(taken));
      if (taken > 0) continue;
      const Wake wake = co_await signal_.wait(deadline);
      if (wake == Wake::expired) co_return fail(Code::timed_out);
    }
    co_return Result<>{};
  }
  // Sends what the socket takes: 0 when it is full (`changed` wakes when it is not), -1 broken.
  long send_some(Bytes bytes) {
    if (writable_.pending()) return 0;
    const long taken = driver_.send(fd_, std::span(&bytes, 1));
    if (taken >= 0) return taken;
    if (taken != -EAGAIN) {
      broken_ = true;
      return -1;
    }
    driver_.submit(writable_);
    return 0;
  }
  // Waits until bytes or the end arrived, or a full socket has room. False: the deadline passed.
  Task<bool> changed(Deadline deadline) {
    const Wake wake = co_await signal_.wait(deadline);
    co_return wake == Wake::woken;
  }
  // Waits until `in` has at least `bytes`. closed, reset, timed_out.
  Task<Result<>> at_least(std::size_t bytes, Deadline deadline) {
    while (in.size() < bytes) {
      if (broken_) co_return fail(Code::reset);
      if (ended_) co_return fail(Code::closed);
      const Wake wake = co_await signal_.wait(deadline);
      if (wake == Wake::expired) co_return fail(Code::timed_out);
    }
    co_return Result<>{};
  }
  // Stops receiving; bytes under way still come. Started again by `listen_again`.
  void stop_listening() { driver_.cancel(receive_); }
  void listen_again() {
    if (!receive_.pending() && !ended_ && !broken_) driver_.submit(receive_);
  }
  bool listening() const { return receive_.pending(); }
  void finish() { driver_.shutdown_send(fd_); }
  bool ended() const { return ended_; }
  bool broken() const { return broken_; }
  bool open() const { return fd_ >= 0; }

  // Ends what is pending, then closes.
  Task<> close(CloseHow how) {
    if (fd_ < 0) co_return;
    driver_.cancel(receive_);
    driver_.cancel(writable_);
    while (receive_.pending() || writable_.pending()) {
      co_await signal_.wait(Deadline::never());
    }
    driver_.close_socket(std::exchange(fd_, -1), how);
  }

 private:
  struct Receive : ReceiveOp {
    Receive() : ReceiveOp(&on_receive) {}
    Wire* wire = nullptr;
  };
  struct Connect : ConnectOp {
    Connect() : ConnectOp(&on_connect) {}
    Wire* wire = nullptr;
    int result = 0;
  };
  struct Writable : WritableOp {
    Writable() : WritableOp(&on_writable) {}
    Wire* wire = nullptr;
  };
  static void on_receive(Op& op, int result) {
    auto& self = static_cast<Receive&>(op);
    if (result > 0) self.wire->in.append(self.lent);
    if (result == 0) self.wire->ended_ = true;
    if (result < 0 && result != -ECANCELED) self.wire->broken_ = true;
    self.wire->signal_.wake();
  }
  static void on_connect(Op& op, int result) {
    auto& self = static_cast<Connect&>(op);
    self.result = result;
    self.wire->signal_.wake();
  }
  static void on_writable(Op& op, int) { static_cast<Writable&>(op).wire->signal_.wake(); }

  Signal signal_;
  Driver& driver_;
  Receive receive_;
  Connect connect_;
  Writable writable_;
  int fd_ = -1;
  bool ended_ = false;
  bool broken_ = false;
};

}  // namespace penstock::test
