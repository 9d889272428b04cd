// OpenAI's errors, read by their code before their status, and written with all four members.
#include "dialect/openai_responses/errors.h"

#include <array>

#include "dialect/error_kind.h"
#include "dialect/openai_responses/responses.h"

namespace penstock::dialect::openai_responses {
namespace {

using hub::ErrorKind;

struct Word {
  Bytes word;
  ErrorKind kind;
};

// `code`, or where it is missing `type`, as OpenAI, Azure and xAI send them.
constexpr std::array<Word, 33> words{{
    {"context_length_exceeded", ErrorKind::context_length},
    {"string_above_max_length", ErrorKind::context_length},
    {"content_filter", ErrorKind::content_filter},
    {"content_policy_violation", ErrorKind::content_filter},
    {"image_content_policy_violation", ErrorKind::content_filter},
    {"bio_policy", ErrorKind::content_filter},
    {"misalignment_policy_violation", ErrorKind::content_filter},
    {"moderation_blocked", ErrorKind::content_filter},
    {"model_not_found", ErrorKind::model_not_found},
    {"DeploymentNotFound", ErrorKind::model_not_found},
    {"invalid_api_key", ErrorKind::authentication},
    {"authentication_error", ErrorKind::authentication},
    {"insufficient_quota", ErrorKind::quota},
    {"credit_balance_exhausted", ErrorKind::quota},
    {"organization_spend_limit_exceeded", ErrorKind::quota},
    {"project_spend_limit_exceeded", ErrorKind::quota},
    {"organization_usage_limit_exceeded", ErrorKind::quota},
    {"billing_hard_limit_reached", ErrorKind::quota},
    {"rate_limit_exceeded", ErrorKind::rate_limit},
    {"rate_limit_error", ErrorKind::rate_limit},
    {"too_many_requests", ErrorKind::rate_limit},
    {"slow_down", ErrorKind::overloaded},
    {"server_is_overloaded", ErrorKind::overloaded},
    {"overloaded", ErrorKind::overloaded},
    {"service_unavailable", ErrorKind::overloaded},
    {"permission_error", ErrorKind::permission},
    {"unsupported_country_region_territory", ErrorKind::permission},
    {"previous_response_not_found", ErrorKind::not_found},
    {"vector_store_timeout", ErrorKind::timeout},
    {"server_error", ErrorKind::server},
    {"invalid_prompt", ErrorKind::invalid_request},
    {"invalid_image", ErrorKind::invalid_request},
    {"invalid_request_error", ErrorKind::invalid_request},
}};

const Word* find(Bytes word) {
  for (const Word& known : words) {
    if (known.word == word) return &known;
  }
  return nullptr;
}

// What an OpenAI client finds in `type` and `code` when the provider had no words for it.
struct Shape {
  ErrorKind kind;
  Bytes type;
  Bytes code;
};
constexpr std::array<Shape, 16> shapes{{
    {ErrorKind::invalid_request, "invalid_request_error", ""},
    {ErrorKind::context_length, "invalid_request_error", "context_length_exceeded"},
    {ErrorKind::content_filter, "invalid_request_error", "content_filter"},
    {ErrorKind::unsupported, "invalid_request_error", "unsupported_by_target"},
    {ErrorKind::authentication, "authentication_error", "invalid_api_key"},
    {ErrorKind::billing, "insufficient_quota", "insufficient_quota"},
    {ErrorKind::quota, "insufficient_quota", "insufficient_quota"},
    {ErrorKind::permission, "permission_error", "access_denied"},
    {ErrorKind::model_not_found, "invalid_request_error", "model_not_found"},
    {ErrorKind::not_found, "invalid_request_error", "not_found"},
    {ErrorKind::timeout, "timeout_error", "timeout"},
    {ErrorKind::conflict, "conflict_error", ""},
    {ErrorKind::too_large, "invalid_request_error", "request_too_large"},
    {ErrorKind::rate_limit, "rate_limit_error", "rate_limit_exceeded"},
    {ErrorKind::overloaded, "server_error", "overloaded"},
    {ErrorKind::server, "server_error", ""},
}};

const Shape& shape_of(ErrorKind kind) {
  for (const Shape& shape : shapes) {
    if (shape.kind == kind) return shape;
  }
  return shapes.back();
}

void write_or_null(Bytes text, json::Writer& out) {
  if (text.empty())
    out.null();
  else
    out.escaped_string(text);
}

bool contains(Bytes text, Bytes words_in_it) {
  return text.find(words_in_it) != Bytes::npos;
}

}  // namespace

void read_error_object(json::View error, std::uint16_t status, hub::ErrorNote& out) {
  out.status = status;
  out.message = error.is_string() ? error.text() : error["message"].text();
  out.type = error["type"].text();
  out.code = error["code"].is_number() ? error["code"].raw() : error["code"].text();
  out.param = error["param"].text();
  const Word* known = find(out.code);
  if (known == nullptr) known = find(out.type);
  out.kind = known != nullptr ? known->kind : kind_of_status(status);
  // A general word says less than the status or the sentence.
  const bool general = known == nullptr || known->word == "invalid_request_error";
  if (!general) return;
  if (status >= 400 && status != 422) out.kind = kind_of_status(status);
  if (out.kind == ErrorKind::invalid_request &&
      (contains(out.message, "context window") || contains(out.message, "maximum context length")))
    out.kind = ErrorKind::context_length;
}

void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out) {
  const json::View error = body["error"];
  if (error.is_string()) {  // xAI: {"code": "…", "error": "…"}
    read_error_object(body, status, out);
    out.message = error.text();
  } else {
    read_error_object(error ? error : body, status, out);
  }
}

void write_error_object(const hub::ErrorNote& error, json::Writer& out) {
  const Shape& shape = shape_of(error.kind);
  // OpenAI's own words are kept; those of others mean nothing to this dialect's clients.
  const bool own = find(error.code) != nullptr;
  out.begin_object().key("type").string(shape.type);
  out.key("code");
  write_or_null(own ? error.code : shape.code, out);
  out.key("message").escaped_string(error.message).key("param");
  write_or_null(error.param.empty() && error.kind == ErrorKind::model_not_found ? Bytes("model")
                                                                                : error.param,
                out);
  if (!error.metadata.empty()) out.key("metadata").raw(error.metadata);
  out.end_object();
}

void write_error(const hub::ErrorNote& error, json::Composer& out) {
  out.begin_object().key("error");
  write_error_object(error, out);
  out.end_object();
}

void write_response_error(ErrorKind kind, hub::Escaped message, json::Writer& out) {
  Bytes code = "server_error";
  if (kind == ErrorKind::rate_limit) code = "rate_limit_exceeded";
  if (kind == ErrorKind::invalid_request || kind == ErrorKind::context_length ||
      kind == ErrorKind::content_filter)
    code = "invalid_prompt";
  out.begin_object().key("code").string(code).key("message").escaped_string(message).end_object();
}

}  // namespace penstock::dialect::openai_responses
