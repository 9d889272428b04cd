#include "net/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "net/tls_context.h"
#include "net/tls_reason.h"
#include "penstock/assert.h"

namespace penstock {
namespace {

// Most plaintext in one record (RFC 8446 §5.1).
constexpr std::size_t record_bytes_max = 16'384;
// What sealing adds at most: header, explicit nonce (TLS 1.2) or content type (1.3), tag.
constexpr std::size_t seal_bytes_max = 5 + 8 + 16;
// Rather than a smaller record, sending waits until there is room for more.
constexpr std::size_t record_worth_bytes = 256;
constexpr unsigned char record_type_handshake = 22;
// The longest name in DNS (RFC 1035 §2.3.4), without the final dot.
constexpr std::size_t name_bytes_max = 253;

// Hands out the bytes of several pieces in runs of a wanted length.
class PieceReader {
 public:
  explicit PieceReader(std::span<const Bytes> pieces) : pieces_(pieces) {}

  // The next `size` bytes, which must be there: in place when one piece has them, else gathered in
  // `scratch`.
  Bytes next(std::size_t size, char* scratch) {
    while (offset_ == pieces_[at_].size()) advance();
    const Bytes first = pieces_[at_].substr(offset_, size);
    offset_ += first.size();
    if (first.size() == size) return first;
    std::memcpy(scratch, first.data(), first.size());
    for (std::size_t held = first.size(); held < size;) {
      advance();
      const Bytes part = pieces_[at_].substr(0, size - held);
      if (!part.empty()) std::memcpy(scratch + held, part.data(), part.size());
      offset_ = part.size();
      held += part.size();
    }
    return {scratch, size};
  }

 private:
  void advance() {
    ++at_;
    offset_ = 0;
  }
  std::span<const Bytes> pieces_;
  std::size_t at_ = 0;
  std::size_t offset_ = 0;  // in pieces_[at_]
};

}  // namespace

// OpenSSL talks to the buffers of the current call, so bytes are not copied through a BIO.
Result<> TlsSession::open(SSL_CTX* context) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "penstock");
    PENSTOCK_ASSERT(made != nullptr);
    BIO_meth_set_read_ex(made, &TlsSession::bio_read);
    BIO_meth_set_write_ex(made, &TlsSession::bio_write);
    BIO_meth_set_ctrl(made, &TlsSession::bio_control);
    return made;
  }();
  ERR_clear_error();
  ssl_.reset(SSL_new(context));
  BIO* bio = BIO_new(method);
  if (!ssl_ || !bio) {
    BIO_free(bio);
    return std::unexpected(error(Code::refused));
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  return {};
}

Result<std::unique_ptr<TlsSession>> TlsSession::client(std::shared_ptr<TlsClientContext> context,
                                                       const TlsPeer& peer) {
  std::unique_ptr<TlsSession> session(new TlsSession(Role::client));
  session->client_ = std::move(context);
  PENSTOCK_CHECK(session->open(session->client_->get()));
  PENSTOCK_CHECK(session->expect_peer(peer));
  SSL_set_connect_state(session->ssl_.get());
  return session;
}

Result<std::unique_ptr<TlsSession>> TlsSession::server(
    std::shared_ptr<const TlsServerContext> context) {
  std::unique_ptr<TlsSession> session(new TlsSession(Role::server));
  session->server_ = std::move(context);
  PENSTOCK_CHECK(session->open(session->server_->get()));
  SSL_set_accept_state(session->ssl_.get());
  return session;
}

TlsSession::~TlsSession() = default;

// Names are checked by the certificate's subjectAltName alone: the common name is never looked at,
// and a wildcard stands for a whole label only (RFC 9525 §6.3).
Result<> TlsSession::expect_peer(const TlsPeer& peer) {
  if (client_->skips_verify() && !(peer.address && is_loopback(*peer.address))) {
    return fail_as("skip_verify_not_loopback");
  }
  std::string name(peer.server_name.empty() ? peer.host : peer.server_name);
  const auto literal = parse_ip(name, 0);
  bool set = false;
  if (literal) {
    const void* ip = &reinterpret_cast<const sockaddr_in&>(literal->storage).sin_addr;
    std::size_t bytes = sizeof(in_addr);
    if (literal->family() == AF_INET6) {
      ip = &reinterpret_cast<const sockaddr_in6&>(literal->storage).sin6_addr;
      bytes = sizeof(in6_addr);
    }
    set = X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl_.get()),
                                    static_cast<const unsigned char*>(ip), bytes) == 1;
  } else {
    if (name.ends_with('.')) name.pop_back();  // never in certificates nor in SNI (RFC 6066 §3)
    const bool is_name = !name.empty() && name.size() <= name_bytes_max && !name.starts_with('.') &&
                         name.find('\0') == std::string::npos && !looks_numeric(name);
    if (!is_name) return fail_as("bad_server_name");
    SSL_set_hostflags(ssl_.get(),
                      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    set = SSL_set1_host(ssl_.get(), name.c_str()) == 1 &&
          SSL_set_tlsext_host_name(ssl_.get(), name.c_str()) == 1;
  }
  if (!set) return fail_as("bad_server_name");

  resumption_key_.assign(peer.host).push_back('\0');
  resumption_key_.append(std::to_string(peer.port)).push_back('\0');
  resumption_key_.append(name);
  const SslSessionPtr earlier = client_->sessions().take(resumption_key_);
  if (earlier) SSL_set_session(ssl_.get(), earlier.get());
  return {};
}

Result<> TlsSession::start(Buffer& cipher) {
  out_ = &cipher;
  auto outcome = role_ == Role::client ? handshake() : Result<>{};
  out_ = nullptr;
  return outcome;
}

Result<> TlsSession::receive(Bytes ciphertext, Buffer& plain, Buffer& cipher) {
  if (*failure_) return std::unexpected(error(Code::tls_failed));
  if (ciphertext.empty() || peer_closed_) return {};
  // What does not begin with a handshake record is not TLS; it gets no answer, not even an alert.
  if (role_ == Role::server && !std::exchange(greeted_, true) &&
      static_cast<unsigned char>(ciphertext.front()) != record_type_handshake) {
    return fail_as("not_tls");
  }
  in_ = ciphertext;
  out_ = &cipher;
  auto outcome = established_ ? Result<>{} : handshake();
  if (outcome && established_) outcome = read_records(plain);
  in_ = {};
  out_ = nullptr;
  if (plain.empty()) plain.release();
  return outcome;
}

Result<> TlsSession::handshake() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  if (outcome == 1) return finish_handshake();
  PENSTOCK_CHECK(judge(outcome));
  if (peer_closed_) return fail_as("closed_in_handshake");
  return {};
}

Result<> TlsSession::finish_handshake() {
  if (role_ == Role::client) {
    const bool proven = SSL_get_verify_result(ssl_.get()) == X509_V_OK &&
                        SSL_get0_peer_certificate(ssl_.get()) != nullptr;
    if (!proven && !client_->skips_verify()) return fail_as("certificate_invalid");
    const unsigned char* protocol = nullptr;
    unsigned bytes = 0;
    SSL_get0_alpn_selected(ssl_.get(), &protocol, &bytes);
    const bool ours = bytes == 8 && std::memcmp(protocol, "http/1.1", 8) == 0;
    if (bytes != 0 && !ours) return fail_as("no_application_protocol");
    // TLS 1.2 sessions may be used again; TLS 1.3 servers send new ones.
    if (resumed() && !kept_session_ && SSL_version(ssl_.get()) == TLS1_2_VERSION) {
      keep_for_resumption(SSL_get0_session(ssl_.get()));
    }
  }
  established_ = true;
  return {};
}

Result<> TlsSession::read_records(Buffer& plain) {
  for (;;) {
    // Plaintext is never longer than its ciphertext.
    const auto pending = static_cast<std::size_t>(SSL_pending(ssl_.get()));
    const std::size_t wanted = std::clamp(in_.size() + pending, std::size_t{1}, record_bytes_max);
    if (plain.room_bytes() < wanted) {
      if (auto grown = plain.reserve(wanted); !grown) {
        fail_as("out_of_memory");
        return std::unexpected(error(Code::refused));
      }
    }
    ERR_clear_error();
    std::size_t bytes = 0;
    const int outcome = SSL_read_ex(ssl_.get(), plain.room(), plain.room_bytes(), &bytes);
    if (outcome != 1) return judge(outcome);
    plain.commit(bytes);
    if (in_.empty() && SSL_has_pending(ssl_.get()) == 0) return {};
  }
}

Result<std::size_t> TlsSession::send(std::span<const Bytes> pieces, std::size_t cipher_max,
                                     Buffer& cipher) {
  if (*failure_) return std::unexpected(error(Code::tls_failed));
  if (closed_) return std::unexpected(error(Code::closed));
  PENSTOCK_ASSERT(!handed_over_);
  if (!established_) return std::size_t{0};
  std::size_t left = 0;
  for (const Bytes& piece : pieces) left += piece.size();
  PieceReader reader(pieces);
  std::array<char, record_bytes_max> scratch;
  std::size_t taken = 0;
  while (left > 0) {
    const std::size_t used = cipher.size() + seal_bytes_max;
    const std::size_t room = cipher_max > used ? cipher_max - used : 0;
    const std::size_t size = std::min({left, room, record_bytes_max});
    if (size == 0 || (size < left && size < record_worth_bytes)) break;
    PENSTOCK_CHECK(seal(reader.next(size, scratch.data()), cipher));
    taken += size;
    left -= size;
  }
  return taken;
}

// One SSL_write of a record's size is one record, written at once: our BIO never blocks.
Result<> TlsSession::seal(Bytes record, Buffer& cipher) {
  if (!cipher.reserve(record.size() + seal_bytes_max)) {
    fail_as("out_of_memory");
    return std::unexpected(error(Code::refused));
  }
  ERR_clear_error();
  std::size_t bytes = 0;
  out_ = &cipher;
  const int outcome = SSL_write_ex(ssl_.get(), record.data(), record.size(), &bytes);
  out_ = nullptr;
  if (outcome == 1 && bytes == record.size()) return {};
  PENSTOCK_CHECK(judge(outcome));
  return fail_as("protocol_error");
}

void TlsSession::close(Buffer& cipher) {
  if (!established_ || closed_ || *failure_) return;
  closed_ = true;
  if (handed_over_) {
    notice_ = {SSL3_AL_WARNING, SSL3_AD_CLOSE_NOTIFY};
    notice_due_ = true;
    return;
  }
  out_ = &cipher;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());  // 0: the peer has not closed yet, which we do not wait for
  out_ = nullptr;
}

// -- Sealing by the kernel --

void TlsSession::hand_over() {
  PENSTOCK_ASSERT(established_ && !closed_ && !*failure_);
  handed_over_ = true;
}

void TlsSession::on_key_line(std::string_view line) {
  traffic_.on_key_line(
      line, role_ == Role::client ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0");
}

// Counts records, and sees what OpenSSL has no function for: requests of the peer for a new key,
// and alerts before they are sealed.
void TlsSession::on_message(bool written, int type, Bytes message) {
  if (type == SSL3_RT_HEADER) {
    if (written) traffic_.on_record();
  } else if (type == SSL3_RT_HANDSHAKE && !message.empty() && message[0] == SSL3_MT_KEY_UPDATE) {
    // Written, it is our key that changes. Read, it may ask for that in its last byte.
    const bool asks = !written && message.back() == SSL_KEY_UPDATE_REQUESTED;
    rekey_asked_ = rekey_asked_ || asks;
    if (written || asks) traffic_.forget();
  } else if (type == SSL3_RT_ALERT && written && handed_over_ && message.size() == notice_.size()) {
    std::ranges::copy(message, notice_.begin());
    notice_due_ = true;
  }
}

bool TlsSession::resumed() const {
  return SSL_session_reused(ssl_.get()) == 1;
}

const char* TlsSession::version() const {
  return SSL_get_version(ssl_.get());
}

// A copy is kept: OpenSSL marks its own object as not resumable when the next ticket arrives or
// when the connection ends without close_notify, neither of which makes the ticket worthless.
void TlsSession::keep_for_resumption(SSL_SESSION* session) {
  SslSessionPtr copy(SSL_SESSION_dup(session));
  if (!client_ || !copy) return;
  kept_session_ = true;
  client_->sessions().put(resumption_key_, std::move(copy));
}

// What a call that did not succeed means: nothing (it wants more input), the peer's close_notify,
// or the end. A failed session is never used again (SSL_get_error(3)).
Result<> TlsSession::judge(int outcome) {
  switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
      return {};
    case SSL_ERROR_ZERO_RETURN:
      peer_closed_ = true;
      return {};
    default:
      break;
  }
  if (refused_) {
    fail_as("out_of_memory");
    return std::unexpected(error(Code::refused));
  }
  return fail_as(tls_reason(ssl_.get()));
}

std::unexpected<Error> TlsSession::fail_as(const char* word) {
  failure_ = word;
  ERR_clear_error();
  return std::unexpected(error(Code::tls_failed));
}

// An upstream that failed before it got a request may be tried again elsewhere.
Error TlsSession::error(Code code) const {
  if (role_ == Role::server) return {.code = code, .side = Side::client};
  return {.code = code, .side = Side::upstream, .retry = Retry::if_unsent};
}

int TlsSession::bio_read(BIO* bio, char* to, std::size_t max, std::size_t* bytes) {
  auto& self = *static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *bytes = std::min(max, self.in_.size());
  if (*bytes == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(to, self.in_.data(), *bytes);
  self.in_.remove_prefix(*bytes);
  return 1;
}

int TlsSession::bio_write(BIO* bio, const char* from, std::size_t size, std::size_t* bytes) {
  auto& self = *static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *bytes = size;
  if (self.handed_over_) return 1;  // sealed with a key and number that are not ours any more
  *bytes = 0;
  if (!self.out_ || !self.out_->append({from, size})) {
    self.refused_ = true;
    return 0;
  }
  *bytes = size;
  return 1;
}

long TlsSession::bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace penstock
