// One exchange between two dialects: the client's request becomes the provider's, the provider's
// answer, whole or streamed, becomes the client's. Pure: bytes in, bytes out. Where both sides
// speak the same dialect none of this is used.
//
//   read_request(client, body, …) ; write_request(provider, request, …) per target
//   answer with a status from 400:  read_error, then write_error
//   whole answer:                   translate_answer
//   stream:                         StreamTranslation
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "penstock/bytes.h"
#include "penstock/dialect.h"
#include "penstock/error.h"
#include "penstock/hub.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"
#include "penstock/kept_value.h"
#include "penstock/sse.h"

namespace penstock::translate {

using dialect::AnswerContext;
using dialect::Dialect;
using dialect::Losses;
using dialect::RequestIssue;
using dialect::TargetTraits;

// Room that is used during one call and kept for the next. One per shard: any number of exchanges
// share it, none finds anything of its own in it again.
struct Workbench {
  json::Document document{};
  // The answer of the last `translate_answer`, to which its ErrorNote points.
  std::optional<hub::Fold> fold{};
};

// Applications may speak it to us; a provider may be spoken to in it.
bool is_client_dialect(Dialect dialect);
bool is_provider_dialect(Dialect dialect);

// -- Requests --

// Reads a client's body into `request`, which then views `body`. Errors, Side::client:
// invalid_json, invalid_value, missing_field, unknown_field (with `issue`), body_too_large.
Result<> read_request(Dialect client, Bytes body, Workbench& bench, hub::Request& request,
                      RequestIssue& issue);

// Writes a request for one target; `out` and `losses` are begun anew. Errors:
// unsupported_by_target, Side::client, with `losses.refused`; body_too_large when it became longer
// than `out` may hold.
Result<> write_request(Dialect provider, const hub::Request& request, const TargetTraits& target,
                       json::Composer& out, Losses& losses);

// Both, one after the other.
Result<> translate_request(Dialect client, Dialect provider, Bytes body, const TargetTraits& target,
                           Workbench& bench, hub::Request& request, json::Composer& out,
                           Losses& losses, RequestIssue& issue);

// -- Answers --

// What is known of an answer beside its text.
struct AnswerFacts {
  hub::Usage usage{};
  hub::Finish finish = hub::Finish::none;  // of the first choice
  Bytes usage_reported{};                  // the provider's own object, a view of the body
  // Set when the provider answered with an error although the status was good. Its views live
  // until the workbench is used again.
  std::optional<hub::ErrorNote> error{};
};

// A provider's whole answer with a 2xx status as the client's; `out` is begun anew. Errors,
// Side::upstream: malformed, too_large, and upstream_bad_response when `facts.error` is set.
Result<> translate_answer(Dialect client, Dialect provider, Bytes body, const TargetTraits& target,
                          const AnswerContext& context, Workbench& bench, json::Composer& out,
                          AnswerFacts& facts);

// A provider's body with an error status; whatever the body is, the note says something. The
// note's views live as long as `body`. `out.type` may hold what the head named the error.
void read_error(Dialect provider, std::uint16_t status, Bytes body, Workbench& bench,
                hub::ErrorNote& out);
// The body of an error for a client; `out` is begun anew.
void write_error(Dialect client, const hub::ErrorNote& error, json::Composer& out);

// -- Streams --

class Frames;
class NamesBack;

// One stream on its way from a provider to a client.
//
//   feed(bytes) … ; finish()        what the client gets gathers in `output`; send it, `drained`
//
// Nothing is written before the first event that is neither an error nor a sign of life: until
// `started` the exchange can still go to another target. An error the provider tells before that
// shows in `error` only; one that comes later is written in-band as well. When `feed` or `finish`
// fails the stream is over: before `started` nothing was written, after it the owner calls `fail`.
class StreamTranslation final : private hub::EventSink {
 public:
  // What `target` and `context` view must outlive this. `event_bytes_max`: of one upstream frame.
  StreamTranslation(Dialect client, Dialect provider, const TargetTraits& target,
                    const AnswerContext& context, Workbench& bench,
                    std::size_t event_bytes_max = sse::event_bytes_max);
  ~StreamTranslation();
  StreamTranslation(const StreamTranslation&) = delete;
  StreamTranslation& operator=(const StreamTranslation&) = delete;

  // The next bytes of the upstream's body, cut anywhere. Errors, Side::upstream: malformed,
  // too_large.
  Result<> feed(Bytes chunk);
  // The upstream's body ended in an orderly way. Error: malformed, Side::upstream, when the answer
  // was cut off by the dialect's own rule.
  Result<> finish();
  // For a provider that answered a stream's request with a whole body: all of it, as a stream.
  Result<> whole(Bytes body);

  // An error of ours, in-band: the stream ends without looking finished. Once only; nothing is
  // written when the stream ended before, or has told the provider's error.
  void fail(const hub::ErrorNote& error);
  // A sign of life; only between events, and only after `started`.
  void heartbeat();

  // Bytes for the client that were not drained yet.
  Bytes output() const { return output_.text(); }
  void drained() { output_.clear(); }

  // Something was written for the client.
  bool started() const { return started_; }
  // The answer is complete, and so is `output`: the rest of the upstream is of no interest.
  bool done() const { return ended_; }
  // The error the provider told, if any; nothing comes behind it.
  const hub::ErrorNote* error() const { return error_ ? &*error_ : nullptr; }
  const hub::Usage& usage() const { return usage_; }
  // The provider's own object, or what its parts came to so far; empty: there was none.
  Bytes usage_reported() const { return reported_ ? reported_->text() : Bytes{}; }
  // Of the first choice.
  hub::Finish finish_reason() const { return finish_; }

 private:
  void on(const hub::Event& event) override;
  void take_error(const hub::ErrorNote& error);
  Result<> judged(Result<> step);
  Result<> read_chunk(Bytes chunk);
  Result<> read_end();
  Result<> read_whole(Bytes body);
  Result<> read_frame(Bytes name, Bytes data);
  Result<> complete();
  bool over() const { return ended_ || error_ || failed_; }

  TargetTraits target_;
  AnswerContext context_;
  Workbench& bench_;
  json::Composer output_;
  Dialect provider_;
  std::unique_ptr<Frames> frames_;
  std::unique_ptr<dialect::StreamReader> reader_;
  std::unique_ptr<dialect::StreamWriter> writer_;
  std::unique_ptr<NamesBack> names_;  // null: all tools went by the client's names
  hub::Usage usage_{};
  std::unique_ptr<json::KeptValue> reported_{};
  std::optional<hub::ErrorNote> error_{};
  std::string error_text_{};  // what `error_` views
  hub::Finish finish_ = hub::Finish::none;
  bool started_ = false;
  bool ended_ = false;
  bool failed_ = false;
  bool told_ = false;  // the error, to the client
};

// -- The same dialect on both sides --

// Follows a provider's stream that is relayed as it is: usage, finish reason, errors and the end.
// OpenAI's chat has a cheaper one (sse::ChatWatcher).
class StreamWatch final : private hub::EventSink {
 public:
  // What `target` views must outlive this.
  StreamWatch(Dialect dialect, const TargetTraits& target, Workbench& bench);

  // The next event of the stream. Error: malformed, Side::upstream.
  Result<> look(Bytes name, Bytes data);
  // The upstream's body ended in an orderly way. Error: malformed when that cut the answer off.
  Result<> finish();

  // The answer is complete.
  bool done() const { return ended_; }
  // The error the provider told; its views live until the next call.
  const hub::ErrorNote* error() const { return error_ ? &*error_ : nullptr; }
  const hub::Usage& usage() const { return usage_; }
  // As of a translation.
  Bytes usage_reported() const { return reported_ ? reported_->text() : Bytes{}; }
  hub::Finish finish_reason() const { return finish_; }
  // Sound events so far.
  std::uint64_t events() const { return events_; }

 private:
  void on(const hub::Event& event) override;
  Result<> judge(Bytes name, Bytes data);

  TargetTraits target_;
  Workbench& bench_;
  std::unique_ptr<dialect::StreamReader> reader_;
  std::uint64_t events_ = 0;
  Dialect dialect_;
  hub::Usage usage_{};
  std::unique_ptr<json::KeptValue> reported_{};
  std::optional<hub::ErrorNote> error_{};
  hub::Finish finish_ = hub::Finish::none;
  bool ended_ = false;
};

// Reads what is to be known of a whole answer that is relayed as it is. Errors as
// `translate_answer`.
Result<> watch_answer(Dialect dialect, Bytes body, const TargetTraits& target, Workbench& bench,
                      AnswerFacts& facts);

}  // namespace penstock::translate
