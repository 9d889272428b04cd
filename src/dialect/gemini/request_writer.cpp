// Writes a request for generateContent or streamGenerateContent; which of them stands in the path.
#include <algorithm>

#include "dialect/demands.h"
#include "dialect/gemini/config_writer.h"
#include "dialect/loss.h"

namespace penstock::dialect::gemini {
namespace {

// Models before Gemini 3 take a form of the answer or functions, not both.
bool format_as_words(const hub::Request& request, const Model& model) {
  using Kind = hub::ResponseFormat::Kind;
  const bool wanted =
      request.format.kind == Kind::json_object || request.format.kind == Kind::json_schema;
  return wanted && !request.tools.empty() && !model.third();
}

std::string format_instruction(const hub::ResponseFormat& format) {
  std::string text = "Answer with one JSON value and nothing else, no code fence.";
  if (!format.schema.empty()) {
    text.append(" It must be valid against this JSON Schema: ").append(format.schema);
  }
  return text;
}

bool has_cache_marks(const hub::Request& request) {
  return request.cache != hub::CacheTtl::none ||
         std::ranges::any_of(request.messages, [](const hub::Message& message) {
           return std::ranges::any_of(message.parts, [](const hub::Part& part) {
             return part.cache != hub::CacheTtl::none;
           });
         });
}

// Before the contents are read: without the messages that the state holds they make no sense.
Result<> refuse_state(Target& to) {
  const hub::Request& request = to.request;
  if (!request.previous_response.empty()) {
    return refuse("previous_response_id", "The target keeps no earlier responses.", to.losses);
  }
  if (!request.stateful.empty()) {
    return refuse(request.stateful, "The target keeps no state between requests.", to.losses);
  }
  return {};
}

}  // namespace

Result<> write_request_members(const hub::Request& request, const TargetTraits& target,
                               json::Composer& out, Losses& losses) {
  Target to{.request = request,
            .traits = target,
            .model = model_of(target),
            .out = out,
            .losses = losses};
  const bool own = request.issuer == hub::Issuer::gemini;
  const Abilities can{.many_answers = true,
                      .audio_output = true,
                      .image_output = true,
                      .web_search = true,
                      .forced_server_tools = own};
  PENSTOCK_CHECK(judge_demands(request, can, losses));
  const bool words = format_as_words(request, to.model);
  std::string instruction;
  if (words) {
    instruction = format_instruction(request.format);
    losses.emulate("response_format");
  }
  // Prompts are cached without being told to.
  if (has_cache_marks(request)) losses.emulate("cache_control");
  PENSTOCK_CHECK(refuse_state(to));
  ContentWriter writer(to);
  if (!uses_cached_content(request)) PENSTOCK_CHECK(writer.system_instruction(instruction));
  PENSTOCK_CHECK(writer.contents());
  PENSTOCK_CHECK(write_tools(to));
  PENSTOCK_CHECK(write_generation_config(to, !words));
  return write_extra(to);
}

Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses) {
  out.begin_object();
  PENSTOCK_CHECK(write_request_members(request, target, out, losses));
  out.end_object();
  return {};
}

}  // namespace penstock::dialect::gemini
