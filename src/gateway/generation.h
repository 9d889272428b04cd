// What a configuration becomes at run time. A request pins the generation it began with; a reload
// makes a new one, and the old one dies with its last request.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "gateway/answers.h"
#include "gateway/token_cell.h"
#include "gateway/upstream_pool.h"
#include "penstock/net.h"
#include "penstock/policy.h"
#include "penstock/snapshot.h"
#include "penstock/telemetry.h"

namespace penstock {

// Shared by all shards, immutable but for the cells inside.
struct Generation {
  std::uint64_t serial = 0;  // 1 for the first; never the same for two
  std::unique_ptr<const Snapshot> snapshot;
  std::unique_ptr<const KeyTable> keys;
  std::unique_ptr<LimitCells> limits;
  std::shared_ptr<const TlsServerContext> data_tls;    // null: the data listener is plain
  std::vector<std::shared_ptr<const TlsTrust>> trust;  // by ProviderIndex; null: plain
  bool kernel_seals = false;                           // TLS records, where it can
  TokenCells tokens;                                   // of service accounts
  std::shared_ptr<const Labels> labels;
  std::vector<LabelId> model_labels;      // by ModelIndex
  std::vector<LabelId> provider_labels;   // by ProviderIndex
  std::vector<LabelId> target_labels;     // by TargetIndex
  std::vector<std::string> target_lines;  // by TargetIndex: response lines that name the target
  std::vector<LogName> key_names;         // by KeyIndex
  std::vector<LogName> model_names;       // by ModelIndex
  std::vector<LogTarget> target_names;    // by TargetIndex

  // before: the generation that this one follows; its limit cells and label numbers go on. Null:
  // the first. The error is a sentence for people: what is wrong with which file.
  static std::expected<std::shared_ptr<const Generation>, std::string> make(
      std::unique_ptr<const Snapshot> snapshot, const Generation* before,
      const std::shared_ptr<TlsTicketKeys>& ticket_keys);
};

// One shard's side of a generation: what is connected and remembered for it.
struct Epoch {
  std::shared_ptr<const Generation> generation;
  std::vector<UpstreamPool> pools;                     // by ProviderIndex
  std::vector<std::shared_ptr<TlsClientContext>> tls;  // by ProviderIndex; null: plain
  std::vector<TokenReader> tokens;                     // by ProviderIndex
  std::vector<std::uint64_t> turns;                    // by ModelIndex: round robin
  // By TargetIndex, whole answers and streams: the request's head as it was written last.
  std::vector<std::array<RepeatedHead, 2>> heads;
  std::uint32_t users = 0;  // requests that pin it

  const Snapshot& snapshot() const { return *generation->snapshot; }
  static std::expected<std::unique_ptr<Epoch>, std::string> make(
      std::shared_ptr<const Generation> generation);
};

}  // namespace penstock
