// Sending where the kernel seals: nothing that was taken may be lost, however the socket ends.
// Where the kernel seals nothing (`kernel_tls_offer`), the same runs over plain TCP.
#include "runtime/kernel_tls.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>

#include "loopback.h"

using namespace penstock;
using namespace penstock::test;

namespace {

constexpr std::size_t record_overhead = 5 + 1 + 16;

struct Wire {
  std::size_t content = 0;  // bytes of data
  std::size_t alerts = 0;   // of two bytes
  bool cut = false;         // it ends inside a record
};

// What the bytes of a connection hold. Nothing is opened: an alert is told from data by its size,
// so no case sends two bytes of data.
Wire take_apart(Bytes bytes, bool sealed) {
  if (!sealed) return {.content = bytes.size(), .alerts = 0, .cut = false};
  Wire wire;
  while (!bytes.empty() && !wire.cut) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const std::size_t size = bytes.size() < 5 ? SIZE_MAX : std::size_t{at(3)} << 8 | at(4);
    wire.cut = bytes.size() - 5 < size;
    if (wire.cut) break;
    const std::size_t content = 5 + size - record_overhead;
    (content == 2 ? wire.alerts : wire.content) += content == 2 ? 1 : content;
    bytes.remove_prefix(5 + size);
  }
  return wire;
}

bool seal(Driver& driver, int fd) {
  if (!kernel_tls_offer().has(RecordCipher::aes_128_gcm)) return false;
  const RecordKeys keys;
  REQUIRE(driver.seal_sends(fd, keys));
  return true;
}

std::string read_all(const Peer& peer) {
  std::string all;
  std::string part(1 << 16, '\0');
  for (ssize_t n; (n = ::recv(peer.fd, part.data(), part.size(), 0)) > 0;) {
    all.append(part, 0, static_cast<std::size_t>(n));
  }
  return all;
}

void set_queue(int fd, int bytes) {
  const int on = 1;
  REQUIRE(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
  if (bytes > 0) REQUIRE(::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0);
}

constexpr std::array queues{0, 5000, 8192, 20'000, 65'536, 300'000};
constexpr std::array<std::size_t, 6> piece_sizes{100, 1000, 4000, 16'384, 50'000, 1'000'000};

}  // namespace

PENSTOCK_DRIVER_TEST("kernel TLS: what was taken arrives, however full the queue was at the end") {
  const auto driver = Under::make();
  if (!driver) return;
  for (const int queue : queues) {
    for (const std::size_t size : piece_sizes) {
      for (const bool closes : {false, true}) {
        CAPTURE(queue);
        CAPTURE(size);
        CAPTURE(closes);
        Listener listener;
        Accepter accepter;
        accepter.fd = listener.fd;
        driver->submit(accepter);
        const Peer peer(listener.port);
        REQUIRE(run_until(*driver, [&] { return accepter.fds.size() == 1; }));
        stop(*driver, accepter);
        const int fd = accepter.fds[0];
        set_queue(fd, queue);
        const bool sealed = seal(*driver, fd);
        const std::string text(size, 'x');
        const std::array<Bytes, 2> pieces{Bytes(text).substr(0, size / 3),
                                          Bytes(text).substr(size / 3)};
        std::size_t taken = 0;
        long last = 0;
        while ((last = driver->send_sealed(fd, RecordType::data, pieces)) > 0) {
          taken += static_cast<std::size_t>(last);
        }
        CHECK(last == -EAGAIN);
        CHECK(taken > 0);
        if (closes) {
          driver->close_socket(fd, CloseHow::orderly);
        } else {
          driver->shutdown_send(fd);
        }
        const Wire wire = take_apart(read_all(peer), sealed);
        CHECK(wire.content == taken);
        CHECK_FALSE(wire.cut);
        if (!closes) driver->close_socket(fd, CloseHow::orderly);
      }
    }
  }
}

PENSTOCK_DRIVER_TEST("kernel TLS: a full socket tells when it takes more, and an alert ends it") {
  const auto driver = Under::make();
  if (!driver) return;
  for (const int queue : queues) {
    CAPTURE(queue);
    Pair pair(*driver);
    set_queue(pair.fd, queue);
    const bool sealed = seal(*driver, pair.fd);
    std::string got;
    std::thread reader([&] { got = read_all(pair.peer); });
    // With a small queue every few kilobytes wait for an acknowledgement.
    const std::size_t size = queue > 0 && queue <= 20'000 ? 250'000 : 3'000'000;
    const std::string text(size, 'x');
    Bytes rest = text;
    const Bytes alert("\1\0", 2);
    bool told = false;
    const bool done = run_until(*driver, [&] {
      Writer writable;
      writable.fd = pair.fd;
      while (!told) {
        const long sent =
            rest.empty() ? driver->send_sealed(pair.fd, RecordType::alert, std::span(&alert, 1))
                         : driver->send_sealed(pair.fd, RecordType::data, std::span(&rest, 1));
        if (sent == -EAGAIN) break;
        REQUIRE(sent > 0);
        told = rest.empty();
        rest.remove_prefix(std::min(rest.size(), static_cast<std::size_t>(sent)));
      }
      if (told) return true;
      driver->submit(writable);
      REQUIRE(run_until(*driver, [&] { return !writable.pending(); }));
      return false;
    });
    driver->shutdown_send(pair.fd);
    reader.join();
    CHECK(done);
    const Wire wire = take_apart(got, sealed);
    CHECK(wire.content == text.size() + (sealed ? 0 : 2));
    CHECK(wire.alerts == (sealed ? 1 : 0));
    CHECK_FALSE(wire.cut);
  }
}

TEST_CASE("kernel TLS: what is not connected is not switched over") {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const RecordKeys keys;
  DriverCounters counters;
  CHECK_FALSE(seal_in_kernel(fd, keys, counters));
  CHECK(counters.seal_refusals == 1);
  ::close(fd);
}
