// Exchanges in which OpenAI's chat is not spoken on both sides: requests are written anew for each
// target, answers become the client's, or pass as they are under a watch of their own.
#include "gateway/translation.h"

#include <algorithm>
#include <ctime>

#include "gateway/exchange.h"
#include "gateway/extensions.h"

namespace penstock {
namespace {

using dialect::Dialect;
using hub::ErrorKind;

// Where a provider's words are missing or may not be shown.
constexpr Bytes no_message = "The provider answered with an error and no message.";

std::unexpected<Error> bad_answer() {
  return fail(Code::upstream_bad_response, Side::upstream, Retry::yes);
}
std::unexpected<Error> interrupted() {
  return fail(Code::upstream_stream_interrupted, Side::upstream);
}

ErrorKind kind_of(Code code) {
  switch (code) {
    case Code::invalid_api_key:
    case Code::key_disabled:
      return ErrorKind::authentication;
    case Code::model_not_allowed:
      return ErrorKind::permission;
    case Code::model_not_found:
      return ErrorKind::model_not_found;
    case Code::not_found:
      return ErrorKind::not_found;
    case Code::body_too_large:
      return ErrorKind::too_large;
    case Code::rate_limit_exceeded:
    case Code::too_many_concurrent_requests:
      return ErrorKind::rate_limit;
    case Code::unsupported_by_target:
      return ErrorKind::unsupported;
    case Code::overloaded:
    case Code::draining:
    case Code::upstream_unavailable:
    case Code::gateway_shutdown:
      return ErrorKind::overloaded;
    case Code::request_timeout:
    case Code::upstream_timeout:
      return ErrorKind::timeout;
    default:
      return describe(code).status < 500 ? ErrorKind::invalid_request : ErrorKind::server;
  }
}

Bytes name_of(hub::Finish finish) {
  switch (finish) {
    case hub::Finish::none:
      return {};
    case hub::Finish::length:
    case hub::Finish::context_full:
      return "length";
    case hub::Finish::tool_calls:
      return "tool_calls";
    case hub::Finish::content_filter:
    case hub::Finish::refusal:
      return "content_filter";
    case hub::Finish::error:
      return "error";
    default:
      return "stop";
  }
}

json::Count count_of(hub::Tokens tokens) {
  if (!tokens.present) return {};
  const auto most = std::min<std::uint64_t>(tokens.value, json::tokens_counted_max);
  return {json::Count::State::present, static_cast<std::uint32_t>(most)};
}

// Statuses that only some clients know, as those of the others.
std::uint16_t status_for(Dialect client, std::uint16_t status) {
  switch (status) {
    case 529:
      return client == Dialect::anthropic ? 529 : 503;
    case 498:
      return 503;
    case 424:
      return 502;
    default:
      return status;
  }
}

}  // namespace

// -- The request --

// Notes what the head says to other dialects; the request is then known to need a Translation.
void Exchange::note_hints(const http::RequestHead& head) {
  translation_ = std::make_unique<Translation>(config().limits.max_body);
  if (dialect_ == Dialect::anthropic) {
    const http::FieldLine* const version = head.fields.find("anthropic-version");
    if (version != nullptr && sendable_anthropic_version(version->value)) {
      translation_->anthropic_version = version->value;
    }
    const http::FieldLine* const beta = head.fields.find("anthropic-beta");
    if (beta != nullptr && sendable_anthropic_beta(beta->value)) {
      translation_->anthropic_beta = beta->value;
    }
  }
  translation_->json_array =
      endpoint_ == Endpoint::gemini_stream && head.query.find("alt=sse") == Bytes::npos;
}

// A client of OpenAI's chat or legacy completions, whose hints are all in the body.
bool Exchange::speaks_openai() const {
  return dialect_ == Dialect::openai_chat || dialect_ == Dialect::openai_completions;
}

// What is asked of the target: legacy completions are chat where they are written anew.
Service Exchange::upstream_service() const {
  const Service service = service_of(endpoint_);
  const bool translated = translation_ && translation_->translates;
  return translated && service == Service::completions ? Service::chat : service;
}

// Whether the target must be written to in another way than the client wrote.
bool Exchange::needs_translation() const {
  switch (service_of(endpoint_)) {
    case Service::count_tokens:
      return needs_count_call();
    case Service::chat:
      if (target().dialect != dialect_) return true;
      // Targets are asked for events, which are no array.
      if (stream_ && translation_ && translation_->json_array) return true;
      // The same dialect, but the model stands in the address and the version in the body.
      if (dialect_ == Dialect::anthropic &&
          (provider().kind == ProviderKind::vertex || provider().kind == ProviderKind::bedrock)) {
        return true;
      }
      return carries_signatures();
    case Service::completions:
      return !facts_of(provider().kind).services.has(Service::completions);
    case Service::embeddings:
    case Service::rerank:
    case Service::moderations:
      return !takes_form(provider().kind, endpoint_);
    default:
      return false;
  }
}

// Whether the client gives back what some issuer signed, which may be another than this target. For
// an alias with one target it is the same.
bool Exchange::carries_signatures() const {
  if (config().at(*model_).target_count == 1 && dialect_ == Dialect::openai_chat) return false;
  return std::ranges::any_of(dialect::dialect_of(dialect_).carriers, [this](Bytes carrier) {
    return !carrier.empty() && upload_->body().find(carrier) != Bytes::npos;
  });
}

// Makes the request ready for the target of this attempt.
Result<> Exchange::prepare_request() {
  const bool translates = needs_translation();
  if (!translates && speaks_openai()) {  // the ordinary way, whatever the last target was
    translation_.reset();
    return {};
  }
  if (!translation_) translation_ = std::make_unique<Translation>(config().limits.max_body);
  Translation& own = *translation_;
  own.translates = translates;
  own.note.reset();
  own.stream.reset();
  own.watch.reset();
  own.dropped.clear();
  own.traits = traits_of(provider(), config().at(*model_), target());
  if (!translates) return {};
  if (is_side(endpoint_)) return write_side_request();
  if (counts()) return write_count_call();
  if (!own.read) PENSTOCK_CHECK(read_request());
  own.place_betas(provider().kind);
  const Result<> written =
      translate::write_request(target().dialect, own.request, own.traits, own.body, own.losses);
  if (!written) {
    param_ = own.losses.refused;
    reason_ = own.losses.reason;
    return written;
  }
  own.write_dropped();
  return {};
}

Result<> Exchange::read_request() {
  Translation& own = *translation_;
  // What is read views the body, which must stay where it is from here on.
  if (!upload_->settle(client(), true)) return fail(Code::overloaded);
  const Result<> read =
      translate::read_request(dialect_, upload_->body(), shard_.bench, own.request, own.issue);
  if (!read) {
    set_param(own.issue.param);
    reason_ = own.issue.reason;
    return read;
  }
  own.read = true;
  own.request.stream = stream_;
  forget_extensions(upload_->body(), upload_->facts, own.request.extra);
  return {};
}

void Translation::write_dropped() {
  dropped.clear();
  for (const Bytes field : losses.dropped) {
    if (!http::sendable_name(field) || dropped.size() + field.size() > dropped_bytes_max) continue;
    if (!dropped.empty()) dropped += ", ";
    dropped += field;
  }
}

dialect::AnswerContext Exchange::answer_context() const {
  dialect::AnswerContext context;
  context.request_id = request_id_.view();
  context.model = target().upstream_model;
  context.created = std::time(nullptr);
  const Translation& own = *translation_;
  context.json_array = own.json_array;
  if (!upload_) return context;  // the stream has begun, and what the request views is gone
  context.include_usage = upload_->facts.include_usage;
  if (own.read) {
    context.request = &own.request;
    context.show_reasoning = own.request.reasoning.show.value_or(true);
    context.input_tokens_estimate = dialect::estimate_input_tokens(own.request);
  }
  return context;
}

// Whether the stream's writer still looks at what was asked: Responses tells it in its last event,
// and calls are told by the tools that were given.
bool Exchange::needs_request() const {
  return translation_ && translation_->stream &&
         (dialect_ == Dialect::openai_responses || !translation_->request.tools.empty());
}

// -- A whole answer --

void Exchange::take_usage(const hub::Usage& usage, hub::Finish finish) {
  finish_.set(name_of(finish));
  if (!usage.any()) return;
  usage_.present = true;
  usage_.prompt_tokens = count_of(usage.input_total());
  usage_.completion_tokens = count_of(usage.output_total());
  usage_.cached_tokens = count_of(usage.cache_read);
  if (usage.cache_write() > 0) usage_.cache_write_tokens = count_of(usage.cache_write());
  usage_.reasoning_tokens = count_of(usage.reasoning);
}

Result<> Exchange::relay_whole_translated(Bytes body) {
  if (is_side(endpoint_)) return relay_side_answer(body);
  if (counts()) return relay_count(body);
  Translation& own = *translation_;
  translate::AnswerFacts facts;
  const Result<> translated =
      translate::translate_answer(dialect_, target().dialect, body, own.traits, answer_context(),
                                  shard_.bench, own.answer, facts);
  take_usage(facts.usage, facts.finish);
  keep_usage(facts.usage_reported);
  if (facts.error) keep_note(*facts.error);
  if (!translated) return bad_answer();
  return send_answer(own.answer.text());
}

// Judges an answer in the client's own dialect, which passes as it is.
Result<> Exchange::watch_whole(Bytes body) {
  Translation& own = *translation_;
  translate::AnswerFacts facts;
  if (service_of(endpoint_) == Service::chat) {
    const Result<> watched =
        translate::watch_answer(target().dialect, body, own.traits, shard_.bench, facts);
    if (facts.error) keep_note(*facts.error);
    if (!watched) return bad_answer();
  } else {
    json::AnswerFacts ignored;
    if (!shard_.scanner.answer(body, ignored)) return bad_answer();
  }
  take_usage(facts.usage, facts.finish);
  keep_usage(facts.usage_reported);
  return send_answer(body);
}

// -- Streams --

bool Exchange::takes(http::MediaType type) const {
  if (!stream_) return type == http::MediaType::json;
  if (!translation_ || !translation_->translates) return type == http::MediaType::event_stream;
  switch (dialect::dialect_of(target().dialect).framing) {
    case dialect::Framing::ndjson:
      return type == http::MediaType::ndjson || type == http::MediaType::json;
    case dialect::Framing::aws_event_stream:
      return type == http::MediaType::aws_event_stream;
    case dialect::Framing::sse:
      return translation_->traits.in_bedrock_invoke ? type == http::MediaType::aws_event_stream
                                                    : type == http::MediaType::event_stream;
  }
  return false;
}

void Exchange::begin_stream() {
  Translation& own = *translation_;
  if (own.translates)
    own.stream.emplace(dialect_, target().dialect, own.traits, answer_context(), shard_.bench,
                       static_cast<std::size_t>(config().sse.max_event_bytes));
  else
    own.watch.emplace(target().dialect, own.traits, shard_.bench);
}

bool Exchange::stream_done() const {
  if (!translation_) return relay_->watcher.done();
  if (translation_->stream) return translation_->stream->done();
  return translation_->watch ? translation_->watch->done() : relay_->watcher.done();
}

Result<> Exchange::translate_part(Bytes part) {
  return take_translated(translation_->stream->feed(part));
}

// What the translation made of the upstream's bytes: nothing yet, something for the client, an
// error.
Result<> Exchange::take_translated(Result<> step) {
  translate::StreamTranslation& stream = *translation_->stream;
  if (!committed_) {
    if (stream.error() != nullptr) {
      keep_note(*stream.error());
      return bad_answer();
    }
    if (!step) return bad_answer();
    if (!stream.started()) return {};
    PENSTOCK_CHECK(commit_stream());
  }
  take_usage(stream.usage(), stream.finish_reason());
  PENSTOCK_CHECK(append_relay(stream.output()));
  stream.drained();
  return step && stream.error() == nullptr ? Result<>() : interrupted();
}

// One event of a stream that passes as it is.
Result<> Exchange::watch_event(const sse::Event& event) {
  translate::StreamWatch& watch = *translation_->watch;
  const Result<> sound = watch.look(event.name, event.data);
  if (!committed_) {
    if (watch.error() != nullptr) keep_note(*watch.error());
    if (!sound || watch.error() != nullptr) return bad_answer();
    PENSTOCK_CHECK(commit_stream());
  }
  take_usage(watch.usage(), watch.finish_reason());
  if (!sound) return interrupted();
  PENSTOCK_CHECK(emit(event, {}));
  if (watch.error() == nullptr) return {};
  relay_->told = true;
  return interrupted();
}

// The upstream's body ended in an orderly way, which for some dialects is the end of the answer.
Result<> Exchange::end_body() {
  if (!translation_) {
    // A server that is known to say no last word: the client gets the one it waits for.
    if (quirks_of(provider(), target()).terminator || relay_->watcher.finish_reason().empty()) {
      return {};
    }
    relay_->framer.feed("data: [DONE]\n\n");
    return pass_part();
  }
  if (translation_->stream) return take_translated(translation_->stream->finish());
  if (!translation_->watch) return {};
  const Result<> complete = translation_->watch->finish();
  take_usage(translation_->watch->usage(), translation_->watch->finish_reason());
  if (complete) return {};
  return committed_ ? interrupted() : bad_answer();
}

// A sign of life in the client's dialect.
Result<> Exchange::send_heartbeat() {
  constexpr Bytes comment = ":\n\n";
  constexpr Bytes ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
  if (!translation_ || !translation_->stream) {
    return append_relay(dialect_ == Dialect::anthropic ? ping : comment);
  }
  translation_->stream->heartbeat();
  PENSTOCK_CHECK(append_relay(translation_->stream->output()));
  translation_->stream->drained();
  return {};
}

// The last event of a stream that did not end well, in the client's dialect.
void Exchange::write_stream_error(Error error) {
  Translation& own = *translation_;
  hub::ErrorNote note = own.note ? *own.note : error_note(error);
  note.metadata =
      write_error_metadata(error_body(error.code), own.note.has_value(), shard_.scratch.body);
  Bytes event;
  if (own.stream) {
    own.stream->fail(note);
    event = own.stream->output();
  } else if (!relay_->told) {
    own.answer.clear();
    dialect::AnswerContext context = answer_context();
    if (own.watch) context.events_relayed = own.watch->events();
    dialect::dialect_of(dialect_).stream_writer(context, own.answer)->fail(note);
    event = own.answer.text();
  }
  if (!append_relay(event) || !flush_relay(true)) status_ = 499;
}

// -- Errors --

// Keeps the provider's words, as far as they may be shown; where they stand is gone soon.
void Exchange::keep_note(const hub::ErrorNote& note) {
  Translation& own = *translation_;
  own.note = note;
  make_showable(*own.note, config());
  const std::array<Bytes*, 5> views{&own.note->message, &own.note->type, &own.note->code,
                                    &own.note->param, &own.note->request_id};
  std::size_t bytes = 0;
  for (Bytes* view : views) {
    if (reflects_token(*view)) *view = {};
    if (view == &own.note->message && view->empty()) *view = no_message;
    bytes += view->size();
  }
  std::vector<char> words;
  words.reserve(bytes);  // so that the views into it stay
  for (Bytes* view : views) {
    const char* const at = words.data() + words.size();
    words.insert(words.end(), view->begin(), view->end());
    *view = {at, view->size()};
  }
  own.note_words = std::move(words);
}

void Exchange::take_refusal(Bytes body) {
  hub::ErrorNote note;
  note.type = answer_.error_name.view();
  translate::read_error(error_dialect(), answer_.status, body, shard_.bench, note);
  take_wait(note);
  keep_note(note);
}

// One of our own errors, for a dialect other than OpenAI's.
hub::ErrorNote Exchange::error_note(Error error) const {
  const ErrorText& text = describe(error.code);
  hub::ErrorNote note;
  note.kind = kind_of(error.code);
  note.status = text.status;
  note.message = reason_.empty() ? text.message : reason_;
  note.type = text.type;
  note.code = text.code;
  note.param = param_;
  note.request_id = request_id_.view();
  return note;
}

// True when the body of an error is for the client's dialect to write.
bool Exchange::writes_own_errors() const {
  if (!translation_) return false;
  return translation_->note || !speaks_openai();
}

Bytes Exchange::write_error(hub::ErrorNote note, AnswerHead& head) {
  head.status = status_for(dialect_, note.status == 0 ? 502 : note.status);
  note.request_id = request_id_.view();
  translate::write_error(dialect_, note, translation_->answer);
  return translation_->answer.text();
}

}  // namespace penstock
