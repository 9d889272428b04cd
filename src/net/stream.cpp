#include "penstock/stream.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/tls_session.h"

namespace penstock {
namespace {

// What an owner that does not consume may leave here (pipelined requests, an answer that a slow
// client holds up): one generous head or event.
constexpr std::uint32_t receive_max_default = 64 * 1024;
// Ciphertext that may wait for the socket before no more plaintext is taken.
constexpr std::size_t cipher_max = 64 * 1024;

std::size_t bytes_of(std::span<const Bytes> pieces) {
  std::size_t bytes = 0;
  for (const Bytes piece : pieces) bytes += piece.size();
  return bytes;
}

}  // namespace

StreamPtr Stream::adopt(Driver& driver, int fd, std::unique_ptr<TlsSession> tls, bool stepwise) {
  StreamPtr stream(new Stream(driver, fd, std::move(tls)));
  if (stepwise) {
    stream->stepwise_ = stream->paused_ = true;
    stream->receive_max_ = 1;
  }
  if (stream->tls_) {
    stream->established_ = stream->batched_ = false;
    if (!stream->tls_->start(stream->unsent_)) stream->break_off();
    stream->flush();
  }
  stream->arm_receive();
  return stream;
}

Stream::Stream(Driver& driver, int fd, std::unique_ptr<TlsSession> tls)
    : driver_(driver),
      tls_(std::move(tls)),
      kept_(driver.blocks()),
      unsent_(driver.blocks()),
      receive_(this),
      writable_(this),
      send_(this),
      fd_(fd),
      receive_max_(receive_max_default) {
  receive_.fd = writable_.fd = send_.fd = fd;
  driver_.hold();
  settle_.owner = this;
  settle_.settle = &on_settle;
}

Stream::~Stream() {
  PENSTOCK_ASSERT(!receive_.pending() && !writable_.pending() && !send_.pending());
  driver_.unhold();
}

bool Stream::spent() const {
  return tls_ && tls_->spent();
}

std::size_t Stream::unsent() const {
  return unsent_.size() + (kernel_seals_ ? tls_->notice().size() : 0);
}

const char* Stream::tls_failure() const {
  return tls_ ? tls_->failure() : "";
}

void StreamCloser::operator()(Stream* stream) const noexcept {
  stream->let_go();
}

void Stream::let_go() noexcept {
  letting_go_ = true;
  signal_ = nullptr;
  fresh_ = {};
  kept_.release();
  if (tls_ && established_ && !broken_ && close_how_ == CloseHow::orderly && !sending()) {
    tls_->close(unsent_);  // best effort: the peer learns that nothing was cut off
    const Bytes notify = unsent_.view();
    if (!notify.empty()) driver_.send(fd_, std::span(&notify, 1));
    send_notice();
  }
  unsent_.release();
  driver_.cancel(receive_);
  driver_.cancel(writable_);
  if (send_.pending()) driver_.hurry();
  end_if_idle();
}

// Closes and frees when the kernel is done with this stream: no completion can come any more.
void Stream::end_if_idle() noexcept {
  if (receive_.pending() || writable_.pending() || send_.pending() || settle_.queued) return;
  driver_.close_socket(fd_, close_how_);
  delete this;
}

void Stream::wake() {
  if (signal_) signal_->wake();
}

void Stream::break_off() {
  broken_ = true;
  wake();
}

// -- Receiving --

void Stream::arm_receive() {
  if (receive_.pending() || gone() || paused_ || (overfull_ && !abrupt_)) return;
  receive_.kind = overfull_ ? Op::Kind::hangup : Op::Kind::receive;
  driver_.submit(receive_);
}

void Stream::pause() {
  paused_ = true;
  driver_.cancel(receive_);
}

void Stream::unpause() {
  paused_ = false;
  arm_receive();  // if the old one is still ending, its completion starts the new one
}

void Stream::on_receive(Op& op, int result) {
  auto& receive = static_cast<Receive&>(static_cast<ReceiveOp&>(op));
  Stream& self = *receive.owner;
  if (self.letting_go_) {
    self.end_if_idle();
    return;
  }
  if (result > 0) {
    self.received_ += static_cast<std::uint64_t>(result);
    if (self.tls_ && !self.stepwise_) {
      self.arrived_secure(receive.lent);
    } else {
      self.arrived(receive.lent);
    }
  } else if (result == 0) {
    // With TLS the end is orderly only if close_notify came before it (RFC 8446 §6.1).
    if (self.tls_ && !self.tls_->peer_closed()) {
      self.broken_ = true;
    }
    self.ended_ = true;
    self.wake();
  } else if (result == -EBADR) {
    self.lost_ = true;
    self.wake();
  } else if (result != -ECANCELED) {
    self.break_off();
  }
  self.arm_receive();
}

void Stream::arrived(Bytes bytes) {
  if (!kept_.empty()) {
    if (!kept_.append(bytes)) break_off();
  } else if (fresh_.empty()) {
    fresh_ = bytes;
    driver_.at_turn_end(settle_);
  } else if (fresh_.data() + fresh_.size() == bytes.data()) {
    fresh_ = {fresh_.data(), fresh_.size() + bytes.size()};
  } else {
    keep_fresh();
    if (!kept_.append(bytes)) break_off();
  }
  driver_.at_turn_end(settle_);
  wake();
}

void Stream::arrived_secure(Bytes bytes) {
  const bool was_established = established_;
  const bool idle = unsent_.empty();
  if (!tls_->receive(bytes, kept_, unsent_)) {
    tls_failed_ = true;
    flush();  // the alert
    if (unsent_.empty() && !broken_) send_notice();
    break_off();
    return;
  }
  established_ = tls_->established();
  if (idle) flush();
  if (established_) offer_to_kernel();
  if (tls_->peer_closed()) ended_ = true;
  driver_.at_turn_end(settle_);
  if (!kept_.empty() || ended_ || established_ != was_established) wake();
}

void Stream::step_handshake() {
  PENSTOCK_ASSERT(stepwise_);
  const Buffer held = std::move(kept_);
  const Bytes bytes = held.empty() ? std::exchange(fresh_, {}) : held.view();
  arrived_secure(bytes);
  if (established_) {
    stepwise_ = false;
    receive_max_ = receive_max_default;
  }
  read_on();
}

void Stream::consume(std::size_t bytes) {
  if (kept_.empty()) {
    PENSTOCK_ASSERT(bytes <= fresh_.size());
    fresh_.remove_prefix(bytes);
    return;
  }
  kept_.consume(bytes);
  read_on();
}

// Ends what `receive_max` stopped.
void Stream::read_on() {
  if (!overfull_ || kept_.size() >= receive_max_) return;
  overfull_ = false;
  if (receive_.kind == Op::Kind::hangup) driver_.cancel(receive_);
  arm_receive();
}

void Stream::keep_fresh() {
  const Bytes bytes = fresh_;
  fresh_ = {};
  if (!kept_.append(bytes)) break_off();
}

void Stream::on_settle(TurnEnd& node) {
  Stream& self = *static_cast<Settle&>(node).owner;
  if (self.letting_go_) {
    self.end_if_idle();
    return;
  }
  if (!self.fresh_.empty()) self.keep_fresh();
  if (self.kept_.size() >= self.receive_max_ && !self.overfull_) {
    self.overfull_ = true;
    self.driver_.cancel(self.receive_);
  }
}

// -- Sending --

// What is kept goes on when the batched send is through, or else when the socket takes bytes.
void Stream::arm_writable() {
  if (send_.pending()) return driver_.hurry();
  if (!writable_.pending()) driver_.submit(writable_);
}

// Once, when the handshake is through and all of it has left: from then on the socket is given
// plaintext, as one without TLS. Where the session, the driver or the kernel does not offer it,
// nothing changes.
void Stream::offer_to_kernel() {
  if (kernel_asked_ || !unsent_.empty() || gone()) return;
  kernel_asked_ = true;
  RecordKeys keys;
  kernel_seals_ = tls_->take_sending_keys(keys) && driver_.seal_sends(fd_, keys);
  if (kernel_seals_) tls_->hand_over();
}

// The session's alert, where the kernel seals. False: the socket has no room for it yet.
bool Stream::send_notice() {
  if (!kernel_seals_ || tls_->notice().empty()) return true;
  const Bytes notice = tls_->notice();
  if (driver_.send_sealed(fd_, RecordType::alert, std::span(&notice, 1)) == -EAGAIN) return false;
  tls_->clear_notice();
  return true;
}

// Gives the driver the pieces: all of them for the batch, else what the socket takes now. Bytes
// taken; an error breaks the stream.
Result<std::size_t> Stream::push(std::span<const Bytes> pieces) {
  if (send_.pending()) return std::size_t{0};
  if (batched_ && driver_.send_batched(send_, pieces)) {
    sent_ += bytes_of(pieces);
    return bytes_of(pieces);
  }
  const long taken = kernel_seals_ ? driver_.send_sealed(fd_, RecordType::data, pieces)
                                   : driver_.send(fd_, pieces);
  if (taken >= 0) {
    sent_ += static_cast<std::uint64_t>(taken);
    return static_cast<std::size_t>(taken);
  }
  if (taken == -EAGAIN) return std::size_t{0};
  broken_ = refuses_ = true;
  return fail(Code::reset);
}

Result<> Stream::keep(std::span<const Bytes> pieces, std::size_t skip) {
  for (Bytes piece : pieces) {
    const std::size_t drop = std::min(skip, piece.size());
    skip -= drop;
    piece.remove_prefix(drop);
    PENSTOCK_CHECK(unsent_.append(piece));
  }
  return {};
}

Result<> Stream::send(std::span<const Bytes> pieces) {
  if (broken_) return fail(Code::reset);
  if (sealed_here()) {
    const bool idle = unsent_.empty();
    const auto sealed = tls_->send(pieces, SIZE_MAX, unsent_);
    if (!sealed) {
      tls_failed_ = broken_ = true;
      return std::unexpected(sealed.error());
    }
    if (idle) flush();
    return broken_ ? Result<>(fail(Code::reset)) : Result<>();
  }
  std::size_t taken = 0;
  if (unsent_.empty()) {
    PENSTOCK_TRY(sent, push(pieces));
    taken = sent;
    if (taken == bytes_of(pieces)) return {};
  }
  PENSTOCK_CHECK(keep(pieces, taken));
  arm_writable();
  return {};
}

Result<std::size_t> Stream::write(std::span<const Bytes> pieces) {
  if (broken_) return fail(Code::reset);
  if (sealed_here()) return write_secure(pieces);
  if (!unsent_.empty()) return std::size_t{0};
  PENSTOCK_TRY(taken, push(pieces));
  blocked_ = taken < bytes_of(pieces);
  if (blocked_) arm_writable();
  return taken;
}

// Seals and sends until all is taken or the socket is full: only then does a wake-up follow.
Result<std::size_t> Stream::write_secure(std::span<const Bytes> pieces) {
  std::size_t taken = 0;
  const std::size_t whole = bytes_of(pieces);
  while (taken < whole && unsent_.empty()) {
    Gather rest;
    std::size_t skip = taken;
    for (Bytes piece : pieces) {
      const std::size_t drop = std::min(skip, piece.size());
      skip -= drop;
      piece.remove_prefix(drop);
      rest.add(piece);
    }
    const auto sealed = tls_->send(rest.pieces(), cipher_max, unsent_);
    if (!sealed) {
      tls_failed_ = broken_ = true;
      return sealed;
    }
    taken += *sealed;
    flush();
    if (broken_) return fail(Code::reset);
    if (*sealed == 0) break;
  }
  return taken;
}

void Stream::finish_sending() {
  if (tls_ && established_ && !broken_) tls_->close(unsent_);
  finish_after_ = true;
  flush();
}

// Sends what is kept. Wakes nobody: the callers that need it do.
void Stream::flush() {
  while (!unsent_.empty() && !broken_) {
    const Bytes rest = unsent_.view();
    const auto taken = push(std::span(&rest, 1));
    if (!taken) break;
    if (*taken == 0) {
      arm_writable();
      return;
    }
    unsent_.consume(*taken);
  }
  if (broken_) unsent_.release();
  if (finish_after_ && !broken_) {
    if (send_.pending()) return driver_.hurry();
    if (!send_notice()) {
      arm_writable();
      return;
    }
    finish_after_ = false;
    driver_.shutdown_send(fd_);
  }
}

// The batch has left. A stream from which all was taken has nothing to do, and wakes nobody but who
// waits for that.
void Stream::on_sent(Op& op, int result) {
  auto& send = static_cast<Send&>(static_cast<SendOp&>(op));
  Stream& self = *send.owner;
  if (self.letting_go_) {
    self.end_if_idle();
    return;
  }
  if (result == -EBADR) {  // what of it arrived is not known
    self.unsent_.release();
    return self.refuse();
  }
  self.left_at_ = self.driver_.handed_over();
  const std::size_t given = bytes_of(send.pieces);
  const auto taken = static_cast<std::size_t>(std::max(result, 0));
  if (taken < given) return self.take_back(send.pieces, taken, result);
  if (self.unsent_.empty() && !self.blocked_ && !self.finish_after_) return;
  self.blocked_ = false;
  self.flush();
  self.wake();
}

// What the socket did not take stands before what was to follow it, and leaves when it can.
void Stream::take_back(std::span<const Bytes> pieces, std::size_t taken, int result) {
  const Buffer later = std::exchange(unsent_, Buffer(driver_.blocks()));
  const bool kept = keep(pieces, taken) && unsent_.append(later.view());
  if (!kept) unsent_.release();
  sent_ -= bytes_of(pieces) - taken;
  if (!kept || (result < 0 && result != -EAGAIN)) return refuse();
  arm_writable();
}

// The socket takes nothing any more.
void Stream::refuse() {
  refuses_ = true;
  break_off();
}

void Stream::on_writable(Op& op, int) {
  Stream& self = *static_cast<Writable&>(static_cast<WritableOp&>(op)).owner;
  if (self.letting_go_) {
    self.end_if_idle();
    return;
  }
  self.blocked_ = false;
  self.flush();
  if (self.tls_ && self.established_) self.offer_to_kernel();
  self.wake();
}

}  // namespace penstock
