// The head of a request to a provider.
#include <array>

#include "penstock/provider.h"
#include "provider/credential.h"

namespace penstock {
namespace {

using dialect::Dialect;

// False when a value that came from outside may not be sent.
bool sendable(const UpstreamRequest& request) {
  return (request.anthropic_version.empty() ||
          sendable_anthropic_version(request.anthropic_version)) &&
         (request.anthropic_beta.empty() || sendable_anthropic_beta(request.anthropic_beta)) &&
         (request.content_type.empty() || sendable_content_type(request.content_type));
}

bool has_body(http::Method method) {
  return method == http::Method::post || method == http::Method::put ||
         method == http::Method::patch;
}

// A stream is asked for in the framing that the dialect has.
void write_accept(http::HeadWriter& head, const UpstreamRequest& request) {
  if (request.any_answer) {
    head.lines("Accept: */*\r\n");
  } else if (!request.stream) {
    head.lines("Accept: application/json\r\n");
  } else if (request.dialect == Dialect::ollama) {
    head.lines("Accept: application/x-ndjson\r\n");
  } else {
    head.lines("Accept: text/event-stream\r\n");
  }
}

// Bedrock has version and betas in the body, Vertex the version.
void write_anthropic(http::HeadWriter& head, const Provider& provider,
                     const UpstreamRequest& request) {
  if (provider.kind == ProviderKind::bedrock) return;
  if (provider.kind != ProviderKind::vertex) {
    Bytes version = request.anthropic_version;
    if (version.empty() && provider.kind == ProviderKind::anthropic) version = provider.api_version;
    head.field("anthropic-version", version.empty() ? anthropic_version_oldest : version);
  }
  std::array<char, anthropic_beta_bytes_max> room;
  const Bytes betas = supported_betas(provider.kind, request.anthropic_beta, room);
  if (!betas.empty()) head.field("anthropic-beta", betas);
}

// All but what frames the body.
Result<> write_lines(http::HeadWriter& head, const Provider& provider,
                     const UpstreamRequest& request) {
  if (!sendable(request)) return fail(Code::malformed);
  head.request(request.method, provider.base_url.path, request.path)
      .field("Host", provider.base_url.authority);
  const bool body = has_body(request.method);
  if (body && request.content_type.empty()) {
    head.lines("Content-Type: application/json\r\n");
  } else if (body) {
    head.field("Content-Type", request.content_type);
  }
  head.lines("User-Agent: penstock\r\nAccept-Encoding: identity\r\n");
  write_accept(head, request);
  PENSTOCK_CHECK(write_credential(head, provider, request));
  if (request.dialect == Dialect::anthropic) write_anthropic(head, provider, request);
  for (const StaticHeader& header : provider.headers) {
    head.named_field(header.name, header.value.reveal());
  }
  return {};
}

}  // namespace

Result<Bytes> write_upstream_head(const Provider& provider, const UpstreamRequest& request,
                                  std::span<char> out) {
  http::HeadWriter head(out);
  PENSTOCK_CHECK(write_lines(head, provider, request));
  if (has_body(request.method) && request.chunked) {
    head.lines("Transfer-Encoding: chunked\r\n");
  } else if (has_body(request.method)) {
    head.field("Content-Length", request.body_bytes);
  }
  return head.finish();
}

bool RepeatedHead::possible(const Provider& provider) {
  return !provider.keys.empty() || (!provider.aws && !provider.service_account);
}

Result<> RepeatedHead::set(const Provider& provider, Service service,
                           const UpstreamRequest& request, std::span<char> scratch) {
  http::HeadWriter head(scratch);
  PENSTOCK_CHECK(write_lines(head, provider, request));
  PENSTOCK_TRY(lines, head.written());
  lines_ = Secret(lines);
  service_ = service;
  credential_ = request.credential;
  return {};
}

Result<Bytes> RepeatedHead::write(std::uint64_t body_bytes, std::span<char> out) const {
  return http::HeadWriter(out)
      .written_lines(lines_.reveal())
      .field("Content-Length", body_bytes)
      .finish();
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
