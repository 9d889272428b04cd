// Addresses and URLs of a configuration file.
#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "config/value.h"

namespace penstock::config {
namespace {

std::unexpected<std::string> wrong(std::string what) {
  return std::unexpected(std::move(what));
}

// A literal address as 16 bytes; IPv4 in its mapped form ::ffff:a.b.c.d.
using Address = std::array<std::uint8_t, 16>;

std::optional<Address> parse_ip(std::string_view text) {
  const std::string zero_ended(text);
  Address address{};
  if (text.find(':') != std::string_view::npos) {
    if (inet_pton(AF_INET6, zero_ended.c_str(), address.data()) == 1) return address;
    return std::nullopt;
  }
  address[10] = address[11] = 0xff;
  if (inet_pton(AF_INET, zero_ended.c_str(), address.data() + 12) == 1) return address;
  return std::nullopt;
}

bool is_mapped(const Address& address) {
  constexpr std::array<std::uint8_t, 12> prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(address.data(), prefix.data(), prefix.size()) == 0;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// "host:port" or "[v6]:port" taken apart; the port may be missing.
struct HostPort {
  std::string_view host;
  std::optional<std::string_view> port;
  bool bracketed = false;
};

std::optional<HostPort> split_host_port(std::string_view text) {
  HostPort result;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    result.host = text.substr(1, end - 1);
    result.bracketed = true;
    text.remove_prefix(end + 1);
    if (text.empty()) return result;
    if (!text.starts_with(':')) return std::nullopt;
    result.port = text.substr(1);
    return result;
  }
  const std::size_t colon = text.find(':');
  result.host = text.substr(0, colon);
  if (colon != std::string_view::npos) result.port = text.substr(colon + 1);
  return result;
}

// RFC 1123 §2.1: labels of letters, digits and '-', 253 bytes in all.
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  std::size_t label = 0;
  for (std::size_t i = 0; i <= host.size(); ++i) {
    if (i == host.size() || host[i] == '.') {
      if (label == 0 || label > 63 || host[i - 1] == '-') return false;
      label = 0;
      continue;
    }
    const char c = host[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!letter && !(c == '-' && label > 0)) return false;
    ++label;
  }
  return true;
}

// A name whose last label is a number reads like an address but is none: "127.1", "2130706433".
bool ends_in_number(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return last.find_first_not_of("0123456789") == std::string_view::npos || last.starts_with("0x");
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

bool is_clean_path(std::string_view path) {
  constexpr std::string_view marks = "-._~!$&'()*+,;=:@/";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && marks.find(c) == std::string_view::npos) return false;
  }
  const std::string framed = std::string(path) + '/';
  return framed.find("//") == std::string::npos && framed.find("/./") == std::string::npos &&
         framed.find("/../") == std::string::npos;
}

}  // namespace

Parsed<ListenAddress> parse_address(std::string_view text) {
  const auto parts = split_host_port(text);
  const auto advice =
      "is not an address; write an IP address and a port, such as 0.0.0.0:8080 or "
      "[::]:8080";
  if (!parts || !parts->port || !parse_ip(parts->host)) return wrong(advice);
  if (parts->bracketed != (parts->host.find(':') != std::string_view::npos)) return wrong(advice);
  const auto port = parse_port(*parts->port);
  if (!port) return wrong("has no valid port; write a number from 0 to 65535");
  return ListenAddress{std::string(parts->host), *port};
}

Parsed<BaseUrl> parse_base_url(std::string_view text) {
  BaseUrl url;
  if (text.starts_with("https://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    url.tls = false;
    text.remove_prefix(7);
  } else {
    return wrong("is not a URL; write https://host/path");
  }
  if (text.find_first_of("@?#") != std::string_view::npos) {
    return wrong("must not have a user, a query or a fragment; write https://host/path");
  }
  const std::size_t slash = text.find('/');
  const auto parts = split_host_port(text.substr(0, slash));
  if (!parts) return wrong("has no valid host; write https://host/path");
  url.host = lower(parts->host);
  url.host_is_ip = parse_ip(url.host).has_value();
  const bool is_v6 = url.host_is_ip && url.host.find(':') != std::string::npos;
  const bool host_ok =
      url.host_is_ip ? parts->bracketed == is_v6
                     : !parts->bracketed && is_host_name(url.host) && !ends_in_number(url.host);
  if (!host_ok) {
    return wrong(
        "has no valid host; write a DNS name, an IPv4 address or an IPv6 address in "
        "brackets");
  }
  url.port = url.tls ? 443 : 80;
  url.authority = is_v6 ? '[' + url.host + ']' : url.host;
  if (parts->port) {
    const auto port = parse_port(*parts->port);
    if (!port || *port == 0) return wrong("has no valid port; write a number from 1 to 65535");
    if (*port != url.port) url.authority += ':' + std::to_string(*port);
    url.port = *port;
  }
  if (slash != std::string_view::npos) {
    url.path = text.substr(slash);
    if (url.path.ends_with('/')) url.path.pop_back();
  }
  if (!is_clean_path(url.path)) {
    return wrong(
        "has a path with empty, '.' or '..' segments or characters that need escapes; "
        "write a plain path such as /v1");
  }
  return url;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  const auto address = parse_ip(host);
  if (!address) return false;
  if (is_mapped(*address)) return (*address)[12] == 127;
  Address one{};
  one[15] = 1;
  return *address == one;
}

bool is_private(std::string_view host) {
  if (is_loopback(host)) return true;
  const auto address = parse_ip(host);
  if (!address) return false;
  const auto& a = *address;
  if (is_mapped(a)) {
    return a[12] == 0 || a[12] == 10 || (a[12] == 100 && (a[13] & 0xc0) == 64) ||
           (a[12] == 169 && a[13] == 254) || (a[12] == 172 && (a[13] & 0xf0) == 16) ||
           (a[12] == 192 && a[13] == 168) || a[12] >= 224;
  }
  // 2000::/3 is the public part of IPv6; 2002::/16 (6to4) wraps IPv4 addresses.
  return (a[0] & 0xe0) != 0x20 || (a[0] == 0x20 && a[1] == 0x02);
}

}  // namespace penstock::config
