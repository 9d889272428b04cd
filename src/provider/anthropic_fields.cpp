// The fields of Anthropic's API that come from the client: version and betas.
#include <algorithm>
#include <array>

#include "penstock/provider.h"
#include "provider/credential.h"

namespace penstock {
namespace {

// The newest version, which takes no sampling parameters.
constexpr Bytes version_newest = "2026-10-21";

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

Bytes trimmed(Bytes text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Betas that are a 400 where Anthropic's models are served by others.
bool is_refused_beta(ProviderKind kind, Bytes beta) {
  constexpr std::array<Bytes, 2> on_vertex{"prompt-caching-scope-", "advanced-tool-use-"};
  constexpr std::array<Bytes, 2> on_bedrock{"prompt-caching-scope-", "fast-mode-"};
  const auto begins = [beta](Bytes prefix) { return beta.starts_with(prefix); };
  if (kind == ProviderKind::vertex) return std::ranges::any_of(on_vertex, begins);
  return kind == ProviderKind::bedrock && std::ranges::any_of(on_bedrock, begins);
}

}  // namespace

bool sendable_anthropic_version(Bytes value) {
  constexpr Bytes form = "0000-00-00";
  if (value.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool digit = value[i] >= '0' && value[i] <= '9';
    if (form[i] == '0' ? !digit : value[i] != '-') return false;
  }
  return true;
}

bool sendable_anthropic_beta(Bytes value) {
  return !value.empty() && value.size() <= anthropic_beta_bytes_max &&
         std::ranges::all_of(value, [](char c) { return is_word(c) || c == ',' || c == ' '; });
}

bool sendable_content_type(Bytes value) {
  constexpr std::size_t bytes_max = 256;
  return !value.empty() && value.size() <= bytes_max && value.find('/') != Bytes::npos &&
         http::sendable_value(value);
}

Bytes anthropic_version_for(const Provider& provider, const hub::Request& request) {
  if (provider.kind == ProviderKind::anthropic && !provider.api_version.empty()) {
    return provider.api_version;
  }
  const bool sampling =
      !request.temperature.empty() || !request.top_p.empty() || request.top_k.has_value();
  return sampling ? anthropic_version_oldest : version_newest;
}

Bytes supported_betas(ProviderKind kind, Bytes betas, std::span<char> out) {
  PENSTOCK_ASSERT(out.size() >= betas.size());
  std::size_t used = 0;
  while (!betas.empty()) {
    const std::size_t end = std::min(betas.find(','), betas.size());
    const Bytes beta = trimmed(betas.substr(0, end));
    betas.remove_prefix(std::min(end + 1, betas.size()));
    if (beta.empty() || is_refused_beta(kind, beta)) continue;
    if (used > 0) out[used++] = ',';
    std::ranges::copy(beta, out.begin() + static_cast<std::ptrdiff_t>(used));
    used += beta.size();
  }
  return {out.data(), used};
}

}  // namespace penstock
