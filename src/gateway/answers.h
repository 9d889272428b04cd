// Writes what clients read that the gateway makes itself: response heads and error bodies. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "penstock/bytes.h"
#include "penstock/error.h"
#include "penstock/http.h"
#include "penstock/policy.h"
#include "penstock/provider.h"
#include "penstock/snapshot.h"
#include "penstock/telemetry.h"

namespace penstock {

// What one attempt came to; for `error.metadata.attempts`, headers and the log.
struct AttemptRecord {
  TargetIndex target{};
  std::uint16_t status = 0;  // of the upstream; 0: none came
  std::optional<Code> reason;
};

// A limit that an answer tells about.
struct LimitNote {
  LimitKind kind = LimitKind::rpm;
  LimitScope scope = LimitScope::key;
  std::uint64_t maximum = 0;
  std::uint64_t used = 0;
};

// How a body is delimited towards the client.
enum class BodyFraming : std::uint8_t { none, length, chunked, to_close };

// All that a response head is made of. Views live until the head is written.
struct AnswerHead {
  std::uint16_t status = 200;
  bool json = false;   // the body is JSON
  Bytes content_type;  // of any other body; empty: there is none
  Bytes content_disposition{};
  BodyFraming framing = BodyFraming::length;
  std::uint64_t length = 0;
  bool keep_alive = true;
  bool http10 = false;
  bool event_stream = false;
  Bytes request_id;
  Bytes target_lines;  // X-Gateway-Model, -Provider, -Target and -Cache, written when configured
  std::uint32_t attempts = 0;
  Bytes upstream_request_id;
  std::int64_t overhead_us = 0;
  Allowance requests;  // of the key; no limit: no headers
  std::optional<LimitNote> limit;
  std::uint32_t retry_after_s = 0;  // 0: none
  bool never_retry = false;
  bool estimate = false;  // the answer is an estimate of ours
  Bytes dropped;          // names of the client's fields that the target did not get
  Bytes allow;
};

// Errors as http::HeadWriter::finish.
Result<Bytes> write_answer_head(const AnswerHead& head, std::span<char> out);

// The lines that name a target, checked once when a configuration is taken.
struct TargetLines {
  static constexpr std::size_t bytes_max = 1024;
};
Result<Bytes> write_target_lines(const Snapshot& snapshot, const Target& target,
                                 std::span<char> out);

// One error as the OpenAI dialect shows it.
struct ErrorBody {
  Code code = Code::internal_error;
  Bytes param;                              // a field's name, or empty
  Bytes reason;                             // replaces the catalogue's words; empty: it does not
  const UpstreamError* upstream = nullptr;  // the provider's own words instead of the catalogue's
  Bytes request_id;
  Bytes provider;
  std::span<const AttemptRecord> attempts;
  const Snapshot* snapshot = nullptr;  // names of the attempts' targets
  std::optional<LimitNote> limit;
};
inline constexpr std::size_t error_body_bytes_max = 8 * 1024;
// `{"error":{...}}`; out: at least error_body_bytes_max.
Bytes write_error_body(const ErrorBody& error, std::span<char> out);
// The object in it that is `metadata`, for errors that another dialect's writer shapes.
// theirs: the words are the provider's. out: at least error_body_bytes_max.
Bytes write_error_metadata(const ErrorBody& error, bool theirs, std::span<char> out);

}  // namespace penstock
