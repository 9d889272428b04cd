// The keys that seal a server's session tickets. One object serves all shards (a client that comes
// back lands on any of them) and outlives certificate reloads. Thread safe.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>

#include "penstock/time.h"

namespace penstock {

struct TlsTicketKey {
  std::array<unsigned char, 16> name;  // goes with the ticket in clear
  std::array<unsigned char, 32> cipher;
  std::array<unsigned char, 32> mac;
};

class TlsTicketKeys {
 public:
  // A key seals for this long, and opens for as long again; then its tickets mean nothing.
  static constexpr Duration lifetime = Duration::seconds(43'200);

  TlsTicketKeys() = default;
  ~TlsTicketKeys();
  TlsTicketKeys(const TlsTicketKeys&) = delete;
  TlsTicketKeys& operator=(const TlsTicketKeys&) = delete;

  // The key for new tickets; a fresh one is made when the current one is due. None when the random
  // generator fails: no ticket is given then.
  std::optional<TlsTicketKey> sealing(Instant now);
  struct Opened {
    TlsTicketKey key;
    bool renew;  // sealed by the key before the current one: give a new ticket
  };
  // The key of that name while it is alive.
  std::optional<Opened> opening(const unsigned char name[16], Instant now);

 private:
  struct Slot {
    TlsTicketKey key;
    Instant made;
  };
  std::mutex mutex_;
  std::optional<Slot> current_;
  std::optional<Slot> before_;
};

}  // namespace penstock
