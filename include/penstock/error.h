// Every error of the gateway: three bytes, no text. The words for people, the HTTP status and the
// advice to SDKs stand in one table, by code (`describe`).
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <utility>

namespace penstock {

// The catalogue. The order is the order of `describe`'s table (src/base/error.cpp).
enum class Code : std::uint8_t {
  // Answers to clients.
  bad_request,
  invalid_json,
  invalid_value,
  missing_field,
  unknown_field,
  duplicate_field,
  invalid_api_key,
  model_not_allowed,
  key_disabled,
  not_found,
  model_not_found,
  method_not_allowed,
  request_timeout,
  length_required,
  body_too_large,
  uri_too_long,
  unsupported_media_type,
  unsupported_encoding,
  expectation_failed,
  rate_limit_exceeded,
  too_many_concurrent_requests,
  headers_too_large,
  internal_error,
  not_implemented,
  unsupported_by_target,
  upstream_bad_response,
  upstream_connect_failed,
  upstream_tls_failed,
  upstream_reset,
  upstream_auth_failed,
  overloaded,
  draining,
  upstream_unavailable,
  upstream_timeout,
  version_not_supported,
  // In-band only: the status was sent long ago.
  upstream_stream_interrupted,
  gateway_shutdown,
  // The client left: logs and metrics only, status 499.
  client_closed,
  // Never reach a client; the place where they stop turns them into one of the above.
  closed,      // the peer closed the connection in an orderly way
  reset,       // the connection broke
  timed_out,   // a deadline passed
  cancelled,   // we asked for the end ourselves
  malformed,   // bytes that break their format
  too_large,   // a bound of ours was met
  refused,     // a queue or pool was full
  dns_failed,  // no address for a name
  tls_failed,  // handshake, verification or record layer
};

// Whose doing it was.
enum class Side : std::uint8_t { client, upstream, gateway };

// May the same work be tried again: `if_unsent` only when no byte of the request left.
enum class Retry : std::uint8_t { no, if_unsent, yes };

struct Error {
  Code code;
  Side side = Side::gateway;
  Retry retry = Retry::no;
  constexpr bool operator==(const Error&) const = default;
};
static_assert(sizeof(Error) == 3);

template <class T = void>
using Result = std::expected<T, Error>;

constexpr std::unexpected<Error> fail(Code code, Side side = Side::gateway,
                                      Retry retry = Retry::no) {
  return std::unexpected(Error{code, side, retry});
}

// What an SDK may do with the answer. `never`: `x-should-retry: false`. `later`: `Retry-After`.
enum class Advice : std::uint8_t { none, never, later };

// One row of the catalogue. All text is static.
struct ErrorText {
  std::uint16_t status;      // HTTP status; 0 for codes that never reach a client
  std::string_view type;     // OpenAI `error.type`
  std::string_view code;     // OpenAI `error.code`, also the name in logs and metrics
  std::string_view message;  // what is wrong and what to do, one sentence or two
  Advice advice;
  bool close;  // the connection is always closed after this answer
};
const ErrorText& describe(Code code) noexcept;

}  // namespace penstock

// `PENSTOCK_TRY(x, f());` — x is the value, or the function returns the error.
// `PENSTOCK_CO_TRY` is the same inside a coroutine. Both are two statements on purpose: GCC 12.2
// cannot compile a statement expression around co_await.
#define PENSTOCK_JOIN_IMPL(a, b) a##b
#define PENSTOCK_JOIN(a, b) PENSTOCK_JOIN_IMPL(a, b)
#define PENSTOCK_TRY_IMPL(result, name, expression, leave) \
  auto result = expression;                                \
  if (!result) leave std::unexpected((result).error());    \
  auto name = std::move(*(result))
#define PENSTOCK_TRY(name, expression) \
  PENSTOCK_TRY_IMPL(PENSTOCK_JOIN(result_, __LINE__), name, expression, return)
#define PENSTOCK_CO_TRY(name, expression) \
  PENSTOCK_TRY_IMPL(PENSTOCK_JOIN(result_, __LINE__), name, expression, co_return)
// The same for a Result<> whose value is of no interest.
#define PENSTOCK_CHECK(expression)                                   \
  do {                                                               \
    auto check_result = expression;                                  \
    if (!check_result) return std::unexpected(check_result.error()); \
  } while (false)
#define PENSTOCK_CO_CHECK(expression)                                   \
  do {                                                                  \
    auto check_result = expression;                                     \
    if (!check_result) co_return std::unexpected(check_result.error()); \
  } while (false)
