// What follows the commit: a whole answer as it came, or a stream, event by event. Of a stream only
// the chunk boundaries are rewritten: all whole events that arrived in a turn leave as one chunk.
#include <algorithm>
#include <array>

#include "gateway/exchange.h"

namespace penstock {
namespace {

// What may wait for a slow client's socket before the upstream is held back, and until it is again
// listened to.
constexpr std::size_t high_water = 32 * 1024;
constexpr std::size_t low_water = 16 * 1024;
// After the stream's terminal event the body's own end is awaited this long, so that the connection
// can serve again. The client has all of its answer by then.
constexpr Duration end_for = Duration::milliseconds(20);

std::unexpected<Error> interrupted() {
  return fail(Code::upstream_stream_interrupted, Side::upstream);
}

// The events at the front of `gathered` that are UTF-8. Events end with a blank line and hold none.
Bytes sound_events(Bytes gathered) {
  std::size_t sound = 0;
  while (sound < gathered.size()) {
    const std::size_t end = std::min(gathered.find("\n\n", sound) + 2, gathered.size());
    if (!json::valid_utf8(gathered.substr(sound, end - sound))) break;
    sound = end;
  }
  return gathered.substr(0, sound);
}

}  // namespace

// -- A whole answer --

// Judges and sends an answer that is not streamed. upstream_bad_response: it is not what it claims.
Result<> Exchange::relay_whole(Bytes body) {
  if (translation_) {
    return translation_->translates ? relay_whole_translated(body) : watch_whole(body);
  }
  json::AnswerFacts facts;
  if (!shard_.scanner.answer(body, facts)) {
    return fail(Code::upstream_bad_response, Side::upstream, Retry::yes);
  }
  usage_ = facts.usage;
  keep_usage(facts.usage_object.in(body));
  const Bytes finish = facts.finish_reason.in(body);
  if (finish.size() > 2) finish_.set(finish.substr(1, finish.size() - 2));
  return send_answer(body);
}

// -- The beginning of a stream --

// Waits for the first event. Until it was read and is no error, the request can go elsewhere.
Task<Result<>> Exchange::first_event() {
  const std::size_t event_max = config().sse.max_event_bytes;
  const bool hide = !upload_->facts.include_usage;
  relay_ = shard_.relays.take(event_max, hide);
  relay_->restart(event_max, hide);
  if (translation_) begin_stream();
  const Deadline step = Deadline::after(now(), provider().timeouts.first_byte);
  for (;;) {
    const Result<> passed = pass_events();
    if (committed_ && !passed) {  // the first bytes held an end, too
      end_stream(passed);
      shard_.metrics.streams_active.sub();
    }
    if (committed_ || !passed) co_return passed;
    if (upstream_->gone() || answer_.body.done()) {
      co_return fail(Code::upstream_bad_response, Side::upstream, Retry::yes);
    }
    PENSTOCK_CO_CHECK(before_wait());
    const std::uint64_t heard = upstream_->received_total();
    co_await connection_.signal.wait(until(step));
    PENSTOCK_CO_CHECK(after_wait(step, heard));
  }
}

Result<> Exchange::judge_first_event(const sse::Event& event) {
  if (event.data == "[DONE]") return {};
  json::AnswerFacts facts;
  if (!shard_.scanner.answer(event.data, facts)) {
    return fail(Code::upstream_bad_response, Side::upstream, Retry::yes);
  }
  if (facts.error.empty() && event.name != "error") return {};
  // Words of the provider: like an error with a status, only that the status is ours.
  answer_body_.release();
  PENSTOCK_CHECK(answer_body_.append(event.data));
  upstream_error_ = read_upstream_error(answer_body_.view(), facts, config());
  hide_token(*upstream_error_);
  answer_.status = 502;
  return fail(Code::upstream_bad_response, Side::upstream, Retry::yes);
}

// The point of no return: the head is written and leaves with the first events.
Result<> Exchange::commit_stream() {
  clock_.enter_response(now());
  AnswerHead head = answer_head(200);
  head.event_stream = !translation_ || !translation_->json_array;
  head.json = !head.event_stream;
  head.framing = http10_ ? BodyFraming::to_close : BodyFraming::chunked;
  if (http10_) head.keep_alive = keep_alive_ = false;
  PENSTOCK_TRY(written, write_answer_head(head, shard_.scratch.head));
  relay_->head = written;
  status_ = 200;
  committed_ = true;
  first_byte_ = relay_->last_sent = relay_->heard = now();
  shard_.metrics.streams_active.add();
  if (upload_ && !needs_request()) {  // nothing can be tried again
    PENSTOCK_CHECK(upload_->settle(client(), false));
    upload_->reset();
    shard_.uploads.give(std::move(upload_));
  }
  return {};
}

// -- Events --

Task<Result<>> Exchange::relay_stream() {
  const Result<> outcome = co_await relay_events();
  end_stream(outcome);
  if (outcome && !answer_.body.done()) {
    const Deadline limit = Deadline::after(now(), end_for);
    while (!answer_.body.done() && !upstream_->gone()) {
      const Wake wake = co_await connection_.signal.wait(limit);
      Bytes received = upstream_->readable();
      const std::size_t before = received.size();
      const bool more = !answer_.body.next(received).empty();
      upstream_->consume(before - received.size());
      if (more || wake == Wake::expired) break;
    }
  }
  release_upstream(outcome && answer_.body.done() && relay_->watcher.dropped() == 0);
  shard_.metrics.streams_active.sub();
  co_return outcome;
}

// Until the terminal event was sent. Every other end is an error.
Task<Result<>> Exchange::relay_events() {
  const Duration idle = provider().timeouts.idle;
  for (;;) {
    // The first bytes may have held all of it; what lies behind must not end the body once more.
    if (!stream_done()) PENSTOCK_CO_CHECK(pass_events());
    if (stream_done()) co_return Result<>();
    if (upstream_->gone() || answer_.body.done()) co_return interrupted();
    if (client().unsent() > high_water) {
      upstream_->pause();
      PENSTOCK_CO_CHECK(co_await wait_for_client(low_water));
      upstream_->unpause();
      continue;  // what came meanwhile, an end included, has woken that wait and not the next one
    }
    Deadline heartbeat = Deadline::never();
    if (config().sse.heartbeat.ns > 0) {
      heartbeat = Deadline::after(relay_->last_sent, config().sse.heartbeat);
    }
    const Deadline step = Deadline::after(relay_->heard, idle);
    clock_.wait_begin(shard_.driver.clock());
    co_await connection_.signal.wait(until(step).sooner(heartbeat));
    end_wait();
    if (client().gone()) co_return fail(Code::client_closed, Side::client);
    if (shard_.drain_deadline().passed(now())) co_return fail(Code::gateway_shutdown);
    if (total_.passed(now())) co_return interrupted();
    if (!upstream_->readable().empty()) continue;
    if (step.passed(now())) co_return interrupted();
    if (heartbeat.passed(now())) {
      PENSTOCK_CO_CHECK(send_heartbeat());
      PENSTOCK_CO_CHECK(flush_relay(false));
    }
  }
}

// Takes all that has arrived and sends the whole events in it as one chunk.
Result<> Exchange::pass_events() {
  Bytes received = upstream_->readable();
  if (received.empty()) return {};
  const std::size_t before = received.size();
  relay_->heard = now();
  Result<> outcome;
  while (outcome && !stream_done()) {
    const Bytes part = answer_.body.next(received);
    if (part.empty()) break;
    if (translation_ && translation_->stream) {
      outcome = translate_part(part);
    } else {
      relay_->framer.feed(part);
      outcome = pass_part();
    }
  }
  // What stands behind the terminal event is dropped, but the body's end is looked for.
  if (outcome && stream_done()) {
    if (!answer_.body.next(received).empty()) answer_.keep_alive = false;
  } else if (outcome && answer_.body.done()) {
    outcome = end_body();
  }
  upstream_->consume(before - received.size());
  if (outcome && answer_.body.failed()) {
    outcome =
        committed_ ? interrupted() : fail(Code::upstream_bad_response, Side::upstream, Retry::yes);
  }
  const Result<> flushed = committed_ ? flush_relay(stream_done()) : Result<>();
  return outcome ? flushed : outcome;
}

// The events of one piece of the body.
Result<> Exchange::pass_part() {
  sse::Event event;
  for (;;) {
    const auto more = relay_->framer.next(event);
    if (!more)
      return committed_ ? interrupted() : fail(Code::upstream_bad_response, Side::upstream);
    if (!*more) return {};
    if (translation_ && translation_->watch) {
      PENSTOCK_CHECK(watch_event(event));
      if (stream_done()) return {};
      continue;
    }
    const sse::ChatWatcher::Look look = relay_->watcher.look(event);
    if (look.kind == sse::ChatWatcher::Kind::after_end) {
      answer_.keep_alive = false;
      continue;
    }
    if (!committed_) {
      PENSTOCK_CHECK(judge_first_event(event));
      PENSTOCK_CHECK(commit_stream());
    }
    if (look.kind == sse::ChatWatcher::Kind::malformed) return interrupted();
    if (look.kind == sse::ChatWatcher::Kind::error) return pass_error(event);
    if (look.usage) note_usage(event.data);
    if (!look.hide) PENSTOCK_CHECK(emit(event, look));
  }
}

// The upstream's own error inside a stream: its words, and the end.
Result<> Exchange::pass_error(const sse::Event& event) {
  json::AnswerFacts facts;
  answer_body_.release();
  PENSTOCK_CHECK(answer_body_.append(event.data));
  if (shard_.scanner.answer(event.data, facts)) {
    upstream_error_ = read_upstream_error(answer_body_.view(), facts, config());
  }
  return interrupted();
}

// Adds one event, edited as `look` says, to what leaves next.
Result<> Exchange::emit(const sse::Event& event, const sse::ChatWatcher::Look& look) {
  if (event.canonical() && look.slice_count == 0) return append_relay(event.raw);
  Gather spelled;
  if (sse::gather_event(event, look, spelled)) {
    for (const Bytes piece : spelled.pieces()) PENSTOCK_CHECK(append_relay(piece));
    return {};
  }
  const std::array<Bytes, 1> plain{event.data};
  const std::span<const Bytes> data = look.slice_count > 0 ? look.edited() : std::span(plain);
  const std::size_t bytes = sse::written_bytes(event.name, data);
  Buffer rewritten(shard_.driver.blocks());
  if (!rewritten.reserve(bytes)) return interrupted();
  PENSTOCK_TRY(text,
               sse::write_event(event.name, data, {rewritten.room(), rewritten.room_bytes()}));
  return append_relay(text);
}

// Copies bytes of events behind those gathered so far; what does not fit leaves first.
Result<> Exchange::append_relay(Bytes bytes) {
  while (!bytes.empty()) {
    const std::size_t room = relay_bytes - relay_->gathered;
    const Bytes part = bytes.substr(0, room);
    part.copy(shard_.scratch.relay.data() + relay_->gathered, part.size());
    relay_->gathered += part.size();
    bytes.remove_prefix(part.size());
    if (relay_->gathered == relay_bytes) PENSTOCK_CHECK(flush_relay(false));
  }
  return {};
}

// Sends what was gathered as one chunk, the head before it when it has not left, the body's end
// behind it when this was the last.
Result<> Exchange::flush_relay(bool last) {
  Bytes events{shard_.scratch.relay.data(), relay_->gathered};
  relay_->gathered = 0;
  Result<> sound;
  if (!json::valid_utf8(events)) {
    // A very long event leaves in several parts, which may tear a character; whole ones may not.
    if (events.size() < relay_bytes) {
      events = sound_events(events);
      sound = interrupted();
    }
  }
  std::array<char, http::chunk_size_bytes_max> size_line;
  Gather message;
  message.add(relay_->head);
  if (!events.empty()) {
    if (!http10_) message.add(http::write_chunk_size(size_line, events.size()));
    message.add(events);
    if (!http10_) message.add(http::chunk_end);
  }
  if (last && sound && !http10_) message.add(http::last_chunk);
  relay_->head = {};
  if (message.empty()) return sound;
  bytes_out_ += events.size();
  if (now() > relay_->last_sent) shard_.metrics.inter_event.record(now() - relay_->last_sent);
  relay_->last_sent = now();
  if (!client().send(message.pieces())) return fail(Code::client_closed, Side::client);
  return sound;
}

// A stream that did not end well says so in band, and its connection closes: it never looks
// finished.
void Exchange::end_stream(Result<> outcome) {
  if (outcome) {
    if (!translation_) finish_.set(relay_->watcher.finish_reason());
    return;
  }
  keep_alive_ = false;
  const Error reason = told(outcome.error());
  if (reason.code == Code::client_closed) {
    status_ = 499;
    return;
  }
  relay_->gathered = 0;
  if (translation_) return write_stream_error(reason);
  ErrorBody error;
  error.code = reason.code;
  error.request_id = request_id_.view();
  error.upstream = upstream_error_ ? &*upstream_error_ : nullptr;
  error.provider = provider().name;
  const Bytes body = write_error_body(error, shard_.scratch.body);
  const std::array<Bytes, 1> data{body};
  Gather event;
  if (!sse::gather_event({}, data, event)) return;
  for (const Bytes piece : event.pieces()) {
    if (!append_relay(piece)) return;
  }
  if (!flush_relay(true)) status_ = 499;
}

// The usage that a provider reports, once in a stream.
void Exchange::note_usage(Bytes data) {
  json::AnswerFacts facts;
  if (!shard_.scanner.answer(data, facts)) return;
  usage_ = facts.usage;
  keep_usage(facts.usage_object.in(data));
}

}  // namespace penstock
