// The known field names and their perfect hash, found by the compiler.
#include "http/fields.h"

#include <algorithm>

namespace penstock::http {

namespace {

// In the order of `Field`.
constexpr std::array<Bytes, field_count> names = {
    "",
    "host",
    "content-length",
    "transfer-encoding",
    "content-type",
    "content-encoding",
    "connection",
    "expect",
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "idempotency-key",
    "accept",
    "accept-encoding",
    "user-agent",
    "te",
    "trailer",
    "upgrade",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "origin",
    "forwarded",
    "x-forwarded-for",
    "x-request-id",
    "x-session-id",
    "x-request-timeout",
    "traceparent",
    "tracestate",
    "x-penstock-tags",
    "x-penstock-cache",
    "x-penstock-cache-ttl",
    "x-penstock-timeout-ms",
    "x-penstock-no-fallback",
    "x-penstock-log",
    "x-litellm-tags",
    "x-portkey-metadata",
    "x-portkey-request-timeout",
    "cf-aig-metadata",
    "cf-aig-skip-cache",
    "cf-aig-cache-ttl",
    "anthropic-version",
    "anthropic-beta",
    "openai-organization",
    "openai-project",
    "openai-processing-ms",
    "request-id",
    "apim-request-id",
    "x-amzn-requestid",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "date",
    "server",
    "location",
    "set-cookie",
};
static_assert(!names.back().empty());

// False: some names share a slot.
constexpr bool fill(NameTable& table) {
  for (std::size_t at = 1; at < field_count; ++at) {
    auto& slot = table.slots[table.slot_of(names[at].data(), names[at].size())];
    if (slot != 0) return false;
    slot = static_cast<std::uint8_t>(at);
    const auto end = std::ranges::copy(names[at], table.names[at].begin()).out;
    *end = ':';
  }
  return true;
}

}  // namespace

constexpr NameTable name_table = [] {
  for (std::uint32_t factor = 0x9e3779b1; factor != 1; factor += 0x10002) {
    NameTable table{.factor = factor};
    if (fill(table)) return table;
  }
  return NameTable{};
}();
static_assert(name_table.factor != 0);

Field recognise(Bytes field_name) noexcept {
  if (field_name.size() < known_name_bytes_min || field_name.size() > known_name_bytes_max)
    return Field::other;
  const std::uint8_t at = name_table.slot(field_name.data(), field_name.size());
  const char* const known = name_table.names[at].data();
  const bool same =
      known[field_name.size()] == ':' && equals_word(field_name.data(), known, field_name.size());
  return same ? static_cast<Field>(at) : Field::other;
}

Bytes name(Field field) noexcept {
  return names[static_cast<std::size_t>(field)];
}

bool equal_ignoring_case(Bytes a, Bytes b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t at = 0; at < a.size(); ++at) {
    if (lower(a[at]) != lower(b[at])) return false;
  }
  return true;
}

const FieldLine* Fields::find(Bytes field_name) const {
  for (const FieldLine& line : lines()) {
    if (equal_ignoring_case(line.name, field_name)) return &line;
  }
  return nullptr;
}

}  // namespace penstock::http
