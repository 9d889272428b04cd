// A gateway of one shard inside the test: its thread, a scripted provider behind it and a client
// before it, over loopback sockets.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "penstock/snapshot.h"

namespace penstock::test {

// Listens on 127.0.0.1; the port that the kernel chose is in `port`. flags: SOCK_NONBLOCK or 0.
int listen_on_loopback(std::uint16_t& port, int flags);

// Answers chat requests: whole, or with `events` events when the body asks for a stream. One thread
// for each connection; all end when their peer does.
class ScriptedProvider {
 public:
  static constexpr int events = 50;  // of each stream, [DONE] and usage not counted

  ScriptedProvider();
  ~ScriptedProvider();
  std::uint16_t port() const { return port_; }
  // Every write ends in the middle of an event, so every read of the gateway does.
  std::atomic<bool> cut_events{false};

 private:
  void serve(int fd);
  void stream(int fd) const;

  std::uint16_t port_ = 0;
  int listener_;
  std::vector<std::thread> connections_;
  std::thread thread_;
};

// One shard on a thread of its own, whose allocations are counted.
class CountedShard {
 public:
  CountedShard(IoBackend backend, std::uint16_t provider_port);
  ~CountedShard();
  // False: the kernel refuses the backend.
  bool runs() const { return state_ == State::running; }
  std::uint16_t port() const { return port_; }
  std::uint64_t allocations() const { return allocations_.load(); }

 private:
  enum class State { starting, running, refused };
  void run(IoBackend backend, int listener, std::uint16_t provider_port);

  std::atomic<std::uint64_t> allocations_{0};
  std::atomic<State> state_{State::starting};
  std::atomic<bool> stopping_{false};
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// A blocking client on one connection that is kept.
class Client {
 public:
  explicit Client(std::uint16_t port);
  ~Client();
  // Sends one chat request and returns the answer's head and body as they came.
  std::string ask(bool stream);

 private:
  int fd_;
};

}  // namespace penstock::test
