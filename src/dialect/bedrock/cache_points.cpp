#include "dialect/bedrock/cache_points.h"

#include <algorithm>

#include "dialect/loss.h"

namespace penstock::dialect::bedrock {
namespace {

using hub::CacheTtl;

}  // namespace

CacheTtl mark_of(const hub::Part& part) {
  if (part.cache != CacheTtl::none) return part.cache;
  for (const hub::Part& inner : part.content) {
    if (inner.cache != CacheTtl::none) return inner.cache;
  }
  return CacheTtl::none;
}

Result<> CachePoints::plan(const hub::Request& request, const TargetTraits& target,
                           const Model& model, Losses& losses) {
  std::size_t system = 0;
  std::size_t messages = 0;
  bool leading = true;
  for (const hub::Message& message : request.messages) {
    leading = leading && is_instruction(message);
    for (const hub::Part& part : message.parts) {
      if (mark_of(part) != CacheTtl::none) ++(leading ? system : messages);
    }
  }
  CacheTtl tools = CacheTtl::none;
  for (const hub::Tool& tool : request.tools) {
    if (tool.cache != CacheTtl::none) tools = tool.cache;
  }
  const bool marked =
      system + messages > 0 || tools != CacheTtl::none || request.cache != CacheTtl::none;
  if (!model.cache_points) return marked ? lose("cache_control", target, losses) : Result<>();
  hour_ = model.cache_hour;
  if (!marked) {
    if (target.prompt_cache == PromptCache::automatic) place(request, model);
    return {};
  }
  any_ = true;
  if (model.cache_tools) tools_ = tools;
  all_ = request.cache;
  std::size_t room =
      points_max - (tools_ != CacheTtl::none ? 1 : 0) - (all_ != CacheTtl::none ? 1 : 0);
  const std::size_t kept_system = std::min(system, room - (messages > 0 ? 1 : 0));
  room -= kept_system;
  const std::size_t kept_messages = std::min(messages, room);
  skip_system_ = system - kept_system;
  skip_messages_ = messages - kept_messages;
  if (skip_system_ + skip_messages_ > 0) losses.drop("cache_control");
  return {};
}

// The stable prefix: tools, system prompt, and the conversation so far.
void CachePoints::place(const hub::Request& request, const Model& model) {
  if (model.cache_tools && !request.tools.empty()) tools_ = CacheTtl::standard;
  if (!request.messages.empty() && is_instruction(request.messages.front()))
    system_ = CacheTtl::standard;
  all_ = CacheTtl::standard;
}

bool CachePoints::take_system() {
  if (!any_) return false;
  if (skip_system_ == 0) return true;
  --skip_system_;
  return false;
}

bool CachePoints::take_message() {
  if (!any_) return false;
  if (skip_messages_ == 0) return true;
  --skip_messages_;
  return false;
}

void CachePoints::write(CacheTtl ttl, json::Writer& out) const {
  const bool hour = hour_ && (ttl == CacheTtl::hour1 || ttl == CacheTtl::hours12);
  out.raw(hour                                 ? R"({"cachePoint":{"type":"default","ttl":"1h"}})"
          : hour_ && ttl == CacheTtl::minutes5 ? R"({"cachePoint":{"type":"default","ttl":"5m"}})"
                                               : R"({"cachePoint":{"type":"default"}})");
}

}  // namespace penstock::dialect::bedrock
