// The connects that run at the same time for one dial (RFC 8305 §5).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <tuple>

#include "penstock/driver.h"
#include "penstock/resolver.h"

namespace penstock {

class ConnectRace;
struct RaceCloser {
  void operator()(ConnectRace* race) const noexcept;
};
// Letting go never waits: connects that still run are cancelled, and the race frees itself after
// the last completion.
using RacePtr = std::unique_ptr<ConnectRace, RaceCloser>;

class ConnectRace {
 public:
  static RacePtr make(Driver& driver, Signal& signal, const Resolved& addresses);
  ConnectRace(const ConnectRace&) = delete;
  ConnectRace& operator=(const ConnectRace&) = delete;

  // Starts the connect to the next address; false when there is none left.
  bool start_next();
  bool exhausted() const { return started_ == count_; }
  // Connects under way.
  unsigned running() const { return running_; }
  // The descriptor of the first connection made, now the caller's; -1 while there is none.
  int take_winner();

 private:
  friend struct RaceCloser;
  struct Connect : ConnectOp {
    Connect() : ConnectOp(&ConnectRace::on_connect) {}
    ConnectRace* owner = nullptr;
  };
  ConnectRace(Driver& driver, Signal& signal, const Resolved& addresses);
  ~ConnectRace();
  static void on_connect(Op& op, int result);
  void let_go() noexcept;
  void end_if_idle() noexcept;

  Driver& driver_;
  Signal* signal_;
  std::array<Connect, std::tuple_size_v<decltype(Resolved::addresses)>> connects_;
  unsigned count_ = 0;
  unsigned started_ = 0;
  unsigned running_ = 0;
  int winner_ = -1;
  bool letting_go_ = false;
};

}  // namespace penstock
