// A client's Responses request (reference: POST /v1/responses of OpenAI's API). What the hub has no
// word for is `extra`; what only a provider with a state can do is `stateful`.
#include <array>

#include "dialect/openai_responses/request_reading.h"
#include "dialect/openai_responses/responses.h"

namespace penstock::dialect::openai_responses {
namespace {

using Member = Result<> (*)(json::View value, Reading& reading);

// -- Members of one simple type --

Result<> take_text(json::View value, Bytes param, hub::Escaped& out, Reading& reading) {
  if (!value.is_string()) return reading.wrong(std::string(param), "It must be a string.");
  out = value.text();
  return {};
}
Result<> take_flag(json::View value, Bytes param, std::optional<bool>& out, Reading& reading) {
  if (!value.is_bool()) return reading.wrong(std::string(param), "It must be true or false.");
  out = value.is_true();
  return {};
}
Result<> take_count(json::View value, Bytes param, std::int64_t least,
                    std::optional<std::int64_t>& out, Reading& reading) {
  out = value.integer();
  if (!out || *out < least)
    return reading.wrong(std::string(param), "It must be an integer that is not too small.");
  return {};
}
Result<> take_number(json::View value, Bytes param, hub::Raw& out, Reading& reading) {
  if (!value.is_number()) return reading.wrong(std::string(param), "It must be a number.");
  out = value.raw();
  return {};
}

// -- Members that need a thought --

Result<> read_model(json::View value, Reading& reading) {
  PENSTOCK_CHECK(take_text(value, "model", reading.request.model, reading));
  return reading.request.model.empty() ? Result<>(reading.missing("model")) : Result<>();
}

Result<> read_stream(json::View value, Reading& reading) {
  if (!value.is_bool()) return reading.wrong("stream", "It must be true or false.");
  reading.request.stream = value.is_true();
  return {};
}

Result<> read_metadata(json::View value, Reading& reading) {
  if (!value.is_object()) return reading.wrong("metadata", "It must be an object.");
  reading.request.metadata = value.raw();
  return {};
}

// Only with `user` absent is it the hub's `user`; both at once are two members.
Result<> read_safety_identifier(json::View value, Reading& reading) {
  if (reading.request.user.empty())
    return take_text(value, "safety_identifier", reading.request.user, reading);
  reading.request.extra.push_back({"safety_identifier", value.raw()});
  return {};
}
Result<> read_user(json::View value, Reading& reading) {
  const hub::Escaped identifier = reading.request.user;
  PENSTOCK_CHECK(take_text(value, "user", reading.request.user, reading));
  if (identifier.empty()) return {};
  std::string raw = "\"";
  raw.append(identifier) += '"';
  reading.request.extra.push_back({"safety_identifier", reading.request.keep(std::move(raw))});
  return {};
}

// Encrypted reasoning is asked for and given always; log probabilities are a word of the hub.
Result<> read_include(json::View value, Reading& reading) {
  if (!value.is_array()) return reading.wrong("include", "It must be an array.");
  bool others = false;
  for (const json::View what : value) {
    if (what.is("message.output_text.logprobs"))
      reading.request.logprobs = true;
    else if (!what.is("reasoning.encrypted_content"))
      others = true;
  }
  if (others) reading.request.extra.push_back({"include", value.raw()});
  return {};
}

Result<> read_background(json::View value, Reading& reading) {
  if (!value.is_bool()) return reading.wrong("background", "It must be true or false.");
  if (value.is_false()) return {};
  reading.request.stateful = "background";
  reading.request.extra.push_back({"background", value.raw()});
  return {};
}

Result<> read_conversation(json::View value, Reading& reading) {
  reading.request.stateful = "conversation";
  reading.request.extra.push_back({"conversation", value.raw()});
  return {};
}

// A prompt that is kept at the provider.
Result<> read_prompt(json::View value, Reading& reading) {
  reading.request.stateful = "prompt";
  reading.request.extra.push_back({"prompt", value.raw()});
  return {};
}

Result<> read_truncation(json::View value, Reading& reading) {
  if (!value.is("disabled")) reading.request.extra.push_back({"truncation", value.raw()});
  return {};
}

// Padding against eavesdroppers is the business of the provider's own stream.
Result<> read_stream_options(json::View value, Reading& reading) {
  if (!value.is_object()) return reading.wrong("stream_options", "It must be an object.");
  return {};
}

struct Known {
  Bytes name;
  Member read;
};

constexpr std::array<Known, 26> members{{
    {"model", read_model},
    {"input", [](json::View, Reading&) { return Result<>(); }},         // in its order, below
    {"instructions", [](json::View, Reading&) { return Result<>(); }},  // the same
    {"stream", read_stream},
    {"stream_options", read_stream_options},
    {"max_output_tokens",
     [](json::View v, Reading& r) {
       return take_count(v, "max_output_tokens", 1, r.request.max_output_tokens, r);
     }},
    {"temperature",
     [](json::View v, Reading& r) {
       return take_number(v, "temperature", r.request.temperature, r);
     }},
    {"top_p", [](json::View v, Reading& r) { return take_number(v, "top_p", r.request.top_p, r); }},
    {"top_logprobs",
     [](json::View v, Reading& r) {
       return take_count(v, "top_logprobs", 0, r.request.top_logprobs, r);
     }},
    {"tools", read_tools},
    {"tool_choice", read_tool_choice},
    {"parallel_tool_calls",
     [](json::View v, Reading& r) {
       return take_flag(v, "parallel_tool_calls", r.request.parallel_tool_calls, r);
     }},
    {"text", read_text},
    {"reasoning", read_reasoning},
    {"metadata", read_metadata},
    {"user", read_user},
    {"safety_identifier", read_safety_identifier},
    {"prompt_cache_key",
     [](json::View v, Reading& r) {
       return take_text(v, "prompt_cache_key", r.request.prompt_cache_key, r);
     }},
    {"service_tier",
     [](json::View v, Reading& r) {
       return take_text(v, "service_tier", r.request.service_tier, r);
     }},
    {"store", [](json::View v, Reading& r) { return take_flag(v, "store", r.request.store, r); }},
    {"previous_response_id",
     [](json::View v, Reading& r) {
       return take_text(v, "previous_response_id", r.request.previous_response, r);
     }},
    {"include", read_include},
    {"background", read_background},
    {"conversation", read_conversation},
    {"prompt", read_prompt},
    {"truncation", read_truncation},
}};

Result<> read_member(json::View value, Reading& reading) {
  for (const Known& known : members) {
    if (value.key() == known.name) return known.read(value, reading);
  }
  reading.request.extra.push_back({value.key(), value.raw()});
  return {};
}

Result<> read_conversation_so_far(json::View body, Reading& reading) {
  hub::Request& request = reading.request;
  if (const json::View instructions = body["instructions"]) {
    if (!instructions.is_string()) return reading.wrong("instructions", "It must be a string.");
    hub::Message& message = request.messages.emplace_back();
    message.role = hub::Role::system;
    message.parts.emplace_back().text = instructions.text();
    request.instructions = true;
  }
  if (const json::View input = body["input"]) return read_input(input, reading);
  // What is kept at the provider can stand for it.
  if (!request.previous_response.empty() || !request.stateful.empty()) return {};
  return reading.missing("input");
}

}  // namespace

Result<> read_request(json::View body, hub::Request& out, RequestIssue& issue) {
  Reading reading{out, issue};
  if (!body.is_object()) return reading.wrong({}, "The body must be a JSON object.");
  out.issuer = hub::Issuer::other;
  out.responses = true;
  out.include_usage = true;  // every answer of this dialect tells it
  for (const json::View value : body) {
    if (value) PENSTOCK_CHECK(read_member(value, reading));
  }
  if (out.model.empty()) return reading.missing("model");
  return read_conversation_so_far(body, reading);
}

}  // namespace penstock::dialect::openai_responses
