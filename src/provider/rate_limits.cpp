// Rate-limit fields in all their spellings:
//   x-ratelimit-{limit,remaining,reset}-{requests,tokens}  OpenAI, Azure, Groq, xAI and most others
//   …-{req,tokens}-minute and other windows                Mistral; Cerebras with -requests-day
//   …-tokens-prompt, -tokens-generated                     Fireworks
//   x-ratelimit-{limit,remaining,reset}                    Together, OpenRouter: requests
//   anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}
//   x-trial-endpoint-call-{limit,remaining}                Cohere
#include <algorithm>
#include <charconv>

#include "penstock/provider.h"
#include "provider/wait_time.h"

namespace penstock {
namespace {

// One field's name in lower case, taken apart.
struct Spelling {
  Bytes subject;  // "requests", "tokens-minute", ""
  Bytes figure;   // "limit", "remaining", "reset"
};

bool is_figure(Bytes word) {
  return word == "limit" || word == "remaining" || word == "reset";
}

std::optional<Spelling> spelling_of(Bytes name) {
  constexpr Bytes usual = "x-ratelimit-";
  constexpr Bytes anthropic = "anthropic-ratelimit-";
  constexpr Bytes cohere = "x-trial-endpoint-call-";
  if (name.starts_with(usual)) {
    name.remove_prefix(usual.size());
    const std::size_t dash = std::min(name.find('-'), name.size());
    const Spelling found{name.substr(std::min(dash + 1, name.size())), name.substr(0, dash)};
    return is_figure(found.figure) ? std::optional(found) : std::nullopt;
  }
  if (name.starts_with(anthropic)) {
    name.remove_prefix(anthropic.size());
    const std::size_t dash = name.rfind('-');
    if (dash == Bytes::npos || !is_figure(name.substr(dash + 1))) return std::nullopt;
    return Spelling{name.substr(0, dash), name.substr(dash + 1)};
  }
  if (name.starts_with(cohere)) {
    name.remove_prefix(cohere.size());
    return is_figure(name) ? std::optional(Spelling{"requests", name}) : std::nullopt;
  }
  return std::nullopt;
}

// Where a subject's figures belong, and how well: of several windows a minute's is the one to keep.
struct Place {
  RateLimit RateLimits::* limit = nullptr;
  unsigned rank = 0;  // 0: some window, 1: a minute or no window named
};

std::optional<Place> place_of(Bytes subject) {
  if (subject == "input-tokens" || subject == "tokens-prompt") {
    return Place{&RateLimits::input_tokens, 1};
  }
  if (subject == "output-tokens" || subject == "tokens-generated") {
    return Place{&RateLimits::output_tokens, 1};
  }
  const std::size_t dash = std::min(subject.find('-'), subject.size());
  const Bytes what = subject.substr(0, dash);
  const Bytes window = subject.substr(dash);
  const unsigned rank = window.empty() || window == "-minute" ? 1 : 0;
  if (what.empty() || what == "requests" || what == "req") {
    return Place{&RateLimits::requests, rank};
  }
  if (what == "tokens") return Place{&RateLimits::tokens, rank};
  return std::nullopt;
}

std::optional<std::uint64_t> whole_number(Bytes text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return number;
}

// Sets a figure unless a better one stands there.
void set(std::optional<std::uint64_t>& figure, std::optional<std::uint64_t> value, unsigned rank) {
  if (value && (rank > 0 || !figure)) figure = value;
}

}  // namespace

RateLimits read_rate_limits(const http::Fields& fields, std::int64_t now_s) {
  RateLimits limits;
  std::array<char, http::field_name_bytes_max> room;
  for (const http::FieldLine& line : fields.lines()) {
    if (line.name.size() > room.size()) continue;
    std::ranges::transform(line.name, room.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const auto spelling = spelling_of({room.data(), line.name.size()});
    if (!spelling) continue;
    const auto place = place_of(spelling->subject);
    if (!place) continue;
    RateLimit& limit = limits.*(place->limit);
    if (spelling->figure == "limit") set(limit.limit, whole_number(line.value), place->rank);
    if (spelling->figure == "remaining")
      set(limit.remaining, whole_number(line.value), place->rank);
    if (spelling->figure == "reset")
      set(limit.reset_ms, read_reset(line.value, now_s), place->rank);
  }
  return limits;
}

}  // namespace penstock
