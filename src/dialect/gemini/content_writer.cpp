#include "dialect/gemini/content_writer.h"

#include <algorithm>

#include "dialect/arguments.h"
#include "dialect/gemini/call_id.h"
#include "dialect/loss.h"

namespace penstock::dialect::gemini {
namespace {

constexpr Bytes user = "user";
constexpr Bytes model = "model";
// Accepted in place of a signature for calls that never had one
// (https://ai.google.dev/gemini-api/docs/thought-signatures).
constexpr Bytes sentinel = "skip_thought_signature_validator";

bool is_system(hub::Role role) {
  return role == hub::Role::system || role == hub::Role::developer;
}

bool is_media(hub::PartKind kind) {
  return kind == hub::PartKind::image || kind == hub::PartKind::audio ||
         kind == hub::PartKind::video || kind == hub::PartKind::file;
}

// The signature of a part, when it is Google's.
hub::Escaped own_signature(const hub::Part& part) {
  return part.issuer == hub::Issuer::gemini ? part.signature : hub::Escaped();
}

// Chat clients bring a call's signature back as an encrypted piece of reasoning with the call's id.
hub::Escaped carried_signature(const hub::Message& message, const hub::Part& call) {
  for (const hub::Part& part : message.parts) {
    if (part.kind == hub::PartKind::redacted_thinking && !part.id.empty() && part.id == call.id) {
      return own_signature(part);
    }
  }
  return {};
}

bool belongs_to_call(const hub::Message& message, const hub::Part& reasoning) {
  return !reasoning.id.empty() && std::ranges::any_of(message.parts, [&](const hub::Part& part) {
    return part.kind == hub::PartKind::tool_call && part.id == reasoning.id;
  });
}

}  // namespace

ContentWriter::ContentWriter(Target& to) : to_(to) {
  const auto& messages = to.request.messages;
  while (leading_ < messages.size() && is_system(messages[leading_].role)) ++leading_;
  current_turn_ = leading_;
  for (std::size_t i = leading_; i < messages.size(); ++i) {
    if (messages[i].role != hub::Role::user) continue;
    const bool words = std::ranges::any_of(messages[i].parts, [](const hub::Part& part) {
      return part.kind != hub::PartKind::tool_result;
    });
    if (words) current_turn_ = i + 1;
  }
  collect_calls();
}

void ContentWriter::collect_calls() {
  for (const hub::Message& message : to_.request.messages) {
    if (message.role != hub::Role::assistant) continue;
    for (const hub::Part& part : message.parts) {
      if (part.kind != hub::PartKind::tool_call) continue;
      calls_.push_back({part.id, static_cast<std::uint32_t>(calls_.size()), part.name});
    }
  }
  std::ranges::sort(calls_, [](const Call& a, const Call& b) {
    return a.id != b.id ? a.id < b.id : a.ordinal < b.ordinal;
  });
}

// The last call of that id that stands before this place in the conversation.
const ContentWriter::Call* ContentWriter::find_call(hub::Escaped id) const {
  const auto behind = std::ranges::partition_point(calls_, [&](const Call& call) {
    return call.id != id ? call.id < id : call.ordinal < calls_written_;
  });
  if (behind == calls_.begin() || std::prev(behind)->id != id) return nullptr;
  return &*std::prev(behind);
}

Result<> ContentWriter::system_instruction(Bytes instruction) {
  const auto& messages = to_.request.messages;
  const bool stays = to_.model.system_instruction() && leading_ < messages.size();
  if (!to_.model.system_instruction()) {
    instruction_ = instruction;
    return {};
  }
  if (instruction.empty() && (leading_ == 0 || !stays)) return {};
  json::Composer& out = to_.out;
  out.key("systemInstruction").begin_object().key("parts").begin_array();
  for (std::size_t i = 0; stays && i < leading_; ++i) {
    for (const hub::Part& part : messages[i].parts) {
      if (part.kind != hub::PartKind::text) {
        return refuse("messages", "A system message is made of text at this target.", to_.losses);
      }
      if (!part.text.empty()) text(part.text, {}, false);
    }
  }
  if (!instruction.empty()) out.begin_object().key("text").string(instruction).end_object();
  out.end_array().end_object();
  return {};
}

void ContentWriter::begin(Bytes role) {
  if (role_ == role) return;
  close();
  to_.out.begin_object().key("role").string(role).key("parts").begin_array();
  role_ = role;
  call_in_content_ = false;
}

void ContentWriter::close() {
  if (!role_.empty()) to_.out.end_array().end_object();
  role_ = {};
}

Result<> ContentWriter::contents() {
  const auto& messages = to_.request.messages;
  to_.out.key("contents").begin_array();
  std::size_t at = to_.model.system_instruction() && leading_ < messages.size() ? leading_ : 0;
  if (at < leading_) to_.losses.emulate("messages.role");
  if (!instruction_.empty()) {
    begin(user);
    to_.out.begin_object().key("text").string(instruction_).end_object();
  }
  while (at < messages.size()) {
    if (messages[at].role == hub::Role::assistant) {
      PENSTOCK_CHECK(model_message(messages[at], at >= current_turn_));
      ++at;
      continue;
    }
    std::size_t last = at;
    while (last < messages.size() && messages[last].role != hub::Role::assistant) ++last;
    PENSTOCK_CHECK(user_run(at, last));
    at = last;
  }
  close();
  to_.out.end_array();
  return {};
}

// All messages between two of the model's: the results of its calls first, then the rest.
Result<> ContentWriter::user_run(std::size_t first, std::size_t last) {
  const auto& messages = to_.request.messages;
  results_.clear();
  for (std::size_t i = first; i < last; ++i) {
    for (const hub::Part& part : messages[i].parts) {
      if (part.kind == hub::PartKind::tool_result) {
        results_.push_back({&part, find_call(part.id), results_.size()});
      }
    }
  }
  PENSTOCK_CHECK(results());
  for (std::size_t i = first; i < last; ++i) {
    // A system message in the middle keeps its place; only its role is lost.
    if (is_system(messages[i].role) && i >= leading_) to_.losses.emulate("messages.role");
    if (!messages[i].name.empty()) PENSTOCK_CHECK(lose("messages.name", to_.traits, to_.losses));
    for (const hub::Part& part : messages[i].parts) {
      // Documents are not cited on demand.
      const bool cited = part.kind == hub::PartKind::file && !part.citations.empty();
      if (cited) PENSTOCK_CHECK(lose("citations", to_.traits, to_.losses));
      PENSTOCK_CHECK(user_part(part));
    }
  }
  return {};
}

// Responses stand in the order of the calls; media that cannot be in one stand behind them all.
Result<> ContentWriter::results() {
  if (results_.empty()) return {};
  begin(user);
  std::ranges::sort(results_, [](const Answered& a, const Answered& b) {
    const auto place = [](const Answered& result) {
      return result.call != nullptr ? result.call->ordinal : 0xFFFF'FFFFu;
    };
    return place(a) != place(b) ? place(a) < place(b) : a.at < b.at;
  });
  for (const Answered& result : results_) PENSTOCK_CHECK(response(result));
  if (to_.model.third()) return {};
  for (const Answered& result : results_) PENSTOCK_CHECK(response_parts(*result.part));
  return {};
}

// Results go as one string: an object could hold "$ref", which is taken for a reference to a part.
Result<> ContentWriter::response(const Answered& result) {
  const hub::Part& part = *result.part;
  const hub::Escaped name = !part.name.empty()       ? part.name
                            : result.call != nullptr ? result.call->name
                                                     : hub::Escaped();
  if (name.empty()) {
    return refuse("messages", "A tool result answers no call of this conversation.", to_.losses);
  }
  json::Composer& out = to_.out;
  out.begin_object().key("functionResponse").begin_object();
  out.key("name").escaped_string(name);
  if (!to_.traits.on_vertex && !part.id.empty() && !is_made_call_id(part.id)) {
    out.key("id").escaped_string(part.id);
  }
  out.key("response").begin_object().key(part.is_error ? "error" : "output").open_string();
  bool media = false;
  for (const hub::Part& piece : part.content) {
    if (piece.kind == hub::PartKind::text) {
      out.more_escaped(piece.text);
    } else {
      media = true;
    }
  }
  out.close_string().end_object();
  if (media && to_.model.third()) {
    out.key("parts").begin_array();
    PENSTOCK_CHECK(response_parts(part));
    out.end_array();
  }
  out.end_object().end_object();
  return {};
}

Result<> ContentWriter::response_parts(const hub::Part& result) {
  for (const hub::Part& piece : result.content) {
    if (piece.kind == hub::PartKind::text) continue;
    PENSTOCK_CHECK(is_media(piece.kind) ? write_media(piece, to_) : opaque(piece, false));
  }
  return {};
}

Result<> ContentWriter::user_part(const hub::Part& part) {
  switch (part.kind) {
    case hub::PartKind::text:
    case hub::PartKind::refusal:
      if (part.text.empty() && own_signature(part).empty()) return {};
      begin(user);
      text(part.text, own_signature(part), false);
      return {};
    case hub::PartKind::image:
    case hub::PartKind::audio:
    case hub::PartKind::video:
    case hub::PartKind::file:
      begin(user);
      return write_media(part, to_);
    case hub::PartKind::opaque:
      begin(user);
      return opaque(part, false);
    case hub::PartKind::tool_result:
    case hub::PartKind::thinking:
    case hub::PartKind::redacted_thinking:
    case hub::PartKind::tool_call:
      return {};
  }
  PENSTOCK_UNREACHABLE();
}

Result<> ContentWriter::model_message(const hub::Message& message, bool current_turn) {
  for (const hub::Part& part : message.parts) {
    PENSTOCK_CHECK(model_part(message, part, current_turn));
  }
  return {};
}

Result<> ContentWriter::model_part(const hub::Message& message, const hub::Part& part,
                                   bool current_turn) {
  const hub::Escaped signature = own_signature(part);
  switch (part.kind) {
    case hub::PartKind::text:
    case hub::PartKind::refusal:
      if (part.text.empty() && signature.empty()) return {};
      begin(model);
      text(part.text, signature, false);
      return {};
    case hub::PartKind::thinking:
      // Thoughts of other providers stay with them.
      if (part.issuer != hub::Issuer::gemini) return {};
      begin(model);
      text(part.text, signature, true);
      return {};
    case hub::PartKind::redacted_thinking:
      if (signature.empty() || belongs_to_call(message, part)) return {};
      begin(model);
      text({}, signature, false);
      return {};
    case hub::PartKind::tool_call:
      begin(model);
      call(message, part, current_turn);
      return {};
    case hub::PartKind::image:
    case hub::PartKind::audio:
    case hub::PartKind::video:
    case hub::PartKind::file:
      begin(model);
      return write_media(part, to_);
    case hub::PartKind::opaque:
      if (part.issuer == hub::Issuer::gemini) begin(model);
      return opaque(part, true);
    case hub::PartKind::tool_result:
      return {};
  }
  PENSTOCK_UNREACHABLE();
}

void ContentWriter::text(hub::Escaped text, hub::Escaped signature, bool thought) {
  json::Composer& out = to_.out;
  out.begin_object().key("text").escaped_string(text);
  if (thought) out.key("thought").boolean(true);
  if (!signature.empty()) out.key("thoughtSignature").escaped_string(signature);
  out.end_object();
}

void ContentWriter::call(const hub::Message& message, const hub::Part& part, bool current_turn) {
  json::Composer& out = to_.out;
  ++calls_written_;
  out.begin_object().key("functionCall").begin_object();
  out.key("name").escaped_string(part.name);
  out.key("args");
  if (part.custom)  // plain text, as the emulation of its tool has it
    out.begin_object().key("input").escaped_string(part.arguments.bytes).end_object();
  else
    write_arguments_object(part.arguments, to_.document, out);
  if (!to_.traits.on_vertex && !part.id.empty() && !is_made_call_id(part.id)) {
    out.key("id").escaped_string(part.id);
  }
  out.end_object();
  hub::Escaped signature = own_signature(part);
  if (signature.empty()) signature = carried_signature(message, part);
  // Only the first call of a step carries a signature, and only in the turn that is going on.
  if (signature.empty() && current_turn && !call_in_content_ && to_.model.third()) {
    signature = sentinel;
  }
  if (!signature.empty()) out.key("thoughtSignature").escaped_string(signature);
  out.end_object();
  call_in_content_ = true;
}

// A block of another provider: what the model said may be left out, what it was asked may not.
Result<> ContentWriter::opaque(const hub::Part& part, bool may_drop) {
  if (part.kind == hub::PartKind::opaque && part.issuer == hub::Issuer::gemini) {
    to_.out.raw(part.raw);
    return {};
  }
  if (may_drop) return lose("messages.content", to_.traits, to_.losses);
  return refuse("messages", "The target does not know this kind of content.", to_.losses);
}

}  // namespace penstock::dialect::gemini
