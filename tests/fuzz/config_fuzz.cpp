// Any bytes as a configuration file: no crash, no exception, and either a snapshot or mistakes that
// have words and places inside the text. Two readings of the same bytes say the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "penstock/config.h"

namespace {

using penstock::config::Loaded;

penstock::config::LoadOptions options() {
  penstock::config::LoadOptions result;
  result.environment = [](std::string_view name) -> std::optional<std::string> {
    if (name.starts_with('S')) return "sk-penstock-0123456789";
    return std::nullopt;
  };
  result.now_s = 1'800'000'000;
  result.memory_bytes = 1 << 30;
  return result;
}

void require(bool truth) {
  if (!truth) std::abort();
}

void judge(const Loaded& loaded, std::size_t size) {
  if (!loaded) {
    require(!loaded.error().empty());
    for (const auto& mistake : loaded.error()) {
      require(!mistake.what.empty());
      require(mistake.mark.line <= size + 1);
      require(penstock::config::to_string(mistake).find('\n') == std::string::npos);
    }
    return;
  }
  const penstock::Snapshot& snapshot = **loaded;
  require(!snapshot.providers.empty() && !snapshot.models.empty() && !snapshot.keys.empty());
  for (const penstock::Model& model : snapshot.models) {
    const auto first = static_cast<std::size_t>(model.first_target);
    require(model.target_count > 0 && first + model.target_count <= snapshot.targets.size());
    require(model.max_attempts >= 1 && model.max_attempts <= penstock::attempts_max);
    require(snapshot.find_model(model.name).has_value());
  }
  for (const penstock::Provider& provider : snapshot.providers) {
    require(!provider.base_url.host.empty() && provider.base_url.port != 0);
    require(provider.base_url.tls || provider.allow_private);
    require(provider.timeouts.total.ns > 0 && provider.timeouts.connect.ns > 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Loaded first = penstock::config::load_text(text, "fuzz", options());
  judge(first, size);
  const Loaded second = penstock::config::load_text(text, "fuzz", options());
  require(first.has_value() == second.has_value());
  if (!first) require(first.error().size() == second.error().size());
  return 0;
}
