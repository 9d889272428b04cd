#include "dialect/bedrock/request_writer.h"

#include <algorithm>

#include "dialect/bedrock/fields.h"
#include "dialect/bedrock/request_job.h"
#include "dialect/bedrock/tools.h"
#include "dialect/bedrock/turns.h"
#include "dialect/demands.h"
#include "dialect/loss.h"

namespace penstock::dialect::bedrock {
namespace {

class RequestWriter {
 public:
  explicit RequestWriter(RequestJob& job)
      : job_(job), request_(job.request), plan_(job.plan), out_(job.out) {}

  Result<> write() {
    const bool searches = job_.model.family == Family::nova;
    PENSTOCK_CHECK(judge_demands(request_, {.web_search = searches}, job_.losses));
    PENSTOCK_CHECK(refusals());
    TurnWriter turns(job_);
    out_.begin_object();
    PENSTOCK_CHECK(turns.instructions());
    PENSTOCK_CHECK(turns.messages());
    PENSTOCK_CHECK(inference());
    PENSTOCK_CHECK(write_tools(job_));
    output_config();
    write_model_fields(job_);
    PENSTOCK_CHECK(request_metadata());
    PENSTOCK_CHECK(service_tier());
    PENSTOCK_CHECK(extras());
    out_.end_object();
    return {};
  }

 private:
  // What Converse has no word for: first what would change the answer, then what would not.
  Result<> refusals() {
    if (!request_.previous_response.empty())
      return refuse("previous_response_id", "The target keeps no earlier responses.", job_.losses);
    if (!request_.stateful.empty())
      return refuse(request_.stateful, "The target keeps no state between requests.", job_.losses);
    struct Field {
      Bytes name;
      bool set;
    };
    const Field lost[] = {
        {"seed", !request_.seed.empty()},
        {"presence_penalty", !request_.presence_penalty.empty()},
        {"frequency_penalty", !request_.frequency_penalty.empty()},
        {"logit_bias", !request_.logit_bias.empty()},
        {"logprobs", request_.logprobs.value_or(false)},
        {"top_logprobs", request_.top_logprobs.value_or(0) > 0},
        {"parallel_tool_calls",
         !request_.parallel_tool_calls.value_or(true) && !request_.tools.empty()},
        {"verbosity", !request_.verbosity.empty()},
        {"prompt_cache_key", !request_.prompt_cache_key.empty()},
        {"store", request_.store.value_or(false)},
    };
    for (const Field& field : lost) {
      if (field.set) PENSTOCK_CHECK(lose(field.name, job_.target, job_.losses));
    }
    return {};
  }

  Result<> inference() {
    out_.key("inferenceConfig").begin_object();
    if (plan_.max_tokens) out_.key("maxTokens").integer(*plan_.max_tokens);
    if (plan_.temperature) temperature();
    if (plan_.top_p) out_.key("topP").raw(request_.top_p);
    const auto worth = [](hub::Escaped stop) { return !is_blank(stop); };
    if (std::ranges::any_of(request_.stop, worth)) {
      out_.key("stopSequences").begin_array();
      for (const hub::Escaped stop : request_.stop) {
        if (worth(stop)) out_.escaped_string(stop);
      }
      out_.end_array();
    }
    out_.end_object();
    return std::ranges::all_of(request_.stop, worth) ? Result<>()
                                                     : lose("stop", job_.target, job_.losses);
  }

  // Converse's scale ends at 1, OpenAI's at 2.
  void temperature() {
    out_.key("temperature");
    const auto value = job_.document.read(request_.temperature, json::Judge::answer);
    const bool hot = value && value->number().value_or(0) > 1;
    if (hot) job_.losses.emulate("temperature");
    out_.raw(hot ? Bytes("1") : request_.temperature);
  }

  void output_config() {
    const bool format = plan_.json == Plan::Json::native;
    const bool effort = job_.model.thinking == Thinking::adaptive &&
                        plan_.thinking == Plan::Switch::on && plan_.effort != hub::Effort::unset;
    if (!format && !effort) return;
    out_.key("outputConfig").begin_object();
    if (format) {
      const hub::ResponseFormat& asked = request_.format;
      out_.key("textFormat").begin_object().key("type").string("json_schema");
      out_.key("structure").begin_object().key("jsonSchema").begin_object();
      out_.key("schema").string(asked.schema.empty() ? Bytes(R"({"type":"object"})")
                                                     : asked.schema);
      if (!asked.name.empty()) out_.key("name").escaped_string(asked.name);
      if (!is_blank(asked.description)) out_.key("description").escaped_string(asked.description);
      out_.end_object().end_object().end_object();
    }
    if (effort) out_.key("effort").string(effort_word(plan_.effort));
    out_.end_object();
  }

  // A map of at most 16 strings in a small alphabet (AWS API reference, requestMetadata).
  static bool fits_metadata(hub::Escaped text, bool may_be_empty) {
    if (text.empty()) return may_be_empty;
    return text.size() <= 256 && std::ranges::all_of(text, [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    Bytes(" :_@$#=/+,-.").find(c) != Bytes::npos;
           });
  }

  Result<> request_metadata() {
    constexpr std::size_t members_max = 16;
    const auto metadata = job_.document.read(request_.metadata, json::Judge::answer);
    std::size_t count = 0;
    bool lost = !request_.metadata.empty() && !(metadata && metadata->is_object());
    const auto put = [&](hub::Escaped key, hub::Escaped value) {
      if (count == 0) out_.key("requestMetadata").begin_object();
      out_.escaped_string(key).verbatim(":").escaped_string(value);
      ++count;
    };
    if (metadata && metadata->is_object()) {
      for (const json::View member : *metadata) {
        const bool fits = count < members_max && member.is_string() &&
                          fits_metadata(member.key(), false) && fits_metadata(member.text(), true);
        if (fits) put(member.key(), member.text());
        lost = lost || !fits;
      }
    }
    const bool named = metadata && (*metadata)["user"].exists();
    const bool user = count < members_max && !named && fits_metadata(request_.user, false);
    if (user) put("user", request_.user);
    if (count > 0) out_.end_object();
    if (lost) PENSTOCK_CHECK(lose("metadata", job_.target, job_.losses));
    if (!request_.user.empty() && !user) PENSTOCK_CHECK(lose("user", job_.target, job_.losses));
    return {};
  }

  Result<> service_tier() {
    const hub::Escaped tier = request_.service_tier;
    if (tier.empty() || tier == "auto") return {};
    for (const Bytes known : {"default", "flex", "priority", "reserved"}) {
      if (tier != known) continue;
      out_.key("serviceTier").begin_object().key("type").string(known).end_object();
      return {};
    }
    if (tier == "standard_only" || tier == "standard") {
      out_.key("serviceTier").raw(R"({"type":"default"})");
      return {};
    }
    return lose("service_tier", job_.target, job_.losses);
  }

  // Members of the client's body that are Converse's own go through; those that the model's
  // fields or the tools took care of are done.
  Result<> extras() {
    constexpr Bytes own[] = {"guardrailConfig", "performanceConfig", "promptVariables"};
    for (const hub::Extra& extra : request_.extra) {
      if (std::ranges::find(own, extra.key) != std::end(own)) {
        out_.key(extra.key).raw(extra.value);
      } else if (!is_model_field(job_, extra) && extra.key != "web_search_options") {
        PENSTOCK_CHECK(lose(extra.key, job_.target, job_.losses));
      }
    }
    return {};
  }

  RequestJob& job_;
  const hub::Request& request_;
  const Plan& plan_;
  json::Composer& out_;
};

}  // namespace

Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses) {
  RequestJob job{.request = request,
                 .target = target,
                 .out = out,
                 .losses = losses,
                 .model = model_of(target.base_model),
                 .plan = {},
                 .cache = {},
                 .document = json::Document()};
  PENSTOCK_CHECK(make_plan(request, target, job.model, job.plan, losses));
  PENSTOCK_CHECK(job.cache.plan(request, target, job.model, losses));
  for (const hub::Message& message : request.messages) {
    if (!message.name.empty()) PENSTOCK_CHECK(lose("messages.name", target, losses));
  }
  return RequestWriter(job).write();
}

}  // namespace penstock::dialect::bedrock
