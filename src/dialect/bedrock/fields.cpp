#include "dialect/bedrock/fields.h"

#include <algorithm>
#include <vector>

namespace penstock::dialect::bedrock {
namespace {

using Switch = Plan::Switch;

constexpr Bytes fields_key = "additionalModelRequestFields";
constexpr Bytes paths_key = "additionalModelResponseFieldPaths";
constexpr Bytes beta_key = "anthropic_beta";

class FieldWriter {
 public:
  explicit FieldWriter(RequestJob& job) : job_(job), out_(job.out) {}

  void write() {
    switch (job_.model.family) {
      case Family::claude:
        claude_thinking();
        top_k();
        break;
      case Family::nova:
        if (job_.plan.top_k) {
          member("inferenceConfig").begin_object().key("topK").integer(*job_.request.top_k);
          out_.end_object();
        }
        nova_reasoning();
        break;
      case Family::gpt_oss:
        if (job_.plan.thinking == Switch::on)
          member("reasoning_effort").string(effort_word(job_.plan.effort));
        break;
      case Family::mistral:
      case Family::llama:
      case Family::deepseek:
      case Family::other:
        top_k();
        break;
    }
    client_fields();
    if (!written_.empty()) out_.end_object();
    paths();
  }

 private:
  json::Writer& member(Bytes name) {
    if (written_.empty()) out_.key(fields_key).begin_object();
    written_.push_back(name);
    return out_.key(name);
  }

  void top_k() {
    if (job_.plan.top_k) member("top_k").integer(*job_.request.top_k);
  }

  void claude_thinking() {
    const Plan& plan = job_.plan;
    if (plan.thinking == Switch::off && job_.model.thinking != Thinking::none) {
      member("thinking").raw(R"({"type":"disabled"})");
    } else if (plan.thinking == Switch::on && job_.model.thinking == Thinking::budget) {
      member("thinking").begin_object().key("type").string("enabled");
      out_.key("budget_tokens").integer(plan.budget).end_object();
    } else if (plan.thinking == Switch::on) {
      member("thinking").begin_object().key("type").string("adaptive");
      if (const auto show = job_.request.reasoning.show)
        out_.key("display").string(*show ? "summarized" : "omitted");
      out_.end_object();
    }
  }

  void nova_reasoning() {
    if (job_.plan.thinking == Switch::off && job_.model.thinking == Thinking::nova) {
      member("reasoningConfig").raw(R"({"type":"disabled"})");
    } else if (job_.plan.thinking == Switch::on) {
      member("reasoningConfig").begin_object().key("type").string("enabled");
      out_.key("maxReasoningEffort").string(effort_word(job_.plan.effort)).end_object();
    }
  }

  // What the client wrote for the model itself, behind what was said in the gateway's words.
  void client_fields() {
    const std::vector<Bytes> ours = written_;
    for (const hub::Extra& extra : job_.request.extra) {
      if (!is_model_field(job_, extra)) continue;
      if (extra.key == beta_key) {
        member(beta_key).raw(extra.value);
      } else if (extra.key == fields_key) {
        const auto fields = job_.document.read(extra.value, json::Judge::answer);
        if (!fields) continue;
        for (const json::View each : *fields) {
          if (std::ranges::any_of(ours, [&](Bytes name) { return each.key_is(name); })) continue;
          if (written_.empty()) out_.key(fields_key).begin_object();
          written_.push_back(each.key());
          out_.escaped_string(each.key()).verbatim(":").raw(each.raw());
        }
      }
    }
  }

  // The sequence that ended the answer is told only when it is asked for: at the top of a whole
  // answer, inside the delta of a stream's.
  void paths() {
    for (const hub::Extra& extra : job_.request.extra) {
      if (extra.key != paths_key) continue;
      out_.key(paths_key).raw(extra.value);
      return;
    }
    if (job_.model.family != Family::claude || job_.request.stop.empty()) return;
    out_.key(paths_key).begin_array();
    out_.string(job_.request.stream ? "/delta/stop_sequence" : "/stop_sequence").end_array();
  }

  RequestJob& job_;
  json::Composer& out_;
  std::vector<Bytes> written_;
};

}  // namespace

void write_model_fields(RequestJob& job) {
  FieldWriter(job).write();
}

bool is_model_field(const RequestJob& job, const hub::Extra& extra) {
  if (extra.key == beta_key)
    return job.model.family == Family::claude && extra.value.starts_with('[');
  if (extra.key == fields_key) return extra.value.starts_with('{');
  return extra.key == paths_key && extra.value.starts_with('[');
}

}  // namespace penstock::dialect::bedrock
