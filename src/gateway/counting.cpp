// Counting the tokens of a prompt: by the service that the target's provider has for it, in
// whatever dialect; by our estimate, marked as one, where it has none or cannot answer.
#include "penstock/counting.h"

#include <algorithm>

#include "gateway/exchange.h"
#include "gateway/extensions.h"

namespace penstock {
namespace {

std::unexpected<Error> bad_answer() {
  return fail(Code::upstream_bad_response, Side::upstream, Retry::yes);
}

// A request of Gemini's that wraps the whole of what is counted names a model inside.
bool is_wrapped(Bytes body) {
  return body.find("\"generateContentRequest\"") != Bytes::npos ||
         body.find("\"generate_content_request\"") != Bytes::npos;
}

// Whether a provider that failed in this way may have counted another time. What it says of the
// request is never hidden behind an estimate.
bool may_estimate(Error error) {
  switch (error.code) {
    case Code::upstream_connect_failed:
    case Code::upstream_tls_failed:
    case Code::upstream_reset:
    case Code::upstream_timeout:
    case Code::upstream_unavailable:
      return true;
    default:
      return error.code == Code::upstream_bad_response && error.retry == Retry::yes;
  }
}

}  // namespace

bool Exchange::counts() const {
  return service_of(endpoint_) == Service::count_tokens;
}

// In whose words the target is asked for a count.
dialect::Dialect Exchange::count_dialect() const {
  return counting_dialect(provider(), target()).value_or(target().dialect);
}

Task<Result<>> Exchange::count_tokens() {
  stream_ = false;  // a member of that name means nothing here
  if (plan_counting()) {
    const Result<> answered = co_await first_answer();
    const bool estimated = !answered && !committed_ && may_estimate(answered.error());
    if (!estimated || client().gone()) co_return answered;
  }
  co_return count_tokens_here();
}

// Leaves those targets that can count. False when the first cannot: another tokenizer's count would
// be no better than an estimate.
bool Exchange::plan_counting() {
  target_ = plan_.targets().front();
  model_ = target().model;
  Plan counting;
  for (const TargetIndex index : plan_) {
    const Target& one = config().at(index);
    const bool able = counting_dialect(config().at(one.provider), one).has_value();
    if (!able && counting.size() == 0) return false;
    if (able) counting.add(index);
  }
  plan_ = counting;
  return true;
}

// Whether the client's call must be written anew for the target.
bool Exchange::needs_count_call() const {
  if (count_dialect() != dialect_) return true;
  if (dialect_ == dialect::Dialect::gemini && is_wrapped(upload_->body())) return true;
  const ProviderKind kind = provider().kind;
  const bool inside = kind == ProviderKind::vertex || kind == ProviderKind::bedrock;
  return (inside && dialect_ == dialect::Dialect::anthropic) || carries_signatures();
}

Result<> Exchange::read_count_request() {
  Translation& own = *translation_;
  if (own.read) return {};
  // What is read views the body, which must stay where it is from here on.
  if (!upload_->settle(client(), true)) return fail(Code::overloaded);
  PENSTOCK_TRY(root, shard_.bench.document.read(upload_->body(), json::Judge::request));
  const auto read = dialect::dialect_of(dialect_).read_count_request;
  const Result<> sound = read(root, own.request, own.issue);
  if (!sound) {
    set_param(own.issue.param);
    reason_ = own.issue.reason;
    return sound;
  }
  forget_extensions(upload_->body(), upload_->facts, own.request.extra);
  own.read = true;
  return {};
}

// Writes the call for the target of this attempt.
Result<> Exchange::write_count_call() {
  Translation& own = *translation_;
  PENSTOCK_CHECK(read_count_request());
  own.place_betas(provider().kind);
  own.body.clear();
  own.losses = {};
  const Result<> written =
      dialect::write_count_request(count_dialect(), own.request, own.traits, own.body, own.losses);
  if (!written) {
    param_ = own.losses.refused;
    reason_ = own.losses.reason;
    return written;
  }
  return own.body.fits() ? Result<>() : fail(Code::body_too_large, Side::client);
}

Result<> Exchange::relay_count(Bytes body) {
  Translation& own = *translation_;
  const auto root = shard_.bench.document.read(body, json::Judge::answer);
  if (!root) return bad_answer();
  const auto tokens = dialect::read_count(count_dialect(), *root);
  if (!tokens) return bad_answer();
  own.answer.clear();
  dialect::dialect_of(dialect_).write_count(*tokens, own.answer);
  return send_answer(own.answer.text());
}

Result<> Exchange::count_tokens_here() {
  Translation& own = *translation_;
  PENSTOCK_CHECK(read_count_request());
  own.answer.clear();
  own.dropped.clear();
  dialect::dialect_of(dialect_).write_count(dialect::estimate_input_tokens(own.request),
                                            own.answer);
  AnswerHead head = answer_head(200);
  head.json = true;
  head.estimate = true;
  head.attempts = attempt_count_;
  bytes_out_ = own.answer.size();
  return send_whole(head, own.answer.text());
}

}  // namespace penstock
