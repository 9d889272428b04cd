#include "dialect/anthropic/cache_marks.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::CacheTtl;

bool lives_long(CacheTtl ttl) {
  return ttl == CacheTtl::minutes30 || ttl == CacheTtl::hour1 || ttl == CacheTtl::hours12;
}

}  // namespace

CacheTtl CacheMarks::take(CacheTtl ttl) {
  if (ttl == CacheTtl::none) return ttl;
  const std::uint32_t behind = counted_ - taken_;  // this one included
  ++taken_;
  if (behind > marks_max) return CacheTtl::none;
  if (lives_long(ttl)) return short_seen_ ? CacheTtl::minutes5 : CacheTtl::hour1;
  short_seen_ = true;
  return ttl;
}

void write_cache_control(CacheTtl ttl, json::Writer& out) {
  if (ttl == CacheTtl::none) return;
  out.key("cache_control");
  if (ttl == CacheTtl::standard)
    out.raw(R"({"type":"ephemeral"})");
  else if (lives_long(ttl))
    out.raw(R"({"type":"ephemeral","ttl":"1h"})");
  else
    out.raw(R"({"type":"ephemeral","ttl":"5m"})");
}

}  // namespace penstock::dialect::anthropic
