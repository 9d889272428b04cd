#include "dialect/bedrock/errors.h"

#include <algorithm>
#include <optional>

#include "dialect/error_kind.h"

namespace penstock::dialect::bedrock {
namespace {

using hub::ErrorKind;

struct Named {
  Bytes name;
  ErrorKind kind;
};

// Without the first letter: it is large in HTTP's names and small in those of streams.
constexpr Named by_name[] = {
    {"alidationException", ErrorKind::invalid_request},
    {"ccessDeniedException", ErrorKind::permission},
    {"nrecognizedClientException", ErrorKind::authentication},
    {"nvalidSignatureException", ErrorKind::authentication},
    {"xpiredTokenException", ErrorKind::authentication},
    {"equestExpired", ErrorKind::authentication},
    {"ncompleteSignature", ErrorKind::authentication},
    {"issingAuthenticationToken", ErrorKind::authentication},
    {"esourceNotFoundException", ErrorKind::model_not_found},
    {"nknownOperationException", ErrorKind::not_found},
    {"odelTimeoutException", ErrorKind::timeout},
    {"odelErrorException", ErrorKind::server},
    {"odelStreamErrorException", ErrorKind::server},
    {"hrottlingException", ErrorKind::rate_limit},
    {"odelNotReadyException", ErrorKind::rate_limit},
    {"erviceQuotaExceededException", ErrorKind::quota},
    {"onflictException", ErrorKind::conflict},
    {"nternalServerException", ErrorKind::server},
    {"erviceUnavailableException", ErrorKind::overloaded},
};

// Parts of messages that say more than name and status do. `Claude` itself speaks of prompts.
constexpr Named by_text[] = {
    {"nput is too long", ErrorKind::context_length},
    {"rompt is too long", ErrorKind::context_length},
    {"oo many input tokens", ErrorKind::context_length},
    {"aximum context length", ErrorKind::context_length},
    {"on-demand throughput", ErrorKind::model_not_found},
    {"model identifier is invalid", ErrorKind::model_not_found},
    {"ontent filter", ErrorKind::content_filter},
    {"security token included in the request is", ErrorKind::authentication},
};

std::optional<ErrorKind> kind_of_name(Bytes name) {
  if (name.empty()) return {};
  for (const Named& each : by_name) {
    if (name.substr(1) == each.name) return each.kind;
  }
  return {};
}

std::optional<ErrorKind> kind_of_text(Bytes message) {
  for (const Named& each : by_text) {
    if (message.find(each.name) != Bytes::npos) return each.kind;
  }
  return {};
}

// "com.amazon.coral.service#UnknownOperationException" and
// "ValidationException:http://internal.amazon.com/…" have the name in them. What is no plain word
// could not be put between quotes and is left out.
Bytes plain_name(Bytes type) {
  if (const std::size_t hash = type.find('#'); hash != Bytes::npos) type.remove_prefix(hash + 1);
  type = type.substr(0, type.find(':'));
  const bool plain = std::ranges::all_of(type, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
  return plain ? type : Bytes();
}

void fill(Bytes type, std::uint16_t status, json::View body, hub::ErrorNote& out) {
  out.type = plain_name(type);
  out.message = body["message"].is_string() ? body["message"].text() : body["Message"].text();
  const auto named = kind_of_name(out.type);
  const auto told = kind_of_text(out.message);
  // The words only make a refusal more exact: a fault of the service stays one.
  const bool vague = !named || *named == ErrorKind::invalid_request ||
                     *named == ErrorKind::model_not_found || *named == ErrorKind::permission;
  if (told && vague && (status == 0 || status < 500))
    out.kind = *told;
  else
    out.kind = named ? *named : kind_of_status(status);
}

}  // namespace

void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out) {
  const json::View output = body["Output"];
  const json::View type = body["__type"] ? body["__type"] : output["__type"];
  out.status = status;
  // Over HTTP the name mostly stands in the head, and the caller has put it into the note.
  fill(type ? type.text() : out.type, status, body, out);
}

void read_exception(Bytes name, json::View body, hub::ErrorNote& out) {
  fill(name, 0, body, out);
}

}  // namespace penstock::dialect::bedrock
