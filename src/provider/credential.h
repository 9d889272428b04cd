// How a request says whose it is: one way for each Auth.
#pragma once

#include "penstock/provider.h"

namespace penstock {

// Anthropic's oldest version that is served, for a request that says nothing about it.
inline constexpr Bytes anthropic_version_oldest = "2023-06-01";

// The lines with the credential; none when the provider has none. Errors: internal_error when what
// the caller has to bring (a token, the time of signing) is missing or cannot be used.
Result<> write_credential(http::HeadWriter& head, const Provider& provider,
                          const UpstreamRequest& request);

// Signature Version 4 of the whole request, with the lines that it covers beside those every
// request has (src/provider/aws_signature.cpp).
Result<> write_signature(http::HeadWriter& head, const Provider& provider,
                         const UpstreamRequest& request);

// The content type of a body that says nothing about it.
inline constexpr Bytes content_type_json = "application/json";

}  // namespace penstock
