// One request and its answer: admit → body → plan → attempt* → commit → relay → settle.
// `run` reads like that line; exchange.cpp has the steps until an answer begins, attempt.cpp the
// dealings with one target, relay.cpp what follows the commit, settle.cpp the settling.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "gateway/answers.h"
#include "gateway/body_reader.h"
#include "gateway/connection.h"
#include "gateway/exchange_end.h"
#include "gateway/passage.h"
#include "gateway/relay.h"
#include "gateway/routes.h"
#include "gateway/shard.h"
#include "gateway/translation.h"
#include "gateway/upload.h"
#include "penstock/kept_value.h"
#include "penstock/policy.h"
#include "penstock/telemetry.h"

namespace penstock {

struct RouteWish;
struct WishIssue;

class Exchange {
 public:
  // Digests the parsed head, whose views die with the next wait, and takes it off the stream.
  // `began`: when the first byte of the request was read. `last`: the connection closes after it.
  Exchange(Connection& connection, const http::RequestHead& head, Instant began, bool last);
  // For bytes that are no request: only says so.
  Exchange(Connection& connection, Code refusal, Instant began);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  Task<ExchangeEnd> run();

 private:
  // A few characters that must outlive the bytes they came from.
  struct Text {
    std::array<char, 64> text;
    std::uint8_t size = 0;
    Bytes view() const { return {text.data(), size}; }
    void set(Bytes bytes) {
      size = static_cast<std::uint8_t>(bytes.copy(text.data(), text.size()));
    }
  };

  // What the upstream's head said.
  struct Answer {
    std::uint16_t status = 0;
    http::MediaType media_type = http::MediaType::none;
    bool encoded = false;
    bool keep_alive = false;
    std::uint32_t retry_after_s = 0;
    std::optional<bool> should_retry;  // when the provider says so, of a failure
    BodyReader body;
    Text request_id;
    Text error_name;  // Bedrock's
  };

  // -- The steps until an answer begins (exchange.cpp).
  void read_head(const http::RequestHead& head);
  void choose_request_id(Bytes wished);
  Result<> judge_head(const http::RequestHead& head);
  Result<> identify(const http::RequestHead& head);
  void note_failed_key();
  Task<Result<>> steps();
  Result<> admit();
  bool take_body();
  Task<Result<>> receive_body();
  Result<> keep_body(Bytes& received);
  Result<> read_facts();
  void note_hints(const http::RequestHead& head);
  void set_param(Bytes name);
  Result<> choose_targets();
  std::uint64_t pick_of(ModelIndex model);
  Task<Result<>> first_answer();

  // -- Requests that say where they may go (routing.cpp).
  bool has_wish() const;
  Result<> read_wish(RouteWish& wish);
  void tell_issue(const WishIssue& issue);
  Result<> choose_wished_targets();
  Result<> choose_wished_passage();
  Result<TargetMask> wished_targets(const RouteWish& wish, ModelIndex index, WishIssue& issue);
  Result<Bytes> lost_at_target();

  // -- One target (attempt.cpp).
  Task<Result<>> attempt(TargetIndex target, std::size_t credential);
  bool take_pooled(ProviderIndex provider);
  Task<Result<>> connect(ProviderIndex provider);
  void begin_upstream();
  Result<> send_request(std::size_t credential);
  Task<Result<>> send_rest(std::size_t credential);
  Result<> push_request(std::size_t credential);
  Result<> resend(Bytes request);
  Result<Bytes> upstream_head(const Gather& body, std::size_t credential);
  Task<Result<>> await_head(std::uint64_t sent_before);
  Result<> read_answer_head(const http::ResponseHead& head);
  void note_request_id(Bytes id);
  void read_answer_hints(const http::Fields& fields);
  void take_wait(hub::ErrorNote& note);
  Retry retry_of(Next next) const;
  Task<Result<>> collect_body(std::uint64_t most);
  Task<Result<>> read_refusal(Next next);
  bool whole_is_here() const;
  Result<> take_whole();
  Task<Result<>> collect_whole();
  Task<Result<>> take_whole_as_stream();
  void release_upstream(bool reusable);
  bool takes(http::MediaType type) const;

  // -- Dialects other than OpenAI's chat (translation.cpp).
  bool speaks_openai() const;
  bool needs_translation() const;
  bool needs_request() const;
  Service upstream_service() const;
  bool carries_signatures() const;
  Result<> prepare_request();
  Result<> read_request();
  Result<> upstream_body(Gather& out);
  void describe_request(const Gather& body, UpstreamRequest& request) const;
  Result<> take_access_token();
  bool token_was_renewed();
  bool reflects_token(Bytes text) const;
  void hide_token(UpstreamError& error) const;
  dialect::AnswerContext answer_context() const;
  Result<> relay_whole_translated(Bytes body);
  Result<> watch_whole(Bytes body);
  void begin_stream();
  bool stream_done() const;
  Result<> translate_part(Bytes part);
  Result<> take_translated(Result<> step);
  Result<> watch_event(const sse::Event& event);
  Result<> end_body();
  Result<> send_heartbeat();
  void write_stream_error(Error error);
  void take_refusal(Bytes body);
  void keep_note(const hub::ErrorNote& note);
  hub::ErrorNote error_note(Error error) const;
  bool writes_own_errors() const;
  Bytes write_error(hub::ErrorNote note, AnswerHead& head);
  void take_usage(const hub::Usage& usage, hub::Finish finish);

  // -- Counting tokens (counting.cpp).
  bool counts() const;
  dialect::Dialect count_dialect() const;
  Task<Result<>> count_tokens();
  bool plan_counting();
  bool needs_count_call() const;
  Result<> read_count_request();
  Result<> write_count_call();
  Result<> relay_count(Bytes body);
  Result<> count_tokens_here();

  // -- Embeddings, rerank and moderations in another form (side_services.cpp).
  Result<> write_side_request();
  Result<> read_side_request();
  Result<> relay_side_answer(Bytes body);
  dialect::Dialect error_dialect() const;

  // -- Bytes that are passed through (passage.cpp; what waits: passthrough.cpp).
  Result<> judge_length(const http::RequestHead& head);
  Result<> judge_passage(const http::RequestHead& head, Bytes resource);
  Result<> name_passed_model(Bytes name);
  Task<Result<>> pass_through();
  Result<> invite_body();
  Task<Result<>> look_ahead();
  Task<Result<>> await_body(bool blocked);
  Result<> read_passed_json();
  Result<> look_at_form();
  Result<> refuse_form(Bytes reason);
  Result<> refuse_body();
  bool has_resource(const Target& target) const;
  Result<> choose_passage_targets();
  Result<Bytes> passed_path();
  void describe_passage(UpstreamRequest& request) const;
  Result<> passed_body(Gather& out);
  Result<std::optional<std::uint64_t>> begin_passed_body();
  Task<Result<>> send_passed(std::size_t credential);
  Result<> push_passed_head(std::size_t credential);
  Result<> push_passed_body();
  Result<> add_passed(Bytes part);
  Result<> pass_model(Bytes name);
  Result<> move_to_model(ModelIndex model);
  Result<> send_passed_pieces(bool last);
  void note_passed_answer(const http::ResponseHead& head);
  Result<> begin_passed_answer();
  Result<bool> pass_answer_bytes();
  Task<Result<>> relay_answer();
  void read_passed_usage();

  // -- Waiting. Between them stands `co_await connection_.signal.wait(…)`.
  Result<> before_wait();
  void end_wait();
  Result<> after_wait(Deadline step, std::uint64_t heard);
  Deadline until(Deadline step) const;

  // -- What the client gets (reply.cpp).
  AnswerHead answer_head(std::uint16_t status) const;
  Result<> send_whole(AnswerHead& head, Bytes body);
  Result<> send_answer(Bytes body);
  Error told(Error error) const;
  Task<> answer_error(Error error);
  ErrorBody error_body(Code code) const;
  void send_error(Error error);
  void send_own_error(Error error);
  void send_refusal(AnswerHead& head, Error error, bool theirs, Bytes body);
  Task<Result<>> answer_here();
  Result<> answer_models();
  Task<bool> drain_request();
  Task<Result<>> wait_for_client(std::size_t low_water);
  ExchangeEnd after_answer() const;

  // -- After the commit (relay.cpp).
  Result<> relay_whole(Bytes body);
  Task<Result<>> first_event();
  Result<> judge_first_event(const sse::Event& event);
  Result<> commit_stream();
  Task<Result<>> relay_stream();
  Task<Result<>> relay_events();
  Result<> pass_events();
  Result<> pass_part();
  Result<> pass_error(const sse::Event& event);
  Result<> emit(const sse::Event& event, const sse::ChatWatcher::Look& look);
  Result<> append_relay(Bytes bytes);
  Result<> flush_relay(bool last);
  void end_stream(Result<> outcome);
  void note_usage(Bytes data);

  // -- The end, whatever happened (settle.cpp).
  void keep_usage(Bytes reported);
  void settle();
  void count_attempt(const Result<>& result);
  AccessRecord access_record(Instant end) const;

  Instant now() const { return shard_.driver.now(); }
  Stream& client() const { return *connection_.stream; }
  const Snapshot& config() const { return epoch_->snapshot(); }
  const Target& target() const { return config().at(*target_); }
  const Provider& provider() const { return config().at(target().provider); }

  Connection& connection_;
  Shard& shard_;
  EpochPin epoch_;
  std::unique_ptr<Upload> upload_;            // until nothing can be tried again
  std::unique_ptr<Relay> relay_;              // while a stream is relayed
  std::unique_ptr<Translation> translation_;  // another dialect is spoken, on one side or both
  std::shared_ptr<const GrantedToken> access_token_;  // of the last target with a service account
  std::unique_ptr<Passage> passage_;                  // request and answer are passed through
  StreamPtr upstream_;
  OverheadClock clock_;
  BodyReader request_body_;
  Admission admission_;
  Slot provider_slot_;
  Plan plan_;
  Answer answer_;
  Buffer answer_body_;
  json::Usage usage_;
  std::unique_ptr<json::KeptValue> reported_;    // the same as the provider told it, for the log
  std::optional<UpstreamError> upstream_error_;  // views into answer_body_
  std::array<AttemptRecord, attempts_max> attempts_{};
  std::optional<LimitNote> limit_;
  Duration retry_after_{};
  Deadline total_ = Deadline::never();
  Instant began_;
  Instant first_byte_ = Instant::never();  // of the answer, given to the client
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  Bytes param_;   // the field at fault: static, or a view into the upload's body
  Bytes reason_;  // what is wrong with it, static; empty: what the error's code says
  Text request_id_;
  Text finish_;
  Text unescaped_param_;
  std::array<char, 17> unknown_model_{};  // for the log: what was asked for and is not ours
  std::optional<Error> refused_;          // known before the first step
  std::optional<Code> code_;              // of our own error, at the end
  std::uint32_t timeout_ms_ = 0;          // the client's own limit; 0: none
  std::optional<KeyIndex> key_;
  std::optional<ModelIndex> model_;
  std::optional<TargetIndex> target_;
  std::uint16_t status_ = 0;  // given to the client
  std::uint8_t attempt_count_ = 0;
  Endpoint endpoint_ = Endpoint::none;
  dialect::Dialect dialect_ = dialect::Dialect::openai_chat;  // the client's
  http::Method method_ = http::Method::get;
  bool http10_ = false;
  bool keep_alive_ = false;
  bool expect_continue_ = false;
  bool reused_ = false;      // the upstream connection came from the pool
  bool sent_whole_ = false;  // the request left completely
  bool committed_ = false;   // a byte of the answer was given to the client
  bool stream_ = false;
  bool inflight_ = false;   // counted in Process::inflight
  bool overheard_ = false;  // the request's last bytes were not read: linger
};

}  // namespace penstock
