// The table of known field names and its perfect hash, found by the compiler.
#include "http/fields.h"

#include "http/tables.h"

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

constexpr unsigned slots_log2 = 9;

// Length and three letters tell all known names apart.
constexpr std::uint32_t key_of(Bytes name) {
  const auto letter = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(name[at]) | 0x20u);
  };
  const std::size_t n = name.size();
  return (static_cast<std::uint32_t>(n) << 24) ^ (letter(0) << 16) ^ (letter(n / 2) << 8) ^
         letter(n - 1);
}

constexpr std::size_t slot_of(Bytes name, std::uint32_t factor) {
  return (key_of(name) * factor) >> (32 - slots_log2);
}

struct Table {
  std::uint32_t factor = 0;
  std::array<std::uint8_t, std::size_t{1} << slots_log2> slots{};
};

constexpr Table table = [] {
  for (std::uint32_t factor = 0x9e3779b1; factor != 1; factor += 0x10002) {
    Table out{.factor = factor};
    bool clash = false;
    for (std::size_t at = 1; at < field_count && !clash; ++at) {
      auto& slot = out.slots[slot_of(names[at], factor)];
      clash = slot != 0;
      slot = static_cast<std::uint8_t>(at);
    }
    if (!clash) return out;
  }
  return Table{};
}();
static_assert(table.factor != 0);

}  // namespace

Field recognise(Bytes field_name) noexcept {
  const std::uint8_t at = table.slots[slot_of(field_name, table.factor)];
  const Bytes known = names[at];
  if (known.size() != field_name.size()) return Field::other;
  if (!equals_word(field_name.data(), known.data(), known.size())) return Field::other;
  return static_cast<Field>(at);
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
