// The form of a path that routes are compared with (RFC 3986 §6.2.2, without removing segments).
#include "http/tables.h"
#include "penstock/http.h"

namespace penstock::http {

namespace {

// Every segment has a name of its own.
bool plain_segments(Bytes path) {
  path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    const Bytes segment = path.substr(0, slash);
    if (segment.empty() || segment == "." || segment == "..") return false;
    if (slash == Bytes::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

// Decodes escapes of unreserved characters; empty when an escape hides a slash or does not fit.
Bytes decode_unreserved(Bytes path, std::span<char> scratch) {
  std::size_t used = 0;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (used == scratch.size()) return {};
    scratch[used++] = path[at];
    if (path[at] != '%') continue;
    if (at + 2 >= path.size() || !is(path[at + 1], class_hex) || !is(path[at + 2], class_hex)) {
      return {};
    }
    const char c = static_cast<char>(hex_value(path[at + 1]) * 16 + hex_value(path[at + 2]));
    if (c == '/' || c == '\\') return {};
    if (is(c, class_unreserved)) {
      scratch[used - 1] = c;
      at += 2;
    }
  }
  return {scratch.data(), used};
}

}  // namespace

Bytes route_path(Bytes path, std::span<char> scratch) noexcept {
  if (!path.starts_with('/')) return {};
  if (path.find('%') != Bytes::npos) path = decode_unreserved(path, scratch);
  if (path.size() == 1 || (!path.empty() && plain_segments(path))) return path;
  return {};
}

std::optional<Bytes> segment_after(Bytes path, Bytes prefix) noexcept {
  if (!path.starts_with(prefix)) return std::nullopt;
  const Bytes rest = path.substr(prefix.size());
  if (rest.empty() || rest.find('/') != Bytes::npos) return std::nullopt;
  return rest;
}

}  // namespace penstock::http
