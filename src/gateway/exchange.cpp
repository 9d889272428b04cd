#include "gateway/exchange.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>

namespace penstock {
namespace {

// A sustained rate is asked of a body only after this time.
constexpr Duration slow_start = Duration::seconds(10);
constexpr Bytes continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

json::Endpoint json_endpoint(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::completions:
      return json::Endpoint::completions;
    case Endpoint::embeddings:
      return json::Endpoint::embeddings;
    case Endpoint::responses:
    case Endpoint::gemini_generate:
    case Endpoint::gemini_stream:
    case Endpoint::gemini_count:
    case Endpoint::gemini_embed:
    case Endpoint::gemini_embed_batch:
    case Endpoint::rerank:
    case Endpoint::rerank_v2:
    case Endpoint::moderations:
      return json::Endpoint::other;
    default:
      return json::Endpoint::chat;
  }
}

// A request id is taken from the client only in this form, because it goes into headers and logs.
bool good_request_id(Bytes id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

// Puts eight hexadecimal digits.
char* put_hex(char* to, std::uint32_t bits) {
  std::uint64_t spread = bits;
  spread = (spread | spread << 16) & 0x0000'FFFF'0000'FFFFu;
  spread = (spread | spread << 8) & 0x00FF'00FF'00FF'00FFu;
  spread = (spread | spread << 4) & 0x0F0F'0F0F'0F0F'0F0Fu;
  const std::uint64_t letters = (spread + 0x0606'0606'0606'0606u) >> 4 & 0x0101'0101'0101'0101u;
  const std::uint64_t digits = spread + 0x3030'3030'3030'3030u + letters * ('a' - '0' - 10);
  std::memcpy(to, &digits, sizeof digits);
  return to + sizeof digits;
}

std::uint32_t whole_number(Bytes text) {
  if (text.empty()) return 0;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

}  // namespace

Exchange::Exchange(Connection& connection, const http::RequestHead& head, Instant began, bool last)
    : connection_(connection),
      shard_(connection.shard),
      epoch_(connection.shard.epoch()),
      answer_body_(connection.shard.driver.blocks()),
      began_(began) {
  clock_.begin(began);
  read_head(head);
  if (last) keep_alive_ = false;
  const Result<> verdict = judge_head(head);
  if (!verdict) refused_ = verdict.error();
  client().consume(head.bytes);
}

Exchange::Exchange(Connection& connection, Code refusal, Instant began)
    : connection_(connection),
      shard_(connection.shard),
      epoch_(connection.shard.epoch()),
      answer_body_(connection.shard.driver.blocks()),
      began_(began),
      refused_(Error{refusal, Side::client}),
      overheard_(true) {
  clock_.begin(began);
  choose_request_id({});
}

Exchange::~Exchange() {
  if (inflight_) shard_.process.inflight.fetch_sub(1, std::memory_order_relaxed);
  if (upload_) {
    const Result<> settled = upload_->settle(client(), false);
    PENSTOCK_ASSERT(settled.has_value());  // it copied nothing
    upload_->reset();
    shard_.uploads.give(std::move(upload_));
  }
}

// A request and its answer. Whatever happens, it is settled.
Task<ExchangeEnd> Exchange::run() {
  const Result<> outcome = co_await steps();
  if (!outcome) co_await answer_error(told(outcome.error()));
  settle();
  if (client().unsent() > 0) static_cast<void>(co_await wait_for_client(0));
  co_return after_answer();
}

Task<Result<>> Exchange::steps() {
  if (refused_) co_return std::unexpected(*refused_);
  if (!goes_upstream(endpoint_) || method_ == http::Method::options) {
    co_return co_await answer_here();
  }
  PENSTOCK_CO_CHECK(admit());
  if (passage_) co_return co_await pass_through();
  if (!take_body()) PENSTOCK_CO_CHECK(co_await receive_body());
  PENSTOCK_CO_CHECK(read_facts());
  PENSTOCK_CO_CHECK(choose_targets());
  if (counts()) co_return co_await count_tokens();
  PENSTOCK_CO_CHECK(co_await first_answer());
  if (relay_) co_return co_await relay_stream();
  co_return Result<>();
}

// -- The head --

void Exchange::read_head(const http::RequestHead& head) {
  method_ = head.method;
  http10_ = head.version == http::Version::http10;
  keep_alive_ = head.keep_alive;
  expect_continue_ = head.expect_continue;
  request_body_ = BodyReader(head.framing, head.length, config().limits.max_body);
  choose_request_id(head.find(http::Field::x_request_id));
  timeout_ms_ = whole_number(head.find(http::Field::x_penstock_timeout_ms));
  if (timeout_ms_ == 0)
    timeout_ms_ = whole_number(head.find(http::Field::x_portkey_request_timeout));
}

void Exchange::choose_request_id(Bytes wished) {
  if (good_request_id(wished)) {
    request_id_.set(wished);
    return;
  }
  std::array<char, 36> made{'r', 'e', 'q', '_'};
  char* at = made.data() + 4;
  for (const std::uint64_t bits : {shard_.random(), shard_.random()}) {
    at = put_hex(at, static_cast<std::uint32_t>(bits >> 32));
    at = put_hex(at, static_cast<std::uint32_t>(bits));
  }
  request_id_.set({made.data(), made.size()});
}

// Route → method → credential → form of the body, in this order: nothing behind the credential is
// looked at for a caller without one.
Result<> Exchange::judge_head(const http::RequestHead& head) {
  Route found{plain_route(head.path), {}};
  if (found.endpoint == Endpoint::none) {
    found = route(http::route_path(head.path, shard_.scratch.path));
  }
  endpoint_ = found.endpoint;
  dialect_ = dialect_of(endpoint_);
  PENSTOCK_CHECK(judge_length(head));
  if (method_ == http::Method::options && (endpoint_ != Endpoint::none || head.path == "*")) {
    return {};
  }
  if (endpoint_ == Endpoint::none) return fail(Code::not_found, Side::client);
  if (dialect_ != dialect::Dialect::openai_chat) note_hints(head);
  if (!allows(endpoint_, method_)) return fail(Code::method_not_allowed, Side::client);
  if (needs_key(endpoint_)) PENSTOCK_CHECK(identify(head));
  if (endpoint_ == Endpoint::model || names_model(found)) {
    PENSTOCK_TRY(model, find_permitted_model(config(), *key_, found.id));
    model_ = model;
  }
  if (!goes_upstream(endpoint_)) return {};
  if (passes_through(endpoint_)) return judge_passage(head, found.resource);
  if (head.encoded) return fail(Code::unsupported_encoding, Side::client);
  if (head.media_type != http::MediaType::json) {
    return fail(Code::unsupported_media_type, Side::client);
  }
  return {};
}

Result<> Exchange::identify(const http::RequestHead& head) {
  const Bytes credential = http::credential(head.fields);
  const Generation& generation = *epoch_->generation;
  const std::int64_t wall_s = std::time(nullptr);
  const auto fingerprint = shard_.fingerprint(credential);
  Connection::LastKey& last = connection_.last_key;
  const bool same = last.generation == generation.serial && last.fingerprint == fingerprint;
  const Result<KeyIndex> key = same ? generation.keys->confirm(last.key, wall_s)
                                    : generation.keys->identify(credential, wall_s);
  if (!key) {
    if (key.error().code == Code::invalid_api_key) note_failed_key();
    return std::unexpected(key.error());
  }
  last = {generation.serial, fingerprint, *key};
  key_ = *key;
  return {};
}

// Who guesses often pays a connection for each guess. The answer stays the same, and whether a key
// is good is found out as ever: others behind this address have good ones.
void Exchange::note_failed_key() {
  shard_.metrics.failed_keys.add();
  const std::uint32_t limit = config().limits.failed_keys_per_minute;
  if (shard_.process.failed_keys.note(connection_.peer, limit, now())) return;
  shard_.metrics.failed_keys_limited.add();
  keep_alive_ = false;
}

// -- Limits --

Result<> Exchange::admit() {
  const VirtualKey& key = config().at(*key_);
  auto admitted = penstock::admit(key, epoch_->generation->limits->at(*key_), shard_.driver.now());
  if (!admitted) {
    const Refusal& refusal = admitted.error();
    const bool rate = refusal.error.code == Code::rate_limit_exceeded;
    limit_ = LimitNote{rate ? LimitKind::rpm : LimitKind::concurrency, LimitScope::key,
                       rate ? key.rpm : key.concurrency, rate ? key.rpm : key.concurrency};
    admission_.requests = refusal.requests;
    retry_after_ = refusal.retry_after;
    return std::unexpected(refusal.error);
  }
  admission_ = std::move(*admitted);
  inflight_ = true;
  const auto running = shard_.process.inflight.fetch_add(1, std::memory_order_relaxed);
  if (running >= config().limits.max_inflight) {
    limit_ =
        LimitNote{LimitKind::overload, LimitScope::process, config().limits.max_inflight, running};
    return fail(Code::overloaded);
  }
  return {};
}

// -- The body --

// The common case: all of a small body came with its head, and is read where it lies.
bool Exchange::take_body() {
  upload_ = shard_.uploads.take(shard_.driver.blocks());
  Bytes received = client().readable();
  if (request_body_.framing() != http::Framing::length || request_body_.left() > received.size()) {
    return false;
  }
  upload_->in_place = request_body_.next(received);
  bytes_in_ = upload_->in_place.size();
  return true;
}

Task<Result<>> Exchange::receive_body() {
  if (request_body_.left() > 0) {  // one right-sized block, or a refusal before reading
    const auto room = upload_->kept.reserve(static_cast<std::size_t>(request_body_.left()));
    if (!room) co_return fail(Code::overloaded);
  }
  if (expect_continue_ && client().readable().empty())
    PENSTOCK_CO_CHECK(client().send(continue_line));
  expect_continue_ = false;
  const Instant start = now();
  Instant heard = start;
  for (;;) {
    Bytes received = client().readable();
    const std::size_t before = received.size();
    PENSTOCK_CO_CHECK(keep_body(received));
    client().consume(before - received.size());
    if (before > received.size()) heard = now();
    if (request_body_.done()) co_return Result<>();
    if (client().gone()) co_return fail(Code::bad_request, Side::client);
    Deadline limit = Deadline::after(heard, config().client.body_timeout);
    if (config().client.min_body_rate > 0) {
      const auto due = static_cast<std::int64_t>(bytes_in_ / config().client.min_body_rate);
      limit = limit.sooner(Deadline::after(start, {slow_start.ns + Duration::seconds(due).ns}));
    }
    clock_.wait_begin(shard_.driver.clock());
    co_await connection_.signal.wait(limit.sooner(shard_.drain_deadline()));
    end_wait();
    if (client().readable().empty() && !client().gone()) {
      if (shard_.drain_deadline().passed(now())) co_return fail(Code::draining);
      if (limit.passed(now())) co_return fail(Code::request_timeout, Side::client);
    }
  }
}

// Takes what is payload in `received` into the body's block.
Result<> Exchange::keep_body(Bytes& received) {
  for (Bytes part = request_body_.next(received); !part.empty();
       part = request_body_.next(received)) {
    bytes_in_ += part.size();
    if (!upload_->kept.append(part)) return fail(Code::overloaded);
  }
  if (!request_body_.failed()) return {};
  shard_.metrics.parse_errors(static_cast<std::size_t>(request_body_.reason())).add();
  overheard_ = true;
  return fail(http::code_of(request_body_.reason()), Side::client);
}

Result<> Exchange::read_facts() {
  json::Facts& facts = upload_->facts;
  json::RequestRules rules;
  rules.endpoint = json_endpoint(endpoint_);
  rules.model_required = !model_;
  const Result<> read = shard_.scanner.request(upload_->body(), rules, facts);
  if (!read) {
    set_param(facts.param);
    return read;
  }
  stream_ = facts.stream || endpoint_ == Endpoint::gemini_stream;
  if (model_) return {};  // the path named it
  const auto model = find_permitted_model(config(), *key_, facts.model_name(upload_->body()));
  if (!model) {
    param_ = "model";
    unknown_model_ = unknown_name(facts.model_name(upload_->body()));
    return std::unexpected(model.error());
  }
  model_ = *model;
  return {};
}

// The name of the field at fault, for people: without the escapes a client may have spelled it
// with.
void Exchange::set_param(Bytes name) {
  param_ = name;
  if (name.find('\\') == Bytes::npos) return;
  std::array<char, 66> quoted;
  quoted.front() = quoted[name.size() + 1] = '"';
  name.copy(quoted.data() + 1, name.size());
  std::array<char, 64> plain;
  const auto text = json::unescape({quoted.data(), name.size() + 2}, plain);
  unescaped_param_.set(text ? *text : Bytes{});
  param_ = unescaped_param_.view();
}

// -- Targets --

Result<> Exchange::choose_targets() {
  if (upload_->facts.cut_count > 0 && has_wish()) return choose_wished_targets();
  PENSTOCK_TRY(chosen, plan(config(), *model_, {}, pick_of(*model_)));
  plan_ = chosen;
  return {};
}

// What decides among the model's targets, by its strategy.
std::uint64_t Exchange::pick_of(ModelIndex model) {
  const bool in_turn = config().at(model).strategy == Strategy::round_robin;
  return in_turn ? epoch_->turns[static_cast<std::size_t>(model)]++ : shard_.random();
}

// Tries targets in order until one answers. Nothing has reached the client yet, so every failure
// here may still be hidden from it.
Task<Result<>> Exchange::first_answer() {
  Error last{Code::upstream_unavailable};
  std::size_t place = 0;
  std::size_t credential = 0;
  const std::size_t most = std::max<std::size_t>(config().at(*model_).max_attempts, plan_.size());
  while (place < plan_.size() && attempt_count_ < most) {
    target_ = plan_.targets()[place];
    model_ = target().model;
    Duration limit = provider().timeouts.total;
    if (timeout_ms_ > 0) limit = std::min(limit, Duration::milliseconds(timeout_ms_));
    total_ = Deadline::after(began_, limit);
    const Result<> result = co_await attempt(*target_, credential);
    count_attempt(result);
    if (result) co_return result;
    last = result.error();
    if (last.retry == Retry::no || client().gone() || (passage_ && passage_->body_left)) break;
    // The only target gets another chance where a second attempt costs nothing.
    const bool same = last.code == Code::upstream_reset && plan_.size() == 1;
    if (same || (last.code == Code::upstream_auth_failed && token_was_renewed())) continue;
    if (last.code == Code::upstream_auth_failed && credential + 1 < provider().keys.size()) {
      ++credential;
    } else {
      ++place;
      credential = 0;
    }
  }
  co_return std::unexpected(last);
}

// -- Waiting --

// What is lent for this turn must be let go of; the gateway's own time stops.
Result<> Exchange::before_wait() {
  clock_.wait_begin(shard_.driver.clock());
  if (!upload_) return {};
  const bool needed = translation_ || !sent_whole_ || plan_.size() > attempt_count_ + 1u ||
                      endpoint_ == Endpoint::embeddings || provider().keys.size() > 1;
  if (!upload_->settle(client(), needed)) return fail(Code::overloaded);
  return {};
}

void Exchange::end_wait() {
  const Instant left = upstream_ ? upstream_->left_at() : Instant{};
  clock_.wait_end(now(), std::max(left, client().left_at()));
}

Deadline Exchange::until(Deadline step) const {
  return step.sooner(total_).sooner(shard_.drain_deadline());
}

// `heard`: bytes received from the upstream before the wait. The limits of the
// whole exchange hold however much arrives; a step's limit is met by what came late.
Result<> Exchange::after_wait(Deadline step, std::uint64_t heard) {
  end_wait();
  if (client().gone()) return fail(Code::client_closed, Side::client);
  if (shard_.drain_deadline().passed(now())) {
    return fail(committed_ ? Code::gateway_shutdown : Code::draining);
  }
  if (total_.passed(now())) return fail(Code::upstream_timeout, Side::upstream);
  if (upstream_->received_total() > heard) return {};
  if (step.passed(now())) return fail(Code::upstream_timeout, Side::upstream, Retry::yes);
  return {};
}

}  // namespace penstock
