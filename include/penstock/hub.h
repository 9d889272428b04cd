// The hub: the small vocabulary that every dialect is read into and written from, so that N readers
// and N writers serve N × N pairs. Plain data. A request is a `Request`; an answer, streamed or
// not, is a sequence of `Event`s, and an answer that is not streamed is their fold, an `Answer`.
//
// Bytes move as they came. Two kinds of views occur everywhere:
//   Escaped  the inside of a JSON string, between its quotes, its escapes kept: can be put between
//            quotes again anywhere. Of a JSON text, unless a field says otherwise.
//   Raw      one whole JSON value.
// All views of a Request live as long as the body it was read from and the Request's own `keep`;
// those of an Event live until `EventSink::on` returned.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "penstock/bytes.h"

namespace penstock::hub {

using Escaped = Bytes;
using Raw = Bytes;

// Whose signature, encrypted reasoning or opaque block it is. It goes back to that issuer only.
enum class Issuer : std::uint8_t {
  none,
  openai,
  anthropic,
  gemini,
  bedrock,
  mistral,
  cohere,
  other
};

// A mark after which the provider is to cache the prompt.
enum class CacheTtl : std::uint8_t { none, standard, minutes5, minutes30, hour1, hours12 };

// -- Requests --

enum class Role : std::uint8_t { system, developer, user, assistant, tool };

enum class PartKind : std::uint8_t {
  text,
  image,
  audio,
  video,
  file,
  refusal,
  thinking,           // `text`, `signature`
  redacted_thinking,  // `signature` holds the opaque data
  tool_call,          // `id`, `name`, `arguments`
  tool_result,        // `id`, `name` when known, `content`, `is_error`
  opaque,             // `raw`: a block the hub has no word for, for its `issuer` only
};

// Where the bytes of an image, audio, video or file are.
enum class Source : std::uint8_t {
  none,
  base64,     // `data` is base64, `media_type` is known
  url,        // `data` is a URL that is no data URL; the gateway never fetches it
  id,         // `data` is a file id at the provider
  plain_text  // `data` is the text of the document itself
};

struct Media {
  Source source = Source::none;
  Escaped media_type{};  // "image/png"; empty: unknown
  Escaped data{};
  Escaped name{};    // of a file
  Escaped detail{};  // OpenAI image_url.detail
};

// JSON text of tool arguments, in the form its dialect had it.
struct Arguments {
  Bytes bytes{};           // empty: no arguments, which means {}
  bool in_string = false;  // Escaped: the inside of a string that holds the text; else Raw
};

struct Part {
  PartKind kind = PartKind::text;
  CacheTtl cache = CacheTtl::none;
  Issuer issuer = Issuer::none;  // of `signature` or `raw`
  bool custom = false;           // tool_call of a custom tool: `arguments` is its plain input
  bool is_error = false;         // tool_result
  Escaped text{};
  Escaped id{};  // of a tool call and its result; of a reasoning item
  Escaped name{};
  Arguments arguments{};
  Escaped signature{};  // byte-exact; also on text and tool_call parts (Gemini)
  Media media{};
  Raw raw{};
  Raw citations{};              // an array in the form of `issuer`
  std::vector<Part> content{};  // tool_result: text, image, file, opaque
};

struct Message {
  Role role = Role::user;
  Escaped name{};  // of the speaker
  std::vector<Part> parts{};
};

enum class ToolKind : std::uint8_t { function, custom, server };

// What a search of the web that the provider does itself is told, in no provider's words. What is
// empty was not said.
struct WebSearch {
  Raw allowed_domains{};  // an array
  Raw blocked_domains{};
  Escaped context_size{};  // low, medium, high
  Escaped city{};          // about where the user is
  Escaped country{};
  Escaped region{};
  Escaped timezone{};
  std::optional<std::int64_t> max_uses{};

  bool has_place() const {
    return !city.empty() || !country.empty() || !region.empty() || !timezone.empty();
  }
};

struct Tool {
  ToolKind kind = ToolKind::function;
  CacheTtl cache = CacheTtl::none;
  std::optional<bool> strict{};
  Escaped name{};
  Escaped description{};
  Raw schema{};  // of the arguments; empty: none was given
  Raw raw{};     // custom: its `format`; server: the whole entry, for `issuer` only
  Issuer issuer = Issuer::none;
  bool web_search = false;  // server: any provider's search will do, see Request::web_search
};

struct ToolChoice {
  enum class Mode : std::uint8_t { unset, none, automatic, required, named, allowed };
  Mode mode = Mode::unset;
  bool required = false;         // allowed: one of them must be called
  Escaped name{};                // named
  std::vector<Escaped> names{};  // allowed
};

struct ResponseFormat {
  enum class Kind : std::uint8_t { unset, text, json_object, json_schema };
  Kind kind = Kind::unset;
  std::optional<bool> strict{};
  Escaped name{};
  Escaped description{};
  Raw schema{};
};

enum class Effort : std::uint8_t { unset, none, minimal, low, medium, high, xhigh, max };

struct Reasoning {
  Effort effort = Effort::unset;
  std::optional<std::int64_t> budget{};  // tokens; 0: off; -1: the model decides
  bool adaptive = false;                 // the model decides how much (Anthropic `adaptive`)
  std::optional<bool> show{};            // reasoning text or a summary is wanted in the answer
  Escaped summary{};                     // OpenAI: auto, concise, detailed
};

// A member of the body that the hub has no word for.
struct Extra {
  Escaped key{};
  Raw value{};
};

// What the answer is to hold beside text. How it is to sound or look is in `extra`.
struct MediaOutput {
  bool audio = false;
  bool image = false;
  Bytes field{};  // the client's name of it, static
};

struct Request {
  Escaped model{};  // as the client wrote it
  bool stream = false;
  bool include_usage = false;       // the client wants usage in the stream
  std::vector<Message> messages{};  // system and developer among them, in place
  std::vector<Tool> tools{};
  std::optional<WebSearch> web_search{};  // of a tool, or of OpenAI's web_search_options
  ToolChoice tool_choice{};
  std::optional<bool> parallel_tool_calls{};
  ResponseFormat format{};
  MediaOutput media_output{};
  Reasoning reasoning{};
  std::optional<std::int64_t> max_output_tokens{};
  std::optional<std::int64_t> n{};
  std::optional<std::int64_t> top_k{};
  std::optional<std::int64_t> top_logprobs{};
  std::optional<bool> logprobs{};
  // Numbers stay as they were written: 0.7 must not become 0.69999999.
  Raw temperature{};
  Raw top_p{};
  Raw seed{};
  Raw presence_penalty{};
  Raw frequency_penalty{};
  Raw logit_bias{};
  std::vector<Escaped> stop{};
  Escaped service_tier{};
  Escaped verbosity{};
  Escaped user{};
  Raw metadata{};
  CacheTtl cache = CacheTtl::none;  // marks the whole prompt
  Escaped prompt_cache_key{};
  Escaped previous_response{};  // Responses: previous_response_id
  std::optional<bool> store{};
  std::vector<Extra> extra{};  // in the order of the body
  // Whose dialect the client spoke: owner of `extra`. `other` for a Responses client, whose extra
  // members no chat server knows.
  Issuer issuer = Issuer::none;
  bool legacy_functions = false;  // chat: the client sent `functions`, and is answered in kind
  bool responses = false;         // the client spoke Responses
  bool instructions = false;      // Responses: the first message is the request's `instructions`
  // The client's field that only a target with a state of that dialect can serve (Responses:
  // conversation, background, an item by reference; Anthropic: a thread that goes on); empty: none.
  // previous_response is not meant.
  Escaped stateful{};

  // Keeps a text made while reading (joined, unescaped, escaped anew) for as long as the request.
  Bytes keep(std::string text) { return kept_.emplace_back(std::move(text)); }

 private:
  std::deque<std::string> kept_;
};

// -- Answers --

enum class Finish : std::uint8_t {
  none,  // not known yet
  stop,
  stop_sequence,
  length,
  context_full,
  tool_calls,
  content_filter,
  refusal,
  malformed_call,
  paused,
  compaction,
  error,
  other,
};

// Tokens or units; missing is not zero.
struct Tokens {
  std::uint64_t value = 0;
  bool present = false;

  constexpr Tokens() = default;
  constexpr Tokens(std::uint64_t v) : value(v), present(true) {}  // NOLINT(google-explicit-*)
  // A later figure replaces an earlier one; a missing one replaces nothing.
  constexpr void take(Tokens later) {
    if (later.present) *this = later;
  }
};

// Buckets that do not overlap, so that a price is a plain sum. `input` is without the cached,
// written, audio and image tokens that stand beside it; `output` is without reasoning, audio and
// image tokens.
struct Usage {
  Tokens input{};
  Tokens cache_read{};
  Tokens cache_write_5m{};
  Tokens cache_write_30m{};
  Tokens cache_write_1h{};
  Tokens cache_write_12h{};
  Tokens input_audio{};
  Tokens input_image{};
  Tokens output{};
  Tokens reasoning{};
  Tokens output_audio{};
  Tokens output_image{};
  Tokens web_searches{};
  Tokens web_fetches{};

  bool any() const;
  std::uint64_t cache_write() const;   // of all times to live
  std::uint64_t input_total() const;   // OpenAI's prompt_tokens
  std::uint64_t output_total() const;  // OpenAI's completion_tokens
  // Later figures win, missing ones change nothing.
  void take(const Usage& later);
};

enum class ErrorKind : std::uint8_t {
  invalid_request,
  context_length,
  content_filter,
  unsupported,  // the target cannot do what was asked
  authentication,
  billing,
  quota,
  permission,
  model_not_found,
  not_found,
  timeout,
  conflict,
  too_large,
  rate_limit,
  overloaded,
  server,
};

// An error as a provider told it, or one of ours on its way to a client.
struct ErrorNote {
  ErrorKind kind = ErrorKind::server;
  std::uint16_t status = 0;  // HTTP; 0: none, it came inside a stream
  Escaped message{};
  Escaped type{};  // the provider's own word
  Escaped code{};  // the provider's own word
  Escaped param{};
  Escaped request_id{};
  std::uint32_t retry_after_ms = 0;  // 0: not said
  Raw metadata{};                    // the gateway's own: an object; empty: none
};

struct Citation {
  Escaped url{};
  Escaped title{};
  Escaped cited_text{};
  // Where in the text of the choice, in Unicode code points; end 0: not known.
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  Raw raw{};  // as `issuer` had it
  Issuer issuer = Issuer::none;
};

// One step of an answer. The order over one answer:
//   begin  (text | refusal | thinking | signature | redacted | tool_open tool_delta* tool_close |
//           citation | logprobs | media | opaque | usage | ping)*  finish*  usage?  end
// `error` may stand anywhere and is the last. Readers keep this order whatever the provider does:
// one `begin`, one `tool_open` and one `tool_close` per call, one `finish` per choice, just before
// the end. Blocks are told apart by the change of kind; `block_end` closes one explicitly where a
// dialect has two blocks of one kind in a row.
enum class EventKind : std::uint8_t {
  begin,       // `id`, `model`, and `created`, `tier`, `fingerprint` when known
  text,        // `text`: a delta
  refusal,     // `text`: a delta
  thinking,    // `text`: a delta
  signature,   // `text`: of the open thinking block, or of tool call `call`, or of the open text
  redacted,    // `text`: the data of one whole opaque thinking block
  block_end,   // the open text or thinking block ends
  tool_open,   // `call`, `id`, `name`, `custom`
  tool_delta,  // `call`, `text`: a piece of the arguments' JSON text, escaped once
  tool_close,  // `call`
  citation,    // `citation`
  logprobs,    // `raw`: an array of OpenAI's token objects; `custom`: they are of the refusal
  media,       // `media`: an image or audio the model made, whole; `text`: its transcript
  opaque,      // `raw`, `issuer`: a whole block the hub has no word for
  usage,       // `usage`: cumulative
  finish,      // `finish`, and `text` the stop sequence or the explanation of a refusal
  error,       // `error`
  ping,        // a sign of life
  end,         // the provider said it is all
};

struct Event {
  EventKind kind = EventKind::ping;
  std::uint32_t choice = 0;
  std::uint32_t call = 0;  // counts the tool calls of a choice from 0
  Issuer issuer = Issuer::none;
  bool custom = false;
  Finish finish = Finish::none;
  Escaped text{};
  Escaped id{};
  Escaped name{};
  Escaped model{};
  Escaped tier{};
  Escaped fingerprint{};
  std::int64_t created = 0;  // Unix seconds; 0: not said
  Raw raw{};
  Media media{};
  const Citation* citation = nullptr;  // set for `citation`
  const Usage* usage = nullptr;        // set for `usage`
  const ErrorNote* error = nullptr;    // set for `error`
};

class EventSink {
 public:
  virtual void on(const Event& event) = 0;

 protected:
  ~EventSink() = default;
};

// -- The fold --

// A part of a folded answer; owns its bytes. `kind` is one of text, refusal, thinking,
// redacted_thinking, tool_call, image, audio, opaque.
struct AnswerPart {
  PartKind kind = PartKind::text;
  Issuer issuer = Issuer::none;
  bool custom = false;
  std::string text;       // Escaped; tool_call: the arguments' JSON text, escaped once; audio: its
                          // transcript
  std::string id;         // Escaped
  std::string name;       // Escaped
  std::string signature;  // Escaped
  std::string raw;        // opaque: Raw; image, audio: the data or address, Escaped
  Source source = Source::none;
  std::string media_type;  // Escaped
  struct Cited {
    std::string url, title, cited_text, raw;
    Issuer issuer = Issuer::none;
    std::uint32_t start = 0, end = 0;
  };
  std::vector<Cited> citations{};
};

struct AnswerChoice {
  std::vector<AnswerPart> parts{};
  Finish finish = Finish::none;
  std::string finish_text;  // Escaped
  std::string logprobs;     // Raw elements, comma separated, without brackets
  std::string refusal_logprobs;
};

// A whole answer. At most `choices_max` choices and `bytes_max` bytes are held; `overflow` says
// that more came.
struct Answer {
  static constexpr std::size_t choices_max = 128;

  std::string id, model, tier, fingerprint;  // Escaped
  std::int64_t created = 0;
  std::vector<AnswerChoice> choices{};
  Usage usage{};
  std::optional<ErrorKind> error{};
  std::string error_message, error_type, error_code;  // Escaped
  bool ended = false;
};

// Folds events into an Answer.
class Fold final : public EventSink {
 public:
  explicit Fold(std::size_t bytes_max = 64u << 20) : bytes_left_(bytes_max) {}
  void on(const Event& event) override;
  // False once more came than may be held.
  bool fits() const { return fits_; }
  const Answer& answer() const { return answer_; }

 private:
  AnswerChoice* choice(std::uint32_t index);
  AnswerPart& open(AnswerChoice& choice, PartKind kind);
  AnswerPart* call(std::uint32_t choice, std::uint32_t call);
  void append(std::string& to, Bytes bytes);

  Answer answer_;
  std::size_t bytes_left_;
  bool fits_ = true;
  bool block_ended_ = false;
  std::uint32_t last_choice_ = 0;
};

}  // namespace penstock::hub
