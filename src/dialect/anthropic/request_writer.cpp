#include "dialect/anthropic/request_writer.h"

#include "dialect/anthropic/block_writer.h"
#include "dialect/anthropic/schema.h"
#include "dialect/anthropic/thinking_plan.h"
#include "dialect/anthropic/tool_writer.h"
#include "dialect/anthropic/turns.h"
#include "dialect/anthropic/words.h"
#include "dialect/demands.h"
#include "dialect/loss.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::CacheTtl;
using hub::Part;
using FormatKind = hub::ResponseFormat::Kind;

constexpr Bytes json_instruction =
    "Answer with one JSON object and nothing else: no prose, no code fence.";

double value_of(hub::Raw number, json::Document& document) {
  const auto value = document.read(number, json::Judge::answer);
  return value ? value->number().value_or(0) : 0;
}

class RequestWriter {
 public:
  RequestWriter(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                Losses& losses)
      : request_(request),
        target_(target),
        model_(traits_of(target.base_model.empty() ? target.model : target.base_model)),
        out_(out),
        losses_(losses),
        tools_(request, target, model_, document_, out, losses) {}

  Result<> write();

 private:
  bool native() const { return request_.issuer == hub::Issuer::anthropic; }
  // Only Anthropic itself does, for its own clients.
  bool keeps_threads() const {
    return native() && !target_.in_bedrock_invoke && !target_.on_vertex;
  }
  Result<> lose_if(bool set, Bytes field) {
    return set ? lose(field, target_, losses_) : Result<>();
  }
  void count_all_marks();
  void write_head();
  Result<> sampling();
  void output_config();
  Result<> write_system();
  Result<> messages();
  Result<> foreign_members();
  Result<> service();
  Result<> extras();

  const hub::Request& request_;
  const TargetTraits& target_;
  const ModelTraits& model_;
  json::Composer& out_;
  Losses& losses_;
  json::Document document_;
  ToolWriter tools_;
  Turns turns_;
  CacheMarks marks_;
  ThinkingPlan plan_;
  bool automatic_ = false;  // the gateway sets the marks
};

Result<> RequestWriter::write() {
  if (!request_.previous_response.empty())
    return refuse("previous_response_id", "The target keeps no earlier answers.", losses_);
  if (!request_.stateful.empty() && !keeps_threads())
    return refuse(request_.stateful, "Only a target with a state of its own can serve this.",
                  losses_);
  PENSTOCK_CHECK(
      judge_demands(request_, {.web_search = true, .forced_server_tools = native()}, losses_));
  PENSTOCK_CHECK(turns_.build(request_, target_, model_, losses_));
  PENSTOCK_TRY(plan, plan_thinking(request_, target_, model_,
                                   {.forced_choice = tools_.forces(),
                                    .loop_without_thinking = turns_.loop_without_thinking()},
                                   losses_));
  plan_ = plan;
  count_all_marks();
  out_.begin_object();
  write_head();
  write_thinking(plan_, out_);
  output_config();
  PENSTOCK_CHECK(sampling());
  PENSTOCK_CHECK(service());
  PENSTOCK_CHECK(tools_.write(marks_, automatic_ ? CacheTtl::standard : CacheTtl::none));
  PENSTOCK_CHECK(write_system());
  PENSTOCK_CHECK(messages());
  write_cache_control(marks_.take(request_.cache), out_);
  PENSTOCK_CHECK(native() ? extras() : foreign_members());
  out_.end_object();
  return {};
}

void RequestWriter::count_all_marks() {
  for (const hub::Tool& tool : request_.tools) marks_.count(tool.cache);
  for (const Part* part : turns_.instructions()) count_marks(*part, marks_);
  for (const Turn& turn : turns_.turns()) {
    for (const Part* part : turns_.parts(turn)) count_marks(*part, marks_);
  }
  marks_.count(request_.cache);
  automatic_ = marks_.counted() == 0 && target_.prompt_cache == PromptCache::automatic;
}

// Vertex and Bedrock name the model in the path and the version in the body; Bedrock also tells by
// the path whether the answer is streamed.
void RequestWriter::write_head() {
  if (target_.in_bedrock_invoke)
    out_.key("anthropic_version").string("bedrock-2023-05-31");
  else if (target_.on_vertex)
    out_.key("anthropic_version").string("vertex-2023-10-16");
  else
    out_.key("model").string(target_.model);
  out_.key("max_tokens").integer(plan_.max_tokens);
  if (request_.stream && !target_.in_bedrock_invoke) out_.key("stream").boolean(true);
}

void RequestWriter::output_config() {
  const bool schema = request_.format.kind == FormatKind::json_schema && model_.structured;
  hub::Raw more;
  for (const hub::Extra& extra : request_.extra) {
    if (native() && extra.key == "output_config") more = extra.value;
  }
  if (!schema && more.empty() && plan_.effort == hub::Effort::unset) return;
  out_.key("output_config").begin_object();
  if (plan_.effort != hub::Effort::unset) out_.key("effort").string(word_of(plan_.effort));
  if (schema) {
    out_.key("format").begin_object().key("type").string("json_schema").key("schema");
    if (native())
      out_.raw(request_.format.schema);
    else if (write_answer_schema(request_.format.schema, document_, out_))
      losses_.emulate("response_format");
    out_.end_object();
  }
  const auto members = document_.read(more, json::Judge::answer);
  if (members) {
    for (const json::View member : *members) {
      if (!member.key_is("effort") && !member.key_is("format"))
        out_.key(json::unescaped(member.key())).raw(member.raw());
    }
  }
  out_.end_object();
}

// While a model thinks it takes the default temperature only, no top_k, and top_p near 1.
Result<> RequestWriter::sampling() {
  if (!request_.temperature.empty()) {
    const double temperature = value_of(request_.temperature, document_);
    const bool usual = temperature == 1;
    if (!model_.sampling || (plan_.on() && !usual)) {
      PENSTOCK_CHECK(lose_if(!usual, "temperature"));
    } else if (temperature > 1) {
      losses_.emulate("temperature");
      out_.key("temperature").integer(1);
    } else {
      out_.key("temperature").raw(request_.temperature);
    }
  }
  if (!request_.top_p.empty()) {
    const double top_p = value_of(request_.top_p, document_);
    const bool alone = model_.sampling_pair || request_.temperature.empty();
    if (!model_.sampling || !alone || (plan_.on() && top_p < 0.95))
      PENSTOCK_CHECK(lose_if(top_p != 1, "top_p"));
    else
      out_.key("top_p").raw(request_.top_p);
  }
  if (request_.top_k) {
    if (!model_.sampling || plan_.on())
      PENSTOCK_CHECK(lose("top_k", target_, losses_));
    else
      out_.key("top_k").integer(*request_.top_k);
  }
  if (!request_.stop.empty()) {
    out_.key("stop_sequences").begin_array();
    for (const hub::Escaped stop : request_.stop) out_.escaped_string(stop);
    out_.end_array();
  }
  return {};
}

Result<> RequestWriter::service() {
  if (!request_.user.empty())
    out_.key("metadata").begin_object().key("user_id").escaped_string(request_.user).end_object();
  const hub::Escaped tier = request_.service_tier;
  if (tier.empty()) return {};
  if (tier == "auto")
    out_.key("service_tier").string("auto");
  else if (tier == "default" || tier == "standard_only")
    out_.key("service_tier").string("standard_only");
  else
    return lose("service_tier", target_, losses_);
  return {};
}

Result<> RequestWriter::write_system() {
  const bool instruct = request_.format.kind == FormatKind::json_object;
  const auto parts = turns_.instructions();
  if (parts.empty() && !instruct) return {};
  BlockWriter blocks(target_, marks_, document_, out_, losses_);
  out_.key("system").begin_array();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    const CacheTtl mark = automatic_ && last ? CacheTtl::standard : CacheTtl::none;
    PENSTOCK_CHECK(blocks.write(*parts[i], mark, false));
  }
  if (instruct) {
    losses_.emulate("response_format");
    out_.begin_object().key("type").string("text").key("text").string(json_instruction);
    out_.end_object();
  }
  out_.end_array();
  return {};
}

// Where the gateway sets the marks: at the end of the last two turns of the user, once there are
// two. The earlier one finds what the request before wrote, the later one serves the next; a
// conversation of one turn may have no next.
Result<> RequestWriter::messages() {
  const auto turns = turns_.turns();
  std::size_t users = 0;
  for (const Turn& turn : turns) users += turn.speaker == Speaker::user ? 1 : 0;
  const std::size_t first_marked = automatic_ && users >= 2 ? users - 2 : users;
  BlockWriter blocks(target_, marks_, document_, out_, losses_);
  std::size_t user = 0;
  out_.key("messages").begin_array();
  for (const Turn& turn : turns) {
    const bool is_user = turn.speaker == Speaker::user;
    const bool marked = is_user && user >= first_marked;
    user += is_user ? 1 : 0;
    const bool begun = turn.speaker == Speaker::assistant && &turn == &turns.back();
    out_.begin_object().key("role");
    out_.string(is_user ? "user" : turn.speaker == Speaker::assistant ? "assistant" : "system");
    out_.key("content").begin_array();
    const auto parts = turns_.parts(turn);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool last = i + 1 == parts.size();
      const bool trim = last && begun && parts[i]->kind == hub::PartKind::text &&
                        trimmed(parts[i]->text).size() != parts[i]->text.size();
      PENSTOCK_CHECK(
          blocks.write(*parts[i], marked && last ? CacheTtl::standard : CacheTtl::none, trim));
    }
    out_.end_array().end_object();
  }
  out_.end_array();
  return {};
}

// What other dialects can ask for and this one has no word for. Defaults are no loss.
Result<> RequestWriter::foreign_members() {
  const auto is_zero = [this](hub::Raw number) {
    return number.empty() || value_of(number, document_) == 0;
  };
  PENSTOCK_CHECK(lose_if(!request_.seed.empty(), "seed"));
  PENSTOCK_CHECK(lose_if(!is_zero(request_.presence_penalty), "presence_penalty"));
  PENSTOCK_CHECK(lose_if(!is_zero(request_.frequency_penalty), "frequency_penalty"));
  PENSTOCK_CHECK(
      lose_if(!request_.logit_bias.empty() && request_.logit_bias != "{}", "logit_bias"));
  PENSTOCK_CHECK(lose_if(request_.logprobs.value_or(false), "logprobs"));
  PENSTOCK_CHECK(lose_if(request_.top_logprobs.value_or(0) > 0, "top_logprobs"));
  PENSTOCK_CHECK(lose_if(!request_.verbosity.empty(), "verbosity"));
  PENSTOCK_CHECK(lose_if(!request_.metadata.empty(), "metadata"));
  PENSTOCK_CHECK(lose_if(request_.store.value_or(false), "store"));
  PENSTOCK_CHECK(lose_if(!request_.prompt_cache_key.empty(), "prompt_cache_key"));
  for (const hub::Extra& extra : request_.extra)
    PENSTOCK_CHECK(lose_if(extra.key != "web_search_options", extra.key));
  return {};
}

// Members that were not understood go on as they are. What names the version is this target's
// business; betas stand in the body on Bedrock only.
Result<> RequestWriter::extras() {
  for (const hub::Extra& extra : request_.extra) {
    if (extra.key == "output_config" || extra.key == "anthropic_version") continue;
    if (extra.key == "anthropic_beta" && !target_.in_bedrock_invoke) continue;
    if (extra.key == "thread" && !keeps_threads()) {
      PENSTOCK_CHECK(lose(extra.key, target_, losses_));
      continue;
    }
    if (extra.key == "thinking" && plan_.type != ThinkingPlan::Type::unset) continue;
    out_.key(json::unescaped(extra.key)).raw(extra.value);
  }
  return {};
}

}  // namespace

Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses) {
  return RequestWriter(request, target, out, losses).write();
}

}  // namespace penstock::dialect::anthropic
