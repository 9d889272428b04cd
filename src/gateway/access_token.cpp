// What an exchange has to do with access tokens: it takes the one that is there. The keeper's
// thread fetches them (token_keeper.h), so that no request waits for one.
#include "gateway/exchange.h"

namespace penstock {

// The token for this attempt. upstream_unavailable, upstream_auth_failed: there is none yet, or
// none any more; another target may serve.
Result<> Exchange::take_access_token() {
  TokenReader& reader = epoch_->tokens[static_cast<std::size_t>(target().provider)];
  access_token_ = reader.at(now());
  if (access_token_) return {};
  return fail(reader.why_missing(), Side::gateway, Retry::yes);
}

// Whether a text of the provider's holds the token that it was sent.
bool Exchange::reflects_token(Bytes text) const {
  return access_token_ && text.find(access_token_->token.reveal()) != Bytes::npos;
}

// Leaves out words of an error that hold the token.
void Exchange::hide_token(UpstreamError& error) const {
  for (Bytes* text : {&error.message, &error.type, &error.code, &error.param}) {
    if (reflects_token(*text)) *text = {};
  }
}

}  // namespace penstock
