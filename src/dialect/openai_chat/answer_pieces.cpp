#include "dialect/openai_chat/answer_pieces.h"

#include <algorithm>
#include <string>

#include "dialect/openai_chat/reasoning_format.h"

namespace penstock::dialect::openai_chat {

void write_thought(const Thought& thought, std::int64_t index, json::Writer& out) {
  const Bytes format = format_of(thought.issuer);
  // OpenAI seals a summary beside it, others sign the text itself.
  const bool beside = thought.redacted || thought.issuer == hub::Issuer::openai;
  if (!thought.redacted) {
    out.begin_object().key("type").string(beside ? "reasoning.summary" : "reasoning.text");
    out.key(beside ? "summary" : "text").escaped_string(thought.text);
    if (!beside) out.key("signature").escaped_string(thought.signature);
    if (!beside && !thought.id.empty()) out.key("id").escaped_string(thought.id);
    out.key("format").string(format).key("index").integer(index).end_object();
  }
  if (!beside) return;
  out.begin_object().key("type").string("reasoning.encrypted");
  out.key("data").escaped_string(thought.signature);
  if (!thought.id.empty()) out.key("id").escaped_string(thought.id);
  out.key("format").string(format).key("index").integer(index).end_object();
}

void write_google_seal(hub::Escaped signature, json::Writer& out) {
  out.begin_object().key("google").begin_object();
  out.key("thought_signature").escaped_string(signature).end_object().end_object();
}

bool write_annotation(const hub::Citation& citation, json::Writer& out) {
  if (citation.issuer == hub::Issuer::openai && !citation.raw.empty()) {
    out.raw(citation.raw);
    return true;
  }
  if (citation.url.empty()) return false;
  out.begin_object().key("type").string("url_citation").key("url_citation").begin_object();
  out.key("url").escaped_string(citation.url).key("title").escaped_string(citation.title);
  out.key("start_index").unsigned_integer(citation.end == 0 ? 0 : citation.start);
  out.key("end_index").unsigned_integer(citation.end).end_object().end_object();
  return true;
}

void write_image(const hub::Media& media, std::int64_t index, json::Writer& out) {
  out.begin_object().key("index").integer(index).key("type").string("image_url");
  out.key("image_url").begin_object().key("url").open_string();
  if (media.source == hub::Source::base64)
    out.more_escaped("data:").more_escaped(media.media_type).more_escaped(";base64,");
  out.more_escaped(media.data).close_string().end_object().end_object();
}

void write_audio(hub::Escaped id, hub::Escaped data, hub::Escaped transcript, json::Writer& out) {
  out.begin_object().key("id").escaped_string(id).key("data").escaped_string(data);
  out.key("expires_at").integer(0).key("transcript").escaped_string(transcript).end_object();
}

void write_call_id(hub::Escaped id, const AnswerContext& context, std::uint32_t choice,
                   std::uint32_t call, json::Writer& out) {
  if (!id.empty()) {
    out.escaped_string(id);
    return;
  }
  const std::string place = "_" + std::to_string(choice) + "_" + std::to_string(call);
  out.open_string().more_escaped("call_").more(context.request_id).more_escaped(place);
  out.close_string();
}

bool is_emulated_custom(hub::Escaped name, const AnswerContext& context) {
  return context.request != nullptr &&
         std::ranges::any_of(context.request->tools, [&](const hub::Tool& tool) {
           return tool.kind == hub::ToolKind::custom && tool.name == name;
         });
}

void write_custom_input(hub::Escaped arguments, json::Writer& out) {
  const std::string text = json::unescaped(arguments);
  json::Document document(text.size());
  const auto value = document.read(text, json::Judge::answer);
  if (value && (*value)["input"].is_string())
    out.raw((*value)["input"].raw());
  else
    out.escaped_string(arguments);
}

bool wants_legacy_functions(const AnswerContext& context) {
  return context.legacy_functions ||
         (context.request != nullptr && context.request->legacy_functions);
}

}  // namespace penstock::dialect::openai_chat
