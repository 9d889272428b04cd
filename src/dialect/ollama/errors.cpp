// Ollama's errors: {"error":"text"} with a status, or as a line of a stream whose status was good.
#include "dialect/error_kind.h"
#include "dialect/ollama/ollama.h"

namespace penstock::dialect::ollama {
namespace {

using hub::ErrorKind;

ErrorKind kind_of(std::uint16_t status, hub::Escaped text) {
  const auto says = [&](Bytes words) { return text.find(words) != Bytes::npos; };
  // "does not support tools", "does not support thinking"
  if (says("does not support")) return ErrorKind::unsupported;
  if (says("context length") || says("context window")) return ErrorKind::context_length;
  // "model 'x' not found", in streams without a status
  if ((status == 404 || status == 0) && says("model") && says("not found"))
    return ErrorKind::model_not_found;
  return kind_of_status(status);
}

}  // namespace

void read_error(std::uint16_t status, json::View body, hub::ErrorNote& out) {
  const json::View error = body["error"];
  out.status = status;
  out.message = error.is_object() ? error["message"].text() : error.text();
  out.type = error["type"].text();
  out.code = error["code"].text();
  out.param = error["param"].text();
  out.kind = kind_of(status, out.message);
}

}  // namespace penstock::dialect::ollama
