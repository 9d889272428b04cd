// A request for a provider that speaks Responses. Nothing is stored there unless the client asked
// for it; the reasoning comes back encrypted, so that the next turn can carry it.
#include <algorithm>
#include <array>

#include "dialect/demands.h"
#include "dialect/loss.h"
#include "dialect/openai_responses/request_writing.h"
#include "dialect/openai_responses/responses.h"
#include "dialect/web_search.h"

namespace penstock::dialect::openai_responses {
namespace {

constexpr std::int64_t output_tokens_min = 16;  // what the API takes at least

// Members of a chat request that this dialect has no word for.
constexpr std::array<Bytes, 6> chat_only{"prediction", "modalities",    "audio",
                                         "functions",  "function_call", "stream_options"};

class RequestWriter {
 public:
  RequestWriter(const hub::Request& request, const TargetTraits& target, json::Writer& out,
                Losses& losses)
      : request_(request), target_(target), out_(out), losses_(losses) {}

  Result<> write();

 private:
  Result<> state();
  Result<> limits();
  Result<> tools();
  Result<> tool_list();
  Result<> web_search();
  Result<> reasoning();
  Result<> labels();
  Result<> lost();
  Result<> extras();
  void include();
  bool takes(bool Quirks::* quirk) const {
    return target_.quirks == nullptr || target_.quirks->*quirk;
  }
  // The client's own member `key`, kept as it was.
  const hub::Extra* extra(Bytes key) const {
    const auto at = std::ranges::find(request_.extra, key, &hub::Extra::key);
    return at == request_.extra.end() ? nullptr : &*at;
  }
  Result<> lose_if(bool there, Bytes field) {
    return there ? lose(field, target_, losses_) : Result<>();
  }

  const hub::Request& request_;
  const TargetTraits& target_;
  json::Writer& out_;
  Losses& losses_;
};

Result<> RequestWriter::state() {
  constexpr Bytes reason = "The target keeps no responses.";
  if (!request_.stateful.empty() && !request_.responses)
    return refuse(request_.stateful, reason, losses_);
  if (takes(&Quirks::store)) {
    if (!request_.previous_response.empty())
      out_.key("previous_response_id").escaped_string(request_.previous_response);
    const bool stateful = !request_.previous_response.empty() || !request_.stateful.empty();
    if (request_.store || !stateful) out_.key("store").boolean(request_.store.value_or(false));
    return {};
  }
  if (!request_.previous_response.empty()) return refuse("previous_response_id", reason, losses_);
  if (!request_.stateful.empty()) return refuse(request_.stateful, reason, losses_);
  if (request_.store.value_or(false)) return lose("store", target_, losses_);
  return {};
}

Result<> RequestWriter::limits() {
  if (request_.max_output_tokens) {
    std::int64_t tokens = *request_.max_output_tokens;
    if (tokens < output_tokens_min && !request_.responses) {
      tokens = output_tokens_min;
      losses_.emulate("max_tokens");
    }
    out_.key("max_output_tokens").integer(tokens);
  }
  if (!request_.temperature.empty()) out_.key("temperature").raw(request_.temperature);
  if (!request_.top_p.empty()) out_.key("top_p").raw(request_.top_p);
  if (!request_.logprobs.value_or(false) && !request_.top_logprobs) return {};
  if (!takes(&Quirks::logprobs)) return lose("logprobs", target_, losses_);
  if (request_.top_logprobs) out_.key("top_logprobs").integer(*request_.top_logprobs);
  return {};
}

// The search of the web, asked for in another dialect. A limit of searches is one of all calls of
// the provider's own tools, which are the same where there is no other.
Result<> RequestWriter::web_search() {
  const hub::WebSearch& search = *request_.web_search;
  losses_.emulate(search_field(request_));
  out_.begin_object().key("type").string("web_search");
  if (!search.allowed_domains.empty())
    out_.key("filters")
        .begin_object()
        .key("allowed_domains")
        .raw(search.allowed_domains)
        .end_object();
  if (!search.context_size.empty())
    out_.key("search_context_size").escaped_string(search.context_size);
  if (search.has_place()) {
    out_.key("user_location").begin_object().key("type").string("approximate");
    write_place(search, out_);
    out_.end_object();
  }
  out_.end_object();
  return lose_search_options(
      request_, {.allowed_domains = true, .context_size = true, .place = true, .max_uses = true},
      target_, losses_);
}

Result<> RequestWriter::tool_list() {
  bool searches = !request_.web_search || request_.responses;
  if (request_.tools.empty() && searches) return {};
  out_.key("tools").begin_array();
  for (const hub::Tool& tool : request_.tools) {
    const bool own = request_.responses || tool.issuer == hub::Issuer::openai;
    if (tool.kind != hub::ToolKind::server || own) {
      searches = searches || tool.web_search;
      write_tool(tool, !request_.responses, out_);
    } else if (!tool.web_search) {
      return refuse("tools", "A tool of another provider's servers is not there.", losses_);
    } else if (!searches) {
      searches = true;
      PENSTOCK_CHECK(web_search());
    }
  }
  if (!searches) PENSTOCK_CHECK(web_search());
  out_.end_array();
  if (!request_.responses && request_.web_search && request_.web_search->max_uses)
    out_.key("max_tool_calls").integer(*request_.web_search->max_uses);
  return {};
}

Result<> RequestWriter::tools() {
  PENSTOCK_CHECK(tool_list());
  if (request_.tool_choice.mode != hub::ToolChoice::Mode::unset) {
    out_.key("tool_choice");
    write_tool_choice(request_.tool_choice, request_, out_);
  }
  if (!request_.parallel_tool_calls) return {};
  if (!takes(&Quirks::parallel_tool_calls)) return lose("parallel_tool_calls", target_, losses_);
  out_.key("parallel_tool_calls").boolean(*request_.parallel_tool_calls);
  return {};
}

Result<> RequestWriter::reasoning() {
  const Bytes effort = effort_word(effort_of(request_.reasoning));
  Bytes summary = request_.reasoning.summary;
  if (summary.empty() && request_.reasoning.show.value_or(false)) summary = "auto";
  const hub::Extra* const mode = request_.responses ? extra("reasoning.mode") : nullptr;
  const hub::Extra* const context = request_.responses ? extra("reasoning.context") : nullptr;
  if (effort.empty() && summary.empty() && mode == nullptr && context == nullptr) return {};
  if (!takes(&Quirks::reasoning_effort)) return lose("reasoning", target_, losses_);
  // Levels only: a budget of tokens became the nearest one.
  if (request_.reasoning.effort == hub::Effort::unset && !effort.empty()) {
    losses_.emulate("thinking");
  }
  out_.key("reasoning").begin_object();
  if (!effort.empty()) out_.key("effort").string(effort);
  if (!summary.empty()) out_.key("summary").escaped_string(summary);
  if (mode != nullptr) out_.key("mode").raw(mode->value);
  if (context != nullptr) out_.key("context").raw(context->value);
  out_.end_object();
  return {};
}

Result<> RequestWriter::labels() {
  const auto label = [&](Bytes key, hub::Escaped value, bool taken) -> Result<> {
    if (value.empty()) return {};
    if (!taken) return lose(key, target_, losses_);
    out_.key(key).escaped_string(value);
    return {};
  };
  PENSTOCK_CHECK(label("user", request_.user, takes(&Quirks::user)));
  PENSTOCK_CHECK(label("service_tier", request_.service_tier, takes(&Quirks::service_tier)));
  PENSTOCK_CHECK(label("prompt_cache_key", request_.prompt_cache_key, true));
  if (request_.metadata.empty()) return {};
  if (!takes(&Quirks::metadata)) return lose("metadata", target_, losses_);
  out_.key("metadata").raw(request_.metadata);
  return {};
}

// What Responses does not have.
Result<> RequestWriter::lost() {
  PENSTOCK_CHECK(lose_if(request_.top_k.has_value(), "top_k"));
  PENSTOCK_CHECK(lose_if(!request_.seed.empty(), "seed"));
  PENSTOCK_CHECK(lose_if(!request_.stop.empty(), "stop"));
  PENSTOCK_CHECK(lose_if(!request_.presence_penalty.empty(), "presence_penalty"));
  PENSTOCK_CHECK(lose_if(!request_.frequency_penalty.empty(), "frequency_penalty"));
  return lose_if(!request_.logit_bias.empty(), "logit_bias");
}

void RequestWriter::include() {
  constexpr Bytes encrypted = "\"reasoning.encrypted_content\"";
  constexpr Bytes logprobs = "\"message.output_text.logprobs\"";
  const hub::Extra* const own = request_.responses ? extra("include") : nullptr;
  out_.key("include").begin_array();
  if (own != nullptr) {
    const Bytes inside = own->value.substr(1, own->value.size() - 2);
    if (inside.find_first_not_of(" \t\r\n") != Bytes::npos) out_.raw(inside);
    if (inside.find(encrypted) == Bytes::npos) out_.raw(encrypted);
  } else {
    out_.raw(encrypted);
    if (request_.logprobs.value_or(false) && takes(&Quirks::logprobs)) out_.raw(logprobs);
  }
  out_.end_array();
}

Result<> RequestWriter::extras() {
  for (const hub::Extra& member : request_.extra) {
    if (!request_.responses && member.key == "web_search_options") continue;  // is a tool here
    const bool openai = request_.responses || request_.issuer == hub::Issuer::openai;
    const bool known =
        request_.responses || std::ranges::find(chat_only, member.key) == chat_only.end();
    if (!openai || !known) {
      PENSTOCK_CHECK(lose(member.key, target_, losses_));
    } else if (!request_.responses ||
               (member.key != "include" && !member.key.starts_with("reasoning."))) {
      out_.escaped_string(member.key).verbatim(":").raw(member.value);
    }
  }
  return {};
}

Result<> RequestWriter::write() {
  out_.begin_object().key("model").string(target_.model);
  if (const hub::Message* const instructions = instructions_of(request_))
    out_.key("instructions").escaped_string(instructions->parts.front().text);
  out_.key("input");
  PENSTOCK_CHECK(write_input(request_, target_, out_, losses_));
  if (request_.stream) out_.key("stream").boolean(true);
  PENSTOCK_CHECK(state());
  include();
  PENSTOCK_CHECK(limits());
  PENSTOCK_CHECK(tools());
  if (request_.format.kind != hub::ResponseFormat::Kind::unset || !request_.verbosity.empty()) {
    out_.key("text");
    write_text(request_, out_);
  }
  PENSTOCK_CHECK(reasoning());
  PENSTOCK_CHECK(labels());
  PENSTOCK_CHECK(lost());
  PENSTOCK_CHECK(extras());
  out_.end_object();
  return {};
}

bool is_marked(const hub::Part& part) {
  return part.cache != hub::CacheTtl::none || std::ranges::any_of(part.content, is_marked);
}

bool has_cache_marks(const hub::Request& request) {
  const auto marked = [](const auto& holder) { return holder.cache != hub::CacheTtl::none; };
  const auto speaks = [](const hub::Message& message) {
    return std::ranges::any_of(message.parts, is_marked);
  };
  return marked(request) || std::ranges::any_of(request.tools, marked) ||
         std::ranges::any_of(request.messages, speaks);
}

}  // namespace

Result<> write_request(const hub::Request& request, const TargetTraits& target, json::Composer& out,
                       Losses& losses) {
  // OpenAI caches by itself and has no word for a place in the prompt.
  if (has_cache_marks(request)) losses.drop("cache_control");
  PENSTOCK_CHECK(judge_demands(
      request, {.web_search = true, .forced_server_tools = request.responses}, losses));
  return RequestWriter(request, target, out, losses).write();
}

}  // namespace penstock::dialect::openai_responses
