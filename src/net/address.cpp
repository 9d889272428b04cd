#include "penstock/address.h"

#include <arpa/inet.h>

#include <cstring>

namespace penstock {
namespace {

// A block of IPv4 addresses and what lives there.
struct Block4 {
  std::uint32_t network;
  int prefix;
  AddressKind kind;
};

constexpr std::uint32_t ip4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// The IANA special-purpose registry (RFC 6890 and later), and the addresses at which clouds serve
// credentials to their machines. The first match counts.
constexpr Block4 blocks4[] = {
    {ip4(169, 254, 169, 254), 32, AddressKind::metadata},  // AWS, Azure, Google and others
    {ip4(169, 254, 170, 2), 32, AddressKind::metadata},    // AWS container credentials
    {ip4(169, 254, 170, 23), 32, AddressKind::metadata},   // AWS pod identity
    {ip4(100, 100, 100, 200), 32, AddressKind::metadata},  // Alibaba
    {ip4(192, 0, 0, 192), 32, AddressKind::metadata},      // Oracle
    {ip4(168, 63, 129, 16), 32, AddressKind::metadata},    // Azure's host agent
    {ip4(0, 0, 0, 0), 8, AddressKind::unspecified},
    {ip4(10, 0, 0, 0), 8, AddressKind::private_network},
    {ip4(100, 64, 0, 0), 10, AddressKind::carrier_nat},
    {ip4(127, 0, 0, 0), 8, AddressKind::loopback},
    {ip4(169, 254, 0, 0), 16, AddressKind::link_local},
    {ip4(172, 16, 0, 0), 12, AddressKind::private_network},
    {ip4(192, 0, 0, 0), 24, AddressKind::reserved},
    {ip4(192, 0, 2, 0), 24, AddressKind::reserved},
    {ip4(192, 88, 99, 0), 24, AddressKind::reserved},  // 6to4 relays, withdrawn (RFC 7526)
    {ip4(192, 168, 0, 0), 16, AddressKind::private_network},
    {ip4(198, 18, 0, 0), 15, AddressKind::reserved},
    {ip4(198, 51, 100, 0), 24, AddressKind::reserved},
    {ip4(203, 0, 113, 0), 24, AddressKind::reserved},
    {ip4(224, 0, 0, 0), 4, AddressKind::multicast},
    {ip4(240, 0, 0, 0), 4, AddressKind::reserved},
};

struct Block6 {
  std::array<std::uint8_t, 16> network;
  int prefix;
  AddressKind kind;
};

constexpr Block6 blocks6[] = {
    {{}, 128, AddressKind::unspecified},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, AddressKind::loopback},
    // fd00:ec2::254 and ::23, AWS; fd20:ce::254, Google.
    {{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54}, 128, AddressKind::metadata},
    {{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x23}, 128, AddressKind::metadata},
    {{0xfd, 0x20, 0, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54}, 128, AddressKind::metadata},
    {{0xfe, 0x80}, 10, AddressKind::link_local},
    {{0xfe, 0xc0}, 10, AddressKind::private_network},  // site-local, withdrawn (RFC 3879)
    {{0xfc}, 7, AddressKind::private_network},
    {{0xff}, 8, AddressKind::multicast},
    {{0x01, 0x00}, 64, AddressKind::reserved},                    // discard (RFC 6666)
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, AddressKind::reserved},  // local NAT64 (RFC 8215)
    {{0x20, 0x01, 0x0d, 0xb8}, 32, AddressKind::reserved},        // documentation
    {{0x3f, 0xff}, 20, AddressKind::reserved},                    // documentation (RFC 9637)
    {{0x20, 0x01, 0, 2}, 48, AddressKind::reserved},              // benchmarking
    {{0x20, 0x01, 0, 0x10}, 28, AddressKind::reserved},           // ORCHID
    {{0x20, 0x01, 0, 0x20}, 28, AddressKind::reserved},           // ORCHIDv2
    {{0x5f, 0x00}, 16, AddressKind::reserved},                    // segment routing (RFC 9602)
};

// IPv6 blocks whose addresses lead to an IPv4 address that stands inside them.
struct Carrier {
  std::array<std::uint8_t, 12> network;
  int prefix;
  std::size_t at;     // where the IPv4 address begins
  std::uint8_t flip;  // Teredo stores it inverted
};

constexpr Carrier carriers[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12, 0},  // v4-mapped
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}, 96, 12, 0},  // v4-translated (RFC 2765)
    {{}, 96, 12, 0},                                          // v4-compatible, withdrawn
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12, 0},                    // NAT64 (RFC 6052)
    {{0x20, 0x02}, 16, 2, 0},                                 // 6to4
    {{0x20, 0x01, 0, 0}, 32, 12, 0xff},                       // Teredo
};

bool in_block(const std::uint8_t* ip, const std::uint8_t* network, int prefix) {
  const auto whole = static_cast<std::size_t>(prefix / 8);
  if (std::memcmp(ip, network, whole) != 0) return false;
  const int rest = prefix % 8;
  return rest == 0 || ((ip[whole] ^ network[whole]) >> (8 - rest)) == 0;
}

AddressKind classify4(std::uint32_t ip) {
  for (const Block4& block : blocks4) {
    const std::uint32_t mask = block.prefix == 32 ? ~0U : ~(~0U >> block.prefix);
    if ((ip & mask) == block.network) return block.kind;
  }
  return AddressKind::public_unicast;
}

AddressKind classify6(const std::uint8_t* ip) {
  for (const Block6& block : blocks6) {
    if (in_block(ip, block.network.data(), block.prefix)) return block.kind;
  }
  for (const Carrier& carrier : carriers) {
    if (!in_block(ip, carrier.network.data(), carrier.prefix)) continue;
    std::uint32_t inner = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      inner = inner << 8 | static_cast<std::uint8_t>(ip[carrier.at + i] ^ carrier.flip);
    }
    return classify4(inner);
  }
  // What is neither assigned for unicast (2000::/3) nor a NAT64 prefix is not the public network.
  const bool unicast = (ip[0] & 0xe0) == 0x20;
  return unicast ? AddressKind::public_unicast : AddressKind::reserved;
}

const sockaddr_in& as4(const sockaddr_storage& s) {
  return reinterpret_cast<const sockaddr_in&>(s);
}
const sockaddr_in6& as6(const sockaddr_storage& s) {
  return reinterpret_cast<const sockaddr_in6&>(s);
}

}  // namespace

std::uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(as4(storage).sin_port);
  if (family() == AF_INET6) return ntohs(as6(storage).sin6_port);
  return 0;
}

void Address::set_port(std::uint16_t port) {
  if (family() == AF_INET) reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
  if (family() == AF_INET6) reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
}

bool Address::operator==(const Address& other) const {
  if (bytes != other.bytes || family() != other.family() || port() != other.port()) return false;
  if (family() == AF_INET) {
    return as4(storage).sin_addr.s_addr == as4(other.storage).sin_addr.s_addr;
  }
  if (family() == AF_INET6) {
    const auto& a = as6(storage);
    const auto& b = as6(other.storage);
    return std::memcmp(&a.sin6_addr, &b.sin6_addr, sizeof(in6_addr)) == 0 &&
           a.sin6_scope_id == b.sin6_scope_id;
  }
  return true;
}

Address make_address(const in_addr& ip, std::uint16_t port) {
  Address address;
  auto& to = reinterpret_cast<sockaddr_in&>(address.storage);
  to.sin_family = AF_INET;
  to.sin_addr = ip;
  to.sin_port = htons(port);
  address.bytes = sizeof(sockaddr_in);
  return address;
}

Address make_address(const in6_addr& ip, std::uint16_t port, std::uint32_t scope) {
  Address address;
  auto& to = reinterpret_cast<sockaddr_in6&>(address.storage);
  to.sin6_family = AF_INET6;
  to.sin6_addr = ip;
  to.sin6_port = htons(port);
  to.sin6_scope_id = scope;
  address.bytes = sizeof(sockaddr_in6);
  return address;
}

std::optional<Address> parse_ip(std::string_view text, std::uint16_t port) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    if (text.find(':') == std::string_view::npos) return std::nullopt;
  }
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::memcpy(terminated.data(), text.data(), text.size());
  if (in_addr ip{}; inet_pton(AF_INET, terminated.data(), &ip) == 1) return make_address(ip, port);
  if (in6_addr ip{}; inet_pton(AF_INET6, terminated.data(), &ip) == 1) {
    return make_address(ip, port);
  }
  return std::nullopt;
}

bool looks_numeric(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view last = host.substr(host.rfind('.') + 1);  // npos + 1 is 0
  if (last.empty()) return false;
  if (last.starts_with("0x") || last.starts_with("0X")) return true;
  return last.find_first_not_of("0123456789") == std::string_view::npos;
}

AddressText to_text(const Address& address) {
  AddressText out;
  const void* ip = nullptr;
  if (address.family() == AF_INET) ip = &as4(address.storage).sin_addr;
  if (address.family() == AF_INET6) ip = &as6(address.storage).sin6_addr;
  if (ip && inet_ntop(address.family(), ip, out.text.data(), out.text.size())) {
    out.size = static_cast<std::uint8_t>(std::strlen(out.text.data()));
  }
  return out;
}

AddressKind classify(const Address& address) {
  if (address.family() == AF_INET) return classify4(ntohl(as4(address.storage).sin_addr.s_addr));
  if (address.family() == AF_INET6) return classify6(as6(address.storage).sin6_addr.s6_addr);
  return AddressKind::unspecified;
}

}  // namespace penstock
