// The response object. What repeats the request is written once per answer and kept as text.
#include "dialect/openai_responses/response_writer.h"

#include "dialect/openai_responses/errors.h"
#include "dialect/openai_responses/request_writing.h"
#include "dialect/openai_responses/usage.h"

namespace penstock::dialect::openai_responses {
namespace {

using hub::Raw;

constexpr Bytes malformed_call = "The model's tool call was malformed.";

void write_raw(Bytes key, Raw value, Bytes otherwise, json::Writer& out) {
  out.key(key).raw(value.empty() ? otherwise : value);
}

void write_label(Bytes key, hub::Escaped value, json::Writer& out) {
  out.key(key);
  if (value.empty())
    out.null();
  else
    out.escaped_string(value);
}

void write_instructions(const hub::Request& request, json::Writer& out) {
  out.key("instructions");
  const hub::Message* const instructions = instructions_of(request);
  if (request.responses && instructions != nullptr)
    out.escaped_string(instructions->parts.front().text);
  else
    out.null();
}

void write_echo(const hub::Request& request, json::Writer& out) {
  write_instructions(request, out);
  out.key("max_output_tokens");
  if (request.max_output_tokens)
    out.integer(*request.max_output_tokens);
  else
    out.null();
  out.key("parallel_tool_calls").boolean(request.parallel_tool_calls.value_or(true));
  write_label("previous_response_id", request.previous_response, out);
  write_label("prompt_cache_key", request.prompt_cache_key, out);
  out.key("reasoning").begin_object().key("effort");
  const Bytes effort = effort_word(request.reasoning.effort);
  if (effort.empty())
    out.null();
  else
    out.string(effort);
  write_label("summary", request.reasoning.summary, out);
  // Nothing is kept here, whatever was asked for.
  out.end_object().key("store").boolean(false);
  write_raw("temperature", request.temperature, "null", out);
  out.key("text");
  write_text(request, out);
  out.key("tool_choice");
  write_tool_choice(request.tool_choice, request, out);
  out.key("tools").begin_array();
  for (const hub::Tool& tool : request.tools) write_tool(tool, false, out);
  out.end_array();
  out.key("top_logprobs").integer(request.top_logprobs.value_or(0));
  write_raw("top_p", request.top_p, "null", out);
  out.key("truncation").raw("\"disabled\"");
  write_label("user", request.user, out);
  write_raw("metadata", request.metadata, "{}", out);
}

}  // namespace

ResponseWriter::ResponseWriter(const AnswerContext& context) : context_(context), items_(context) {
  static const hub::Request nothing;
  json::Composer echo;
  write_echo(context.request != nullptr ? *context.request : nothing, echo);
  echo_ = echo.text();
}

const hub::AnswerChoice& ResponseWriter::choice_of(const hub::Answer& answer) {
  static const hub::AnswerChoice nothing;
  return answer.choices.empty() ? nothing : answer.choices.front();
}

void ResponseWriter::in_progress(const hub::Answer& answer, json::Writer& out) {
  write(answer, {"in_progress"}, out);
}

void ResponseWriter::finished(const hub::Answer& answer, json::Writer& out) {
  const Outcome outcome = outcome_of(choice_of(answer));
  hub::ErrorNote malformed;
  malformed.message = malformed_call;
  const bool failed = outcome.status == "failed";
  write(answer, {outcome.status, outcome.reason, failed ? &malformed : nullptr}, out);
}

void ResponseWriter::failed(const hub::Answer& answer, const hub::ErrorNote& error,
                            json::Writer& out) {
  write(answer, {"failed", {}, &error}, out);
}

void ResponseWriter::write(const hub::Answer& answer, const Standing& standing, json::Writer& out) {
  const bool begun = standing.status == "in_progress";
  out.begin_object().key("id").open_string();
  if (answer.id.starts_with("resp_"))
    out.more_escaped(answer.id).close_string();
  else
    out.more("resp_").more(context_.request_id).close_string();
  out.key("object").raw("\"response\"");
  out.key("created_at").integer(answer.created != 0 ? answer.created : context_.created);
  out.key("status").string(standing.status).key("background").boolean(false);
  out.key("error");
  if (standing.error != nullptr)
    write_response_error(standing.error->kind, standing.error->message, out);
  else
    out.null();
  out.key("incomplete_details");
  if (standing.reason.empty())
    out.null();
  else
    out.begin_object().key("reason").string(standing.reason).end_object();
  out.key("model");
  if (answer.model.empty())
    out.string(context_.model);
  else
    out.escaped_string(answer.model);
  out.raw(echo_);
  out.key("service_tier").escaped_string(answer.tier.empty() ? Bytes("default") : answer.tier);
  out.key("output");
  if (begun)
    out.raw("[]");
  else
    items_.output(choice_of(answer), standing.status, out);
  out.key("usage");
  if (begun || standing.error != nullptr)
    out.null();
  else
    write_usage(answer.usage, out);
  out.end_object();
}

}  // namespace penstock::dialect::openai_responses
