#include "hub_equality.h"

#include "penstock/json_document.h"
#include "support/json_tree.h"

namespace golden {
namespace {

using namespace penstock;
using hub::Part;
using hub::Request;

class Comparison {
 public:
  std::vector<std::string> found;

  void raw(const std::string& name, Bytes a, Bytes b) {
    if (a.empty() != b.empty() || (!a.empty() && test::read_tree(a) != test::read_tree(b))) {
      add(name, a, b);
    }
  }
  void text(const std::string& name, Bytes a, Bytes b) {
    if (json::unescaped(a) != json::unescaped(b)) add(name, a, b);
  }
  template <class T>
  void value(const std::string& name, const T& a, const T& b) {
    if (a != b) found.push_back(name);
  }

  void part(const std::string& at, const Part& a, const Part& b) {
    value(at + ".kind", a.kind, b.kind);
    value(at + ".cache", a.cache, b.cache);
    value(at + ".is_error", a.is_error, b.is_error);
    value(at + ".custom", a.custom, b.custom);
    text(at + ".text", a.text, b.text);
    text(at + ".id", a.id, b.id);
    if (a.kind == hub::PartKind::tool_call) {
      text(at + ".name", a.name, b.name);
      if (arguments(a) != arguments(b))
        add(at + ".arguments", a.arguments.bytes, b.arguments.bytes);
    }
    text(at + ".signature", a.signature, b.signature);
    value(at + ".media.source", a.media.source, b.media.source);
    text(at + ".media.type", a.media.media_type, b.media.media_type);
    text(at + ".media.data", a.media.data, b.media.data);
    parts(at + ".content", a.content, b.content);
  }

  void parts(const std::string& at, const std::vector<Part>& a, const std::vector<Part>& b) {
    if (a.size() != b.size()) {
      found.push_back(at + " (" + std::to_string(a.size()) + " became " + std::to_string(b.size()) +
                      ")");
      return;
    }
    for (std::size_t i = 0; i < a.size(); ++i) part(at + std::to_string(i), a[i], b[i]);
  }

  void tool(const std::string& at, const hub::Tool& a, const hub::Tool& b) {
    value(at + ".kind", a.kind, b.kind);
    value(at + ".cache", a.cache, b.cache);
    value(at + ".strict", a.strict, b.strict);
    text(at + ".name", a.name, b.name);
    text(at + ".description", a.description, b.description);
    raw(at + ".schema", a.schema, b.schema);
    value(at + ".web_search", a.web_search, b.web_search);
  }

  void web_search(const hub::WebSearch& a, const hub::WebSearch& b) {
    raw("web_search.allowed_domains", a.allowed_domains, b.allowed_domains);
    raw("web_search.blocked_domains", a.blocked_domains, b.blocked_domains);
    text("web_search.context_size", a.context_size, b.context_size);
    text("web_search.city", a.city, b.city);
    text("web_search.country", a.country, b.country);
    text("web_search.region", a.region, b.region);
    text("web_search.timezone", a.timezone, b.timezone);
    value("web_search.max_uses", a.max_uses, b.max_uses);
  }

 private:
  void add(const std::string& name, Bytes a, Bytes b) {
    found.push_back(name + " <" + std::string(a) + "> became <" + std::string(b) + ">");
  }
  static std::optional<test::Tree> arguments(const Part& part) {
    const hub::Arguments& given = part.arguments;
    if (given.bytes.empty()) return test::read_tree("{}");
    return test::read_tree(given.in_string ? json::unescaped(given.bytes)
                                           : std::string(given.bytes));
  }
};

}  // namespace

std::vector<std::string> different_fields(const Request& a, const Request& b) {
  Comparison all;
  if (a.messages.size() != b.messages.size()) {
    all.found.push_back("messages (" + std::to_string(a.messages.size()) + " became " +
                        std::to_string(b.messages.size()) + ")");
  } else {
    for (std::size_t i = 0; i < a.messages.size(); ++i) {
      const std::string at = "messages" + std::to_string(i);
      all.value(at + ".role", a.messages[i].role, b.messages[i].role);
      all.text(at + ".name", a.messages[i].name, b.messages[i].name);
      all.parts(at + ".parts", a.messages[i].parts, b.messages[i].parts);
    }
  }
  all.value("tools", a.tools.size(), b.tools.size());
  for (std::size_t i = 0; i < std::min(a.tools.size(), b.tools.size()); ++i) {
    all.tool("tools" + std::to_string(i), a.tools[i], b.tools[i]);
  }
  all.value("web_search", a.web_search.has_value(), b.web_search.has_value());
  if (a.web_search && b.web_search) all.web_search(*a.web_search, *b.web_search);
  all.value("media_output.audio", a.media_output.audio, b.media_output.audio);
  all.value("media_output.image", a.media_output.image, b.media_output.image);
  all.value("tool_choice.mode", a.tool_choice.mode, b.tool_choice.mode);
  all.text("tool_choice.name", a.tool_choice.name, b.tool_choice.name);
  all.value("parallel_tool_calls", a.parallel_tool_calls, b.parallel_tool_calls);
  all.value("format.kind", a.format.kind, b.format.kind);
  // A dialect without names for schemas makes one up.
  if (!a.format.name.empty()) all.text("format.name", a.format.name, b.format.name);
  all.raw("format.schema", a.format.schema, b.format.schema);
  all.value("reasoning.effort", a.reasoning.effort, b.reasoning.effort);
  all.value("reasoning.budget", a.reasoning.budget, b.reasoning.budget);
  all.value("max_output_tokens", a.max_output_tokens, b.max_output_tokens);
  all.value("n", a.n, b.n);
  all.value("top_k", a.top_k, b.top_k);
  all.value("top_logprobs", a.top_logprobs, b.top_logprobs);
  all.value("logprobs", a.logprobs, b.logprobs);
  all.raw("temperature", a.temperature, b.temperature);
  all.raw("top_p", a.top_p, b.top_p);
  all.raw("seed", a.seed, b.seed);
  all.raw("presence_penalty", a.presence_penalty, b.presence_penalty);
  all.raw("frequency_penalty", a.frequency_penalty, b.frequency_penalty);
  all.raw("logit_bias", a.logit_bias, b.logit_bias);
  all.value("stop", a.stop, b.stop);
  all.text("service_tier", a.service_tier, b.service_tier);
  all.text("verbosity", a.verbosity, b.verbosity);
  all.text("user", a.user, b.user);
  all.raw("metadata", a.metadata, b.metadata);
  all.value("store", a.store, b.store);
  all.text("previous_response", a.previous_response, b.previous_response);
  return all.found;
}

}  // namespace golden
