#include "runtime/kernel_tls.h"

#include <linux/sock_diag.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>

#include "penstock/assert.h"
#include "runtime/kernel_sockets.h"

namespace penstock {
namespace {

// Room in a socket's queue that is left free for what TCP counts besides the bytes of a record.
constexpr std::size_t spare_bytes = 2048;
// What a socket that says it is writable always gets, however small its queue is.
constexpr std::size_t least_bytes = 256;

class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  ~OwnedFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// The kernel's structures differ in the length of the key and in how they part the nonce.
template <class Info>
bool set_keys(int fd, std::uint16_t cipher, const RecordKeys& keys) {
  Info info{};
  info.info.version = TLS_1_3_VERSION;
  info.info.cipher_type = cipher;
  static_assert(sizeof info.salt + sizeof info.iv == std::tuple_size_v<decltype(keys.iv)>);
  std::memcpy(info.key, keys.key.data(), sizeof info.key);
  std::memcpy(info.salt, keys.iv.data(), sizeof info.salt);
  std::memcpy(info.iv, keys.iv.data() + sizeof info.salt, sizeof info.iv);
  for (std::size_t i = 0; i < sizeof info.rec_seq; ++i) {
    info.rec_seq[i] = static_cast<unsigned char>(keys.sequence >> (56 - 8 * i));
  }
  const bool set = ::setsockopt(fd, SOL_TLS, TLS_TX, &info, sizeof info) == 0;
  wipe(reinterpret_cast<char*>(&info), sizeof info);
  return set;
}

// Two steps. After the first alone a socket behaves as before.
bool switch_over(int fd, const RecordKeys& keys) {
  if (::setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls") != 0) return false;
  switch (keys.cipher) {
    case RecordCipher::aes_128_gcm:
      return set_keys<tls12_crypto_info_aes_gcm_128>(fd, TLS_CIPHER_AES_GCM_128, keys);
    case RecordCipher::aes_256_gcm:
      return set_keys<tls12_crypto_info_aes_gcm_256>(fd, TLS_CIPHER_AES_GCM_256, keys);
    case RecordCipher::chacha20_poly1305:
      return set_keys<tls12_crypto_info_chacha20_poly1305>(fd, TLS_CIPHER_CHACHA20_POLY1305, keys);
  }
  PENSTOCK_UNREACHABLE();
}

// Only a connected socket can be switched over.
bool try_cipher(RecordCipher cipher) {
  const OwnedFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const OwnedFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  socklen_t bytes = sizeof address;
  if (listener.get() < 0 || client.get() < 0) return false;
  if (::bind(listener.get(), plain, bytes) != 0 || ::listen(listener.get(), 1) != 0) return false;
  if (::getsockname(listener.get(), plain, &bytes) != 0) return false;
  if (::connect(client.get(), plain, bytes) != 0) return false;
  RecordKeys keys;
  keys.cipher = cipher;
  return switch_over(client.get(), keys);
}

// How many bytes fit into the socket's queue for certain. TCP counts each of its segments with what
// it costs, at most as much again as the bytes of a full one.
std::size_t room(int fd) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t bytes = sizeof memory;
  if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory.data(), &bytes) != 0) return 0;
  const std::size_t most = memory[SK_MEMINFO_SNDBUF];
  const std::size_t used = memory[SK_MEMINFO_WMEM_QUEUED] + spare_bytes;
  const std::size_t fits = most > used ? (most - used) / 2 : 0;
  if (fits >= least_bytes) return fits;
  // Asked this way, a socket without room will tell when it has some.
  pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&writable, 1, 0) == 1 ? least_bytes : 0;
}

long send_alert(int fd, Bytes alert) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(1)> control{};
  iovec slice{const_cast<char*>(alert.data()), alert.size()};
  msghdr message{};
  message.msg_iov = &slice;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* type = CMSG_FIRSTHDR(&message);
  type->cmsg_level = SOL_TLS;
  type->cmsg_type = TLS_SET_RECORD_TYPE;
  type->cmsg_len = CMSG_LEN(1);
  *CMSG_DATA(type) = static_cast<unsigned char>(RecordType::alert);
  long sent;
  do {
    sent = ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

}  // namespace

const KernelTlsOffer& kernel_tls_offer() {
  static const KernelTlsOffer offer = [] {
    KernelTlsOffer found;
    for (std::size_t i = 0; i < record_cipher_count; ++i) {
      found.ciphers[i] = try_cipher(static_cast<RecordCipher>(i));
    }
    return found;
  }();
  return offer;
}

bool seal_in_kernel(int fd, const RecordKeys& keys, DriverCounters& counters) {
  // A kernel without the cipher would look for its module again with each connection.
  const bool sealed = kernel_tls_offer().has(keys.cipher) && switch_over(fd, keys);
  ++(sealed ? counters.sealed : counters.seal_refusals);
  return sealed;
}

long send_sealed_pieces(int fd, RecordType type, std::span<const Bytes> pieces) {
  std::size_t left = room(fd);
  if (left == 0) return -EAGAIN;
  if (type == RecordType::alert) return send_alert(fd, pieces.front());
  Gather fitting;
  for (const Bytes piece : pieces) {
    fitting.add(piece.substr(0, left));
    left -= std::min(left, piece.size());
  }
  return fitting.empty() ? 0 : send_pieces(fd, fitting.pieces());
}

}  // namespace penstock
