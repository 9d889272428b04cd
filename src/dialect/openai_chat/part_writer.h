// Parts of a message's content: text, image_url, input_audio, file, refusal, and the thinking parts
// of servers that have them.
#pragma once

#include "dialect/openai_chat/request_writing.h"

namespace penstock::dialect::openai_chat {

inline constexpr Bytes content_field = "messages.content";

inline bool is_words(const hub::Part& part) {
  return part.kind == hub::PartKind::text || part.kind == hub::PartKind::refusal;
}

// Unsigned thoughts are anybody's; signed ones go to their issuer only.
inline bool is_free_thought(const hub::Part& part) {
  return part.kind == hub::PartKind::thinking && part.signature.empty() && !part.text.empty();
}

class PartWriter {
 public:
  explicit PartWriter(Writing& writing)
      : writing_(writing), quirks_(writing.quirks), out_(writing.out), losses_(writing.losses) {}

  // Nothing is written for what stands elsewhere (calls, results) or must not go there. Error:
  // unsupported_by_target.
  Result<> part(const hub::Part& part);
  void text(hub::Escaped text, hub::CacheTtl cache);

  bool wants_mark(hub::CacheTtl cache) const {
    return cache != hub::CacheTtl::none && quirks_.cache_control;
  }
  // Reasoning goes back as parts of the content (Mistral).
  bool thinks_in_parts() const {
    return quirks_.reasoning_back && quirks_.reasoning_field == "thinking";
  }

 private:
  Result<> image(const hub::Part& part);
  Result<> audio(const hub::Part& part);
  Result<> file(const hub::Part& part);
  void end_part(hub::CacheTtl cache);
  void mark(hub::CacheTtl cache);
  void data_url(const hub::Media& media, Bytes fallback_type);

  Writing& writing_;
  const Quirks& quirks_;
  json::Composer& out_;
  Losses& losses_;
};

}  // namespace penstock::dialect::openai_chat
