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

constexpr std::size_t block_bytes = 64;

// Places where a key of ours may start: a quote, then u, e or f. Bit i: byte i of `bytes` bytes, a
// multiple of 16 and at most 64. Reads one byte more.
#if defined(__SSE2__)
std::uint64_t candidates(const char* p, std::size_t bytes) {
  std::uint64_t hits = 0;
  for (std::size_t i = 0; i < bytes; i += 16) {
    const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
    const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i + 1));
    const __m128i quote = _mm_cmpeq_epi8(here, _mm_set1_epi8('"'));
    // 'u' and 'e' differ in one bit.
    const __m128i u_or_e =
        _mm_cmpeq_epi8(_mm_or_si128(next, _mm_set1_epi8('u' ^ 'e')), _mm_set1_epi8('u' | 'e'));
    const __m128i f = _mm_cmpeq_epi8(next, _mm_set1_epi8('f'));
    const __m128i hit = _mm_and_si128(quote, _mm_or_si128(u_or_e, f));
    hits |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(hit))) << i;
  }
  return hits;
}
#else
std::uint64_t candidates(const char* p, std::size_t bytes) {
  std::uint64_t hits = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    const char next = p[i + 1];
    const bool hit = p[i] == '"' && (next == 'u' || next == 'e' || next == 'f');
    hits |= static_cast<std::uint64_t>(hit) << i;
  }
  return hits;
}
#endif

// A comparison of a known length, which compilers turn into a few loads.
template <std::size_t n>
bool starts_with(Bytes text, const char (&word)[n]) {
  return text.size() >= n - 1 && std::memcmp(text.data(), word, n - 1) == 0;
}

// The value behind a colon with blanks around it; empty when there is no colon.
Bytes value_after_colon(Bytes text) {
  text = skip_blanks(text);
  if (!text.starts_with(':')) return {};
  return skip_blanks(text.substr(1));
}

// `text` starts at a candidate.
void judge(Bytes text, Probe& out) {
  constexpr std::size_t finish_reason = sizeof "\"finish_reason\"" - 1;
  constexpr std::size_t usage = sizeof "\"usage\"" - 1;
  constexpr std::size_t error = sizeof "\"error\"" - 1;
  if (starts_with(text, "\"finish_reason\"")) {
    if (starts_with(text.substr(finish_reason), ":null")) return;
    const Bytes value = value_after_colon(text.substr(finish_reason));
    if (!value.starts_with('"')) return;
    const std::size_t end = value.find('"', 1);
    if (end != Bytes::npos && end > 1) out.finish_reason = value.substr(1, end - 1);
  } else if (starts_with(text, "\"usage\"")) {
    const Bytes value = value_after_colon(text.substr(usage));
    if (value.empty()) return;
    out.usage = text;
    out.usage_object |= value[0] == '{';
  } else if (starts_with(text, "\"error\"")) {
    const Bytes value = value_after_colon(text.substr(error));
    out.error |= !value.empty() && !value.starts_with("null") && !value.starts_with("false") &&
                 !value.starts_with("\"\"");
  }
}

// Judges the candidates of a block at `text`; bit i of `hits` is byte i.
void judge_all(Bytes text, std::uint64_t hits, Probe& out) {
  for (; hits != 0; hits &= hits - 1) {
    judge(text.substr(static_cast<std::size_t>(std::countr_zero(hits))), out);
  }
}

}  // namespace

Probe probe(Bytes text) {
  Probe out;
  // A block reads one byte beyond itself, and no key starts at the last byte.
  while (text.size() > block_bytes) {
    judge_all(text, candidates(text.data(), block_bytes), out);
    text.remove_prefix(block_bytes);
  }
  std::size_t at = 0;
  for (; at + 16 < text.size(); at += 16) {
    judge_all(text.substr(at), candidates(text.data() + at, 16), out);
  }
  for (; at + 1 < text.size(); ++at) {
    const char next = text[at + 1];
    const bool hit = text[at] == '"' && (next == 'u' || next == 'e' || next == 'f');
    if (hit) judge(text.substr(at), out);
  }
  return out;
}

}  // namespace penstock::sse
