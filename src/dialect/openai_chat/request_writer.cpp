// The hub's request as the body of POST /chat/completions, for OpenAI and, by the row of quirks,
// for all that is like it.
#include <algorithm>
#include <array>

#include "dialect/demands.h"
#include "dialect/loss.h"
#include "dialect/openai_chat/chat.h"
#include "dialect/openai_chat/request_writing.h"
#include "dialect/openai_chat/words.h"

namespace penstock::dialect::openai_chat {
namespace {

using hub::Effort;
using hub::ResponseFormat;

constexpr Quirks plain_quirks{};

// Members of OpenAI's platform, which other servers refuse or ignore.
constexpr std::array<Bytes, 5> platform_members{"moderation", "prompt_cache_options",
                                                "prompt_cache_retention", "safety_identifier",
                                                "verbosity"};

class RequestWriter {
 public:
  explicit RequestWriter(Writing& writing)
      : writing_(writing),
        request_(writing.request),
        quirks_(writing.quirks),
        out_(writing.out),
        losses_(writing.losses) {}

  Result<> write();

 private:
  Result<> refuse_state();
  Abilities abilities() const;
  Result<> messages();
  Result<> limits();
  Result<> sampling();
  Result<> reasoning();
  Result<> platform();
  Result<> extras();
  void stream();
  // Writes a number that was set, if the server takes it; else it is lost.
  Result<> number(bool taken, Bytes key, hub::Raw value, Bytes field);
  Result<> word(bool taken, Bytes key, hub::Escaped value);
  Result<> lose(Bytes field) { return dialect::lose(field, writing_.target, losses_); }

  Writing& writing_;
  const hub::Request& request_;
  const Quirks& quirks_;
  json::Composer& out_;
  Losses& losses_;
};

Result<> RequestWriter::number(bool taken, Bytes key, hub::Raw value, Bytes field) {
  if (value.empty()) return {};
  if (!taken) return lose(field);
  out_.key(key).raw(value);
  return {};
}

Result<> RequestWriter::word(bool taken, Bytes key, hub::Escaped value) {
  if (value.empty()) return {};
  if (!taken) return lose(key);
  out_.key(key).escaped_string(value);
  return {};
}

Result<> RequestWriter::refuse_state() {
  if (!request_.previous_response.empty())
    return refuse("previous_response_id", "The target keeps no earlier answers.", losses_);
  if (!request_.stateful.empty())
    return refuse(request_.stateful, "The target keeps no state between requests.", losses_);
  return {};
}

// Beside OpenAI, OpenRouter has models that answer in audio and images.
Abilities RequestWriter::abilities() const {
  const bool own = writing_.owns_extra();
  const bool media = own && (writing_.is_openai() || quirks_.reasoning_details);
  const bool own_search = own && std::ranges::any_of(request_.tools, &hub::Tool::web_search);
  return {.many_answers = quirks_.n,
          .audio_output = media,
          .image_output = media,
          .web_search = own_search || quirks_.web_search != SearchForm::none,
          .forced_server_tools = own};
}

Result<> RequestWriter::messages() {
  // The form is written first, to know whether it must be told in words; members have no order.
  const bool in_words = write_response_format(writing_);
  const bool asks_call = forces_a_tool(request_.tool_choice) && !quirks_.tool_choice_required;
  out_.key("messages");
  json::Composer instruction;
  if (asks_call) instruction.verbatim(call_instruction);
  if (!in_words) return write_messages(writing_, instruction.text());
  losses_.emulate("response_format");
  if (asks_call) instruction.verbatim("\n\n");
  if (request_.format.kind == ResponseFormat::Kind::json_schema && !request_.format.schema.empty())
    instruction
        .verbatim(
            "Answer with one JSON object only, without any other text, that conforms "
            "to this JSON Schema: ")
        .verbatim(request_.format.schema);
  else
    instruction.verbatim("Answer with one JSON object only, without any other text.");
  return write_messages(writing_, instruction.text());
}

Result<> RequestWriter::limits() {
  if (request_.max_output_tokens) out_.key(quirks_.max_tokens).integer(*request_.max_output_tokens);
  if (request_.n && *request_.n != 1) out_.key("n").integer(*request_.n);
  return {};
}

Result<> RequestWriter::sampling() {
  PENSTOCK_CHECK(number(true, "temperature", request_.temperature, "temperature"));
  PENSTOCK_CHECK(number(true, "top_p", request_.top_p, "top_p"));
  if (request_.top_k) {
    if (quirks_.top_k)
      out_.key("top_k").integer(*request_.top_k);
    else
      PENSTOCK_CHECK(lose("top_k"));
  }
  PENSTOCK_CHECK(number(quirks_.seed, quirks_.seed_field, request_.seed, "seed"));
  PENSTOCK_CHECK(
      number(quirks_.penalties, "presence_penalty", request_.presence_penalty, "presence_penalty"));
  PENSTOCK_CHECK(number(quirks_.penalties, "frequency_penalty", request_.frequency_penalty,
                        "frequency_penalty"));
  PENSTOCK_CHECK(number(quirks_.logit_bias, "logit_bias", request_.logit_bias, "logit_bias"));
  if (request_.logprobs.value_or(false) || request_.top_logprobs.value_or(0) > 0) {
    if (!quirks_.logprobs) {
      PENSTOCK_CHECK(lose("logprobs"));
    } else {
      if (request_.logprobs) out_.key("logprobs").boolean(*request_.logprobs);
      if (request_.top_logprobs) out_.key("top_logprobs").integer(*request_.top_logprobs);
    }
  }
  if (request_.stop.empty()) return {};
  if (!quirks_.stop) return lose("stop");
  out_.key("stop").begin_array();
  for (const hub::Escaped one : request_.stop) out_.escaped_string(one);
  out_.end_array();
  return {};
}

// Levels only: a budget of tokens becomes the nearest level.
Result<> RequestWriter::reasoning() {
  const hub::Reasoning& asked = request_.reasoning;
  Effort effort = asked.effort;
  const bool by_budget = effort == Effort::unset && asked.budget.has_value();
  if (by_budget) effort = effort_of_budget(*asked.budget);
  if (effort == Effort::unset) return {};
  if (!quirks_.reasoning_effort) return lose("reasoning_effort");
  if (by_budget) losses_.emulate("thinking");
  out_.key("reasoning_effort").escaped_string(word_of(effort));
  return {};
}

Result<> RequestWriter::platform() {
  PENSTOCK_CHECK(word(quirks_.verbosity, "verbosity", request_.verbosity));
  const bool plain_tier = request_.service_tier == "auto" || request_.service_tier == "default";
  if (quirks_.service_tier || !plain_tier)
    PENSTOCK_CHECK(word(quirks_.service_tier, "service_tier", request_.service_tier));
  PENSTOCK_CHECK(word(quirks_.user, "user", request_.user));
  PENSTOCK_CHECK(number(quirks_.metadata, "metadata", request_.metadata, "metadata"));
  if (request_.store && quirks_.store)
    out_.key("store").boolean(*request_.store);
  else if (request_.store.value_or(false))
    PENSTOCK_CHECK(lose("store"));
  // Mistral, which has the short ids, and OpenRouter, which has the marks, take the key as well.
  const bool keyed = writing_.is_openai() || quirks_.cache_control || quirks_.short_tool_ids;
  PENSTOCK_CHECK(word(keyed, "prompt_cache_key", request_.prompt_cache_key));
  if (request_.cache != hub::CacheTtl::none) {
    if (quirks_.cache_control)
      out_.key("cache_control").raw(R"({"type":"ephemeral"})");
    else
      losses_.drop("cache_control");
  }
  return {};
}

Result<> RequestWriter::extras() {
  for (const hub::Extra& one : request_.extra) {
    const bool platform = std::ranges::find(platform_members, one.key) != platform_members.end();
    const bool prediction = one.key == "prediction";
    const bool taken = writing_.owns_extra() && (!platform || writing_.is_openai()) &&
                       (!prediction || quirks_.prediction);
    if (taken)
      out_.key(one.key).raw(one.value);
    else
      PENSTOCK_CHECK(lose(one.key));
  }
  return {};
}

void RequestWriter::stream() {
  if (!request_.stream) return;
  out_.key("stream").boolean(true);
  // The gateway counts, whether the client wants to or not.
  if (quirks_.stream_options) out_.key("stream_options").raw(R"({"include_usage":true})");
}

Result<> RequestWriter::write() {
  PENSTOCK_CHECK(refuse_state());
  PENSTOCK_CHECK(judge_demands(request_, abilities(), losses_));
  out_.begin_object().key("model").string(writing_.target.model);
  PENSTOCK_CHECK(messages());
  PENSTOCK_CHECK(write_tools(writing_));
  PENSTOCK_CHECK(limits());
  PENSTOCK_CHECK(sampling());
  PENSTOCK_CHECK(reasoning());
  PENSTOCK_CHECK(platform());
  PENSTOCK_CHECK(extras());
  stream();
  out_.end_object();
  return {};
}

}  // namespace

Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses) {
  const Quirks& quirks = target.quirks != nullptr ? *target.quirks : plain_quirks;
  Writing writing{request, target, quirks, out, losses};
  return RequestWriter(writing).write();
}

}  // namespace penstock::dialect::openai_chat
