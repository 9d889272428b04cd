// Passing through: a body goes up while it arrives, an answer comes down while it arrives, and
// nothing but one buffer of either is held. What the bytes mean is in passage.cpp.
#include <algorithm>

#include "gateway/exchange.h"

namespace penstock {
namespace {

// As for other streams: what may wait for a slow client before the provider is held back.
constexpr std::size_t high_water = 32 * 1024;
constexpr std::size_t low_water = 16 * 1024;
// A sustained rate is asked of a body only after this time.
constexpr Duration slow_start = Duration::seconds(10);
// A socket that refuses our bytes often holds an answer that tells why.
constexpr Duration last_words = Duration::milliseconds(100);
constexpr Bytes continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

std::unexpected<Error> interrupted() {
  return fail(Code::upstream_stream_interrupted, Side::upstream);
}

}  // namespace

Task<Result<>> Exchange::pass_through() {
  Passage& own = *passage_;
  own.body_began = own.body_heard = now();
  if (own.body == PassageBody::form) {
    PENSTOCK_CO_CHECK(co_await look_ahead());
  } else if (own.body == PassageBody::json) {
    if (!take_body()) PENSTOCK_CO_CHECK(co_await receive_body());
    PENSTOCK_CO_CHECK(read_passed_json());
  } else if (own.body == PassageBody::none) {
    if (!request_body_.done()) {  // framing, never a request (RFC 9110 §9.3.1)
      const bool drained = co_await drain_request();
      if (!drained) {
        keep_alive_ = false;
        overheard_ = true;
      }
    }
    upload_ = shard_.uploads.take(shard_.driver.blocks());
  }
  PENSTOCK_CO_CHECK(choose_passage_targets());
  PENSTOCK_CO_CHECK(co_await first_answer());
  const Result<> outcome = co_await relay_answer();
  if (outcome) {
    read_passed_usage();
  } else {
    own.cut = true;
    keep_alive_ = false;
    if (told(outcome.error()).code == Code::client_closed) status_ = 499;
  }
  release_upstream(outcome && answer_.body.done());
  co_return outcome;
}

// -- Up --

// Whoever asked may send the body now.
Result<> Exchange::invite_body() {
  const bool asked = expect_continue_ && client().readable().empty();
  expect_continue_ = false;
  if (asked && !client().send(continue_line)) return fail(Code::client_closed, Side::client);
  return {};
}

Task<Result<>> Exchange::look_ahead() {
  Passage& own = *passage_;
  own.form.emplace(own.boundary(), "model");
  PENSTOCK_CO_CHECK(invite_body());
  for (;;) {
    PENSTOCK_CO_CHECK(look_at_form());
    if (own.looked) co_return Result<>();
    PENSTOCK_CO_CHECK(co_await await_body(false));
  }
}

// Waits until more of the body can be moved. `blocked`: the provider has to take some first.
Task<Result<>> Exchange::await_body(bool blocked) {
  Passage& own = *passage_;
  if (!blocked && client().gone()) co_return fail(Code::bad_request, Side::client);
  const std::uint64_t sent = upstream_ ? upstream_->sent_total() : 0;
  const Instant began = now();
  Deadline step = Deadline::after(own.body_heard, config().client.body_timeout);
  if (blocked) {
    step = Deadline::after(own.body_moved, provider().timeouts.first_byte);
  } else if (config().client.min_body_rate > 0) {
    const auto due = static_cast<std::int64_t>(bytes_in_ / config().client.min_body_rate);
    const Duration allowed{slow_start.ns + own.body_held.ns + Duration::seconds(due).ns};
    step = step.sooner(Deadline::after(own.body_began, allowed));
  }
  clock_.wait_begin(shard_.driver.clock());
  co_await connection_.signal.wait(until(step));
  end_wait();
  if (blocked) {
    own.body_held = {own.body_held.ns + (now() - began).ns};
    own.body_heard = now();  // the client was not listened to
    if (upstream_->sent_total() > sent) own.body_moved = now();
  }
  if (client().broken()) co_return fail(Code::client_closed, Side::client);
  if (shard_.drain_deadline().passed(now())) co_return fail(Code::draining);
  if (total_.passed(now())) co_return fail(Code::upstream_timeout, Side::upstream);
  if (blocked && own.body_moved < now() && step.passed(now())) {
    co_return fail(Code::upstream_timeout, Side::upstream, Retry::yes);
  }
  if (!blocked && client().readable().empty() && !client().gone() && step.passed(now())) {
    co_return fail(Code::request_timeout, Side::client);
  }
  co_return Result<>();
}

// The head, what was read ahead, and then the body as it comes.
Task<Result<>> Exchange::send_passed(std::size_t credential) {
  Passage& own = *passage_;
  PENSTOCK_CO_CHECK(push_passed_head(credential));
  PENSTOCK_CO_CHECK(invite_body());
  for (;;) {
    // An answer before the request has left: it counts, and the rest is not sent.
    if (!upstream_->readable().empty()) co_return Result<>();
    if (upstream_->gone()) co_return fail(Code::upstream_reset, Side::upstream);
    bool blocked = upstream_->unsent() > 0;
    if (!blocked && own.ended) {
      sent_whole_ = true;
      co_return Result<>();
    }
    if (!blocked) {
      const Result<> pushed = push_passed_body();
      if (!pushed && pushed.error().code == Code::upstream_reset && !upstream_->ended()) {
        PENSTOCK_CO_CHECK(before_wait());
        co_await connection_.signal.wait(until(Deadline::after(now(), last_words)));
        end_wait();
        co_return upstream_->readable().empty() ? pushed : Result<>();
      }
      if (!pushed) co_return pushed;
      blocked = upstream_->unsent() > 0;
      if (own.ended && !blocked) continue;
    }
    PENSTOCK_CO_CHECK(co_await await_body(blocked));
  }
}

// -- Down --

// Until all of the answer was sent. Every other end is an error.
Task<Result<>> Exchange::relay_answer() {
  Instant heard = now();
  for (;;) {
    const Result<bool> passed = pass_answer_bytes();
    if (!passed) co_return std::unexpected(passed.error());
    if (*passed) co_return Result<>();
    if (upstream_->gone()) co_return interrupted();
    if (client().unsent() > high_water) {
      upstream_->pause();
      PENSTOCK_CO_CHECK(co_await wait_for_client(low_water));
      upstream_->unpause();
      heard = now();
      continue;  // what came meanwhile has woken that wait and not the next one
    }
    const Deadline step = Deadline::after(heard, provider().timeouts.idle);
    clock_.wait_begin(shard_.driver.clock());
    co_await connection_.signal.wait(until(step));
    end_wait();
    if (client().broken() || client().lost() || (client().ended() && !overheard_)) {
      co_return fail(Code::client_closed, Side::client);
    }
    if (shard_.drain_deadline().passed(now())) co_return fail(Code::gateway_shutdown);
    if (total_.passed(now())) co_return interrupted();
    if (!upstream_->readable().empty()) {
      heard = now();
    } else if (step.passed(now())) {
      co_return interrupted();
    }
  }
}

}  // namespace penstock
