#include "net/connect_race.h"

#include <cstring>
#include <utility>

namespace penstock {

RacePtr ConnectRace::make(Driver& driver, Signal& signal, const Resolved& addresses) {
  return RacePtr(new ConnectRace(driver, signal, addresses));
}

ConnectRace::ConnectRace(Driver& driver, Signal& signal, const Resolved& addresses)
    : driver_(driver), signal_(&signal), count_(addresses.count) {
  driver_.hold();
  for (unsigned i = 0; i < count_; ++i) {
    connects_[i].owner = this;
    connects_[i].address = addresses.addresses[i].storage;
    connects_[i].address_bytes = addresses.addresses[i].bytes;
  }
}

ConnectRace::~ConnectRace() {
  driver_.unhold();
}

bool ConnectRace::start_next() {
  while (started_ < count_) {
    Connect& connect = connects_[started_++];
    const auto fd = driver_.open_socket(connect.address.ss_family);
    if (!fd) continue;  // a family this machine lacks, or no descriptor: the next may do
    connect.fd = *fd;
    ++running_;
    driver_.submit(connect);
    return true;
  }
  return false;
}

int ConnectRace::take_winner() {
  return std::exchange(winner_, -1);
}

void ConnectRace::on_connect(Op& op, int result) {
  Connect& connect = static_cast<Connect&>(static_cast<ConnectOp&>(op));
  ConnectRace& self = *connect.owner;
  --self.running_;
  const int fd = std::exchange(connect.fd, -1);
  if (result == 0 && self.winner_ < 0 && !self.letting_go_) {
    self.winner_ = fd;
  } else {
    self.driver_.close_socket(fd, CloseHow::reset);
  }
  if (self.letting_go_) {
    self.end_if_idle();
  } else {
    self.signal_->wake();
  }
}

void RaceCloser::operator()(ConnectRace* race) const noexcept {
  race->let_go();
}

void ConnectRace::let_go() noexcept {
  letting_go_ = true;
  for (Connect& connect : connects_) driver_.cancel(connect);
  if (const int fd = take_winner(); fd >= 0) driver_.close_socket(fd, CloseHow::reset);
  end_if_idle();
}

void ConnectRace::end_if_idle() noexcept {
  if (running_ == 0) delete this;
}

}  // namespace penstock
