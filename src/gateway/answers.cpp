#include "gateway/answers.h"

#include <array>

#include "penstock/json_writer.h"

namespace penstock {
namespace {

// By LimitKind and LimitScope: header values and metadata.
constexpr std::array<Bytes, limit_kinds> kind_names{"rpm",    "tpm",     "concurrency",
                                                    "budget", "session", "overload"};
constexpr std::array<Bytes, limit_scopes> scope_names{"key", "team", "model", "session", "process"};

Bytes name_of(LimitKind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}
Bytes name_of(LimitScope scope) {
  return scope_names[static_cast<std::size_t>(scope)];
}

void write_limits(http::HeadWriter& out, const AnswerHead& head) {
  if (head.requests.limit > 0) {
    out.field("X-RateLimit-Limit-Requests", std::uint64_t{head.requests.limit})
        .field("X-RateLimit-Remaining-Requests", std::uint64_t{head.requests.remaining})
        .checked_field("X-RateLimit-Reset-Requests", write_reset(head.requests.reset).view());
  }
  if (head.limit) {
    out.field("X-Gateway-Limit-Kind", name_of(head.limit->kind))
        .field("X-Gateway-Limit-Scope", name_of(head.limit->scope));
  }
  if (head.retry_after_s > 0) {
    out.field("Retry-After", std::uint64_t{head.retry_after_s})
        .field("retry-after-ms", std::uint64_t{head.retry_after_s} * 1000);
  }
  if (head.never_retry) out.lines("x-should-retry: false\r\n");
}

void write_framing(http::HeadWriter& out, const AnswerHead& head) {
  switch (head.framing) {
    case BodyFraming::none:
      break;
    case BodyFraming::length:
      out.field("Content-Length", head.length);
      break;
    case BodyFraming::chunked:
      out.lines("Transfer-Encoding: chunked\r\n");
      break;
    case BodyFraming::to_close:
      break;
  }
  if (!head.keep_alive) {
    out.lines("Connection: close\r\n");
  } else if (head.http10) {
    out.lines("Connection: keep-alive\r\n");
  }
}

void write_attempts(json::Writer& out, const ErrorBody& error) {
  out.key("attempts").begin_array();
  for (const AttemptRecord& attempt : error.attempts) {
    out.begin_object().key("target").string(error.snapshot->at(attempt.target).name, 256);
    out.key("status");
    if (attempt.status == 0) {
      out.null();
    } else {
      out.unsigned_integer(attempt.status);
    }
    out.key("reason");
    if (attempt.reason) {
      out.string(describe(*attempt.reason).code);
    } else {
      out.null();
    }
    out.end_object();
  }
  out.end_array();
}

void write_metadata(json::Writer& out, const ErrorBody& error, bool theirs) {
  out.begin_object().key("request_id").string(error.request_id);
  out.key("origin").string(theirs ? "upstream" : "gateway");
  if (!error.provider.empty()) out.key("provider").string(error.provider, 128);
  if (!error.attempts.empty() && error.snapshot) write_attempts(out, error);
  if (error.limit) {
    out.key("limit").begin_object().key("kind").string(name_of(error.limit->kind));
    out.key("scope").string(name_of(error.limit->scope));
    out.key("maximum").unsigned_integer(error.limit->maximum);
    out.key("used").unsigned_integer(error.limit->used).end_object();
  }
  out.end_object();
}

}  // namespace

Result<Bytes> write_answer_head(const AnswerHead& head, std::span<char> out) {
  http::HeadWriter writer(out);
  writer.status(head.status);
  if (head.event_stream) {
    writer.lines(
        "Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
        "X-Accel-Buffering: no\r\n");
  } else if (head.json) {
    writer.lines("Content-Type: application/json\r\n");
  } else if (!head.content_type.empty()) {
    writer.field("Content-Type", head.content_type);
  }
  if (!head.content_disposition.empty()) {
    writer.field("Content-Disposition", head.content_disposition);
  }
  if (!head.allow.empty()) writer.field("Allow", head.allow);
  writer.checked_field("X-Request-Id", head.request_id);
  if (!head.target_lines.empty()) {
    writer.written_lines(head.target_lines);
    writer.field("X-Gateway-Attempts", std::uint64_t{head.attempts});
  }
  if (!head.upstream_request_id.empty()) {
    writer.field("X-Gateway-Upstream-Request-Id", head.upstream_request_id);
  }
  if (!head.dropped.empty()) writer.field("X-Gateway-Dropped-Params", head.dropped);
  if (head.estimate) writer.lines("X-Gateway-Token-Count: estimate\r\n");
  writer.field("X-Gateway-Overhead-Us", static_cast<std::uint64_t>(head.overhead_us));
  write_limits(writer, head);
  write_framing(writer, head);
  return writer.finish();
}

Result<Bytes> write_target_lines(const Snapshot& snapshot, const Target& target,
                                 std::span<char> out) {
  http::HeadWriter writer(out);
  writer.field("X-Gateway-Model", target.upstream_model)
      .field("X-Gateway-Provider", snapshot.at(target.provider).name)
      .field("X-Gateway-Target", target.name)
      .lines("X-Gateway-Cache: OFF\r\n");
  PENSTOCK_TRY(lines, writer.finish());
  return lines.substr(0, lines.size() - 2);  // without the empty line of a whole head
}

Bytes write_error_body(const ErrorBody& error, std::span<char> out) {
  const ErrorText& text = describe(error.code);
  const UpstreamError* upstream = error.upstream;
  json::Writer writer(out);
  writer.begin_object().key("error").begin_object().key("message");
  if (upstream && !upstream->message.empty()) {
    writer.escaped_string(upstream->message);
  } else {
    writer.string(error.reason.empty() ? text.message : error.reason);
  }
  writer.key("type").string(upstream && !upstream->type.empty() ? upstream->type : text.type);
  writer.key("param");
  const Bytes param = upstream ? upstream->param : error.param;
  if (param.empty()) {
    writer.null();
  } else {
    writer.string(param, 64);
  }
  writer.key("code");
  if (upstream && upstream->code.empty()) {
    writer.null();
  } else {
    writer.string(upstream ? upstream->code : text.code);
  }
  writer.key("metadata");
  write_metadata(writer, error, upstream != nullptr);
  writer.end_object().end_object();
  PENSTOCK_ASSERT(writer.fits());
  return writer.text();
}

Bytes write_error_metadata(const ErrorBody& error, bool theirs, std::span<char> out) {
  json::Writer writer(out);
  write_metadata(writer, error, theirs);
  PENSTOCK_ASSERT(writer.fits());
  return writer.text();
}

}  // namespace penstock
