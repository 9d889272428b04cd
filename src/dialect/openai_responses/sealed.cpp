// The sealed form of foreign signatures (sealed.h).
#include "dialect/openai_responses/sealed.h"

#include <algorithm>
#include <array>

namespace penstock::dialect::openai_responses {
namespace {

constexpr Bytes family = "penstock.";
constexpr Bytes version = "v1.";
// In the order of hub::Issuer and of SealKind.
constexpr std::array<Bytes, 8> issuers{"none",    "openai",  "anthropic", "gemini",
                                       "bedrock", "mistral", "cohere",    "other"};
constexpr std::array<Bytes, 6> kinds{"thinking", "hidden", "redacted", "call", "text", "block"};

void write_field(Bytes field, json::Writer& out) {
  while (true) {
    const std::size_t plain = std::min(field.find_first_of("%~"), field.size());
    out.more_escaped(field.substr(0, plain));
    if (plain == field.size()) return;
    out.more_escaped(field[plain] == '%' ? "%25" : "%7E");
    field.remove_prefix(plain + 1);
  }
}

Bytes read_field(Bytes field, hub::Request& request) {
  if (field.find('%') == Bytes::npos) return field;
  std::string plain;
  while (!field.empty()) {
    const bool percent = field.starts_with("%25");
    const bool tilde = field.starts_with("%7E");
    plain.push_back(percent ? '%' : tilde ? '~' : field.front());
    field.remove_prefix(percent || tilde ? 3 : 1);
  }
  return request.keep(std::move(plain));
}

// Takes the bytes up to `end` from the front of `rest`; nothing when it does not occur.
std::optional<Bytes> take_until(char end, Bytes& rest) {
  const std::size_t at = rest.find(end);
  if (at == Bytes::npos) return {};
  const Bytes taken = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return taken;
}

// The place of `name` in `names`.
template <std::size_t n>
std::optional<std::size_t> place_of(std::optional<Bytes> name, const std::array<Bytes, n>& names) {
  if (!name) return {};
  const auto at = std::ranges::find(names, *name);
  if (at == names.end()) return {};
  return static_cast<std::size_t>(at - names.begin());
}

}  // namespace

void write_sealed(const Sealed& sealed, json::Writer& out) {
  out.open_string().more_escaped(family).more_escaped(version);
  out.more_escaped(issuers[static_cast<std::size_t>(sealed.issuer)]).more_escaped(".");
  out.more_escaped(kinds[static_cast<std::size_t>(sealed.kind)]).more_escaped(".");
  write_field(sealed.id, out);
  out.more_escaped("~");
  write_field(sealed.signature, out);
  out.more_escaped("~").more_escaped(sealed.text).close_string();
}

bool is_sealed(hub::Escaped content) {
  return content.starts_with(family);
}

std::optional<Sealed> read_sealed(hub::Escaped content, hub::Request& request) {
  if (!is_sealed(content)) return {};
  content.remove_prefix(family.size());
  if (!content.starts_with(version)) return {};
  content.remove_prefix(version.size());
  const auto issuer = place_of(take_until('.', content), issuers);
  const auto kind = issuer ? place_of(take_until('.', content), kinds) : std::nullopt;
  if (!kind) return {};
  const auto id = take_until('~', content);
  const auto signature = id ? take_until('~', content) : std::nullopt;
  if (!signature) return {};
  return Sealed{static_cast<hub::Issuer>(*issuer), static_cast<SealKind>(*kind),
                read_field(*id, request), read_field(*signature, request), content};
}

}  // namespace penstock::dialect::openai_responses
