// TLS for one connection, without a socket: ciphertext and plaintext are bytes that the owner
// brings and takes away. OpenSSL does the protocol; this class feeds it and judges the outcome.
//
//   network ── receive ──▶ [session] ──▶ plain         owner ── send ──▶ [session] ──▶ cipher
//                              └───────▶ cipher (handshake, key updates, alerts)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/tls_handles.h"
#include "net/tls_traffic.h"
#include "penstock/address.h"
#include "penstock/blocks.h"
#include "penstock/bytes.h"
#include "penstock/error.h"

extern "C" {
struct bio_st;
}

namespace penstock {

class TlsServerContext;
class TlsClientContext;

// Whom a client connects to. The views are copied.
struct TlsPeer {
  // A name, or an IP literal without brackets. The certificate must be for it, and it goes out as
  // server name indication when it is a name.
  std::string_view host;
  std::uint16_t port = 0;
  // Replaces `host` in both roles when not empty.
  std::string_view server_name = {};
  // Where the connection leads; looked at only by contexts that skip verification.
  const Address* address = nullptr;
};

class TlsSession {
 public:
  // tls_failed: the peer's name cannot be verified (not a name), or a context that skips
  // verification is used for an address that is not loopback. refused: out of memory.
  static Result<std::unique_ptr<TlsSession>> client(std::shared_ptr<TlsClientContext> context,
                                                    const TlsPeer& peer);
  static Result<std::unique_ptr<TlsSession>> server(
      std::shared_ptr<const TlsServerContext> context);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  // Begins the handshake: a client's first flight goes to `cipher`; a server has nothing to say.
  Result<> start(Buffer& cipher);

  // Takes all of `ciphertext`; the beginning of a record that is not complete stays inside. What
  // it decrypts to is appended to `plain`, what the protocol has to answer to `cipher`.
  // tls_failed: handshake, verification or record failure; `failure` says which, `cipher` may hold
  // an alert worth sending, and nothing more can be done with the session. refused: a buffer could
  // not grow; equally final.
  Result<> receive(Bytes ciphertext, Buffer& plain, Buffer& cipher);

  // Seals bytes of `pieces`, in order, while `cipher` stays within `cipher_max` bytes, and returns
  // how many it took: all, if there is room. Small pieces share a record. An empty `cipher` always
  // gets at least one record when `cipher_max` is 512 or more. Takes none before `established`.
  // closed: after `close`. Other errors as `receive`.
  Result<std::size_t> send(std::span<const Bytes> pieces, std::size_t cipher_max, Buffer& cipher);

  // Appends close_notify, once. Receiving goes on. Handed over: it becomes the `notice`.
  void close(Buffer& cipher);

  // -- Sealing by the kernel.

  // What the next record would be sealed with, if the context was made for it, the version is 1.3
  // and the kernel has a word for the cipher. Asked once: the secret is wiped, whatever the answer.
  bool take_sending_keys(RecordKeys& keys) {
    return established_ && !closed_ && !*failure_ && traffic_.take(ssl_.get(), keys);
  }
  // From now on somebody else seals: `send` is not called any more, and nothing of what OpenSSL
  // still writes leaves.
  void hand_over();
  // After `hand_over`: an alert to be sent as a record of its own, until `clear_notice`; or empty.
  Bytes notice() const { return {notice_.data(), notice_due_ ? notice_.size() : 0}; }
  void clear_notice() { notice_due_ = false; }
  // After `hand_over`: the peer has asked for a new key, which the one who seals cannot have from
  // here. What is under way may be ended, nothing new shall begin.
  bool spent() const { return handed_over_ && rekey_asked_; }

  // The handshake is through, and the peer is who it must be.
  bool established() const { return established_; }
  // close_notify came: the peer's data is complete. An end of the connection without it is a cut.
  bool peer_closed() const { return peer_closed_; }
  // Why the session failed: a fixed word; empty while it has not.
  const char* failure() const { return failure_; }
  // The handshake went on from an earlier session. After `established`.
  bool resumed() const;
  // "TLSv1.2" or "TLSv1.3". After `established`.
  const char* version() const;

  // Called by the client context when the server gave a session.
  void keep_for_resumption(ssl_session_st* session);
  // Called by OpenSSL where the context watches the traffic: a line of its key log, and each
  // message or record header, `type` as in SSL_set_msg_callback(3).
  void on_key_line(std::string_view line);
  void on_message(bool written, int type, Bytes message);

 private:
  enum class Role : std::uint8_t { client, server };
  explicit TlsSession(Role role) : role_(role) {}
  Result<> open(ssl_ctx_st* context);
  Result<> expect_peer(const TlsPeer& peer);
  Result<> handshake();
  Result<> finish_handshake();
  Result<> read_records(Buffer& plain);
  Result<> seal(Bytes record, Buffer& cipher);
  Result<> judge(int outcome);
  std::unexpected<Error> fail_as(const char* word);
  Error error(Code code) const;

  static int bio_read(bio_st* bio, char* to, std::size_t max, std::size_t* bytes);
  static int bio_write(bio_st* bio, const char* from, std::size_t size, std::size_t* bytes);
  static long bio_control(bio_st* bio, int command, long number, void* pointer);

  std::shared_ptr<TlsClientContext> client_;
  std::shared_ptr<const TlsServerContext> server_;
  std::string resumption_key_;  // client: host, port, server name
  SslPtr ssl_;
  Bytes in_;               // what OpenSSL may read during this call
  Buffer* out_ = nullptr;  // where OpenSSL's output goes during this call
  const char* failure_ = "";
  TlsTraffic traffic_;
  std::array<char, 2> notice_{};
  Role role_;
  bool established_ = false;
  bool peer_closed_ = false;
  bool closed_ = false;
  bool refused_ = false;  // `out_` could not grow
  bool greeted_ = false;  // the peer's first byte was seen
  bool kept_session_ = false;
  bool handed_over_ = false;
  bool notice_due_ = false;
  bool rekey_asked_ = false;  // by a KeyUpdate of the peer
};

}  // namespace penstock
