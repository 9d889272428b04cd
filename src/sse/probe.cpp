#include "sse/probe.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "sse/members.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace penstock::sse {
namespace {

constexpr std::size_t block_bytes = 16;

// Places in a block where a key of ours may start: a quote, then u, e or f. Bit i: byte i.
// Reads one byte more than the block.
#if defined(__SSE2__)
std::uint32_t candidates(const char* p) {
  const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 1));
  const __m128i quote = _mm_cmpeq_epi8(here, _mm_set1_epi8('"'));
  // 'u' and 'e' differ in one bit.
  const __m128i u_or_e =
      _mm_cmpeq_epi8(_mm_or_si128(next, _mm_set1_epi8('u' ^ 'e')), _mm_set1_epi8('u' | 'e'));
  const __m128i f = _mm_cmpeq_epi8(next, _mm_set1_epi8('f'));
  const __m128i hit = _mm_and_si128(quote, _mm_or_si128(u_or_e, f));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(hit));
}
#else
std::uint32_t candidates(const char* p) {
  std::uint32_t hits = 0;
  for (std::size_t i = 0; i < block_bytes; ++i) {
    const char next = p[i + 1];
    const bool hit = p[i] == '"' && (next == 'u' || next == 'e' || next == 'f');
    hits |= static_cast<std::uint32_t>(hit) << i;
  }
  return hits;
}
#endif

// What follows the key `quoted` and its colon, when `text` starts with them; empty otherwise.
Bytes value_after(Bytes text, Bytes quoted) {
  if (!text.starts_with(quoted)) return {};
  text.remove_prefix(quoted.size());
  if (!text.starts_with(':')) {
    text = skip_blanks(text);
    if (!text.starts_with(':')) return {};
  }
  text.remove_prefix(1);
  return skip_blanks(text);
}

// `text` starts at a candidate.
void judge(Bytes text, Probe& out) {
  if (text[1] == 'f') {
    const Bytes value = value_after(text, "\"finish_reason\"");
    if (!value.starts_with('"')) return;
    const std::size_t end = value.find('"', 1);
    if (end != Bytes::npos && end > 1) out.finish_reason = value.substr(1, end - 1);
  } else if (text[1] == 'u') {
    const Bytes value = value_after(text, "\"usage\"");
    if (value.empty()) return;
    out.usage = text;
    out.usage_object |= value.starts_with('{');
  } else {
    const Bytes value = value_after(text, "\"error\"");
    out.error |= !value.empty() && !value.starts_with("null") && !value.starts_with("false") &&
                 !value.starts_with("\"\"");
  }
}

}  // namespace

Probe probe(Bytes text) {
  Probe out;
  std::size_t at = 0;
  const auto judge_all = [&](std::uint32_t hits) {
    for (; hits != 0; hits &= hits - 1) {
      judge(text.substr(at + static_cast<std::size_t>(std::countr_zero(hits))), out);
    }
  };
  for (; at + block_bytes < text.size(); at += block_bytes) {
    judge_all(candidates(text.data() + at));
  }
  // The rest, at most one block, in a copy that may be read beyond its end.
  char last[block_bytes + 1] = {};
  if (at < text.size()) std::memcpy(last, text.data() + at, text.size() - at);
  judge_all(candidates(last));
  return out;
}

}  // namespace penstock::sse
