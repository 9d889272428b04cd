// Requests that are passed through: what is read of them, where they go, and how the bytes of a
// body become what the provider gets.
#include "gateway/passage.h"

#include <algorithm>

#include "gateway/exchange.h"

namespace penstock {
namespace {

constexpr std::size_t resource_bytes_max = 2048;
constexpr Bytes wanted_field = "model";

constexpr Bytes wants_form =
    "The request body must be a form: send 'Content-Type: multipart/form-data' with its boundary.";
constexpr Bytes bad_form = "The form is malformed.";
constexpr Bytes short_form = "The form ends early.";
constexpr Bytes no_target = "No model that this key may use is at a provider that serves this.";
constexpr Bytes late_model =
    "The model stands too far behind in the form, and another provider was chosen by then. Put it "
    "before the file, or name it in X-Penstock-Model.";

std::unexpected<Error> client_fault(Code code) {
  return fail(code, Side::client);
}

json::Count count_of(json::View value) {
  const auto number = value.integer();
  if (!number || *number < 0) return {};
  const auto most = std::min<std::int64_t>(*number, json::tokens_counted_max);
  return {json::Count::State::present, static_cast<std::uint32_t>(most)};
}

}  // namespace

// -- The head --

// Keeps what is needed of the head, and judges the form of the body.
Result<> Exchange::judge_passage(const http::RequestHead& head, Bytes resource) {
  passage_ = std::make_unique<Passage>(passage_rule(endpoint_), shard_.driver.blocks());
  Passage& own = *passage_;
  own.fixed_model = model_.has_value();
  own.resource = resource;
  if (method_ == http::Method::get) own.resource += passed_query(head.query);
  if (own.resource.size() > resource_bytes_max) return client_fault(Code::uri_too_long);
  if (!model_) {
    const http::FieldLine* const field = head.fields.find("x-penstock-model");
    const std::string name = field ? std::string(field->value) : model_of_query(head.query);
    if (!name.empty()) PENSTOCK_CHECK(name_passed_model(name));
  }
  if (head.encoded) return client_fault(Code::unsupported_encoding);
  if (method_ != http::Method::post || (!own.rule.json && !own.rule.form)) return {};
  if (own.rule.json && head.media_type == http::MediaType::json) {
    own.body = PassageBody::json;
    return {};
  }
  if (!own.rule.form) return client_fault(Code::unsupported_media_type);
  const Bytes type = head.find(http::Field::content_type);
  if (!multipart::boundary_of(type) || !sendable_content_type(type)) {
    reason_ = wants_form;
    return client_fault(Code::unsupported_media_type);
  }
  own.body = own.rule.has_model ? PassageBody::form : PassageBody::raw;
  own.content_type = type;
  if (head.framing == http::Framing::length) own.declared = head.length;
  request_body_ = BodyReader(head.framing, head.length, config().limits.max_passthrough_body);
  return {};
}

// A body may be as long as what becomes of it allows.
Result<> Exchange::judge_length(const http::RequestHead& head) {
  const Limits& limits = config().limits;
  if (head.framing != http::Framing::length || head.length <= limits.max_body) return {};
  const bool streams = passes_through(endpoint_) && passage_rule(endpoint_).form &&
                       head.media_type != http::MediaType::json;
  if (streams && head.length <= limits.max_passthrough_body) return {};
  shard_.metrics.parse_errors(static_cast<std::size_t>(http::Reason::body_too_large)).add();
  return client_fault(Code::body_too_large);
}

Result<> Exchange::name_passed_model(Bytes name) {
  const auto model = find_permitted_model(config(), *key_, name);
  if (!model) {
    param_ = wanted_field;
    unknown_model_ = unknown_name(name);
    return std::unexpected(model.error());
  }
  model_ = *model;
  return {};
}

// -- The model, and the targets that follow --

Result<> Exchange::read_passed_json() {
  json::Facts& facts = upload_->facts;
  json::RequestRules rules;
  rules.endpoint = json::Endpoint::other;
  rules.model_required = false;
  const Result<> read = shard_.scanner.request(upload_->body(), rules, facts);
  if (!read) {
    set_param(facts.param);
    return read;
  }
  if (!passage_->rule.has_model || passage_->fixed_model || facts.model.empty()) return {};
  return name_passed_model(facts.model_name(upload_->body()));
}

// Reads ahead in a form, until its model is known or it is clear that it will not be.
Result<> Exchange::look_at_form() {
  Passage& own = *passage_;
  Bytes received = client().readable();
  const std::size_t before = received.size();
  while (!own.looked) {
    Bytes window = received.substr(0, Passage::look_ahead_bytes - own.ahead.size());
    const std::size_t offered = window.size();
    const Bytes part = request_body_.next(window);
    const std::size_t read = offered - window.size();
    received.remove_prefix(read);
    if (part.empty() && read > 0 && !received.empty()) continue;  // the window was all framing
    if (part.empty()) break;
    bytes_in_ += part.size();
    own.body_heard = now();
    if (!own.ahead.append(part)) return fail(Code::overloaded);
    Bytes in = part;
    for (multipart::Piece piece = own.form->next(in); piece.kind != multipart::Piece::Kind::more;
         piece = own.form->next(in)) {
      if (piece.kind == multipart::Piece::Kind::value && !own.form_model) {
        own.form_model = std::string(piece.bytes);
      }
    }
    if (own.form->failed()) return refuse_form(bad_form);
    own.looked = own.form_model || own.ahead.size() >= Passage::look_ahead_bytes;
  }
  client().consume(before - received.size());
  if (request_body_.failed()) return refuse_body();
  if (request_body_.done()) {
    own.looked = true;
    if (!own.form_model && !own.form->done()) return refuse_form(short_form);
  }
  if (!own.looked || !own.form_model || own.fixed_model) return {};
  return name_passed_model(*own.form_model);
}

Result<> Exchange::refuse_form(Bytes reason) {
  reason_ = reason;
  return client_fault(Code::bad_request);
}

// The framing of the body is broken, or it is longer than allowed.
Result<> Exchange::refuse_body() {
  shard_.metrics.parse_errors(static_cast<std::size_t>(request_body_.reason())).add();
  overheard_ = true;
  return fail(http::code_of(request_body_.reason()), Side::client);
}

bool Exchange::has_resource(const Target& target) const {
  return facts_of(config().at(target.provider).kind).resources.has(passage_->rule.resource);
}

// Images and audio go where their model goes, as far as the provider has them. Files and batches
// stay at one provider: the first of the model's targets that has them, of any model if none is
// named.
Result<> Exchange::choose_passage_targets() {
  if (upload_ && has_wish()) return choose_wished_passage();
  const Snapshot& snapshot = config();
  std::vector<std::uint64_t> fit((snapshot.targets.size() + 63) / 64);
  std::optional<TargetIndex> first;
  for (std::size_t i = 0; i < snapshot.targets.size(); ++i) {
    const Target& candidate = snapshot.targets[i];
    if (model_ ? candidate.model != *model_ : !snapshot.at(*key_).may_use(candidate.model))
      continue;
    if (!has_resource(candidate)) continue;
    fit[i / 64] |= std::uint64_t{1} << (i % 64);
    if (!first) first = static_cast<TargetIndex>(i);
  }
  if (!first) {
    reason_ = no_target;
    return client_fault(Code::unsupported_by_target);
  }
  if (!model_ || !passage_->rule.has_model) {
    model_ = snapshot.at(*first).model;
    plan_ = {};
    plan_.add(*first);
    return {};
  }
  PENSTOCK_TRY(chosen, plan(snapshot, *model_, fit, pick_of(*model_)));
  plan_ = chosen;
  return {};
}

// -- What the provider gets --

// The path, the fields and the body's length of a request that is passed through.
Result<Bytes> Exchange::passed_path() {
  return upstream_resource_path(provider(), target(), passage_->resource, shard_.scratch.path);
}

void Exchange::describe_passage(UpstreamRequest& request) const {
  request.method = method_;
  request.any_answer = true;
  request.content_type = passage_->content_type;
  request.chunked = passage_->chunked;
}

// A body that does not stream: nothing, or JSON with the target's model.
Result<> Exchange::passed_body(Gather& out) {
  if (passage_->body != PassageBody::json) return {};
  json::RequestEdits edits;
  if (passage_->rule.has_model) edits.model = target().upstream_model;
  if (json::splice_request(upload_->body(), upload_->facts, edits, upload_->splice, out)) return {};
  return fail(Code::internal_error);
}

// Begins the body for this attempt: what was read ahead, with the target's model in its place.
// Returns its length, or nothing when that is not known.
Result<std::optional<std::uint64_t>> Exchange::begin_passed_body() {
  Passage& own = *passage_;
  own.told_model = false;
  own.pieces.clear();
  own.form.reset();
  std::optional<std::uint64_t> length = own.declared;
  if (own.body == PassageBody::form) {
    const Bytes model = target().upstream_model;
    own.form.emplace(own.boundary(), wanted_field);
    own.added_part = own.form->delimiter();
    own.added_part += "\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n";
    own.added_part += model;
    if (own.form_model && length) {
      *length += model.size();
      *length -= own.form_model->size();
    } else if (request_body_.done()) {  // all of it was read ahead
      length = own.ahead.size() + own.added_part.size();
      if (own.form_model) length = own.ahead.size() + model.size() - own.form_model->size();
    } else {
      length.reset();
    }
  }
  own.chunked = !length.has_value();
  PENSTOCK_CHECK(add_passed(own.ahead.view()));
  return length;
}

// Sends the head and what was read ahead.
Result<> Exchange::push_passed_head(std::size_t credential) {
  Passage& own = *passage_;
  PENSTOCK_TRY(length, begin_passed_body());
  UpstreamRequest request;
  PENSTOCK_TRY(path, passed_path());
  request.path = path;
  request.credential = credential;
  request.body_bytes = length.value_or(0);
  describe_passage(request);
  PENSTOCK_TRY(head, write_upstream_head(provider(), request, shard_.scratch.head));
  own.body_left = own.ended = false;
  if (!upstream_->send(head)) return fail(Code::upstream_reset, Side::upstream);
  return send_passed_pieces(request_body_.done());
}

// Adds a part of the client's body to what is sent next.
Result<> Exchange::add_passed(Bytes part) {
  Passage& own = *passage_;
  const auto add = [&](Bytes bytes) {
    if (bytes.empty()) return;
    if (!own.pieces.empty() &&
        own.pieces.back().data() + own.pieces.back().size() == bytes.data()) {
      own.pieces.back() = {own.pieces.back().data(), own.pieces.back().size() + bytes.size()};
    } else {
      own.pieces.push_back(bytes);
    }
  };
  if (!own.form) {
    add(part);
    return {};
  }
  using Kind = multipart::Piece::Kind;
  for (auto piece = own.form->next(part); piece.kind != Kind::more; piece = own.form->next(part)) {
    if (piece.kind == Kind::value) {
      PENSTOCK_CHECK(pass_model(piece.bytes));
      add(target().upstream_model);
      continue;
    }
    if (piece.kind == Kind::closing && !own.told_model) add(own.added_part);
    add(piece.bytes);
  }
  return own.form->failed() ? refuse_form(bad_form) : Result<>();
}

// The client's `model` in a form. One that was not seen ahead must be served by the provider that
// was chosen without it.
Result<> Exchange::pass_model(Bytes name) {
  Passage& own = *passage_;
  param_ = wanted_field;
  if (own.told_model) return client_fault(Code::duplicate_field);
  own.told_model = true;
  if (!own.form_model && !own.fixed_model) {
    const auto model = find_permitted_model(config(), *key_, name);
    if (!model) {
      unknown_model_ = unknown_name(name);
      return std::unexpected(model.error());
    }
    if (*model != *model_) PENSTOCK_CHECK(move_to_model(*model));
  }
  param_ = {};
  return {};
}

// Another model at the same provider.
Result<> Exchange::move_to_model(ModelIndex model) {
  const Model& wanted = config().at(model);
  for (std::uint16_t i = 0; i < wanted.target_count; ++i) {
    const auto at = static_cast<TargetIndex>(static_cast<std::size_t>(wanted.first_target) + i);
    if (config().at(at).provider != target().provider) continue;
    model_ = model;
    target_ = at;
    return {};
  }
  reason_ = late_model;
  return client_fault(Code::invalid_value);
}

// Gives the provider all that the client has sent meanwhile.
Result<> Exchange::push_passed_body() {
  Passage& own = *passage_;
  Bytes received = client().readable();
  const std::size_t before = received.size();
  Result<> sound;
  while (sound) {
    const Bytes part = request_body_.next(received);
    if (part.empty()) break;
    bytes_in_ += part.size();
    sound = add_passed(part);
  }
  if (sound && request_body_.failed()) sound = refuse_body();
  if (sound && request_body_.done() && own.form && !own.form->done())
    sound = refuse_form(short_form);
  if (sound) sound = send_passed_pieces(request_body_.done());
  if (before > received.size()) own.body_heard = now();
  client().consume(before - received.size());
  return sound;
}

// Sends the pieces, as one chunk where the body is chunked. `last`: they end it.
Result<> Exchange::send_passed_pieces(bool last) {
  Passage& own = *passage_;
  std::uint64_t bytes = 0;
  for (const Bytes piece : own.pieces) bytes += piece.size();
  std::array<char, http::chunk_size_bytes_max> size;
  if (own.chunked && bytes > 0) {
    own.pieces.insert(own.pieces.begin(), http::write_chunk_size(size, bytes));
    own.pieces.push_back(http::chunk_end);
  }
  if (own.chunked && last) own.pieces.push_back(http::last_chunk);
  const std::span<const Bytes> pieces(own.pieces);
  Result<> sent;
  for (std::size_t at = 0; at < pieces.size() && sent; at += Gather::pieces_max) {
    sent = upstream_->send(pieces.subspan(at, std::min(Gather::pieces_max, pieces.size() - at)));
  }
  if (!own.pieces.empty()) own.body_left = true;
  own.ended = last;
  own.pieces.clear();
  own.body_moved = now();
  return sent ? Result<>() : Result<>(fail(Code::upstream_reset, Side::upstream));
}

// -- The answer --

void Exchange::note_passed_answer(const http::ResponseHead& head) {
  Passage& own = *passage_;
  const Bytes type = head.find(http::Field::content_type);
  own.answer_type = sendable_content_type(type) ? type : Bytes("application/octet-stream");
  const http::FieldLine* const disposition = head.fields.find("content-disposition");
  constexpr std::size_t disposition_bytes_max = 512;
  own.disposition.clear();
  if (disposition && disposition->value.size() <= disposition_bytes_max &&
      http::sendable_value(disposition->value)) {
    own.disposition = disposition->value;
  }
}

// The point of no return: the head goes to the client, the body follows as it comes.
Result<> Exchange::begin_passed_answer() {
  Passage& own = *passage_;
  if (answer_.encoded) return fail(Code::upstream_bad_response, Side::upstream, Retry::yes);
  const http::Framing framing = answer_.body.framing();
  own.json_answer = own.rule.has_model && answer_.media_type == http::MediaType::json;
  own.to_close =
      http10_ && (framing == http::Framing::chunked || framing == http::Framing::to_close);
  stream_ = answer_.media_type == http::MediaType::event_stream;
  if (stream_ && own.rule.has_model) own.scout.emplace();
  if (!request_body_.done()) overheard_ = true;  // an answer before the end of the request
  if (own.to_close || overheard_) keep_alive_ = false;
  clock_.enter_response(now());
  AnswerHead head = answer_head(answer_.status);
  head.event_stream = stream_;
  if (framing != http::Framing::none) head.content_type = own.answer_type;
  head.content_disposition = own.disposition;
  if (framing == http::Framing::none) {
    head.framing = answer_.status == 204 ? BodyFraming::none : BodyFraming::length;
  } else if (framing == http::Framing::length) {
    head.framing = BodyFraming::length;
    head.length = answer_.body.left();
  } else {
    head.framing = own.to_close ? BodyFraming::to_close : BodyFraming::chunked;
  }
  own.chunked_answer = head.framing == BodyFraming::chunked;
  PENSTOCK_TRY(written, write_answer_head(head, shard_.scratch.head));
  status_ = answer_.status;
  committed_ = true;
  first_byte_ = now();
  if (upload_) {
    PENSTOCK_CHECK(upload_->settle(client(), false));
    upload_->reset();
    shard_.uploads.give(std::move(upload_));
  }
  if (client().send(written)) return {};
  status_ = 499;
  return fail(Code::client_closed, Side::client);
}

// Sends what has arrived of the answer. True when that was all of it.
Result<bool> Exchange::pass_answer_bytes() {
  Passage& own = *passage_;
  Bytes received = upstream_->readable();
  const std::size_t before = received.size();
  bool done = answer_.body.done();
  while (!done) {
    std::array<char, http::chunk_size_bytes_max> size;
    Gather parts;
    while (parts.pieces().size() < Gather::pieces_max - 3) {
      const Bytes part = answer_.body.next(received);
      if (part.empty()) break;
      parts.add(part);
      if (own.scout) own.scout->feed(part);
      if (!own.json_answer) continue;
      own.json_answer = answer_body_.size() + part.size() <= Passage::usage_bytes_max &&
                        answer_body_.append(part).has_value();
      if (!own.json_answer) answer_body_.release();
    }
    // A body that runs to the close is complete when the close was orderly.
    done = answer_.body.done() || (answer_.body.framing() == http::Framing::to_close &&
                                   received.empty() && upstream_->ended() && !upstream_->broken());
    bytes_out_ += parts.bytes();
    Gather message;
    if (own.chunked_answer && !parts.empty())
      message.add(http::write_chunk_size(size, parts.bytes()));
    for (const Bytes part : parts.pieces()) message.add(part);
    if (own.chunked_answer && !parts.empty()) message.add(http::chunk_end);
    if (own.chunked_answer && done) message.add(http::last_chunk);
    if (!message.empty() && !client().send(message.pieces())) {
      return fail(Code::client_closed, Side::client);
    }
    if (parts.empty()) break;
  }
  upstream_->consume(before - received.size());
  if (answer_.body.failed()) return fail(Code::upstream_stream_interrupted, Side::upstream);
  return done;
}

// Tokens, where a whole answer in JSON or an event of a stream tells them.
void Exchange::read_passed_usage() {
  const Passage& own = *passage_;
  const bool whole = own.json_answer && !answer_body_.empty();
  const Bytes text = whole ? answer_body_.view() : own.scout ? own.scout->found() : Bytes{};
  if (text.empty()) return;
  const auto root = shard_.bench.document.read(text, json::Judge::answer);
  if (!root) return;
  const json::View usage = whole ? (*root)["usage"] : *root;
  if (!usage.is_object()) return;
  keep_usage(usage.raw());
  usage_.present = true;
  usage_.prompt_tokens = count_of(usage["input_tokens"]);
  usage_.completion_tokens = count_of(usage["output_tokens"]);
  usage_.total_tokens = count_of(usage["total_tokens"]);
  usage_.cached_tokens = count_of(usage["input_tokens_details"]["cached_tokens"]);
}

}  // namespace penstock
