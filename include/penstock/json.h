// Reading and editing JSON bodies without building a tree. A `Scanner` finds, in one pass over the
// structure, what the gateway acts on, and judges on the way that the rest is sound enough to be
// passed on. Bodies are never re-serialised: `splice_request` cuts and pastes in the original.
// Writing small texts of our own is json_writer.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "penstock/bytes.h"
#include "penstock/error.h"

namespace penstock::json {

// What one body may hold. RFC 8259 §9 lets a reader set such limits.
inline constexpr std::uint32_t depth_max = 64;             // nested arrays and objects
inline constexpr std::uint32_t members_max = 10'000;       // in one object
inline constexpr std::uint32_t values_max = 100'000;       // in one request, numbers of token
                                                           // arrays (`input`, `prompt`) apart
inline constexpr std::uint32_t messages_max = 20'000;      // in `messages`
inline constexpr std::size_t model_bytes_max = 256;        // a model's name, unescaped
inline constexpr std::size_t number_chars_max = 64;        // of a number we read
inline constexpr std::size_t body_bytes_max = 256u << 20;  // what a Scanner may be asked for
inline constexpr std::uint32_t tokens_counted_max = 1'000'000'000;  // of a usage figure

// A range of bytes in a body, as offsets, so that it outlives a move of the body. Empty: absent.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  constexpr bool empty() const { return begin == end; }
  constexpr std::uint32_t size() const { return end - begin; }
  Bytes in(Bytes body) const { return body.substr(begin, end - begin); }
  constexpr bool operator==(const Span&) const = default;
};

// `other`: no member but the model is asked for.
enum class Endpoint : std::uint8_t { chat, completions, embeddings, other };

// How `input` (embeddings) or `prompt` (completions) is given, judged by its first elements.
enum class InputKind : std::uint8_t { none, text, texts, tokens, token_lists, other };

// What differs between callers of `Scanner::request`.
struct RequestRules {
  Endpoint endpoint = Endpoint::chat;
  bool model_required = true;  // false where the path names the model
  bool drop_steering = false;  // cut fields that choose an upstream or a credential, do not refuse
};

// A member that does not go upstream. `next` is where the following key starts, 0 at the last
// member; `previous_end` is where the value before it ends, 0 at the first member.
struct Cut {
  std::uint32_t begin = 0;  // the key's opening quote
  std::uint32_t end = 0;    // one past the value
  std::uint32_t next = 0;
  std::uint32_t previous_end = 0;
};

// What the gateway acts on in a request. Spans are of values, strings with their quotes, still
// escaped; each was judged by every rule for what is read. An explicit null counts as absent.
struct Facts {
  static constexpr std::size_t cuts_max = 12;

  Span root;  // the object, without blanks around it
  Span model;
  Span user;
  Span metadata;
  Span stream_options;       // null included: the member stands there
  Span include_usage_value;  // inside stream_options
  Span tools;
  // Body extensions of the gateway; all of them are among `cuts`.
  Span models;
  Span fallbacks;
  Span provider;
  Span cache;
  Span session_id;
  Span tags;

  std::optional<std::uint32_t> max_tokens;
  std::optional<std::uint32_t> max_completion_tokens;
  std::optional<std::uint32_t> n;
  std::uint32_t messages = 0;  // elements of `messages`
  std::uint32_t inputs = 0;    // elements of `input` or `prompt`; 1 for a text
  InputKind input = InputKind::none;
  bool has_messages = false;
  bool has_tools = false;  // `tools` or `functions` is a non-empty array
  bool stream = false;
  bool include_usage = false;  // the client asked for usage in the stream
  std::uint32_t kept = 0;      // members of the body that are not cut
  std::uint8_t cut_count = 0;
  std::array<Cut, cuts_max> cuts;

  // After an error: the field at fault, static or a view into the body (then raw, at most 64
  // bytes). Empty: the body as a whole.
  Bytes param;

  // The model's name, unescaped: at most model_bytes_max bytes of [A-Za-z0-9._:/@+-]. A view into
  // the body, or into these facts when the client wrote escapes.
  Bytes model_name(Bytes body) const {
    if (model_unescaped_bytes != 0) return {model_unescaped.data(), model_unescaped_bytes};
    return model.empty() ? Bytes{} : Span{model.begin + 1, model.end - 1}.in(body);
  }
  std::uint16_t model_unescaped_bytes = 0;
  std::array<char, model_bytes_max> model_unescaped;
};

// A count a provider reported. `bad`: there, but negative, not an integer, or above
// tokens_counted_max.
struct Count {
  enum class State : std::uint8_t { missing, present, bad };
  State state = State::missing;
  std::uint32_t value = 0;

  constexpr bool present() const { return state == State::present; }
  constexpr bool operator==(const Count&) const = default;
};

// The `usage` object of OpenAI's dialect, in tokens.
struct Usage {
  bool present = false;  // a usage object was there, whatever was in it
  Count prompt_tokens;
  Count completion_tokens;
  Count total_tokens;
  Count cached_tokens;       // prompt_tokens_details.cached_tokens
  Count cache_write_tokens;  // prompt_tokens_details.cache_write_tokens
  Count reasoning_tokens;    // completion_tokens_details.reasoning_tokens
};

// What the gateway reads of an answer or of one event of a stream. Spans are as in `Facts`; a
// member of another type than expected counts as absent, since providers vary.
struct AnswerFacts {
  Usage usage;
  Span usage_object;   // what `usage` was read from
  Span finish_reason;  // of the first choice
  Span error;          // top level; only when truthy (not null, false, 0 or "")
  Span error_message;  // of error{}; the error itself when that is a string
  Span error_type;
  Span error_param;
  Span error_code;  // a string or a number
};

// Reads bodies, each in one pass. One per shard; its room is reused, so that a warmed scanner
// allocates nothing for ordinary bodies. What an unusual one took is given back at once.
class Scanner {
 public:
  // `body_max`: bytes of the largest body that will be accepted.
  explicit Scanner(std::size_t body_max = 32u << 20);
  ~Scanner();
  Scanner(Scanner&&) noexcept;
  Scanner& operator=(Scanner&&) noexcept;

  // Reads a request body. What the gateway reads (the top level and the members named in `Facts`)
  // is judged strictly (RFC 8259, RFC 7493); what is only passed on is checked for UTF-8, control
  // characters, grammar, depth and counts, but the escapes inside its strings are not looked at.
  // Errors, all Side::client: invalid_json, invalid_value, missing_field, unknown_field,
  // duplicate_field, model_not_found, body_too_large; `facts.param` names the field.
  // No padding behind `body` is needed.
  Result<> request(Bytes body, const RequestRules& rules, Facts& facts);

  // Reads a unary answer or the payload of one event. Every failure is Code::malformed (or
  // too_large), Side::upstream.
  Result<> answer(Bytes body, AnswerFacts& facts);

  // Judges all of a text strictly: every string, number and key. `any_value` admits texts whose
  // top level is not an object. Errors: invalid_json, duplicate_field.
  Result<> validate(Bytes body, bool any_value = false);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Unescapes the string at `value` (with its quotes, judged before) into `out`. Fails with
// too_large when it does not fit.
Result<Bytes> unescape(Bytes value, std::span<char> out);

// UTF-8 by RFC 3629: no overlong forms, no surrogates.
bool valid_utf8(Bytes text);

// How the request that goes upstream differs from the client's.
struct RequestEdits {
  Bytes model;                 // the target's name for the model; empty: leave it
  bool include_usage = false;  // ask for usage when the client streams without asking for it
};

// Room for the literals of one splice; lives as long as the gather list.
struct SpliceScratch {
  std::array<char, 600> bytes;
};

// Appends the request body for an upstream of the same dialect to `out`: slices of `body` and
// literals, at most 20 pieces. Extensions of the gateway are cut out. Everything else stays byte
// for byte. Fails with too_large when the escaped model does not fit the scratch.
Result<> splice_request(Bytes body, const Facts& facts, const RequestEdits& edits,
                        SpliceScratch& scratch, Gather& out);

}  // namespace penstock::json
