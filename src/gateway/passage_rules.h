// The endpoints that are passed through: their paths, methods and what their bodies hold. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/routes.h"
#include "penstock/bytes.h"
#include "penstock/http.h"
#include "penstock/kinds.h"

namespace penstock {

// How the body of a POST is dealt with.
enum class PassageBody : std::uint8_t {
  none,
  json,  // small: kept and spliced, as all JSON
  form,  // multipart/form-data, looked at for its model while it passes
  raw,   // multipart/form-data, not looked at
};

struct PassageRule {
  Endpoint endpoint = Endpoint::none;
  Resource resource = Resource::files;
  bool get = false;
  bool post = false;
  bool remove = false;  // DELETE
  bool json = false;    // a POST may have such a body
  bool form = false;    // or such a one
  // A request names a model, which becomes the target's. Without: files and batches, which stay at
  // the provider that has them.
  bool has_model = false;
};
// endpoint: one of those that `passes_through`.
const PassageRule& passage_rule(Endpoint endpoint);
Bytes passage_methods(Endpoint endpoint);  // the value of Allow
bool passage_allows(Endpoint endpoint, http::Method method);

// path: behind the optional prefix. Of the route `resource` is set to the path.
Route passage_route(Bytes path);

// The value of a query's `model`, without its percent escapes; empty: it has none.
std::string model_of_query(Bytes query);
// The query as a provider gets it, with its question mark: without the members that are ours.
std::string passed_query(Bytes query);

}  // namespace penstock
