// Errors as the servers tell them (the forms recorded or documented for OpenAI, Azure, Mistral,
// vLLM, TGI, xAI, OpenRouter, Together, Fireworks, llama.cpp and FastAPI's own).
#include <algorithm>
#include <array>

#include "dialect/error_kind.h"
#include "dialect/openai_chat/chat.h"
#include "dialect/openai_chat/error_shape.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::ErrorKind;

// Whether `text` holds `words`, which are lower case.
bool says(hub::Escaped text, Bytes words) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::search(text, words, {}, lower).begin() != text.end();
}

struct Clue {
  Bytes words;
  ErrorKind kind;
};

// Codes and types, as a whole.
constexpr std::array codes{
    Clue{"context_length_exceeded", ErrorKind::context_length},
    Clue{"exceed_context_size_error", ErrorKind::context_length},  // llama.cpp
    Clue{"TOO_MANY_TOKENS", ErrorKind::context_length},
    Clue{"content_filter", ErrorKind::content_filter},
    Clue{"content_policy_violation", ErrorKind::content_filter},
    Clue{"ResponsibleAIPolicyViolation", ErrorKind::content_filter},
    Clue{"invalid_prompt", ErrorKind::content_filter},
    Clue{"insufficient_quota", ErrorKind::quota},
    Clue{"credit_balance_exhausted", ErrorKind::quota},
    Clue{"organization_spend_limit_exceeded", ErrorKind::quota},
    Clue{"project_spend_limit_exceeded", ErrorKind::quota},
    Clue{"organization_usage_limit_exceeded", ErrorKind::quota},
    Clue{"billing_hard_limit_reached", ErrorKind::quota},
    Clue{"model_not_found", ErrorKind::model_not_found},
    Clue{"DeploymentNotFound", ErrorKind::model_not_found},  // Azure
    Clue{"invalid_model", ErrorKind::model_not_found},       // Mistral, Together
    Clue{"1500", ErrorKind::model_not_found},                // Mistral
    Clue{"3505", ErrorKind::overloaded},                     // Mistral: no capacity in this tier
    Clue{"capacity_exceeded", ErrorKind::overloaded},        // Groq
    Clue{"slow_down", ErrorKind::overloaded},
    Clue{"resource_unavailable", ErrorKind::overloaded},
    Clue{"provider_unavailable", ErrorKind::overloaded},
    Clue{"unavailable_error", ErrorKind::overloaded},
    Clue{"overloaded", ErrorKind::overloaded},
    Clue{"overloaded_error", ErrorKind::overloaded},
    Clue{"rate_limit_exceeded", ErrorKind::rate_limit},
    Clue{"rate_limit_error", ErrorKind::rate_limit},
    Clue{"invalid_api_key", ErrorKind::authentication},
    Clue{"authentication_error", ErrorKind::authentication},
    Clue{"permission_error", ErrorKind::permission},
    Clue{"not_supported_error", ErrorKind::unsupported},
    Clue{"timeout", ErrorKind::timeout},
    Clue{"server_error", ErrorKind::server},
    Clue{"invalid_request_error", ErrorKind::invalid_request},
    Clue{"BadRequestError", ErrorKind::invalid_request},
    Clue{"validation", ErrorKind::invalid_request},
};

// Parts of messages, lower case.
constexpr std::array texts{
    Clue{"maximum context length", ErrorKind::context_length},
    Clue{"context window", ErrorKind::context_length},
    Clue{"maximum prompt length", ErrorKind::context_length},
    Clue{"context length exceeded", ErrorKind::context_length},
    Clue{"exceeds the available context", ErrorKind::context_length},
    Clue{"prompt is too long", ErrorKind::context_length},
    Clue{"too many tokens", ErrorKind::context_length},
    Clue{"content management policy", ErrorKind::content_filter},
    Clue{"content policy", ErrorKind::content_filter},
    Clue{"usage guidelines", ErrorKind::content_filter},
    Clue{"not a valid model id", ErrorKind::model_not_found},
    Clue{"invalid model", ErrorKind::model_not_found},
    Clue{"insufficient balance", ErrorKind::billing},
    Clue{"tier capacity exceeded", ErrorKind::overloaded},
};

ErrorKind kind_of_code(hub::Escaped word, bool& known) {
  for (const Clue& clue : codes) {
    if (word != clue.words) continue;
    known = true;
    return clue.kind;
  }
  return ErrorKind::server;
}

// The number that some servers have for a code is the status again.
std::uint16_t status_of(json::View code) {
  const std::int64_t number = code.integer().value_or(0);
  return number >= 400 && number < 600 ? static_cast<std::uint16_t>(number) : 0;
}

bool is_vague(ErrorKind kind) {
  return kind == ErrorKind::invalid_request || kind == ErrorKind::server ||
         kind == ErrorKind::permission || kind == ErrorKind::not_found ||
         kind == ErrorKind::rate_limit || kind == ErrorKind::too_large;
}

ErrorKind kind_of(std::uint16_t status, const hub::ErrorNote& note) {
  bool known = false;
  ErrorKind kind = kind_of_code(note.code, known);
  if (!known || kind == ErrorKind::invalid_request) {
    bool by_type = false;
    const ErrorKind typed = kind_of_code(note.type, by_type);
    // A type says less than a status does, unless it is of the exact ones.
    if (by_type && (!is_vague(typed) || status == 0)) {
      kind = typed;
      known = true;
    } else if (!known) {
      kind = status != 0 ? kind_of_status(status) : ErrorKind::server;
    }
  }
  if (!is_vague(kind)) return kind;
  for (const Clue& clue : texts) {
    if (says(note.message, clue.words)) return clue.kind;
  }
  const bool about_model = says(note.message, "model") && !says(note.message, "endpoint");
  const bool absent = says(note.message, "not exist") || says(note.message, "not found");
  if (about_model && (kind == ErrorKind::not_found || absent)) return ErrorKind::model_not_found;
  if (known && kind == ErrorKind::invalid_request && status >= 401) return kind_of_status(status);
  return kind;
}

// {"detail":"text"} or FastAPI's {"detail":[{"loc":["body","model"],"msg":"…"}]}.
void read_detail(json::View detail, hub::ErrorNote& out) {
  if (detail.is_string()) {
    out.message = detail.text();
    return;
  }
  const json::View first = detail.is_array() ? detail.at(0) : detail;
  out.message = first["msg"] ? first["msg"].text() : first["message"].text();
  out.type = first["type"].text();
  const json::View place = first["loc"];
  if (place.size() > 1) out.param = place.at(place.size() - 1).text();
}

hub::Escaped word_of(json::View value) {
  return value.is_number() ? value.raw() : value.text();
}

// {"error":{…}}, {"error":"text"}, {"message":"text"} and their like.
std::uint16_t read_words(json::View body, hub::ErrorNote& out) {
  if (body.is_array()) return read_words(body.at(0), out);  // Google's
  const json::View error = body["error"];
  const json::View inside = error.is_object() ? error : body;
  if (error.is_string()) {
    out.message = error.text();
  } else {
    out.message = inside[inside["message"] ? "message" : "Message"].text();
  }
  out.type = inside[inside["type"].is_string() ? "type" : "error_type"].text();
  out.code = word_of(inside["code"]);
  out.param = inside["param"].text();
  if (out.type == "error") out.type = {};  // {"object":"error"} and {"type":"error"} say nothing
  if (out.message.empty() && body["detail"]) read_detail(body["detail"], out);
  if (out.message.empty()) out.message = body["x_groq"]["error"].text();
  const json::View meta = inside["metadata"];
  if (out.type.empty()) out.type = meta["error_type"].text();
  out.request_id = body["request_id"].text();
  if (const std::uint16_t told = status_of(inside["code"])) return told;
  if (const std::uint16_t told = status_of(inside["status_code"])) return told;
  return status_of(inside["http_status_code"]);
}

}  // namespace

bool is_error(json::View body) {
  const json::View error = body["error"];
  if (error.is_object() || !error.text().empty() || body["x_groq"]["error"]) return true;
  if (!body["choices"].empty()) return false;
  if (body["object"].is("error") || body["type"].is("error")) return true;
  if (body["choices"].exists() || body["usage"]) return false;
  return body["message"].is_string() || body["detail"].exists();
}

void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out) {
  out.status = status;
  const std::uint16_t told = read_words(body, out);
  out.kind = kind_of(status != 0 ? status : told, out);
}

}  // namespace penstock::dialect::openai_chat
