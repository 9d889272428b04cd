// Items of `output`. Neighbouring texts are one message; signatures of other issuers travel in
// reasoning items (sealed.h), those of tool calls behind everything else, bound by the call's id.
#include "dialect/openai_responses/output_writer.h"

#include <algorithm>

#include "dialect/openai_responses/sealed.h"
#include "dialect/tool_id.h"

namespace penstock::dialect::openai_responses {
namespace {

using hub::AnswerPart;
using hub::Finish;
using hub::Issuer;
using hub::PartKind;

bool is_said(const AnswerPart& part) {
  return part.kind == PartKind::text || part.kind == PartKind::refusal;
}

Bytes prefix_of(const AnswerPart& part, bool custom) {
  switch (part.kind) {
    case PartKind::tool_call:
      return custom ? "ctc_" : "fc_";
    case PartKind::image:
      return "ig_";
    case PartKind::thinking:
    case PartKind::redacted_thinking:
    case PartKind::opaque:
      return "rs_";
    default:
      return "msg_";
  }
}

// A Raw value as the inside of a string.
std::string escaped(Bytes raw) {
  json::Composer text;
  text.string(raw);
  return std::string(text.text().substr(1, text.size() - 2));
}

}  // namespace

Outcome outcome_of(const hub::AnswerChoice& choice) {
  switch (choice.finish) {
    case Finish::length:
    case Finish::context_full:
      return {"incomplete", "max_output_tokens"};
    case Finish::content_filter:
      return {"incomplete", "content_filter"};
    case Finish::refusal: {
      const bool said = std::ranges::any_of(
          choice.parts, [](const AnswerPart& part) { return part.kind == PartKind::refusal; });
      return said ? Outcome() : Outcome{"incomplete", "content_filter"};
    }
    case Finish::malformed_call:
    case Finish::error:
      return {"failed", {}};
    default:
      return {};
  }
}

ItemForm OutputWriter::form_of(const AnswerPart& part) const {
  switch (part.kind) {
    case PartKind::text:
    case PartKind::refusal:
      return ItemForm::message;
    case PartKind::thinking:
      return context_.show_reasoning ? ItemForm::reasoning : ItemForm::none;
    case PartKind::redacted_thinking:
      return ItemForm::whole;
    case PartKind::tool_call:
      return ItemForm::call;
    case PartKind::opaque:
      return part.raw.empty() ? ItemForm::none : ItemForm::whole;
    case PartKind::image:
    case PartKind::audio:
      return ItemForm::whole;
    default:
      return ItemForm::none;
  }
}

bool OutputWriter::is_hidden(const AnswerPart& part) const {
  return part.kind == PartKind::thinking && !context_.show_reasoning && !part.signature.empty();
}

bool OutputWriter::is_custom(const AnswerPart& call) const {
  if (call.custom) return true;
  return context_.request != nullptr &&
         std::ranges::any_of(context_.request->tools, [&](const hub::Tool& tool) {
           return tool.kind == hub::ToolKind::custom && tool.name == call.name;
         });
}

std::string OutputWriter::id_of(const AnswerPart& part, std::uint32_t index) const {
  const bool custom = part.kind == PartKind::tool_call && is_custom(part);
  std::string id(prefix_of(part, custom));
  id.append(context_.request_id).append("_").append(std::to_string(index));
  return id;
}

void OutputWriter::output(const hub::AnswerChoice& choice, Bytes status, json::Writer& out) {
  const std::span<const AnswerPart> parts(choice.parts);
  std::uint32_t index = 0;
  Bytes logprobs = choice.logprobs;
  out.begin_array();
  for (std::size_t i = 0; i < parts.size();) {
    std::size_t next = i + 1;
    const AnswerPart& part = parts[i];
    const bool message = is_said(part);
    while (message && next < parts.size() && is_said(parts[next]) &&
           parts[next - 1].signature.empty())
      ++next;
    const bool cut = next == parts.size() && status != "completed";
    const Bytes own = cut ? Bytes("incomplete") : Bytes("completed");
    switch (form_of(part)) {
      case ItemForm::message:
        this->message(parts.subspan(i, next - i), logprobs, id_of(part, index++), own, out);
        logprobs = {};
        if (!parts[next - 1].signature.empty()) signature(parts[next - 1], index++, out);
        break;
      case ItemForm::reasoning:
        reasoning(part, index++, out);
        break;
      case ItemForm::call:
        call(part, index++, own, out);
        break;
      case ItemForm::whole:
        whole(part, index++, out);
        break;
      case ItemForm::none:
        if (is_hidden(part)) reasoning(part, index++, out);
        break;
    }
    i = next;
  }
  for (const AnswerPart& part : parts) {
    if (part.kind == PartKind::tool_call && !part.signature.empty()) signature(part, index++, out);
  }
  out.end_array();
}

void OutputWriter::message(std::span<const AnswerPart> parts, Bytes logprobs, Bytes id,
                           Bytes status, json::Writer& out) {
  out.begin_object().key("id").string(id);
  out.key("type").raw("\"message\"").key("status").string(status);
  out.key("role").raw("\"assistant\"").key("content").begin_array();
  for (const AnswerPart& part : parts) {
    content(part, logprobs, out);
    logprobs = {};
  }
  out.end_array().end_object();
}

void OutputWriter::content(const AnswerPart& part, Bytes logprobs, json::Writer& out) {
  out.begin_object();
  if (part.kind == PartKind::refusal) {
    out.key("type").raw("\"refusal\"").key("refusal").escaped_string(part.text).end_object();
    return;
  }
  out.key("type").raw("\"output_text\"").key("text").escaped_string(part.text);
  out.key("annotations").begin_array();
  for (const AnswerPart::Cited& cited : part.citations) annotation(cited, out);
  out.end_array().key("logprobs").begin_array();
  if (!logprobs.empty()) out.raw(logprobs);
  out.end_array().end_object();
}

void OutputWriter::annotation(const AnswerPart::Cited& cited, json::Writer& out) {
  if (cited.issuer == Issuer::openai && cited.raw.find("\"type\"") != std::string::npos) {
    out.raw(cited.raw);
    return;
  }
  out.begin_object().key("type").raw("\"url_citation\"");
  out.key("url").escaped_string(cited.url).key("title").escaped_string(cited.title);
  out.key("start_index").unsigned_integer(cited.start);
  out.key("end_index").unsigned_integer(cited.end).end_object();
}

void OutputWriter::reasoning(const AnswerPart& part, std::uint32_t index, json::Writer& out) {
  const bool shown = context_.show_reasoning && !part.text.empty();
  out.begin_object().key("id").string(id_of(part, index)).key("type").raw("\"reasoning\"");
  out.key("summary").begin_array();
  if (shown && part.kind == PartKind::thinking) {
    out.begin_object().key("type").raw("\"summary_text\"");
    out.key("text").escaped_string(part.text).end_object();
  }
  out.end_array();
  if (!part.signature.empty()) {
    SealKind kind = SealKind::redacted;
    if (part.kind == PartKind::thinking) kind = shown ? SealKind::thinking : SealKind::hidden;
    out.key("encrypted_content");
    write_sealed({part.issuer, kind, part.id, part.signature,
                  kind == SealKind::hidden ? Bytes(part.text) : Bytes()},
                 out);
  }
  out.end_object();
}

Bytes OutputWriter::call_text(const AnswerPart& part) {
  if (part.custom) return part.text;
  const bool custom = is_custom(part);
  if (!custom) {
    const bool blank = part.text.find_first_not_of(" \t\r\n") == std::string::npos;
    return blank || part.text == "null" ? Bytes("{}") : Bytes(part.text);
  }
  // The target knew it as a function with one argument.
  plain_.clear();
  json::append_unescaped(part.text, plain_);
  const auto arguments = document_.read(plain_, json::Judge::answer);
  if (!arguments || !(*arguments)["input"].is_string()) return part.text;
  text_ = (*arguments)["input"].text();
  return text_;
}

void OutputWriter::call(const AnswerPart& part, std::uint32_t index, Bytes status,
                        json::Writer& out) {
  const bool custom = is_custom(part);
  out.begin_object().key("id").string(id_of(part, index));
  out.key("type").raw(custom ? "\"custom_tool_call\"" : "\"function_call\"");
  out.key("status").string(status);
  out.key(custom ? "input" : "arguments");
  // While it is in progress its deltas tell what it was given.
  out.escaped_string(status == "in_progress" ? Bytes() : call_text(part));
  // Every call has an id, also one of a provider that knows none.
  IdRoom room;
  out.key("call_id").escaped_string(fit_tool_id(part.id, IdRule::any, index, room));
  out.key("name").escaped_string(part.name).end_object();
}

void OutputWriter::whole(const AnswerPart& part, std::uint32_t index, json::Writer& out) {
  if (part.kind == PartKind::redacted_thinking) {
    reasoning(part, index, out);
  } else if (part.kind != PartKind::opaque) {
    media(part, index, out);
  } else if (part.issuer == Issuer::openai) {
    out.raw(part.raw);
  } else {
    out.begin_object().key("id").string(id_of(part, index)).key("type").raw("\"reasoning\"");
    out.key("summary").begin_array().end_array().key("encrypted_content");
    const std::string block = escaped(part.raw);
    write_sealed({part.issuer, SealKind::block, {}, {}, block}, out);
    out.end_object();
  }
}

void OutputWriter::media(const AnswerPart& part, std::uint32_t index, json::Writer& out) {
  out.begin_object().key("id").string(id_of(part, index));
  if (part.kind == PartKind::image) {
    out.key("type").raw("\"image_generation_call\"").key("status").raw("\"completed\"");
    out.key("result").escaped_string(part.raw).end_object();
    return;
  }
  out.key("type").raw("\"message\"").key("status").raw("\"completed\"");
  out.key("role").raw("\"assistant\"").key("content").begin_array().begin_object();
  out.key("type").raw("\"output_audio\"").key("data").escaped_string(part.raw);
  out.key("transcript").escaped_string(part.text).end_object().end_array().end_object();
}

void OutputWriter::signature(const AnswerPart& part, std::uint32_t index, json::Writer& out) {
  const bool of_call = part.kind == PartKind::tool_call;
  std::string id = "rs_";
  id.append(context_.request_id).append("_").append(std::to_string(index));
  out.begin_object().key("id").string(id).key("type").raw("\"reasoning\"");
  out.key("summary").begin_array().end_array().key("encrypted_content");
  write_sealed({part.issuer,
                of_call ? SealKind::call : SealKind::text,
                of_call ? Bytes(part.id) : Bytes(),
                part.signature,
                {}},
               out);
  out.end_object();
}

}  // namespace penstock::dialect::openai_responses
