// Which of the betas that an Anthropic client asks for stand in a request's body. Elsewhere they
// are a field of the head, which the provider module writes.
#include <array>
#include <vector>

#include "gateway/translation.h"
#include "penstock/provider.h"

namespace penstock {
namespace {

constexpr Bytes beta_key = "anthropic_beta";

}  // namespace

// Bedrock has no field for betas: they are a member of the body, and other targets must not get it.
void Translation::place_betas(ProviderKind kind) {
  if (anthropic_beta.empty()) return;
  // Ours of the attempt before is known by where its name stands.
  std::erase_if(request.extra, [](const hub::Extra& e) { return e.key.data() == beta_key.data(); });
  if (kind != ProviderKind::bedrock) return;
  for (const hub::Extra& extra : request.extra) {
    if (extra.key == beta_key) return;  // the client speaks to Bedrock as Bedrock wants it
  }
  std::array<char, anthropic_beta_bytes_max> room;
  const Bytes betas = supported_betas(kind, anthropic_beta, room);
  if (betas.empty()) return;
  betas_text = "[\"";  // names of plain letters: nothing in them needs an escape
  for (const char c : betas) {
    if (c == ',') {
      betas_text += "\",\"";
    } else {
      betas_text += c;
    }
  }
  betas_text += "\"]";
  request.extra.push_back({beta_key, betas_text});
}

}  // namespace penstock
