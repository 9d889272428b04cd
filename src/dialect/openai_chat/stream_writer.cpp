// A stream of chat completion chunks: the role once per choice, deltas, one finish chunk per
// choice, usage if it was asked for, [DONE]. An error ends it without any of these.
#include <string>
#include <utility>
#include <vector>

#include "dialect/openai_chat/answer_pieces.h"
#include "dialect/openai_chat/chat.h"
#include "dialect/openai_chat/envelope.h"
#include "dialect/openai_chat/usage.h"
#include "dialect/openai_chat/words.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::Event;
using hub::EventKind;

// A signature needs the text it signs; of a longer thought only the deltas are told.
constexpr std::size_t thought_bytes_max = 8u << 20;
// Of all inputs of custom tools that are held because their calls are not complete.
constexpr std::size_t held_bytes_max = 16u << 20;

class ChatWriter final : public StreamWriter {
 public:
  ChatWriter(const AnswerContext& context, json::Composer& out)
      : context_(context), out_(out), legacy_(wants_legacy_functions(context)) {
    head_.keep_on_one_line();
    piece_.keep_on_one_line();
  }

  void on(const Event& event) override;
  void fail(const hub::ErrorNote& error) override;
  void heartbeat() override { out_.verbatim(": ping\n\n"); }

 private:
  struct Call {
    bool custom = false;
    bool unwrap = false;  // its arguments hold the input of a custom tool
    bool any = false;
    std::string id{};
    std::string held{};  // unwrap: the arguments
  };
  struct Choice {
    bool begun = false;
    Told told{};
    EventKind last = EventKind::begin;
    std::vector<Call> calls{};
    std::string thought{};
    std::int64_t thoughts = 0;
    std::int64_t images = 0;
    std::string annotations{};  // of the whole choice: accumulators take one list only
  };

  void begin(const Event& event);
  Choice& choice(std::uint32_t index);
  void open_chunk(std::uint32_t index);
  void close_chunk();
  void text(std::uint32_t index, Bytes before, hub::Escaped text);
  // A chunk whose delta is the object in `piece_`.
  void piece(std::uint32_t index);
  json::Composer& new_piece();
  void thinking(const Event& event, Choice& to);
  void signature(const Event& event, Choice& to);
  void thought(const Thought& thought, std::uint32_t index, Choice& to);
  void open_call(const Event& event, Choice& to);
  void call_delta(const Event& event, Choice& to);
  void arguments(std::uint32_t index, std::uint32_t call, bool custom, hub::Escaped text);
  void close_call(const Event& event, Choice& to);
  void citation(const Event& event, Choice& to);
  void logprobs(const Event& event);
  void media(const Event& event, Choice& to);
  void finish(const Event& event, Choice& to);
  void end();

  AnswerContext context_;
  json::Composer& out_;
  json::Composer head_{};  // the chunk up to its choices
  json::Composer piece_{};
  std::vector<Choice> choices_{};
  hub::Usage usage_{};
  std::size_t held_ = 0;
  bool legacy_;
  bool begun_ = false;
  bool over_ = false;
};

void ChatWriter::begin(const Event& event) {
  if (begun_) return;
  begun_ = true;
  const bool told = event.kind == EventKind::begin;
  open_envelope({.object = "chat.completion.chunk",
                 .id_prefix = "chatcmpl-",
                 .id = told ? event.id : hub::Escaped(),
                 .model = told ? event.model : hub::Escaped(),
                 .tier = told ? event.tier : hub::Escaped(),
                 .fingerprint = told ? event.fingerprint : hub::Escaped(),
                 .created = told ? event.created : 0},
                context_, head_);
}

void ChatWriter::open_chunk(std::uint32_t index) {
  out_.verbatim("data: ").verbatim(head_.text()).verbatim(R"(,"choices":[{"index":)");
  char digits[3];
  std::size_t size = 0;
  if (index >= 100) digits[size++] = static_cast<char>('0' + index / 100);
  if (index >= 10) digits[size++] = static_cast<char>('0' + index / 10 % 10);
  digits[size++] = static_cast<char>('0' + index % 10);
  out_.verbatim({digits, size}).verbatim(R"(,"delta":)");
}

void ChatWriter::close_chunk() {
  out_.verbatim(context_.include_usage
                    ? Bytes(R"(,"logprobs":null,"finish_reason":null}],"usage":null})"
                            "\n\n")
                    : Bytes(R"(,"logprobs":null,"finish_reason":null}]})"
                            "\n\n"));
}

ChatWriter::Choice& ChatWriter::choice(std::uint32_t index) {
  if (index >= choices_.size()) choices_.resize(index + 1);
  Choice& to = choices_[index];
  if (!to.begun) {
    to.begun = true;
    open_chunk(index);
    out_.verbatim(R"({"role":"assistant","content":"","refusal":null})");
    close_chunk();
  }
  return to;
}

void ChatWriter::text(std::uint32_t index, Bytes before, hub::Escaped text) {
  open_chunk(index);
  out_.verbatim(before).verbatim(text).verbatim("\"}");
  close_chunk();
}

json::Composer& ChatWriter::new_piece() {
  piece_.clear();
  piece_.begin_object();
  return piece_;
}

void ChatWriter::piece(std::uint32_t index) {
  piece_.end_object();
  open_chunk(index);
  out_.verbatim(piece_.text());
  close_chunk();
}

void ChatWriter::thinking(const Event& event, Choice& to) {
  if (to.last != EventKind::thinking) to.thought.clear();
  if (!context_.show_reasoning) return;
  if (to.thought.size() + event.text.size() <= thought_bytes_max) to.thought.append(event.text);
  text(event.choice, R"({"reasoning_content":")", event.text);
}

void ChatWriter::thought(const Thought& thought, std::uint32_t index, Choice& to) {
  json::Composer& out = new_piece();
  out.key("reasoning_details").begin_array();
  write_thought(thought, to.thoughts++, out);
  out.end_array();
  piece(index);
}

// Of the open thought, of a tool call, or of the text.
void ChatWriter::signature(const Event& event, Choice& to) {
  const bool of_call = to.last == EventKind::tool_open && event.call < to.calls.size();
  const bool google = event.issuer == hub::Issuer::gemini;
  if (to.last == EventKind::thinking || to.last == EventKind::begin) {
    thought({.issuer = event.issuer, .text = to.thought, .signature = event.text, .id = event.id},
            event.choice, to);
    to.thought.clear();
    return;
  }
  if (!google || (of_call && legacy_)) {
    thought({.issuer = event.issuer,
             .redacted = true,
             .signature = event.text,
             .id = of_call ? hub::Escaped(to.calls[event.call].id) : event.id},
            event.choice, to);
    return;
  }
  json::Composer& out = new_piece();
  if (of_call) {
    out.key("tool_calls").begin_array().begin_object().key("index").unsigned_integer(event.call);
    out.key("extra_content");
    write_google_seal(event.text, out);
    out.end_object().end_array();
  } else {
    out.key("extra_content");
    write_google_seal(event.text, out);
  }
  piece(event.choice);
}

void ChatWriter::open_call(const Event& event, Choice& to) {
  Call& call = to.calls.emplace_back();
  call.id = event.id;
  call.unwrap = !event.custom && is_emulated_custom(event.name, context_);
  call.custom = event.custom || call.unwrap;
  const auto index = static_cast<std::uint32_t>(to.calls.size() - 1);
  json::Composer& out = new_piece();
  if (legacy_) {
    if (index > 0) return;  // there is no second function call
    out.key("function_call").begin_object().key("name").escaped_string(event.name);
    out.key("arguments").string("").end_object();
    return piece(event.choice);
  }
  out.key("tool_calls").begin_array().begin_object().key("index").unsigned_integer(index);
  out.key("id");
  write_call_id(event.id, context_, event.choice, index, out);
  out.key("type").string(call.custom ? "custom" : "function");
  out.key(call.custom ? "custom" : "function").begin_object();
  out.key("name").escaped_string(event.name).key(call.custom ? "input" : "arguments").string("");
  out.end_object().end_object().end_array();
  piece(event.choice);
}

void ChatWriter::arguments(std::uint32_t index, std::uint32_t call, bool custom,
                           hub::Escaped said) {
  if (legacy_) {
    if (call > 0) return;
    open_chunk(index);
    out_.verbatim(R"({"function_call":{"arguments":")").verbatim(said).verbatim(R"("}})");
    return close_chunk();
  }
  open_chunk(index);
  out_.verbatim(R"({"tool_calls":[{"index":)");
  const std::string number = std::to_string(call);  // short enough to need no memory
  out_.verbatim(number);
  out_.verbatim(custom ? R"(,"custom":{"input":")" : R"(,"function":{"arguments":")");
  out_.verbatim(said).verbatim(R"("}}]})");
  close_chunk();
}

void ChatWriter::call_delta(const Event& event, Choice& to) {
  if (event.call >= to.calls.size() || event.text.empty()) return;
  Call& call = to.calls[event.call];
  call.any = true;
  if (!call.unwrap) return arguments(event.choice, event.call, call.custom, event.text);
  if (event.text.size() > held_bytes_max - held_)
    return fail({.kind = hub::ErrorKind::server, .message = "The input of a tool is too long."});
  held_ += event.text.size();
  call.held.append(event.text);
}

void ChatWriter::close_call(const Event& event, Choice& to) {
  if (event.call >= to.calls.size()) return;
  Call& call = to.calls[event.call];
  if (call.unwrap) {
    json::Composer& out = piece_;
    out.clear();
    write_custom_input(call.held, out);
    const std::string quoted(out.text());
    arguments(event.choice, event.call, true, Bytes(quoted).substr(1, quoted.size() - 2));
    held_ -= call.held.size();
    call.held = {};
  } else if (!call.any && !call.custom) {
    arguments(event.choice, event.call, false, "{}");
  }
}

void ChatWriter::citation(const Event& event, Choice& to) {
  piece_.clear();
  if (!write_annotation(*event.citation, piece_)) return;
  to.annotations.append(to.annotations.empty() ? "" : ",").append(piece_.text());
}

void ChatWriter::logprobs(const Event& event) {
  open_chunk(event.choice);
  out_.verbatim(event.custom ? R"({},"logprobs":{"content":null,"refusal":)"
                             : R"({},"logprobs":{"content":)");
  piece_.clear();
  piece_.raw(event.raw);
  out_.verbatim(piece_.text()).verbatim(event.custom ? "}" : R"(,"refusal":null})");
  out_.verbatim(R"(,"finish_reason":null}])");
  out_.verbatim(context_.include_usage ? ",\"usage\":null}\n\n" : "}\n\n");
}

void ChatWriter::media(const Event& event, Choice& to) {
  json::Composer& out = new_piece();
  if (event.media.media_type.starts_with("audio")) {
    out.key("audio");
    write_audio(event.id, event.media.data, event.text, out);
  } else {
    out.key("images").begin_array();
    write_image(event.media, to.images++, out);
    out.end_array();
  }
  piece(event.choice);
}

void ChatWriter::finish(const Event& event, Choice& to) {
  if (!to.annotations.empty()) {
    open_chunk(event.choice);
    out_.verbatim(R"({"annotations":[)").verbatim(to.annotations).verbatim("]}");
    close_chunk();
  }
  const bool explained = event.finish == hub::Finish::refusal && !event.text.empty();
  if (explained && !to.told.refusal) text(event.choice, R"({"refusal":")", event.text);
  to.told.calls = !to.calls.empty();
  open_chunk(event.choice);
  out_.verbatim(R"({},"logprobs":null,"finish_reason":")");
  out_.verbatim(finish_word(event.finish, to.told, legacy_)).verbatim("\"}]");
  out_.verbatim(context_.include_usage ? ",\"usage\":null}\n\n" : "}\n\n");
}

void ChatWriter::end() {
  over_ = true;
  if (context_.include_usage && usage_.any()) {
    piece_.clear();
    write_usage(usage_, piece_);
    out_.verbatim("data: ").verbatim(head_.text()).verbatim(R"(,"choices":[],"usage":)");
    out_.verbatim(piece_.text()).verbatim("}\n\n");
  }
  out_.verbatim("data: [DONE]\n\n");
}

void ChatWriter::fail(const hub::ErrorNote& error) {
  if (over_) return;
  over_ = true;
  piece_.clear();
  write_error(error, piece_);
  out_.verbatim("data: ").verbatim(piece_.text()).verbatim("\n\n");
}

void ChatWriter::on(const Event& event) {
  if (over_ || event.kind == EventKind::ping || event.choice >= hub::Answer::choices_max) return;
  if (event.kind == EventKind::error) return fail(*event.error);
  begin(event);
  if (event.kind == EventKind::usage) return usage_.take(*event.usage);
  if (event.kind == EventKind::end) return end();
  Choice& to = choice(event.choice);
  switch (event.kind) {
    case EventKind::text:
      text(event.choice, R"({"content":")", event.text);
      to.told.anything = true;
      break;
    case EventKind::refusal:
      text(event.choice, R"({"refusal":")", event.text);
      to.told.anything = to.told.refusal = true;
      break;
    case EventKind::thinking:
      thinking(event, to);
      break;
    case EventKind::signature:
      return signature(event, to);
    case EventKind::redacted:
      thought({.issuer = event.issuer, .redacted = true, .signature = event.text, .id = event.id},
              event.choice, to);
      break;
    case EventKind::block_end:
      to.thought.clear();
      return;
    case EventKind::tool_open:
      open_call(event, to);
      break;
    case EventKind::tool_delta:
      return call_delta(event, to);
    case EventKind::tool_close:
      return close_call(event, to);
    case EventKind::citation:
      return citation(event, to);
    case EventKind::logprobs:
      return logprobs(event);
    case EventKind::media:
      to.told.anything = true;
      return media(event, to);
    case EventKind::finish:
      return finish(event, to);
    default:  // blocks of others, which this dialect has no word for
      return;
  }
  to.last = event.kind;
}

}  // namespace

std::unique_ptr<StreamWriter> stream_writer(const AnswerContext& context, json::Composer& out) {
  return std::make_unique<ChatWriter>(context, out);
}

}  // namespace penstock::dialect::openai_chat
