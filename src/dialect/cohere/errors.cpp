// Cohere's errors: {"message","id"} with a status, sometimes an "error_type"; or the end of an
// answer with a good status that says ERROR.
#include "dialect/cohere/cohere.h"
#include "dialect/error_kind.h"

namespace penstock::dialect::cohere {
namespace {

using hub::ErrorKind;

bool says(hub::Escaped text, Bytes words) {
  return text.find(words) != Bytes::npos;
}

ErrorKind kind_of(std::uint16_t status, json::View message, json::View type) {
  const hub::Escaped text = message.text();
  if (type.is("TOO_MANY_TOKENS") || says(text, "too many tokens")) return ErrorKind::context_length;
  if (status == 404 && says(text, "model")) return ErrorKind::model_not_found;
  // A key of the free plan has so many calls a month.
  if (status == 429 && says(text, "month")) return ErrorKind::quota;
  // 498 is a token that is not valid any more, or content that Cohere does not process.
  if (status == 498)
    return says(text, "blocked") ? ErrorKind::content_filter : ErrorKind::authentication;
  if (status == 499) return ErrorKind::server;
  return kind_of_status(status);
}

}  // namespace

void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out) {
  const json::View message = body["message"];
  const json::View type = body["error_type"];
  out.kind = kind_of(status, message, type);
  out.status = status;
  out.message = message.text();
  out.type = type.text();
  out.request_id = body["id"].text();
}

void emit_failure(json::View message, json::View type, hub::EventSink& out) {
  hub::ErrorNote note;
  note.kind = kind_of(0, message, type);
  note.message = message.text().empty() ? Bytes("The provider ended the answer with an error.")
                                        : message.text();
  note.type = type.text();
  out.on({.kind = hub::EventKind::error, .error = &note});
}

}  // namespace penstock::dialect::cohere
