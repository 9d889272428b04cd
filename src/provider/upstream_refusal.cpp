// What an answer with an error status says: its body by the dialect, and the fields of its head.
#include <algorithm>
#include <array>
#include <limits>

#include "penstock/provider.h"
#include "provider/wait_time.h"

namespace penstock {
namespace {

// Google's figure is cut to whole seconds where its text is more exact.
constexpr std::uint64_t retry_info_margin_ms = 1'000;

std::uint64_t value_of(const http::Fields& fields, Bytes name,
                       std::optional<std::uint64_t> (*read)(Bytes)) {
  const http::FieldLine* line = fields.find(name);
  return line == nullptr ? 0 : read(line->value).value_or(0);
}

// Milliseconds, with a fraction at some.
std::optional<std::uint64_t> read_milliseconds(Bytes text) {
  const auto thousandths = read_seconds(text);
  if (!thousandths) return std::nullopt;
  return (*thousandths + 999) / 1000;
}

std::uint64_t from_retry_after(const http::Fields& fields, std::int64_t now_s) {
  const Bytes text = fields.find(http::Field::retry_after);
  if (text.empty()) return 0;
  if (const auto ms = read_seconds(text)) return *ms;
  const auto date = read_http_date(text);
  return date ? read_reset(text, now_s).value_or(0) : 0;
}

// google.rpc.RetryInfo among the details of an error, which may stand in an array.
std::uint64_t from_retry_info(json::View body) {
  const json::View root = body.is_array() ? body.at(0) : body;
  for (const json::View detail : root["error"]["details"]) {
    if (!detail["@type"].text().ends_with("google.rpc.RetryInfo")) continue;
    const auto ms = read_duration(detail["retryDelay"].text());
    if (ms && *ms > 0) return *ms + retry_info_margin_ms;
  }
  return 0;
}

// The longest wait of limits with nothing left.
std::uint64_t from_resets(const http::Fields& fields, std::int64_t now_s) {
  const RateLimits limits = read_rate_limits(fields, now_s);
  std::uint64_t longest = 0;
  for (const RateLimit* limit :
       {&limits.requests, &limits.tokens, &limits.input_tokens, &limits.output_tokens}) {
    if (limit->remaining == 0) longest = std::max(longest, limit->reset_ms.value_or(0));
  }
  return longest;
}

// Can stand in a JSON string and a log as it is.
bool is_id(Bytes text) {
  constexpr std::size_t bytes_max = 256;
  return !text.empty() && text.size() <= bytes_max && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '\\';
  });
}

}  // namespace

std::uint32_t retry_after_ms(const http::Fields& fields, json::View body, std::int64_t now_s) {
  std::uint64_t ms = value_of(fields, "retry-after-ms", read_milliseconds);
  if (ms == 0) ms = value_of(fields, "x-ms-retry-after-ms", read_milliseconds);
  if (ms == 0) ms = from_retry_after(fields, now_s);
  if (ms == 0) ms = from_retry_info(body);
  if (ms == 0) ms = from_resets(fields, now_s);
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::min(ms, most));
}

// "ValidationException:http://internal.amazon.com/…": the name ends at the colon.
Bytes bedrock_error_name(const http::Fields& fields) {
  const http::FieldLine* line = fields.find(Bytes("x-amzn-errortype"));
  if (line == nullptr) return {};
  const Bytes name = line->value.substr(0, line->value.find(':'));
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
  return plain ? name : Bytes();
}

std::optional<bool> should_retry(const http::Fields& fields) {
  const Bytes text = fields.find(http::Field::x_should_retry);
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

Bytes upstream_request_id(const http::Fields& fields) {
  constexpr std::array<Bytes, 8> names{
      "x-request-id",           "request-id",       "x-amzn-requestid", "apim-request-id",
      "mistral-correlation-id", "x-debug-trace-id", "x-ds-trace-id",    "x-generation-id"};
  for (const Bytes name : names) {
    const http::FieldLine* line = fields.find(name);
    if (line != nullptr && is_id(line->value)) return line->value;
  }
  return {};
}

UpstreamRefusal read_upstream_refusal(dialect::Dialect dialect, std::uint16_t status,
                                      const http::Fields& fields, json::View body,
                                      std::int64_t now_s) {
  UpstreamRefusal refusal;
  hub::ErrorNote& note = refusal.note;
  note.status = status;
  if (dialect == dialect::Dialect::bedrock) note.type = bedrock_error_name(fields);
  const auto read_error = dialect::dialect_of(dialect).read_error;
  if (read_error != nullptr) read_error(status, body, note);
  if (note.request_id.empty()) note.request_id = upstream_request_id(fields);
  if (const auto ms = retry_after_ms(fields, body, now_s); ms > 0) note.retry_after_ms = ms;
  refusal.should_retry = should_retry(fields);
  return refusal;
}

bool is_unknown_operation(json::View body) {
  constexpr Bytes name = "UnknownOperationException";
  return body["Output"]["__type"].text().ends_with(name) || body["__type"].text().ends_with(name);
}

}  // namespace penstock
