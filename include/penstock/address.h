// Internet addresses as the kernel takes them, their text form, and what kind of network they
// belong to. Names are the resolver's part (resolver.h); nothing here asks anybody.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock {

// One IPv4 or IPv6 address with a port, in network byte order inside.
struct Address {
  sockaddr_storage storage{};
  socklen_t bytes = 0;  // 0: no address

  int family() const { return storage.ss_family; }
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
  // Same family, address, scope and port.
  bool operator==(const Address& other) const;
};

Address make_address(const in_addr& ip, std::uint16_t port);
Address make_address(const in6_addr& ip, std::uint16_t port, std::uint32_t scope = 0);

// Reads an IP literal: dotted IPv4 in exactly four decimal parts, or IPv6 with or without brackets.
// No names, no zone, no short or octal IPv4 forms (`127.1`, `0177.0.0.1`): nothing is returned.
std::optional<Address> parse_ip(std::string_view text, std::uint16_t port);

// Whether an old resolver would take the text for a number (`1`, `0x7f.1`, `127.1`, `1.2.3.400`):
// its last label is all digits or begins with 0x. Such a text is never a host name (WHATWG URL,
// «ends in a number»); if `parse_ip` refuses it too, it is a mistake.
bool looks_numeric(std::string_view host);

// The text of an address without its port; IPv6 without brackets (RFC 5952 form).
struct AddressText {
  std::array<char, INET6_ADDRSTRLEN> text{};
  std::uint8_t size = 0;
  std::string_view view() const { return {text.data(), size}; }
};
AddressText to_text(const Address& address);

// What an address is, most harmful first. IPv6 forms that carry an IPv4 address (mapped,
// compatible, 6to4, NAT64, Teredo) are judged by the address inside when that is not public.
enum class AddressKind : std::uint8_t {
  public_unicast,
  unspecified,  // 0.0.0.0/8, ::
  loopback,     // 127/8, ::1
  link_local,   // 169.254/16, fe80::/10
  metadata,     // where clouds keep credentials: 169.254.169.254, fd00:ec2::254, 100.100.100.200…
  private_network,  // RFC 1918, fc00::/7, fec0::/10
  carrier_nat,      // 100.64/10
  multicast,        // 224/4, ff00::/8
  reserved,         // documentation, benchmarking, protocol assignments, 240/4, broadcast
};
AddressKind classify(const Address& address);

// Whether a configured upstream may resolve to it only with `allow_private`, and a client's URL
// never: everything but public unicast addresses.
inline bool is_blocked(const Address& address) {
  return classify(address) != AddressKind::public_unicast;
}
inline bool is_loopback(const Address& address) {
  return classify(address) == AddressKind::loopback;
}

}  // namespace penstock
