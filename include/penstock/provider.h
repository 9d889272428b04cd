// What is particular about providers: the addresses they have, how a request to one is headed, what
// its statuses, errors and rate-limit fields mean. Pure: bytes and values, no sockets, no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "penstock/bytes.h"
#include "penstock/error.h"
#include "penstock/http.h"
#include "penstock/hub.h"
#include "penstock/json.h"
#include "penstock/json_document.h"
#include "penstock/kinds.h"
#include "penstock/secret.h"
#include "penstock/snapshot.h"

namespace penstock {

// -- Addresses --

// Room that every address fits in.
inline constexpr std::size_t upstream_path_bytes_max = 4096;

// The path with its query, behind the provider's base URL, that `service` has for `target`; written
// to `out` unless it is always the same. Service::chat is in `target.dialect`. Names are
// percent-encoded as one segment where the path holds them.
// Errors: unsupported_by_target, Side::client, when the provider has no such service; too_large
// when `out` is too small.
Result<Bytes> upstream_path(const Provider& provider, const Target& target, Service service,
                            bool stream, std::span<char> out);
// The same for what is passed through as it came: `resource` is "/images/generations",
// "/files/file-1?purpose=x"; visible ASCII. Only OpenAI's and Azure's addresses have it.
Result<Bytes> upstream_resource_path(const Provider& provider, const Target& target, Bytes resource,
                                     std::span<char> out);
// In whose words the provider counts the tokens of a prompt for this target, at the address of
// Service::count_tokens; nothing when it has no such service.
std::optional<dialect::Dialect> counting_dialect(const Provider& provider, const Target& target);
// On Vertex: the model takes one content by :embedContent, where older ones take texts by :predict.
bool embeds_content(const Target& target);

// -- Requests --

// What a writer must know about the target it writes for. Views into the snapshot.
dialect::TargetTraits traits_of(const Provider& provider, const Model& model, const Target& target);
// The row of the kind, or of the model or version where those differ.
const dialect::Quirks& quirks_of(const Provider& provider, const Target& target);

// One request towards a provider, as far as its head is concerned.
struct UpstreamRequest {
  Bytes path;                    // behind the base URL, such as "/chat/completions"
  std::size_t credential = 0;    // which of Provider::keys
  std::uint64_t body_bytes = 0;  // Content-Length
  bool stream = false;           // asks for a stream of events
  dialect::Dialect dialect = dialect::Dialect::openai_chat;  // of the body
  http::Method method = http::Method::post;                  // GET and DELETE have no body
  Bytes content_type{};     // empty: application/json; else one that `sendable_content_type` passed
  bool chunked = false;     // the body's size is not known
  bool any_answer = false;  // it need be neither JSON nor events
  // Anthropic's dialect: what the client sent, or `anthropic_version_for`; empty: the provider's
  // `api_version`, or else the oldest that is served. Betas: the client's list, may be empty.
  Bytes anthropic_version{};
  Bytes anthropic_beta{};
  Bytes access_token{};           // Vertex with a service account
  std::span<const Bytes> body{};  // Bedrock with signatures: exactly the bytes that are sent
  std::int64_t unix_s = 0;        // Bedrock with signatures: the time of signing
};

// Writes the head of a request to `out`. It is built from configuration and the values of
// `request`, which are judged: no byte of the client's head is ever part of it unseen.
// Errors: too_large when `out` is too small; malformed when something in it may not be sent.
Result<Bytes> write_upstream_head(const Provider& provider, const UpstreamRequest& request,
                                  std::span<char> out);

// A head as it was written for one request, for others like it: all lines but the length of the
// body. It holds a credential.
class RepeatedHead {
 public:
  // True when heads of this provider say nothing but what is configured and what tells requests to
  // one target apart here: the service, the credential, whether a stream is asked for.
  static bool possible(const Provider& provider);

  bool fits(Service service, const UpstreamRequest& request) const {
    return service_ == service && credential_ == request.credential && !lines_.empty();
  }
  // Errors: as write_upstream_head.
  Result<> set(const Provider& provider, Service service, const UpstreamRequest& request,
               std::span<char> scratch);
  // The head of a request that `fits`, with a body of so many bytes, written to `out`.
  // Errors: too_large.
  Result<Bytes> write(std::uint64_t body_bytes, std::span<char> out) const;

 private:
  Secret lines_;
  std::size_t credential_ = 0;
  Service service_ = Service::chat;
};

// A date, as anthropic-version is: 2023-06-01.
bool sendable_anthropic_version(Bytes value);
// A comma-separated list of names.
inline constexpr std::size_t anthropic_beta_bytes_max = 1024;
bool sendable_anthropic_beta(Bytes value);
// A media type with its parameters, at most 256 bytes.
bool sendable_content_type(Bytes value);
// The version for a request that was translated: the provider's `api_version`, or else the newest
// that takes what the request holds. Static, or a view into `provider`.
Bytes anthropic_version_for(const Provider& provider, const hub::Request& request);
// The betas that this provider takes, of a comma-separated list: Vertex and Bedrock refuse a few.
// Written to `out`, of at least the list's size.
Bytes supported_betas(ProviderKind kind, Bytes betas, std::span<char> out);

// What to do with an upstream's status.
enum class Next : std::uint8_t {
  use,              // 2xx: relay the answer
  give_client,      // the client's own mistake: hand it the status and the provider's words
  next_credential,  // the operator's credential was refused: try another, raise an alarm
  next_target,      // this target cannot now: try another, hand on the status when there is none
  bad_answer,       // redirects, 1xx, unknown classes: never relayed
};
Next judge(std::uint16_t status);

// -- Errors --

// The error of an upstream, as far as it may be shown to a client: text cut to 2 KiB, type and code
// only when they are plain tokens of at most 64 characters.
struct UpstreamError {
  static constexpr std::size_t message_bytes_max = 2048;
  static constexpr std::size_t token_bytes_max = 64;

  Bytes message;  // still escaped JSON string content, without quotes; views into the body
  Bytes type;
  Bytes code;
  Bytes param;
};
// body: what the upstream sent with an error status; facts: what was found in it. A text that
// reflects a credential of ours (`holds_secret`) is left out.
UpstreamError read_upstream_error(Bytes body, const json::AnswerFacts& facts,
                                  const Snapshot& snapshot);
// True when `text` holds a credential that goes to any provider. For what an upstream sends and a
// client may see outside of the answer itself.
bool holds_secret(Bytes text, const Snapshot& snapshot);
// Makes the words of an error fit to be shown, by the same rules as UpstreamError.
void make_showable(hub::ErrorNote& note, const Snapshot& snapshot);

// An error of a provider, read whole.
struct UpstreamRefusal {
  hub::ErrorNote note{};  // views into the body and the head
  // What the provider says about trying again, when it does (`x-should-retry`). What follows from
  // the status otherwise: `judge`.
  std::optional<bool> should_retry{};
};

// Reads an answer with an error status: the body by the dialect, then what the head adds: request
// id, how long to wait, Bedrock's name of the error. body: nothing when it is no JSON.
// now_s: Unix time, for dates among the fields.
UpstreamRefusal read_upstream_refusal(dialect::Dialect dialect, std::uint16_t status,
                                      const http::Fields& fields, json::View body,
                                      std::int64_t now_s);

// True for a body that Bedrock sends with status 200 when a path named no operation.
bool is_unknown_operation(json::View body);

// How long to wait, in milliseconds; 0: not said. Sources in this order: retry-after-ms,
// x-ms-retry-after-ms, retry-after, Google's RetryInfo in the body, reset fields of limits that are
// used up. Zero, negative and past values count as not said. For failures only: some providers send
// retry-after with good answers.
std::uint32_t retry_after_ms(const http::Fields& fields, json::View body, std::int64_t now_s);

// Bedrock's name of the error, without what stands behind its colon; empty: none.
Bytes bedrock_error_name(const http::Fields& fields);
// What the provider says about trying again; nothing: what follows from the status.
std::optional<bool> should_retry(const http::Fields& fields);
// The request's id at the provider, by whichever name it has; empty: none.
Bytes upstream_request_id(const http::Fields& fields);

// One limit of a provider as it told it; what it did not tell is not there.
struct RateLimit {
  std::optional<std::uint64_t> limit{};
  std::optional<std::uint64_t> remaining{};
  std::optional<std::uint64_t> reset_ms{};  // from now on
};
struct RateLimits {
  RateLimit requests{};
  RateLimit tokens{};
  RateLimit input_tokens{};
  RateLimit output_tokens{};
};
// In all the spellings and units that providers have. Fields that cannot be read count as missing.
RateLimits read_rate_limits(const http::Fields& fields, std::int64_t now_s);

// -- Google access tokens --

// The body of a token request (RFC 7523 §2.1), application/x-www-form-urlencoded: a JWT signed for
// one hour from `now_s` (Unix time). Error: internal_error when the key cannot sign.
Result<std::string> write_token_request(const ServiceAccount& account, std::int64_t now_s);

struct AccessToken {
  Secret token;
  std::int64_t lifetime_s = 0;  // at least 1
};
// The answer of the token endpoint. Errors, Side::upstream: upstream_auth_failed for a refusal,
// upstream_bad_response for what is no answer.
Result<AccessToken> read_token_answer(std::uint16_t status, Bytes body);

}  // namespace penstock
