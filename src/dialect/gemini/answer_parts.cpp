#include "dialect/gemini/answer_parts.h"

#include <algorithm>

#include "dialect/arguments.h"

namespace penstock::dialect::gemini {
namespace {

void write_token(json::View token, json::Writer& out) {
  out.begin_object();
  out.key("token").escaped_string(token["token"].text());
  if (const json::View value = token["logprob"]; value.is_number()) {
    out.key("logProbability").raw(value.raw());
  }
  out.end_object();
}

}  // namespace

void write_text_part(hub::Escaped text, bool thought, const Signed& kind, hub::Escaped signature,
                     json::Writer& out) {
  out.begin_object().key("text").escaped_string(text);
  if (thought) out.key("thought").boolean(true);
  if (!signature.empty()) {
    out.key("thoughtSignature");
    write_signature(kind, signature, out);
  }
  out.end_object();
}

void write_call_part(const CallPart& call, json::Document& document, json::Writer& out) {
  out.begin_object().key("functionCall").begin_object();
  if (!call.id.empty()) out.key("id").escaped_string(call.id);
  out.key("name").escaped_string(call.name).key("args");
  write_arguments_object(call.arguments, document, out);
  out.end_object();
  if (!call.signature.empty()) {
    out.key("thoughtSignature");
    write_signature(call.kind, call.signature, out);
  }
  out.end_object();
}

void write_media_part(hub::Source source, hub::Escaped media_type, hub::Escaped data,
                      json::Writer& out) {
  const bool is_inline = source == hub::Source::base64;
  out.begin_object().key(is_inline ? "inlineData" : "fileData").begin_object();
  if (!media_type.empty()) out.key("mimeType").escaped_string(media_type);
  out.key(is_inline ? "data" : "fileUri").escaped_string(data).end_object().end_object();
}

void write_logprobs(json::View tokens, json::Writer& out) {
  out.begin_object().key("topCandidates").begin_array();
  for (const json::View token : tokens) {
    out.begin_object().key("candidates").begin_array();
    for (const json::View top : token["top_logprobs"]) write_token(top, out);
    out.end_array().end_object();
  }
  out.end_array().key("chosenCandidates").begin_array();
  for (const json::View token : tokens) write_token(token, out);
  out.end_array().end_object();
}

Bytes on_one_line(Bytes raw, std::string& room) {
  if (raw.find_first_of("\r\n") == Bytes::npos) return raw;
  room.assign(raw);
  std::ranges::replace_if(room, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return room;
}

}  // namespace penstock::dialect::gemini
