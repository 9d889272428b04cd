#include "dialect/anthropic/words.h"

#include <algorithm>
#include <array>
#include <utility>

namespace penstock::dialect::anthropic {
namespace {

using hub::Effort;
using hub::ErrorKind;
using hub::Finish;
using hub::Issuer;

template <class T>
using Row = std::pair<Bytes, T>;

// Reading takes the first row of a word, writing the first row of a value.
constexpr std::array finishes = {
    Row<Finish>{"end_turn", Finish::stop},
    Row<Finish>{"tool_use", Finish::tool_calls},
    Row<Finish>{"max_tokens", Finish::length},
    Row<Finish>{"stop_sequence", Finish::stop_sequence},
    Row<Finish>{"refusal", Finish::refusal},
    Row<Finish>{"pause_turn", Finish::paused},
    Row<Finish>{"model_context_window_exceeded", Finish::context_full},
    Row<Finish>{"compaction", Finish::compaction},
    Row<Finish>{"refusal", Finish::content_filter},
};

constexpr std::array efforts = {
    Row<Effort>{"low", Effort::low},   Row<Effort>{"medium", Effort::medium},
    Row<Effort>{"high", Effort::high}, Row<Effort>{"xhigh", Effort::xhigh},
    Row<Effort>{"max", Effort::max},   Row<Effort>{"low", Effort::minimal},
};

constexpr std::array issuers = {
    Row<Issuer>{"none", Issuer::none},       Row<Issuer>{"openai", Issuer::openai},
    Row<Issuer>{"gemini", Issuer::gemini},   Row<Issuer>{"bedrock", Issuer::bedrock},
    Row<Issuer>{"mistral", Issuer::mistral}, Row<Issuer>{"cohere", Issuer::cohere},
    Row<Issuer>{"other", Issuer::other},
};

// Anthropic's page on errors, and the SDK's list of types.
constexpr std::array error_types = {
    Row<ErrorKind>{"invalid_request_error", ErrorKind::invalid_request},
    Row<ErrorKind>{"authentication_error", ErrorKind::authentication},
    Row<ErrorKind>{"billing_error", ErrorKind::billing},
    Row<ErrorKind>{"permission_error", ErrorKind::permission},
    Row<ErrorKind>{"not_found_error", ErrorKind::not_found},
    Row<ErrorKind>{"timeout_error", ErrorKind::timeout},
    Row<ErrorKind>{"conflict_error", ErrorKind::conflict},
    Row<ErrorKind>{"request_too_large", ErrorKind::too_large},
    Row<ErrorKind>{"rate_limit_error", ErrorKind::rate_limit},
    Row<ErrorKind>{"overloaded_error", ErrorKind::overloaded},
    Row<ErrorKind>{"api_error", ErrorKind::server},
    Row<ErrorKind>{"not_found_error", ErrorKind::model_not_found},
    Row<ErrorKind>{"rate_limit_error", ErrorKind::quota},
    Row<ErrorKind>{"invalid_request_error", ErrorKind::context_length},
    Row<ErrorKind>{"invalid_request_error", ErrorKind::content_filter},
    Row<ErrorKind>{"invalid_request_error", ErrorKind::unsupported},
};

constexpr Bytes carrier = "pk1.";

}  // namespace

Finish finish_of(json::View stop_reason) {
  if (!stop_reason.is_string()) return Finish::none;
  const auto row = std::ranges::find(finishes, stop_reason.text(), &Row<Finish>::first);
  return row != finishes.end() ? row->second : Finish::other;
}

Bytes stop_reason_of(Finish finish) {
  const auto row = std::ranges::find(finishes, finish, &Row<Finish>::second);
  return row != finishes.end() ? row->first : Bytes("end_turn");
}

Effort effort_of(json::View word) {
  const auto row = std::ranges::find(efforts, word.text(), &Row<Effort>::first);
  return row != efforts.end() ? row->second : Effort::unset;
}

Bytes word_of(Effort effort) {
  const auto row = std::ranges::find(efforts, effort, &Row<Effort>::second);
  return row != efforts.end() ? row->first : Bytes();
}

hub::CacheTtl ttl_of(json::View cache_control) {
  if (!cache_control.is_object()) return hub::CacheTtl::none;
  const json::View ttl = cache_control["ttl"];
  if (ttl.is("1h")) return hub::CacheTtl::hour1;
  return ttl.is("5m") ? hub::CacheTtl::minutes5 : hub::CacheTtl::standard;
}

std::optional<Carried> read_carried(hub::Escaped signature) {
  if (!signature.starts_with(carrier)) return {};
  Bytes rest = signature.substr(carrier.size());
  const std::size_t issuer_end = rest.find('.');
  if (issuer_end == Bytes::npos) return {};
  const auto row = std::ranges::find(issuers, rest.substr(0, issuer_end), &Row<Issuer>::first);
  if (row == issuers.end()) return {};
  rest.remove_prefix(issuer_end + 1);
  const std::size_t id_end = rest.find('.');
  if (id_end == Bytes::npos) return {};
  return Carried{row->second, rest.substr(0, id_end), rest.substr(id_end + 1)};
}

void append_carrier(Issuer issuer, hub::Escaped id, std::string& out) {
  const auto row = std::ranges::find(issuers, issuer, &Row<Issuer>::second);
  out.append(carrier).append(row != issuers.end() ? row->first : "other").push_back('.');
  // A dot would end the id too early, an escape may not come back as it was.
  if (id.find_first_of(".\\") == Bytes::npos) out.append(id);
  out.push_back('.');
}

Bytes error_type_of(ErrorKind kind) {
  const auto row = std::ranges::find(error_types, kind, &Row<ErrorKind>::second);
  return row != error_types.end() ? row->first : Bytes("api_error");
}

std::optional<ErrorKind> kind_of_error_type(json::View type) {
  const auto row = std::ranges::find(error_types, type.text(), &Row<ErrorKind>::first);
  if (row == error_types.end()) return {};
  return row->second;
}

}  // namespace penstock::dialect::anthropic
