// One connection, plain TCP or TLS, as its owner sees it: bytes in, bytes out, its end. Nothing
// here waits; whoever has to wait does so on the stream's signal and looks again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "penstock/driver.h"

namespace penstock {

class Stream;
class TlsSession;

// Lets go of a stream: `StreamPtr` calls it. What is not sent yet is dropped.
struct StreamCloser {
  void operator()(Stream* stream) const noexcept;
};
// The owner's hold on a stream. Letting go never waits: the stream asks the kernel for the end of
// its operations, closes the descriptor after the last completion and then frees itself.
using StreamPtr = std::unique_ptr<Stream, StreamCloser>;

class Stream {
 public:
  // Takes over a connected descriptor and starts to receive. With a TLS session the handshake runs
  // by itself; `established` tells when it is through. `stepwise`: it receives after `unpause`, and
  // the owner decides when the handshake goes on.
  static StreamPtr adopt(Driver& driver, int fd, std::unique_ptr<TlsSession> tls,
                         bool stepwise = false);

  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Who is woken when bytes arrive, the peer ends, the stream breaks, blocked bytes have left, or
  // the handshake is through. Null: nobody; state is kept and can be looked at.
  void set_signal(Signal* signal) { signal_ = signal; }

  bool established() const { return established_; }
  // A stepwise handshake has bytes for its next step. The signal is woken when they arrive; until
  // the step is taken no more are read.
  bool handshake_waits() const { return stepwise_ && !readable().empty(); }
  void step_handshake();
  // Orderly end of what the peer sends (FIN; with TLS: close_notify). Bytes may still be readable.
  bool ended() const { return ended_; }
  // The connection is no longer usable: reset, TLS failure, or end without close_notify.
  bool broken() const { return broken_; }
  // The kernel lost completions: behind what was received there may be a gap, so nothing more is
  // taken. What is sent still leaves.
  bool lost() const { return lost_; }
  // Nothing more comes from the peer.
  bool gone() const { return ended_ || broken_ || lost_; }
  // The stream broke because TLS did: the peer was not proven, or its records were bad.
  bool tls_failed() const { return tls_failed_; }
  // No further exchange shall begin on it: the peer has asked for a new key, and the kernel, which
  // seals, cannot be given one.
  bool spent() const;
  // Why TLS failed, a fixed word for the log; empty otherwise.
  const char* tls_failure() const;

  // -- Receiving.

  // What has arrived and was not consumed, contiguous. Valid until the owner waits, consumes or
  // receives. Up to `receive_max` bytes are kept for an owner that does not consume; beyond that
  // reading stops and TCP holds the peer back.
  Bytes readable() const { return kept_.empty() ? fresh_ : kept_.view(); }
  void consume(std::size_t bytes);
  void set_receive_max(std::size_t bytes) { receive_max_ = static_cast<std::uint32_t>(bytes); }
  // For a peer that has left when it sends no more (a client): its end is then seen also while
  // reading has stopped because of `receive_max`, at the price of what it had sent beyond that.
  void set_abrupt(bool abrupt) { abrupt_ = abrupt; }
  // Stops reading now (back-pressure); what is already under way may still arrive.
  void pause();
  void unpause();
  // Bytes received from the network in all.
  std::uint64_t received_total() const { return received_; }

  // -- Sending.

  // Sends all pieces, copying what the socket does not take at once; it leaves as the socket
  // allows. The owner keeps an eye on `unsent` and produces no more while it is high. reset:
  // broken. refused: no memory for the copy.
  Result<> send(std::span<const Bytes> pieces);
  Result<> send(Bytes piece) { return send(std::span(&piece, 1)); }
  // Sends what the socket takes now and says how much that was, 0 included; the rest is the
  // owner's, to be tried again when the signal wakes it. For large bodies in stable memory.
  Result<std::size_t> write(std::span<const Bytes> pieces);
  // Bytes taken by `send` that the socket did not take.
  std::size_t unsent() const;
  // There are some, or some that it was not given yet: they leave when the turn ends. That wakes
  // nobody, except after `finish_sending`.
  bool sending() const { return send_.pending() || unsent() > 0; }
  // What was given to a connection that turned out broken, from the first byte that it did not
  // take: another one can send it. Empty when it is not known, and when `send` or `write` told of
  // the break at once.
  Bytes untaken() const { return refuses_ ? unsent_.view() : Bytes{}; }
  // It broke because it took no bytes; what it has received may tell why.
  bool refuses() const { return refuses_; }
  // Bytes given to the driver in all, less those it gave back: a writer that looks at it twice
  // knows whether there is progress.
  std::uint64_t sent_total() const { return sent_; }
  // When the last batch with bytes of this stream left; 0: none has.
  Instant left_at() const { return left_at_; }
  // Half-close after what was sent.
  void finish_sending();

  // Whether bytes may wait for the end of the turn, to leave with those of other connections. Then
  // a break that sending meets is known in the next turn. So by default, but never with TLS.
  void set_batched(bool batched) { batched_ = batched && !tls_; }

  // How the descriptor is closed when the owner lets go. orderly by default.
  void set_close(CloseHow how) { close_how_ = how; }

 private:
  friend struct StreamCloser;
  struct Receive : ReceiveOp {
    explicit Receive(Stream* s) : ReceiveOp(&Stream::on_receive), owner(s) {}
    Stream* owner;
  };
  struct Writable : WritableOp {
    explicit Writable(Stream* s) : WritableOp(&Stream::on_writable), owner(s) {}
    Stream* owner;
  };
  struct Send : SendOp {
    explicit Send(Stream* s) : SendOp(&Stream::on_sent), owner(s) {}
    Stream* owner;
  };
  struct Settle : TurnEnd {
    Stream* owner = nullptr;
  };

  Stream(Driver& driver, int fd, std::unique_ptr<TlsSession> tls);
  ~Stream();

  static void on_receive(Op& op, int result);
  static void on_writable(Op& op, int result);
  static void on_sent(Op& op, int result);
  static void on_settle(TurnEnd& node);
  void arrived(Bytes bytes);
  void arrived_secure(Bytes bytes);
  void keep_fresh();
  void break_off();
  void wake();
  void arm_receive();
  void read_on();
  void arm_writable();
  Result<> keep(std::span<const Bytes> pieces, std::size_t skip);
  void take_back(std::span<const Bytes> pieces, std::size_t taken, int result);
  void refuse();
  Result<std::size_t> push(std::span<const Bytes> pieces);
  Result<std::size_t> write_secure(std::span<const Bytes> pieces);
  void flush();
  bool sealed_here() const { return tls_ && !kernel_seals_; }
  void offer_to_kernel();
  bool send_notice();
  void let_go() noexcept;
  void end_if_idle() noexcept;

  Driver& driver_;
  Signal* signal_ = nullptr;
  std::unique_ptr<TlsSession> tls_;
  Bytes fresh_;    // lent for this turn, not consumed
  Buffer kept_;    // own copy of what was not consumed in its turn; plaintext with TLS
  Buffer unsent_;  // what the socket did not take; ciphertext where it is sealed here
  Receive receive_;
  Writable writable_;
  Send send_;
  Settle settle_;
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  Instant left_at_{};
  int fd_;
  std::uint32_t receive_max_;
  CloseHow close_how_ = CloseHow::orderly;
  bool established_ = true;
  bool ended_ = false;
  bool broken_ = false;
  bool tls_failed_ = false;
  bool stepwise_ = false;      // the handshake waits for its owner; what was received is ciphertext
  bool kernel_seals_ = false;  // what leaves is given to the socket as plaintext
  bool kernel_asked_ = false;
  bool paused_ = false;        // the owner's wish
  bool overfull_ = false;      // `receive_max` is met
  bool abrupt_ = false;        // the peer's end is watched for meanwhile
  bool finish_after_ = false;  // half-close when `unsent_` has left
  bool lost_ = false;
  bool letting_go_ = false;
  bool blocked_ = false;  // the owner waits until it can `write`
  bool batched_ = true;
  bool refuses_ = false;
};

}  // namespace penstock
