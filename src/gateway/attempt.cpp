// One try at one target: connection → request → head of the answer → its first part, judged.
#include <algorithm>
#include <ctime>
#include <utility>

#include "gateway/exchange.h"
#include "penstock/net.h"

namespace penstock {
namespace {

// What is read of an error's body; more is of no use to anybody.
constexpr std::uint64_t error_body_max = 64 * 1024;
// What an upstream may send ahead of us: the longest head that is allowed, and some body.
constexpr std::size_t upstream_receive_max = 96 * 1024;
// A socket that refuses our bytes often holds an answer that tells why.
constexpr Duration last_words = Duration::milliseconds(100);

std::unexpected<Error> bad_answer() {
  return fail(Code::upstream_bad_response, Side::upstream, Retry::yes);
}

}  // namespace

Task<Result<>> Exchange::attempt(TargetIndex target, std::size_t credential) {
  AttemptRecord& record = attempts_[attempt_count_];
  record = {target, 0, {}};
  upstream_error_.reset();
  answer_body_.release();
  answer_.request_id.set({});
  answer_.should_retry.reset();
  sent_whole_ = false;
  if (config().at(config().at(target).provider).service_account) {
    PENSTOCK_CO_CHECK(take_access_token());
  }
  if (!passage_) PENSTOCK_CO_CHECK(prepare_request());
  const ProviderIndex provider_index = config().at(target).provider;
  // A pooled connection that turns out dead before it took a byte is no failure: take another.
  Buffer untaken(shard_.driver.blocks());
  for (;;) {
    provider_slot_ = {};  // of an attempt that got no connection
    auto slot =
        Slot::take(epoch_->generation->limits->at(provider_index).parallel, provider().concurrency);
    if (!slot) co_return fail(Code::upstream_unavailable, Side::gateway, Retry::yes);
    provider_slot_ = std::move(*slot);
    if (!take_pooled(provider_index)) PENSTOCK_CO_CHECK(co_await connect(provider_index));
    begin_upstream();
    const std::uint64_t taken_before = upstream_->sent_total();
    Result<> headed;
    if (!untaken.empty()) {
      headed = resend(untaken.view());
    } else if (passage_ && passage_->streams()) {
      headed = co_await send_passed(credential);
    } else {
      headed = send_request(credential);
      if (headed && !sent_whole_) headed = co_await send_rest(credential);
    }
    if (headed) headed = co_await await_head(taken_before);
    if (headed) break;
    bool unused = reused_ && upstream_->sent_total() == taken_before && upstream_->broken();
    if (unused && sent_whole_) {  // it was told late, and the request may be gone but for this
      const Bytes given = upstream_->untaken();
      if (!given.empty()) untaken.release();
      unused = untaken.append(given) && !untaken.empty();
    }
    release_upstream(false);
    if (!unused) co_return headed;
  }
  record.status = answer_.status;
  const Next next = judge(answer_.status);
  Result<> usable = bad_answer();
  if (next == Next::use && passage_) {
    usable = begin_passed_answer();
  } else if (next == Next::use && !answer_.encoded && takes(answer_.media_type)) {
    if (stream_) {
      usable = co_await first_event();
    } else if (whole_is_here()) {
      usable = take_whole();
    } else {
      usable = co_await collect_whole();
    }
  } else if (next == Next::use && !answer_.encoded && stream_ && translation_ &&
             translation_->translates && answer_.media_type == http::MediaType::json) {
    usable = co_await take_whole_as_stream();
  } else if (next != Next::use && next != Next::bad_answer) {
    usable = co_await read_refusal(next);
  }
  if (!usable && upstream_) release_upstream(false);
  co_return usable;
}

// -- Connection --

bool Exchange::take_pooled(ProviderIndex provider_index) {
  upstream_ = epoch_->pools[static_cast<std::size_t>(provider_index)].take(now());
  reused_ = upstream_ != nullptr;
  return reused_;
}

Task<Result<>> Exchange::connect(ProviderIndex provider_index) {
  PENSTOCK_CO_CHECK(before_wait());
  const Provider& to = config().at(provider_index);
  Dial dial;
  dial.host = to.base_url.host;
  dial.port = to.base_url.port;
  dial.tls = epoch_->tls[static_cast<std::size_t>(provider_index)];
  dial.allow_private = to.allow_private;
  dial.dns_timeout = config().upstream.dns_timeout;
  dial.connect_timeout = to.timeouts.connect;
  dial.tls_timeout = config().upstream.tls_timeout;
  auto made = co_await connect_stream(shard_.driver, shard_.resolver, connection_.signal, dial,
                                      until(Deadline::never()), client());
  end_wait();
  if (!made) co_return std::unexpected(made.error());
  upstream_ = std::move(*made);
  co_return Result<>();
}

void Exchange::begin_upstream() {
  shard_.metrics.connections(ConnectionSide::upstream, ConnectionState::active).add();
  upstream_->set_signal(&connection_.signal);
  upstream_->set_receive_max(upstream_receive_max);
  // What streams through is not here any more when a break is told late.
  upstream_->set_batched(!passage_ || !passage_->streams());
}

// Ends the dealings with the upstream: back to the pool, or closed. A stream that was cut short is
// reset, so that the provider stops generating at once.
void Exchange::release_upstream(bool reusable) {
  if (!upstream_) return;
  shard_.metrics.connections(ConnectionSide::upstream, ConnectionState::active).sub();
  const Bytes excess = upstream_->readable();
  if (reusable && !excess.empty()) shard_.metrics.upstream_excess_bytes.add(excess.size());
  if (reusable && excess.empty() && answer_.keep_alive && sent_whole_ && !upstream_->gone()) {
    upstream_->unpause();
    shard_.give_back(*epoch_, target().provider, std::move(upstream_));
  } else if (!reusable) {
    upstream_->set_close(CloseHow::reset);
  }
  upstream_.reset();
  provider_slot_ = {};
}

// -- Request --

// Sends what is taken at once, which is nearly always all of it.
Result<> Exchange::send_request(std::size_t credential) {
  upload_->sent = upload_->total = 0;
  PENSTOCK_CHECK(push_request(credential));
  sent_whole_ = upload_->sent == upload_->total;
  return {};
}

Task<Result<>> Exchange::send_rest(std::size_t credential) {
  Result<> pushed;
  while (pushed && upload_->sent < upload_->total) {
    // An answer before the request has left: it counts, and the rest is not sent.
    if (!upstream_->readable().empty()) co_return Result<>();
    if (upstream_->gone()) co_return fail(Code::upstream_reset, Side::upstream);
    PENSTOCK_CO_CHECK(before_wait());
    const std::uint64_t heard = upstream_->received_total();
    const Deadline step = Deadline::after(now(), provider().timeouts.first_byte);
    co_await connection_.signal.wait(until(step));
    PENSTOCK_CO_CHECK(after_wait(step, heard));
    pushed = push_request(credential);
  }
  if (!pushed && upload_->sent == 0) co_return pushed;
  sent_whole_ = pushed.has_value();
  co_return Result<>();
}

// The whole of a request that another connection was given and did not take.
Result<> Exchange::resend(Bytes request) {
  if (!upstream_->send(request)) return fail(Code::upstream_reset, Side::upstream);
  return {};
}

// The body as the target is to get it: written anew, or slices of the client's with the few
// literals between them.
Result<> Exchange::upstream_body(Gather& out) {
  if (passage_) return passed_body(out);
  if (translation_ && translation_->translates) {
    out.add(translation_->body.text());
    return {};
  }
  const json::Facts& facts = upload_->facts;
  json::RequestEdits edits;
  if (!facts.model.empty()) edits.model = target().upstream_model;
  edits.include_usage =
      stream_ && speaks_openai() && quirks_of(provider(), target()).stream_options;
  if (json::splice_request(upload_->body(), facts, edits, upload_->splice, out)) return {};
  return fail(Code::internal_error);
}

// What heads to targets of other dialects say beside the ordinary.
void Exchange::describe_request(const Gather& body, UpstreamRequest& request) const {
  const Translation& own = *translation_;
  request.dialect = counts() ? count_dialect() : target().dialect;
  request.body = body.pieces();
  request.unix_s = std::time(nullptr);
  request.anthropic_beta = own.anthropic_beta;
  if (own.translates && own.read && request.dialect == dialect::Dialect::anthropic) {
    request.anthropic_version = anthropic_version_for(provider(), own.request);
  } else {
    request.anthropic_version = own.anthropic_version;
  }
}

Result<Bytes> Exchange::upstream_head(const Gather& body, std::size_t credential) {
  UpstreamRequest request;
  request.credential = credential;
  request.body_bytes = body.bytes();
  request.stream = stream_;
  const Service service = upstream_service();
  const bool repeats = !passage_ && !translation_ && RepeatedHead::possible(provider());
  RepeatedHead& repeated = epoch_->heads[static_cast<std::size_t>(*target_)][stream_ ? 1 : 0];
  if (repeats && repeated.fits(service, request)) {
    return repeated.write(body.bytes(), shard_.scratch.head);
  }
  PENSTOCK_TRY(
      path, passage_ ? passed_path()
                     : upstream_path(provider(), target(), service, stream_, shard_.scratch.path));
  request.path = path;
  if (repeats) {
    PENSTOCK_CHECK(repeated.set(provider(), service, request, shard_.scratch.head));
    return repeated.write(body.bytes(), shard_.scratch.head);
  }
  if (passage_) describe_passage(request);
  if (translation_) describe_request(body, request);
  if (access_token_) request.access_token = access_token_->token.reveal();
  return write_upstream_head(provider(), request, shard_.scratch.head);
}

// Gives the socket as much of the request as it takes: head, slices of the client's body, and the
// few literals between them, as one message.
Result<> Exchange::push_request(std::size_t credential) {
  Gather spliced;
  PENSTOCK_CHECK(upstream_body(spliced));
  Gather message;
  const bool first = upload_->total == 0;
  Bytes head;
  if (first) {
    upload_->total = spliced.bytes();
    PENSTOCK_TRY(written, upstream_head(spliced, credential));
    head = written;
    message.add(head);
  }
  std::uint64_t skip = upload_->sent;
  for (Bytes piece : spliced.pieces()) {
    const auto drop = std::min<std::uint64_t>(skip, piece.size());
    skip -= drop;
    piece.remove_prefix(static_cast<std::size_t>(drop));
    message.add(piece);
  }
  const auto taken = upstream_->write(message.pieces());
  if (!taken) return fail(Code::upstream_reset, Side::upstream);
  if (*taken < head.size()) {  // the scratch is not ours for long: the stream copies the rest
    if (!upstream_->send(head.substr(*taken))) return fail(Code::upstream_reset, Side::upstream);
  } else {
    upload_->sent += *taken - head.size();
  }
  return {};
}

// -- Answer --

// `sent_before`: bytes that the upstream had taken before this request.
Task<Result<>> Exchange::await_head(std::uint64_t sent_before) {
  http::ResponseParser parser;
  const Deadline step = Deadline::after(now(), provider().timeouts.first_byte);
  bool heard_out = false;
  for (;;) {
    const Bytes received = upstream_->readable();
    if (!received.empty()) {
      const http::Parsed parsed =
          parser.feed(received, http::Method::post, shard_.scratch.response);
      if (parsed.progress == http::Progress::complete) {
        co_return read_answer_head(shard_.scratch.response);
      }
      if (parsed.progress == http::Progress::refused) co_return bad_answer();
    }
    if (upstream_->gone()) {
      if (upstream_->tls_failed()) co_return fail(Code::upstream_tls_failed, Side::upstream);
      if (!received.empty()) co_return bad_answer();
      const bool refuses = upstream_->refuses() && upstream_->sent_total() > sent_before;
      if (refuses && !upstream_->ended() && !std::exchange(heard_out, true)) {
        PENSTOCK_CO_CHECK(before_wait());
        co_await connection_.signal.wait(until(Deadline::after(now(), last_words)));
        end_wait();
        continue;
      }
      // The provider may have begun to generate; only a request that costs little is repeated.
      co_return fail(Code::upstream_reset, Side::upstream,
                     service_of(endpoint_) == Service::embeddings ? Retry::yes : Retry::no);
    }
    PENSTOCK_CO_CHECK(before_wait());
    const std::uint64_t heard = upstream_->received_total();
    co_await connection_.signal.wait(until(step));
    PENSTOCK_CO_CHECK(after_wait(step, heard));
  }
}

// Keeps what is needed of the head and takes it off the stream.
Result<> Exchange::read_answer_head(const http::ResponseHead& head) {
  answer_.status = head.status;
  answer_.media_type = head.media_type;
  answer_.encoded = head.encoded;
  answer_.keep_alive = head.keep_alive;
  answer_.retry_after_s = 0;
  const std::uint64_t most = passage_ ? http::body_unlimited : config().upstream.max_response_bytes;
  answer_.body = BodyReader(head.framing, head.length, most);
  answer_.request_id.set({});
  note_request_id(head.find(http::Field::x_request_id));
  if (answer_.status >= 400 || translation_) read_answer_hints(head.fields);
  const bool too_large = !stream_ && head.framing == http::Framing::length && head.length > most;
  if (passage_) note_passed_answer(head);
  if (translation_ && translation_->side) translation_->side->note_head(head.fields);
  upstream_->consume(head.bytes);
  return too_large ? Result<>(bad_answer()) : Result<>();
}

// Receives a body into `answer_body_`, up to `most` bytes of it. upstream_bad_response when it
// breaks its framing or ends early.
Task<Result<>> Exchange::collect_body(std::uint64_t most) {
  if (answer_.body.framing() == http::Framing::length) {
    const auto declared = static_cast<std::size_t>(std::min(answer_.body.left(), most));
    if (declared > 0 && !answer_body_.reserve(declared)) co_return fail(Code::overloaded);
  }
  const Duration idle = provider().timeouts.idle;
  for (;;) {
    Bytes received = upstream_->readable();
    const std::size_t before = received.size();
    while (answer_body_.size() < most) {
      const Bytes part = answer_.body.next(received);
      if (part.empty()) break;
      if (!answer_body_.append(part)) co_return fail(Code::overloaded);
    }
    upstream_->consume(before - received.size());
    if (answer_.body.failed()) co_return bad_answer();
    if (answer_.body.done() || answer_body_.size() >= most) co_return Result<>();
    if (upstream_->gone() && upstream_->readable().empty()) {
      // A body that runs to the close is complete when the close was orderly.
      const bool whole = answer_.body.framing() == http::Framing::to_close && upstream_->ended() &&
                         !upstream_->broken();
      co_return whole ? Result<>() : Result<>(bad_answer());
    }
    PENSTOCK_CO_CHECK(before_wait());
    const std::uint64_t heard = upstream_->received_total();
    const Deadline step = Deadline::after(now(), idle);
    co_await connection_.signal.wait(until(step));
    PENSTOCK_CO_CHECK(after_wait(step, heard));
  }
}

// An error of the upstream: its words are kept for the client, and what to do follows from its
// status.
Task<Result<>> Exchange::read_refusal(Next next) {
  const Result<> collected = co_await collect_body(error_body_max);
  if (!collected && collected.error().code != Code::upstream_bad_response) co_return collected;
  const bool whole = collected && answer_.body.done();
  release_upstream(whole);
  if (translation_) {
    if (next == Next::next_credential) {
      co_return fail(Code::upstream_auth_failed, Side::upstream, Retry::yes);
    }
    take_refusal(answer_body_.view());
    co_return fail(Code::upstream_bad_response, Side::upstream, retry_of(next));
  }
  json::AnswerFacts facts;
  const bool readable = collected && shard_.scanner.answer(answer_body_.view(), facts).has_value();
  if (next == Next::next_credential) {
    co_return fail(Code::upstream_auth_failed, Side::upstream, Retry::yes);
  }
  upstream_error_ =
      readable ? read_upstream_error(answer_body_.view(), facts, config()) : UpstreamError{};
  hide_token(*upstream_error_);
  co_return fail(Code::upstream_bad_response, Side::upstream, retry_of(next));
}

// A stream was asked for and a whole answer came: it goes to the client as a short stream.
Task<Result<>> Exchange::take_whole_as_stream() {
  PENSTOCK_CO_CHECK(co_await collect_body(config().upstream.max_response_bytes + 1));
  if (answer_body_.size() > config().upstream.max_response_bytes) co_return bad_answer();
  relay_ = shard_.relays.take(config().sse.max_event_bytes, true);
  relay_->restart(config().sse.max_event_bytes, true);
  begin_stream();
  const Result<> taken = take_translated(translation_->stream->whole(answer_body_.view()));
  if (!committed_) co_return taken;
  co_return flush_relay(stream_done());
}

// An answer that is not streamed: it is relayed only when all of it is there and sound.
// The common case: all of it came with its head, and is judged and sent where it lies.
bool Exchange::whole_is_here() const {
  return answer_.body.framing() == http::Framing::length &&
         answer_.body.left() <= upstream_->readable().size();
}

Result<> Exchange::take_whole() {
  Bytes received = upstream_->readable();
  const Bytes body = answer_.body.next(received);
  const Result<> relayed = relay_whole(body);
  upstream_->consume(body.size());
  release_upstream(relayed.has_value());
  return relayed;
}

Task<Result<>> Exchange::collect_whole() {
  PENSTOCK_CO_CHECK(co_await collect_body(config().upstream.max_response_bytes + 1));
  if (answer_body_.size() > config().upstream.max_response_bytes) co_return bad_answer();
  release_upstream(answer_.body.done());
  const Result<> relayed = relay_whole(answer_body_.view());
  answer_body_.release();
  co_return relayed;
}

}  // namespace penstock
