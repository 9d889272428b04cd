#include "provider/credential.h"

namespace penstock {
namespace {

void write_bearer(http::HeadWriter& head, Bytes key) {
  head.field("Authorization", "Bearer ", key);
}

// Claude in an Azure resource is asked as Anthropic would be; Gemini's OpenAI-compatible API as
// OpenAI would be.
void write_key(http::HeadWriter& head, Auth auth, dialect::Dialect dialect, Bytes key) {
  switch (auth) {
    case Auth::api_key:
      if (dialect == dialect::Dialect::anthropic) {
        head.field("x-api-key", key);
      } else {
        head.field("api-key", key);
      }
      return;
    case Auth::x_api_key:
      head.field("x-api-key", key);
      return;
    case Auth::x_goog_api_key:
      if (dialect == dialect::Dialect::openai_chat) return write_bearer(head, key);
      head.field("x-goog-api-key", key);
      return;
    case Auth::google:
      head.field("x-goog-api-key", key);
      return;
    case Auth::bearer:
    case Auth::aws:
      return write_bearer(head, key);
  }
}

}  // namespace

Result<> write_credential(http::HeadWriter& head, const Provider& provider,
                          const UpstreamRequest& request) {
  if (!provider.keys.empty()) {
    const Bytes key = provider.keys[request.credential].reveal();
    write_key(head, facts_of(provider.kind).auth, request.dialect, key);
  } else if (provider.aws) {
    return write_signature(head, provider, request);
  } else if (provider.service_account) {
    if (request.access_token.empty()) return fail(Code::internal_error);
    write_bearer(head, request.access_token);
  }
  return {};
}

}  // namespace penstock
