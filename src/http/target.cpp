// Judging targets byte by byte; nothing is decoded here.
#include "http/target.h"

#include "http/tables.h"

namespace penstock::http {

namespace {

// True when `%XX` stands at `at`.
bool is_escape(Bytes text, std::size_t at) {
  return at + 2 < text.size() && is(text[at + 1], class_hex) && is(text[at + 2], class_hex);
}

unsigned escaped_byte(Bytes text, std::size_t at) {
  return hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]);
}

bool valid_ipv4(Bytes text) {
  for (int octet = 0; octet < 4; ++octet) {
    std::size_t digits = 0;
    unsigned value = 0;
    while (digits < text.size() && is(text[digits], class_digit)) {
      value = value * 10 + hex_value(text[digits]);
      if (++digits > 3) return false;
    }
    if (digits == 0 || value > 255 || (digits > 1 && text.front() == '0')) return false;
    text.remove_prefix(digits);
    if (octet == 3) break;
    if (text.empty() || text.front() != '.') return false;
    text.remove_prefix(1);
  }
  return text.empty();
}

// Eight groups of one to four digits; `::` once for one or more of them; the last two may be IPv4.
bool valid_ipv6(Bytes text) {
  unsigned groups = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    std::size_t digits = 0;
    while (digits < text.size() && is(text[digits], class_hex)) ++digits;
    if (digits < text.size() && text[digits] == '.') {
      if (!valid_ipv4(text)) return false;
      groups += 2;
      break;
    }
    if (digits == 0 || digits > 4) return false;
    ++groups;
    text.remove_prefix(digits);
    if (text.empty()) break;
    if (text.front() != ':' || text.size() == 1) return false;
    text.remove_prefix(1);
    if (text.front() == ':') {
      if (gap) return false;
      gap = true;
      text.remove_prefix(1);
    }
  }
  return gap ? groups <= 7 : groups == 8;
}

bool valid_port(Bytes port) {
  if (port.empty() || port.size() > 5) return false;
  unsigned value = 0;
  for (const char c : port) {
    const auto digit = static_cast<unsigned char>(c - '0');
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  return value >= 1 && value <= 65535;
}

// The bytes of a name or IPv4 address at the front of `text`.
std::size_t host_name_bytes(Bytes text) {
  std::size_t at = 0;
  for (;;) {
    while (at < text.size() && is(text[at], class_host)) ++at;
    if (at == text.size() || text[at] != '%' || !is_escape(text, at)) return at;
    at += 3;
  }
}

// What follows the scheme of an absolute target, or nothing when there is no known scheme.
std::optional<Bytes> after_scheme(Bytes target) {
  for (const Bytes scheme : {Bytes("http://"), Bytes("https://")}) {
    if (equal_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      return target.substr(scheme.size());
    }
  }
  return std::nullopt;
}

void split_query(Bytes path_and_query, RequestHead& head) {
  const std::size_t mark = path_and_query.find('?');
  head.path = path_and_query.substr(0, mark);
  head.query = mark == Bytes::npos ? Bytes{} : path_and_query.substr(mark + 1);
}

}  // namespace

std::size_t plain_target_bytes(Bytes text) noexcept {
  std::size_t at = 0;
#if defined(__SSE2__)
  for (; text.size() - at >= Block16::bytes; at += Block16::bytes) {
    const unsigned odd = Block16(text.data() + at).odd_in_target();
    if (odd != 0) return at + static_cast<std::size_t>(std::countr_zero(odd));
  }
#endif
  while (at < text.size() && is(text[at], class_target)) ++at;
  return at;
}

bool valid_target_bytes(Bytes target) noexcept {
  for (std::size_t at = plain_target_bytes(target); at < target.size(); ++at) {
    if (is(target[at], class_target)) continue;
    if (target[at] != '%' || !is_escape(target, at)) return false;
    const unsigned byte = escaped_byte(target, at);
    if (byte == 0 || byte == '\r' || byte == '\n') return false;
    at += 2;
  }
  return true;
}

bool valid_authority(Bytes authority) noexcept {
  std::size_t host = 0;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == Bytes::npos || !valid_ipv6(authority.substr(1, close - 1))) return false;
    host = close + 1;
  } else {
    host = host_name_bytes(authority);
    if (host == 0) return false;
  }
  const Bytes rest = authority.substr(host);
  return rest.empty() || (rest.front() == ':' && valid_port(rest.substr(1)));
}

Reason split_target(RequestHead& head) noexcept {
  const Bytes target = head.target;
  head.absolute = false;
  head.query = {};
  if (target.front() == '/') {
    split_query(target, head);
    return Reason::none;
  }
  if (target == "*") {
    head.path = target;
    return head.method == Method::options ? Reason::none : Reason::bad_target;
  }
  if (const auto rest = after_scheme(target)) {
    const std::size_t authority = rest->find_first_of("/?");
    if (!valid_authority(rest->substr(0, authority))) return Reason::bad_target;
    head.absolute = true;
    split_query(authority == Bytes::npos ? Bytes{} : rest->substr(authority), head);
    if (head.path.empty()) head.path = "/";
    return Reason::none;
  }
  const bool port = target.find(':') != Bytes::npos;
  return port && valid_authority(target) ? Reason::authority_target : Reason::bad_target;
}

}  // namespace penstock::http
