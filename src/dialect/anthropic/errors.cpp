#include "dialect/anthropic/errors.h"

#include <array>

#include "dialect/anthropic/words.h"
#include "dialect/error_kind.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::ErrorKind;

struct Words {
  Bytes words;
  ErrorKind kind;
};

// What a 400 is about, by its message: Anthropic has no codes for these.
constexpr std::array messages = {
    Words{"prompt is too long", ErrorKind::context_length},
    Words{"exceed context limit", ErrorKind::context_length},
    Words{"Input is too long", ErrorKind::context_length},  // Bedrock
    Words{"credit balance is too low", ErrorKind::billing},
    Words{"usage limits", ErrorKind::quota},
    Words{"content filtering policy", ErrorKind::content_filter},
    Words{"model identifier is invalid", ErrorKind::model_not_found},  // Bedrock
};

constexpr std::array codes = {
    Words{"contract_spend_limit_reached", ErrorKind::quota},
    Words{"enforced_spend_limit_reached", ErrorKind::quota},
};

ErrorKind kind_of(std::uint16_t status, json::View type, const hub::ErrorNote& note) {
  for (const Words& each : codes) {
    if (note.code == each.words) return each.kind;
  }
  const auto typed = kind_of_error_type(type);
  const ErrorKind kind = typed ? *typed : kind_of_status(status);
  if (kind == ErrorKind::invalid_request) {
    for (const Words& each : messages) {
      if (note.message.find(each.words) != Bytes::npos) return each.kind;
    }
  }
  if (kind == ErrorKind::not_found && note.message.starts_with("model")) {
    return ErrorKind::model_not_found;
  }
  return kind;
}

// The official clients' tool loops send all of the conversation again when they see this code.
Bytes code_of(const hub::ErrorNote& error) {
  const bool thread = error.kind == ErrorKind::unsupported && error.param == "thread";
  return thread ? Bytes("thread_unsupported_request") : error.code;
}

}  // namespace

void write_error(const hub::ErrorNote& error, json::Composer& out) {
  out.begin_object().key("type").string("error");
  out.key("error").begin_object().key("type").string(error_type_of(error.kind));
  out.key("message").open_string();
  if (!error.param.empty() && !error.message.starts_with(error.param))
    out.more_escaped(error.param).more(": ");
  // Clients want some words, also where the provider's own may not be shown.
  out.more_escaped(error.message.empty() ? Bytes(error_type_of(error.kind)) : error.message);
  out.close_string();
  if (const Bytes code = code_of(error); !code.empty()) {
    out.key("details").begin_object().key("error_code").escaped_string(code).end_object();
  }
  if (!error.metadata.empty()) out.key("metadata").raw(error.metadata);
  out.end_object().key("request_id");
  if (error.request_id.empty())
    out.null();
  else
    out.escaped_string(error.request_id);
  out.end_object();
}

void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out) {
  out.status = status;
  if (body.is_array()) body = body.at(0);  // Google's form of a streamed error
  const json::View error = body["error"];
  if (error.is_object()) {
    out.message = error["message"].text();
    out.type = error["type"].is_string() ? error["type"].text() : error["status"].text();
    out.code = error["details"]["error_code"].text();
  } else if (error.is_string()) {
    out.message = error.text();
  } else {  // Amazon's front end
    out.message = body["message"] ? body["message"].text() : body["Message"].text();
  }
  out.request_id = body["request_id"].text();
  out.kind = kind_of(status, error["type"], out);
}

}  // namespace penstock::dialect::anthropic
