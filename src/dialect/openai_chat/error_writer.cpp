// Errors for clients of OpenAI's dialects: the words that the official SDKs and their users know.
#include "dialect/openai_chat/chat.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::ErrorKind;

struct Words {
  Bytes type;
  Bytes code{};   // empty: the provider's own, or null
  Bytes param{};  // empty: the provider's own, or null
};

Words words_of(ErrorKind kind) {
  constexpr Bytes invalid = "invalid_request_error";
  switch (kind) {
    case ErrorKind::invalid_request:
      return {invalid};
    case ErrorKind::context_length:
      return {invalid, "context_length_exceeded", "messages"};
    case ErrorKind::content_filter:
      return {invalid, "content_filter"};
    case ErrorKind::unsupported:
      return {invalid, "unsupported_parameter"};
    case ErrorKind::authentication:
      return {"authentication_error", "invalid_api_key"};
    case ErrorKind::billing:
    case ErrorKind::quota:
      return {"insufficient_quota", "insufficient_quota"};
    case ErrorKind::permission:
      return {"permission_error", "access_denied"};
    case ErrorKind::model_not_found:
      return {invalid, "model_not_found", "model"};
    case ErrorKind::not_found:
      return {invalid, "not_found"};
    case ErrorKind::timeout:
      return {"timeout_error", "timeout"};
    case ErrorKind::conflict:
      return {"conflict_error"};
    case ErrorKind::too_large:
      return {invalid, "request_too_large"};
    case ErrorKind::rate_limit:
      return {"rate_limit_error", "rate_limit_exceeded"};
    case ErrorKind::overloaded:
      return {"server_error", "service_unavailable"};
    case ErrorKind::server:
      return {"server_error"};
  }
  PENSTOCK_UNREACHABLE();
}

}  // namespace

void write_error(const hub::ErrorNote& error, json::Composer& out) {
  const Words words = words_of(error.kind);
  const hub::Escaped code = words.code.empty() ? error.code : words.code;
  const hub::Escaped param = error.param.empty() ? words.param : error.param;
  const auto word = [&](Bytes key, hub::Escaped value) {
    out.key(key);
    if (value.empty())
      out.null();
    else
      out.escaped_string(value);
  };
  out.begin_object().key("error").begin_object();
  out.key("message").escaped_string(error.message);
  out.key("type").string(words.type);
  word("param", param);
  word("code", code);
  if (!error.metadata.empty()) out.key("metadata").raw(error.metadata);
  out.end_object().end_object();
}

}  // namespace penstock::dialect::openai_chat
