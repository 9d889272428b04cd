// The end of every exchange, whatever happened: counters, histograms, one line of the access log.
#include "gateway/exchange.h"

namespace penstock {
namespace {

AttemptResult result_of(Error error, std::uint16_t status) {
  if (status == 429) return AttemptResult::throttled;
  if (status >= 500) return AttemptResult::failed;
  if (status >= 400) return AttemptResult::rejected;
  switch (error.code) {
    case Code::upstream_connect_failed:
    case Code::upstream_unavailable:
      return AttemptResult::connect_failed;
    case Code::upstream_tls_failed:
      return AttemptResult::tls_failed;
    case Code::upstream_timeout:
      return AttemptResult::timed_out;
    case Code::upstream_reset:
      return AttemptResult::reset;
    case Code::client_closed:
    case Code::draining:
    case Code::gateway_shutdown:
      return AttemptResult::cancelled;
    default:
      return AttemptResult::bad_response;
  }
}

std::optional<std::uint64_t> number(json::Count count) {
  if (!count.present()) return std::nullopt;
  return count.value;
}

}  // namespace

// Takes note of an attempt that ended before an answer began, or of the one that answers.
void Exchange::count_attempt(const Result<>& result) {
  AttemptRecord& record = attempts_[attempt_count_++];
  const LabelId label = epoch_->generation->target_labels[static_cast<std::size_t>(*target_)];
  if (result) {
    shard_.metrics.attempts(label, AttemptResult::ok).add();
    return;
  }
  record.reason = result.error().code;
  shard_.metrics.attempts(label, result_of(result.error(), record.status)).add();
}

// Keeps what the provider told for the log; the text it stands in is gone by then. Words of its own
// might be a credential that it reflects.
void Exchange::keep_usage(Bytes reported) {
  if (reported.empty() || !shard_.log) return;
  if (!reported_) reported_ = shard_.kept_values.take();
  reported_->keep(reported);
  if (!reported_->has_words()) return;
  const Bytes kept = reported_->text();
  if (holds_secret(kept, config()) || reflects_token(kept)) reported_->clear();
}

void Exchange::settle() {
  if (translation_ && translation_->stream) keep_usage(translation_->stream->usage_reported());
  if (translation_ && translation_->watch) keep_usage(translation_->watch->usage_reported());
  const Instant end = shard_.driver.clock();
  const LabelId model =
      model_ ? epoch_->generation->model_labels[static_cast<std::size_t>(*model_)] : LabelId::none;
  const LabelId provider =
      target_ ? epoch_->generation->provider_labels[static_cast<std::size_t>(target().provider)]
              : LabelId::none;
  ShardMetrics& metrics = shard_.metrics;
  metrics.requests(model, provider, status_, code_).add();
  metrics.request_duration.record(clock_.total(end));
  metrics.overhead_request.record(clock_.request(end));
  metrics.overhead_response.record(clock_.response(end));
  if (first_byte_ != Instant::never() && target_) {
    metrics.time_to_first_byte(model, provider).record(first_byte_ - began_);
  }
  if (usage_.present) {
    const auto count = [&](json::Count tokens, TokenKind kind) {
      if (tokens.present()) metrics.tokens(model, provider, kind).add(tokens.value);
    };
    count(usage_.prompt_tokens, TokenKind::input);
    count(usage_.completion_tokens, TokenKind::output);
    count(usage_.cached_tokens, TokenKind::cache_read);
    count(usage_.cache_write_tokens, TokenKind::cache_write);
    count(usage_.reasoning_tokens, TokenKind::reasoning);
  }
  if (shard_.log && (key_ || goes_upstream(endpoint_) || code_)) {
    const std::span<char> room = shard_.log->begin_line(access_line_max);
    if (!room.empty()) {
      const Bytes line = shard_.access_log.write(access_record(end), room.first<access_line_max>());
      shard_.log->end_line(line.size());
    }
  }
  if (relay_) shard_.relays.give(std::move(relay_));
  if (reported_) shard_.kept_values.give(std::move(reported_));
}

AccessRecord Exchange::access_record(Instant end) const {
  AccessRecord record;
  record.time_ns = wall_now_ns() - clock_.total(end).ns;
  record.request_id = request_id_.view();
  const Generation& generation = *epoch_->generation;
  if (key_) record.key = &generation.key_names[static_cast<std::size_t>(*key_)];
  record.endpoint = name(endpoint_);
  record.dialect = dialect::dialect_of(dialect_).name;
  if (model_) {
    record.model = &generation.model_names[static_cast<std::size_t>(*model_)];
  } else if (unknown_model_[0] != '\0') {
    record.unknown_model = {unknown_model_.data(), unknown_model_.size()};
  }
  if (target_) record.target = &generation.target_names[static_cast<std::size_t>(*target_)];
  record.stream = stream_;
  record.status = status_;
  if (code_) record.code = describe(*code_).code;
  record.finish = finish_.view();
  record.attempts = attempt_count_;
  record.input_tokens = number(usage_.prompt_tokens);
  record.cache_read_tokens = number(usage_.cached_tokens);
  record.output_tokens = number(usage_.completion_tokens);
  record.reasoning_tokens = number(usage_.reasoning_tokens);
  if (usage_.present) record.usage_source = "provider";
  if (reported_) record.usage_reported = reported_->text();
  record.bytes_in = bytes_in_;
  record.bytes_out = bytes_out_;
  if (first_byte_ != Instant::never()) record.ttfb = first_byte_ - began_;
  record.duration = clock_.total(end);
  record.overhead = clock_.own(end);
  record.end = code_ ? describe(*code_).code : Bytes("complete");
  return record;
}

}  // namespace penstock
