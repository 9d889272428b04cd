// Messages of the hub as OpenAI's: a tool's answer is a message of its own, directly behind the
// calls; what only a user may say (images, files) follows those answers as a user's message.
#include <algorithm>
#include <array>
#include <utility>

#include "dialect/arguments.h"
#include "dialect/loss.h"
#include "dialect/openai_chat/part_writer.h"
#include "dialect/openai_chat/reasoning_format.h"
#include "dialect/openai_chat/request_writing.h"
#include "dialect/tool_id.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::Issuer;
using hub::Message;
using hub::Part;
using hub::PartKind;
using hub::Role;
using hub::Source;

class MessageWriter {
 public:
  MessageWriter(Writing& writing, Bytes instruction)
      : writing_(writing),
        quirks_(writing.quirks),
        out_(writing.out),
        losses_(writing.losses),
        parts_(writing),
        instruction_(instruction) {}

  Result<> write();

 private:
  // What could not be said in a tool's answer; `id`: of its call, empty for the user's own parts.
  struct Later {
    const Part* part;
    hub::Escaped id;
  };

  Result<> message(const Message& message);
  Result<> results(const Message& message);
  Result<> result(const Part& part);
  Result<> flush();
  Result<> assistant(const Message& message);
  Result<> assistant_content(const Message& message, bool has_calls);
  void tool_calls(const Message& message);
  void tool_call(const Part& part);
  void reasoning(const Message& message, bool has_calls);
  void details(const Message& message);
  void detail(const Part& part, std::int64_t index);
  Result<> parts(const std::vector<Part>& parts);
  void begin(Bytes role) { out_.begin_object().key("role").string(role); }
  void name_of(const Message& message) {
    if (!message.name.empty()) out_.key("name").escaped_string(message.name);
  }
  void instruct(bool first);
  hub::Escaped id_of(const Part& part, std::uint32_t ordinal) {
    const IdRule rule = quirks_.short_tool_ids ? IdRule::nine_letters : IdRule::any;
    return fit_tool_id(part.id, rule, ordinal, id_room_);
  }

  Writing& writing_;
  const Quirks& quirks_;
  json::Composer& out_;
  Losses& losses_;
  PartWriter parts_;
  Bytes instruction_;
  std::vector<Later> later_{};
  IdRoom id_room_{};
  std::uint32_t calls_ = 0;
  std::uint32_t results_ = 0;
};

// One text without a mark is a string, which every server takes.
Result<> MessageWriter::parts(const std::vector<Part>& parts) {
  out_.key("content");
  if (parts.empty()) {
    out_.string("");
    return {};
  }
  if (parts.size() == 1 && is_words(parts.front()) && !parts_.wants_mark(parts.front().cache)) {
    if (parts.front().cache != hub::CacheTtl::none) losses_.drop("cache_control");
    out_.escaped_string(parts.front().text);
    return {};
  }
  out_.begin_array();
  for (const Part& one : parts) PENSTOCK_CHECK(parts_.part(one));
  out_.end_array();
  return {};
}

// -- Answers of tools --

Result<> MessageWriter::result(const Part& result) {
  const std::uint32_t ordinal = results_++;
  begin("tool");
  out_.key("tool_call_id").escaped_string(id_of(result, ordinal));
  std::size_t texts = 0;
  for (const Part& one : result.content) {
    if (is_words(one))
      ++texts;
    else
      later_.push_back({&one, result.id});
  }
  out_.key("content");
  const bool plain = texts <= 1 && !parts_.wants_mark(result.cache);
  if (plain) {
    out_.open_string();
  } else {
    out_.begin_array();
  }
  std::size_t at = 0;
  for (const Part& one : result.content) {
    if (!is_words(one)) continue;
    if (plain)
      out_.more_escaped(one.text);
    else
      parts_.text(one.text, ++at == texts ? result.cache : hub::CacheTtl::none);
  }
  if (plain && texts == 0 && !later_.empty()) out_.more_escaped("See the next message.");
  if (plain)
    out_.close_string();
  else
    out_.end_array();
  if (plain && result.cache != hub::CacheTtl::none) losses_.drop("cache_control");
  if (result.is_error) losses_.drop("is_error");
  out_.end_object();
  return {};
}

Result<> MessageWriter::results(const Message& message) {
  for (const Part& part : message.parts) {
    if (part.kind == PartKind::tool_result) PENSTOCK_CHECK(result(part));
  }
  for (const Part& part : message.parts) {
    if (part.kind != PartKind::tool_result) later_.push_back({&part, {}});
  }
  return {};
}

Result<> MessageWriter::flush() {
  if (later_.empty()) return {};
  const std::vector<Later> held = std::exchange(later_, {});
  begin("user");
  out_.key("content");
  const Later& first = held.front();
  if (held.size() == 1 && first.id.empty() && is_words(*first.part) &&
      !parts_.wants_mark(first.part->cache)) {
    out_.escaped_string(first.part->text).end_object();
    return {};
  }
  out_.begin_array();
  hub::Escaped id;
  for (const Later& one : held) {
    if (!one.id.empty() && one.id != id) {
      losses_.emulate(content_field);
      out_.begin_object().key("type").string("text").key("text").open_string();
      out_.more_escaped("From the result of tool call ").more_escaped(one.id).more_escaped(":");
      out_.close_string().end_object();
    }
    id = one.id;
    PENSTOCK_CHECK(parts_.part(*one.part));
  }
  out_.end_array().end_object();
  return {};
}

// -- The assistant's turns --

void MessageWriter::tool_call(const Part& part) {
  const bool native = part.custom && writing_.is_openai();
  out_.begin_object().key("id").escaped_string(id_of(part, calls_++));
  out_.key("type").string(native ? "custom" : "function");
  out_.key(native ? "custom" : "function").begin_object();
  out_.key("name").escaped_string(part.name).key(native ? "input" : "arguments");
  if (native) {
    if (part.arguments.in_string)
      out_.escaped_string(part.arguments.bytes);
    else
      out_.string(part.arguments.bytes);
  } else if (part.custom) {  // as the emulation of its tool has it
    out_.open_string().more(R"({"input":")").more(part.arguments.bytes).more("\"}");
    out_.close_string();
  } else {
    write_arguments_string(part.arguments, out_);
  }
  out_.end_object();
  // Google's own server of this dialect signs calls here; to others the member says nothing.
  if (!part.signature.empty() && part.issuer == Issuer::gemini && quirks_.reasoning_details)
    out_.key("extra_content")
        .begin_object()
        .key("google")
        .begin_object()
        .key("thought_signature")
        .escaped_string(part.signature)
        .end_object()
        .end_object();
  out_.end_object();
}

void MessageWriter::tool_calls(const Message& message) {
  out_.key("tool_calls").begin_array();
  for (const Part& part : message.parts) {
    if (part.kind == PartKind::tool_call) tool_call(part);
  }
  out_.end_array();
}

void MessageWriter::detail(const Part& part, std::int64_t index) {
  const bool redacted = part.kind == PartKind::redacted_thinking;
  const bool summary = part.issuer == Issuer::openai && !redacted;
  const auto head = [&](Bytes type) { out_.begin_object().key("type").string(type); };
  const auto tail = [&](bool with_id) {
    if (with_id && !part.id.empty()) out_.key("id").escaped_string(part.id);
    if (!part.signature.empty()) out_.key("format").string(format_of(part.issuer));
    out_.key("index").integer(index).end_object();
  };
  if (!redacted) {
    head(summary ? "reasoning.summary" : "reasoning.text");
    out_.key(summary ? "summary" : "text").escaped_string(part.text);
    if (!summary && !part.signature.empty()) out_.key("signature").escaped_string(part.signature);
    tail(!summary);
  }
  if (redacted || summary) {
    head("reasoning.encrypted");
    out_.key("data").escaped_string(part.signature);
    tail(true);
  }
}

void MessageWriter::details(const Message& message) {
  const auto is_thought = [](const Part& part) {
    return part.kind == PartKind::redacted_thinking ||
           (part.kind == PartKind::thinking && !part.signature.empty());
  };
  if (std::ranges::none_of(message.parts, is_thought)) return;
  out_.key("reasoning_details").begin_array();
  std::int64_t index = 0;
  for (const Part& part : message.parts) {
    if (is_thought(part) || is_free_thought(part)) detail(part, index++);
  }
  out_.end_array();
}

void MessageWriter::reasoning(const Message& message, bool has_calls) {
  if (!quirks_.reasoning_back || parts_.thinks_in_parts()) return;
  const bool any = std::ranges::any_of(message.parts, is_free_thought);
  // DeepSeek wants the member on every turn with calls, known or not; Groq refuses an empty one.
  if (any || (has_calls && quirks_.reasoning_field == "reasoning_content")) {
    out_.key(quirks_.reasoning_field).open_string();
    for (const Part& part : message.parts) {
      if (is_free_thought(part)) out_.more_escaped(part.text);
    }
    out_.close_string();
  }
  if (quirks_.reasoning_details) details(message);
}

// null beside calls, "" where nothing was said: some servers refuse the other.
Result<> MessageWriter::assistant_content(const Message& message, bool has_calls) {
  std::vector<const Part*> said;
  for (const Part& part : message.parts) {
    const bool thought =
        parts_.thinks_in_parts() && quirks_.reasoning_back && is_free_thought(part);
    if (part.kind == PartKind::text && part.text.empty() && has_calls) continue;
    if (is_words(part) || thought) said.push_back(&part);
    // What the model made is not taken back by any server of this dialect, but for OpenAI's ids.
    const bool by_id = part.kind == PartKind::audio && part.media.source == Source::id;
    if (by_id && writing_.is_openai())
      out_.key("audio").begin_object().key("id").escaped_string(part.media.data).end_object();
    else if (part.kind == PartKind::image || part.kind == PartKind::audio ||
             part.kind == PartKind::file || part.kind == PartKind::opaque)
      PENSTOCK_CHECK(lose(content_field, writing_.target, losses_));
  }
  out_.key("content");
  if (said.empty()) {
    if (has_calls)
      out_.null();
    else
      out_.string("");
    return {};
  }
  if (said.size() == 1 && said.front()->kind == PartKind::refusal && writing_.is_openai()) {
    out_.null().key("refusal").escaped_string(said.front()->text);
    return {};
  }
  if (said.size() == 1 && is_words(*said.front()) && !parts_.wants_mark(said.front()->cache)) {
    if (said.front()->cache != hub::CacheTtl::none) losses_.drop("cache_control");
    out_.escaped_string(said.front()->text);
    return {};
  }
  out_.begin_array();
  for (const Part* const one : said) {
    // Only OpenAI has parts for refusals.
    if (one->kind == PartKind::refusal && !writing_.is_openai())
      parts_.text(one->text, one->cache);
    else
      PENSTOCK_CHECK(parts_.part(*one));
  }
  out_.end_array();
  return {};
}

Result<> MessageWriter::assistant(const Message& message) {
  const bool has_calls =
      std::ranges::find(message.parts, PartKind::tool_call, &Part::kind) != message.parts.end();
  begin("assistant");
  name_of(message);
  PENSTOCK_CHECK(assistant_content(message, has_calls));
  reasoning(message, has_calls);
  if (has_calls) tool_calls(message);
  out_.end_object();
  return {};
}

// -- All --

// A second system message is refused by some servers, so the words go into the first.
void MessageWriter::instruct(bool first) {
  if (instruction_.empty()) return;
  if (first)
    out_.begin_object()
        .key("role")
        .string("system")
        .key("content")
        .string(instruction_)
        .end_object();
  instruction_ = {};
}

Result<> MessageWriter::message(const Message& message) {
  const bool has_results =
      std::ranges::find(message.parts, PartKind::tool_result, &Part::kind) != message.parts.end();
  if (has_results) return results(message);
  PENSTOCK_CHECK(flush());
  if (message.role == Role::assistant) return assistant(message);
  Bytes role = "user";
  if (message.role == Role::system) role = "system";
  if (message.role == Role::developer) role = quirks_.developer_role ? "developer" : "system";
  begin(role);
  name_of(message);
  if (role != "user" && !instruction_.empty()) {
    out_.key("content").open_string();
    for (const Part& part : message.parts) {
      if (is_words(part)) out_.more_escaped(part.text).more_escaped("\\n\\n");
    }
    out_.more(instruction_).close_string().end_object();
    instruction_ = {};
    return {};
  }
  PENSTOCK_CHECK(parts(message.parts));
  out_.end_object();
  return {};
}

Result<> MessageWriter::write() {
  out_.begin_array();
  const std::vector<Message>& all = writing_.request.messages;
  const bool has_system =
      !all.empty() && (all.front().role == Role::system || all.front().role == Role::developer);
  if (!has_system) instruct(true);
  for (const Message& one : all) PENSTOCK_CHECK(message(one));
  PENSTOCK_CHECK(flush());
  out_.end_array();
  return {};
}

}  // namespace

Result<> write_messages(Writing& writing, Bytes instruction) {
  return MessageWriter(writing, instruction).write();
}

}  // namespace penstock::dialect::openai_chat
