#include "dialect/gemini/signature.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "penstock/base64.h"
#include "penstock/json_document.h"

namespace penstock::dialect::gemini {
namespace {

// Nine bytes, then one for the issuer, one for what it is and a colon: twelve, so that the base64
// of the mark does not depend on what follows.
constexpr Bytes mark = "penstock:";
constexpr Bytes mark_in_base64 = "cGVuc3RvY2s6";
constexpr std::string_view issuers = "noagbmcx";  // by the order of hub::Issuer
constexpr Bytes alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Both alphabets, with padding or without; false for anything else.
bool decode(Bytes text, std::string& out) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto place = alphabet.find(c == '-' ? '+' : c == '_' ? '/' : c);
    if (place == Bytes::npos) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(place);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out.push_back(static_cast<char>(bits >> held & 0xFF));
  }
  return true;
}

// Can stand inside of a JSON string as it is. The bytes come back from a client.
bool is_plain(Bytes text) {
  return std::ranges::all_of(text,
                             [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

}  // namespace

void write_signature(const Signed& kind, hub::Escaped data, json::Writer& out) {
  if (kind.issuer == hub::Issuer::gemini) {
    out.escaped_string(data);
    return;
  }
  std::string plain(mark);
  plain.push_back(issuers[static_cast<std::size_t>(kind.issuer)]);
  plain.push_back(kind.redacted ? 'r' : 's');
  plain.push_back(':');
  json::append_unescaped(kind.id, plain);
  plain.push_back(':');
  json::append_unescaped(data, plain);
  std::string wrapped;
  append_base64(plain, wrapped);
  out.escaped_string(wrapped);
}

bool read_wrapped_signature(hub::Escaped value, Signed& out) {
  if (!value.starts_with(mark_in_base64)) return false;
  std::string plain;
  std::string spelled;
  if (value.find('\\') != Bytes::npos) {
    json::append_unescaped(value, spelled);
    value = spelled;
  }
  if (!decode(value, plain) || !is_plain(plain)) return false;
  const std::size_t head = mark.size() + 3;
  const std::size_t colon = plain.find(':', head);
  const std::size_t issuer = plain.size() > head ? issuers.find(plain[mark.size()]) : Bytes::npos;
  const char what = plain.size() > head ? plain[mark.size() + 1] : '\0';
  if (colon == std::string::npos || issuer == Bytes::npos || (what != 'r' && what != 's')) {
    return false;
  }
  out.issuer = static_cast<hub::Issuer>(issuer);
  out.redacted = what == 'r';
  out.id = plain.substr(head, colon - head);
  out.data = plain.substr(colon + 1);
  return true;
}

}  // namespace penstock::dialect::gemini
