// The steps that turn the sections of a file into the parts of a Snapshot, in this order: each may
// use what the ones before it made. Mistakes go to the reading.
#pragma once

#include "config/section.h"
#include "penstock/snapshot.h"

namespace penstock::config {

void build_listeners(Reading& reading, const Section& root, Snapshot& snapshot);
void build_limits(const Section& root, Snapshot& snapshot);
void build_providers(const Section& root, Snapshot& snapshot);
void build_models(const Section& root, Snapshot& snapshot);
void build_keys(const Section& root, Snapshot& snapshot);
// Fills `snapshot.exposures`.
void state_exposures(Snapshot& snapshot);

// `timeouts` of the root or of a provider; what is absent comes from `base`.
UpstreamTimeouts read_timeouts(const Section& timeouts, const UpstreamTimeouts& base);

// Secrets that a person or a script chose are refused below this length.
inline constexpr std::size_t secret_size_min = 16;

}  // namespace penstock::config
