#include "dialect/anthropic/token_count.h"

#include <string>

#include "dialect/anthropic/request_writer.h"
#include "penstock/base64.h"

namespace penstock::dialect::anthropic {
namespace {

Result<> write_invocation(const hub::Request& request, const TargetTraits& target,
                          json::Composer& out, Losses& losses) {
  json::Composer whole;
  PENSTOCK_CHECK(write_request(request, target, whole, losses));
  if (!whole.fits()) return fail(Code::body_too_large, Side::client);
  std::string body;
  append_base64(whole.text(), body);
  out.begin_object().key("input").begin_object().key("invokeModel").begin_object();
  out.key("body").open_string().more(body).close_string();
  out.end_object().end_object().end_object();
  return {};
}

}  // namespace

void write_token_count(std::uint64_t input_tokens, json::Composer& out) {
  out.begin_object().key("input_tokens").unsigned_integer(input_tokens).end_object();
}

Result<> write_count_request(const hub::Request& request, const TargetTraits& target,
                             json::Composer& out, Losses& losses) {
  if (target.in_bedrock_invoke) return write_invocation(request, target, out, losses);
  out.begin_object();
  if (target.on_vertex) out.key("model").string(target.model);
  PENSTOCK_CHECK(
      write_members(write_request,
                    {"model", "anthropic_version", "messages", "system", "tools", "tool_choice",
                     "thinking", "output_config", "mcp_servers", "context_management"},
                    request, target, out, losses));
  out.end_object();
  return {};
}

}  // namespace penstock::dialect::anthropic
