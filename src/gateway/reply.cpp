// What the gateway itself answers: errors, model lists, health; and sending to the client at all.
#include <algorithm>

#include "gateway/exchange.h"
#include "gateway/models_body.h"

namespace penstock {
namespace {

// The rest of a refused request is read if it is small and comes soon; then the connection lives
// on.
constexpr std::uint64_t drain_bytes = 64 * 1024;
constexpr Duration drain_for = Duration::seconds(1);

}  // namespace

AnswerHead Exchange::answer_head(std::uint16_t status) const {
  AnswerHead head;
  head.status = status;
  head.http10 = http10_;
  head.keep_alive = keep_alive_;
  head.request_id = request_id_.view();
  if (target_) {
    head.target_lines = epoch_->generation->target_lines[static_cast<std::size_t>(*target_)];
    head.attempts = attempt_count_ + (committed_ || status < 400 ? 1u : 0u);
    head.upstream_request_id = answer_.request_id.view();
  }
  if (translation_) head.dropped = translation_->dropped;
  head.requests = admission_.requests;
  head.limit = limit_;
  head.overhead_us = clock_.own(shard_.driver.clock()).us();
  return head;
}

// Sends head and body as one message; what the socket does not take follows by itself.
Result<> Exchange::send_whole(AnswerHead& head, Bytes body) {
  head.framing = BodyFraming::length;
  head.length = body.size();
  status_ = head.status;
  committed_ = true;
  first_byte_ = now();
  PENSTOCK_TRY(written, write_answer_head(head, shard_.scratch.head));
  const std::array<Bytes, 2> pieces{written, method_ == http::Method::head ? Bytes{} : body};
  return client().send(pieces);
}

// Sends the answer to the request: JSON, whole.
Result<> Exchange::send_answer(Bytes body) {
  clock_.enter_response(now());
  AnswerHead head = answer_head(answer_.status);
  head.json = true;
  bytes_out_ = body.size();
  return send_whole(head, body);
}

// -- Errors --

// Why it ended, as the client may know it. One that can no longer be heard has not left.
Error Exchange::told(Error error) const {
  return client().lost() ? Error{Code::internal_error} : error;
}

// The one place that turns an error into an answer.
Task<> Exchange::answer_error(Error error) {
  code_ = error.code;
  if (committed_) {
    keep_alive_ = false;
    co_return;  // the relay has said it in band
  }
  if (error.code == Code::client_closed || client().broken()) {
    code_ = Code::client_closed;
    status_ = 499;
    keep_alive_ = false;
    co_return;
  }
  if (describe(error.code).close) keep_alive_ = false;
  if (!request_body_.done() && !overheard_ && keep_alive_) {
    bool drained = false;  // whoever waits for 100 gets the final status instead
    if (!expect_continue_) drained = co_await drain_request();
    if (!drained) {
      keep_alive_ = false;
      overheard_ = true;
    }
  }
  if (!keep_alive_ && !request_body_.done()) overheard_ = true;
  send_error(error);
}

// What an error tells of this exchange, apart from a provider's words.
ErrorBody Exchange::error_body(Code code) const {
  ErrorBody body;
  body.code = code;
  body.param = param_;
  body.reason = reason_;
  body.request_id = request_id_.view();
  if (target_) body.provider = provider().name;
  body.attempts = {attempts_.data(), attempt_count_};
  body.snapshot = &config();
  body.limit = limit_;
  return body;
}

void Exchange::send_error(Error error) {
  const ErrorText& text = describe(error.code);
  if (writes_own_errors()) return send_own_error(error);
  const UpstreamError* theirs = upstream_error_ ? &*upstream_error_ : nullptr;
  if (theirs) code_.reset();
  AnswerHead head = answer_head(theirs ? answer_.status : text.status);
  if (head.status == 0) head.status = 500;
  ErrorBody body = error_body(error.code);
  body.upstream = theirs;
  send_refusal(head, error, theirs != nullptr, write_error_body(body, shard_.scratch.body));
}

// The same for a client, or in the words of a provider, of another dialect than OpenAI's.
void Exchange::send_own_error(Error error) {
  const ErrorText& text = describe(error.code);
  const bool theirs = translation_->note.has_value() && error.side == Side::upstream;
  hub::ErrorNote note = theirs ? *translation_->note : error_note(error);
  note.metadata = write_error_metadata(error_body(error.code), theirs, shard_.scratch.body);
  if (theirs) code_.reset();
  AnswerHead head = answer_head(text.status);
  const Bytes body = write_error(note, head);
  send_refusal(head, error, theirs, body);
}

// Sends an error's body with what all errors say in their heads. theirs: the provider told it.
void Exchange::send_refusal(AnswerHead& head, Error error, bool theirs, Bytes body) {
  const Advice advice = describe(error.code).advice;
  head.json = true;
  if (error.code == Code::method_not_allowed) head.allow = allowed_methods(endpoint_);
  if (theirs) {
    head.retry_after_s = answer_.retry_after_s;
  } else if (advice == Advice::later) {
    head.retry_after_s = retry_after_s(retry_after_, static_cast<std::uint32_t>(shard_.random()));
  }
  head.never_retry = theirs ? answer_.should_retry == false : advice == Advice::never;
  if (!send_whole(head, body)) keep_alive_ = false;
  if (limit_) shard_.metrics.limited(limit_->kind, limit_->scope).add();
}

// Reads and drops what is left of the request; false: it is too much or too slow.
Task<bool> Exchange::drain_request() {
  if (request_body_.left() > drain_bytes) co_return false;
  const Deadline limit = Deadline::after(now(), drain_for);
  std::uint64_t dropped = 0;
  for (;;) {
    Bytes received = client().readable();
    const std::size_t before = received.size();
    for (Bytes part = request_body_.next(received); !part.empty();
         part = request_body_.next(received)) {
      dropped += part.size();
    }
    client().consume(before - received.size());
    if (request_body_.failed() || dropped > drain_bytes) co_return false;
    if (request_body_.done()) co_return true;
    if (client().gone()) co_return false;
    clock_.wait_begin(shard_.driver.clock());
    const Wake wake = co_await connection_.signal.wait(limit);
    end_wait();
    if (wake == Wake::expired) co_return false;
  }
}

// -- Answers without an upstream --

Task<Result<>> Exchange::answer_here() {
  if (!request_body_.done()) {  // a body on a GET is framing, never a request (RFC 9110 §9.3.1)
    const bool drained = co_await drain_request();
    if (!drained) {
      keep_alive_ = false;
      overheard_ = true;
    }
  }
  if (method_ == http::Method::options) {
    AnswerHead head = answer_head(204);
    head.framing = BodyFraming::none;
    head.allow = allowed_methods(endpoint_);
    status_ = 204;
    committed_ = true;
    PENSTOCK_CO_TRY(written, write_answer_head(head, shard_.scratch.head));
    co_return client().send(written);
  }
  switch (endpoint_) {
    case Endpoint::live:
    case Endpoint::ready: {
      const bool up = endpoint_ == Endpoint::live ||
                      (shard_.process.ready.load(std::memory_order_relaxed) && !shard_.draining());
      AnswerHead head = answer_head(up ? 200 : 503);
      head.json = true;
      co_return send_whole(head, up ? R"({"status":"ok"})" : R"({"status":"draining"})");
    }
    default:
      co_return answer_models();
  }
}

Result<> Exchange::answer_models() {
  PENSTOCK_CHECK(answer_body_.reserve(models_body_bytes(config())));
  const std::span<char> room{answer_body_.room(), answer_body_.room_bytes()};
  const Bytes body = endpoint_ == Endpoint::model ? write_model(config(), *model_, room)
                                                  : write_models(config(), *key_, room);
  AnswerHead head = answer_head(200);
  head.json = true;
  return send_whole(head, body);
}

// -- The client's side --

// Waits until at most `low_water` bytes wait for the client's socket. client_closed when it left or
// took nothing for client.write_timeout.
Task<Result<>> Exchange::wait_for_client(std::size_t low_water) {
  while (client().unsent() > low_water) {
    if (client().broken()) co_return fail(Code::client_closed, Side::client);
    const std::uint64_t sent = client().sent_total();
    const Deadline limit = Deadline::after(now(), config().client.write_timeout);
    clock_.wait_begin(shard_.driver.clock());
    while (client().sent_total() == sent && !client().broken()) {
      const Wake wake = co_await connection_.signal.wait(limit.sooner(shard_.drain_deadline()));
      if (wake == Wake::expired && client().sent_total() == sent) {
        keep_alive_ = false;
        co_return fail(Code::client_closed, Side::client);
      }
    }
    end_wait();
  }
  co_return Result<>();
}

ExchangeEnd Exchange::after_answer() const {
  if (client().broken() || status_ == 499 || client().unsent() > 0) return ExchangeEnd::drop;
  // An answer whose end is the connection's must not look complete.
  if (passage_ && passage_->cut && passage_->to_close) return ExchangeEnd::drop;
  if (overheard_) return ExchangeEnd::linger;
  return keep_alive_ && !client().gone() ? ExchangeEnd::keep : ExchangeEnd::close;
}

}  // namespace penstock
