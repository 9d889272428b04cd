#include "penstock/provider.h"

namespace penstock {

Result<Bytes> write_upstream_head(const Provider& provider, const UpstreamRequest& request,
                                  std::span<char> out) {
  http::HeadWriter head(out);
  head.request(http::Method::post, provider.base_url.path, request.path)
      .field("Host", provider.base_url.authority)
      .lines(
          "Content-Type: application/json\r\nUser-Agent: penstock\r\n"
          "Accept-Encoding: identity\r\n");
  if (request.stream) {
    head.lines("Accept: text/event-stream\r\n");
  } else {
    head.lines("Accept: application/json\r\n");
  }
  if (!provider.keys.empty()) {
    head.field("Authorization", "Bearer ", provider.keys[request.credential].reveal());
  }
  for (const StaticHeader& header : provider.headers) {
    head.named_field(header.name, header.value.reveal());
  }
  return head.field("Content-Length", request.body_bytes).finish();
}

Next judge(std::uint16_t status) {
  if (status >= 200 && status < 300) return Next::use;
  if (status < 400 || status > 599) return Next::bad_answer;
  switch (status) {
    case 401:
    case 402:
    case 403:
      return Next::next_credential;
    case 404:  // the provider does not know the configured model or path: the operator's mistake
    case 429:
      return Next::next_target;
    default:
      return status >= 500 ? Next::next_target : Next::give_client;
  }
}

}  // namespace penstock
