#include "json/keys.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace penstock::json {
namespace {

struct Entry {
  Bytes name;
  Field field = Field::other;
};

// The steering names are those other gateways obey in a body. Their families aws_… and litellm_…
// are matched by prefix below.
constexpr std::array entries{
    Entry{"model", Field::model},
    Entry{"messages", Field::messages},
    Entry{"input", Field::input},
    Entry{"prompt", Field::prompt},
    Entry{"stream", Field::stream},
    Entry{"stream_options", Field::stream_options},
    Entry{"max_tokens", Field::max_tokens},
    Entry{"max_completion_tokens", Field::max_completion_tokens},
    Entry{"n", Field::n},
    Entry{"user", Field::user},
    Entry{"metadata", Field::metadata},
    Entry{"tools", Field::tools},
    Entry{"functions", Field::functions},
    Entry{"models", Field::models},
    Entry{"fallbacks", Field::fallbacks},
    Entry{"provider", Field::provider},
    Entry{"cache", Field::cache},
    Entry{"session_id", Field::session_id},
    Entry{"tags", Field::tags},
    Entry{"api_base", Field::steering},
    Entry{"base_url", Field::steering},
    Entry{"api_key", Field::steering},
    Entry{"api_version", Field::steering},
    Entry{"api_type", Field::steering},
    Entry{"azure_ad_token", Field::steering},
    Entry{"azure_endpoint", Field::steering},
    Entry{"client_secret", Field::steering},
    Entry{"custom_llm_provider", Field::steering},
    Entry{"extra_body", Field::steering},
    Entry{"extra_headers", Field::steering},
    Entry{"extra_query", Field::steering},
    Entry{"headers", Field::steering},
    Entry{"mock_response", Field::steering},
    Entry{"mock_tool_calls", Field::steering},
    Entry{"model_list", Field::steering},
    Entry{"proxy_server_request", Field::steering},
    Entry{"tenant_id", Field::steering},
    Entry{"user_config", Field::steering},
    Entry{"vertex_ai_credentials", Field::steering},
    Entry{"vertex_ai_location", Field::steering},
    Entry{"vertex_ai_project", Field::steering},
    Entry{"vertex_credentials", Field::steering},
    Entry{"vertex_location", Field::steering},
    Entry{"vertex_project", Field::steering},
};

constexpr std::size_t slots = 256;

constexpr std::size_t slot_of(Bytes name) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(name[i]); };
  return (name.size() * 32 + byte(0) * 4u + byte(name.size() - 1)) % slots;
}

// Open addressing; the index of the entry plus one, 0 for a free slot.
constexpr auto table = [] {
  std::array<std::uint8_t, slots> out{};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    std::size_t slot = slot_of(entries[i].name);
    while (out[slot] != 0) slot = (slot + 1) % slots;
    out[slot] = static_cast<std::uint8_t>(i + 1);
  }
  return out;
}();

// A call costs more than most keys are long: eight or four bytes at a time, the last ones
// overlapping.
template <class Word>
bool same_words(Bytes a, Bytes b) {
  const auto word = [](Bytes text, std::size_t at) {
    Word out;
    std::memcpy(&out, text.data() + at, sizeof out);
    return out;
  };
  const std::size_t last = a.size() - sizeof(Word);
  for (std::size_t i = 0; i < last; i += sizeof(Word)) {
    if (word(a, i) != word(b, i)) return false;
  }
  return word(a, last) == word(b, last);
}

bool same(Bytes a, Bytes b) {
  const std::size_t n = a.size();
  if (n != b.size()) return false;
  if (n >= 8) return same_words<std::uint64_t>(a, b);
  if (n >= 4) return same_words<std::uint32_t>(a, b);
  for (std::size_t i = 0; i < n; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace

Field field_of(Bytes name) {
  if (name.empty()) return Field::other;
  for (std::size_t slot = slot_of(name); table[slot] != 0; slot = (slot + 1) % slots) {
    const Entry& entry = entries[table[slot] - 1u];
    if (same(entry.name, name)) return entry.field;
  }
  if (name.starts_with("aws_") || name.starts_with("litellm_")) return Field::steering;
  return Field::other;
}

}  // namespace penstock::json
