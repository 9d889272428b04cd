// What is particular about providers: how a request to one is headed, and what its statuses mean
// for the gateway. Pure: bytes and values, no sockets.
#pragma once

#include <cstdint>
#include <span>

#include "penstock/bytes.h"
#include "penstock/error.h"
#include "penstock/http.h"
#include "penstock/json.h"
#include "penstock/snapshot.h"

namespace penstock {

// One request towards a provider, as far as its head is concerned.
struct UpstreamRequest {
  Bytes path;                    // behind the base URL, such as "/chat/completions"
  std::size_t credential = 0;    // which of Provider::keys
  std::uint64_t body_bytes = 0;  // Content-Length
  bool stream = false;           // asks for an event stream
};

// Writes the head of a POST to `out`. It is built from configuration alone: no byte of the client's
// head is ever part of it. Errors: too_large when `out` is too small; malformed when the
// configuration holds something that may not be sent (refused at load, so our mistake).
Result<Bytes> write_upstream_head(const Provider& provider, const UpstreamRequest& request,
                                  std::span<char> out);

// What to do with an upstream's status.
enum class Next : std::uint8_t {
  use,              // 2xx: relay the answer
  give_client,      // the client's own mistake: hand it the status and the provider's words
  next_credential,  // the operator's credential was refused: try another, raise an alarm
  next_target,      // this target cannot now: try another, hand on the status when there is none
  bad_answer,       // redirects, 1xx, unknown classes: never relayed
};
Next judge(std::uint16_t status);

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

}  // namespace penstock
