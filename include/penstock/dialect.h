// Dialects: one wire format each, read into the hub (hub.h) and written from it. Pure: texts in,
// texts out. A dialect is a folder of src/dialect and one row of `dialect_of`; what it lacks
// (nobody's client speaks Bedrock to us) is a null pointer.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "penstock/bytes.h"
#include "penstock/error.h"
#include "penstock/hub.h"
#include "penstock/json_document.h"
#include "penstock/json_writer.h"
#include "penstock/quirks.h"

namespace penstock::dialect {

enum class Dialect : std::uint8_t {
  openai_chat,
  openai_completions,
  openai_responses,
  anthropic,
  gemini,
  bedrock,  // Converse
  cohere,   // v2 chat
  ollama,   // native /api/chat
};
inline constexpr std::size_t dialects = 8;

// How the events of a stream are framed.
enum class Framing : std::uint8_t { sse, ndjson, aws_event_stream };

// What a provider takes as the name of a tool. `translate` sees to it for every dialect alike.
enum class NameRule : std::uint8_t {
  any,       // Ollama
  word_64,   // OpenAI and its like, Bedrock: 1 to 64 of [a-zA-Z0-9_-]
  word_128,  // Anthropic: the same, longer
  dotted,    // Gemini: a letter or '_', then up to 63 of [a-zA-Z0-9_.:-]
};

// What a writer had to leave out, and what it refused. Names are the client's field, static or
// views into the request.
struct Losses {
  std::vector<Bytes> dropped{};   // reported in X-Gateway-Dropped-Params
  std::vector<Bytes> emulated{};  // done by other means
  Bytes refused{};                // the field of a refusal: `param`
  Bytes reason{};                 // why, a static sentence for the client

  void drop(Bytes field);
  void emulate(Bytes field);
};

// Errors of `read_request`: invalid_value, missing_field, unknown_field, Side::client. `param` is
// then the path of the field at fault, static or kept by the request.
struct RequestIssue {
  Bytes param{};
  Bytes reason{};  // a static sentence; empty: the error's own words do
};

// What the writer of an answer needs beside the events.
struct AnswerContext {
  Bytes request_id{};             // letters, digits, '-', '_': ids of ours are made from it
  Bytes model{};                  // plain; used when the provider reported none
  std::int64_t created = 0;       // Unix seconds, when the provider reported none
  bool include_usage = false;     // the client asked for usage in the stream
  bool show_reasoning = true;     // false: reasoning text is left out, signatures stay
  bool legacy_functions = false;  // OpenAI: the client sent `functions`; answer in kind
  // Tokens of the prompt where a dialect wants them before the provider told them; an estimate.
  std::uint64_t input_tokens_estimate = 0;
  const hub::Request* request = nullptr;  // what was asked, for dialects that echo it (Responses)
  // Events that the client has of a stream that passed as it was: the writer goes on behind them.
  std::uint64_t events_relayed = 0;
  bool json_array = false;  // Gemini without alt=sse: the stream is one JSON array, not SSE
};

// Reads one provider stream. Frames come whole and in order.
class StreamReader {
 public:
  virtual ~StreamReader() = default;
  // name: of the SSE event or of the event-stream frame, may be empty. data: its JSON text, read.
  // Errors: malformed, Side::upstream: the stream broke its own protocol.
  virtual Result<> frame(Bytes name, json::View data, hub::EventSink& out) = 0;
  // A frame of SSE whose data is not JSON but a bare word: [DONE].
  virtual Result<> word(Bytes data, hub::EventSink& out);
  // The stream ended in an orderly way. Emits what was held back (finish, end) when the answer is
  // complete by the dialect's own rule; malformed when it is not: a cut answer.
  virtual Result<> finish(hub::EventSink& out) = 0;
  // The terminal event was seen: nothing more is expected.
  virtual bool done() const = 0;
};

// Writes one stream for a client, framed for the wire, into the composer it was made with. The
// owner sends and clears the composer between events.
class StreamWriter : public hub::EventSink {
 public:
  virtual ~StreamWriter() = default;
  // An in-band error: the stream then ends without looking finished. Works at any time, also
  // before the first event.
  virtual void fail(const hub::ErrorNote& error) = 0;
  // A sign of life between events.
  virtual void heartbeat() = 0;
};

// A dialect as a table of functions. `write_*` append to the composer; whether it fitted is asked
// of the composer.
struct DialectTable {
  Bytes name{};
  Framing framing = Framing::sse;
  // Texts that stand in every request in which a client gives back what other issuers signed. Such
  // a body is read and written anew even for a target of the same dialect, so that each signature
  // goes to its issuer only.
  std::array<Bytes, 2> carriers{};

  NameRule tool_names = NameRule::any;  // of a provider

  // As a client's dialect.
  Result<> (*read_request)(json::View body, hub::Request& out, RequestIssue& issue) = nullptr;
  void (*write_answer)(const hub::Answer& answer, const AnswerContext& context,
                       json::Composer& out) = nullptr;
  std::unique_ptr<StreamWriter> (*stream_writer)(const AnswerContext& context,
                                                 json::Composer& out) = nullptr;
  void (*write_error)(const hub::ErrorNote& error, json::Composer& out) = nullptr;

  // Counting the tokens of a prompt, where the dialect has a service for it.
  Result<> (*read_count_request)(json::View body, hub::Request& out, RequestIssue& issue) = nullptr;
  void (*write_count)(std::uint64_t tokens, json::Composer& out) = nullptr;

  // As a provider's dialect. write_request: errors are unsupported_by_target, Side::client, with
  // `losses.refused`.
  Result<> (*write_request)(const hub::Request& request, const TargetTraits& target,
                            json::Composer& out, Losses& losses) = nullptr;
  // A whole answer with a 2xx status; `malformed` when it is none. May emit `error`.
  Result<> (*read_answer)(json::View body, const TargetTraits& target,
                          hub::EventSink& out) = nullptr;
  std::unique_ptr<StreamReader> (*stream_reader)(const TargetTraits& target) = nullptr;
  // The body of an error status; `body` may be nothing (HTML, empty). Fills kind and words.
  void (*read_error)(std::uint16_t status, json::View body, hub::ErrorNote& out) = nullptr;
};

const DialectTable& dialect_of(Dialect dialect);

// About how many tokens the prompt will be counted as by its provider: text by its length, images
// and documents by what such things usually come to. For limits, for `input_tokens_estimate`, and
// for answers that say it is an estimate; never for money that was spent.
std::uint64_t estimate_input_tokens(const hub::Request& request);

}  // namespace penstock::dialect
