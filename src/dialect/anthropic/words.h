// The words of Anthropic's Messages API that stand for one idea of the hub each: stop reasons,
// error types, effort levels, and the form in which signatures of others pass through it.
#pragma once

#include <optional>

#include "penstock/hub.h"
#include "penstock/json_document.h"

namespace penstock::dialect::anthropic {

// stop_reason. An unknown word is `other`, nothing is `none`.
hub::Finish finish_of(json::View stop_reason);
Bytes stop_reason_of(hub::Finish finish);

// output_config.effort.
hub::Effort effort_of(json::View word);
Bytes word_of(hub::Effort effort);

// `ttl` of a cache_control object; `none` when there is none.
hub::CacheTtl ttl_of(json::View cache_control);

// Signatures and encrypted reasoning of other providers go through Anthropic clients inside the
// signature of a thinking block, as `pk1.ISSUER.ID.SIGNATURE`, and come back to their issuer only.
// ID is the reasoning item's id, or the id of the tool call that was signed. `none` marks reasoning
// text that nobody signed. Anthropic's own signatures stand as they are.
struct Carried {
  hub::Issuer issuer = hub::Issuer::none;
  hub::Escaped id{};
  hub::Escaped signature{};
};
// What `signature` carries; nothing when it is Anthropic's own.
std::optional<Carried> read_carried(hub::Escaped signature);
// "pk1.ISSUER." with the id and a dot behind it when the id can stand there.
void append_carrier(hub::Issuer issuer, hub::Escaped id, std::string& out);

// error.type for a kind of error, and the other way round; nothing for a type that says less than
// the status does.
Bytes error_type_of(hub::ErrorKind kind);
std::optional<hub::ErrorKind> kind_of_error_type(json::View type);

// The reserved tool whose arguments are the answer, for models without structured outputs: a call
// of it is turned back into text.
inline constexpr Bytes answer_tool = "penstock_json_output";

}  // namespace penstock::dialect::anthropic
