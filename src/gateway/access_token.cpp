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

// The provider refused the attempt before. True when that was for its token, and there is a newer
// one by now: then the same target gets another chance. The keeper is told of a token that is
// refused although it should be good.
bool Exchange::token_was_renewed() {
  const std::uint16_t status = attempts_[attempt_count_ - 1u].status;
  if (!provider().service_account || status != 401) return false;
  TokenReader& reader = epoch_->tokens[static_cast<std::size_t>(target().provider)];
  const auto newest = reader.at(now());
  if (newest == access_token_) reader.doubt();
  return newest && newest != access_token_;
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
