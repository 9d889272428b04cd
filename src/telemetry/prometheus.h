// All shards' metrics as Prometheus text, format 0.0.4. Runs on the thread that serves /metrics;
// it reads the shards' cells while they count, and allocates.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/labels.h"
#include "telemetry/shard_metrics.h"

namespace penstock {

// Does a target take requests: no, one at a time to see, or yes.
enum class TargetState : std::uint8_t { down = 0, probing = 1, up = 2 };

// What is true of the process and not of a shard; filled by the exporter's caller.
struct ProcessMetrics {
  std::string_view version;
  std::string_view compiler;
  std::uint64_t log_lines_dropped = 0;  // LogWriter::lines_dropped()
  std::uint64_t reloads = 0;            // configurations taken
  std::uint64_t reloads_refused = 0;
  std::uint64_t tokens_granted = 0;  // fetches of access tokens
  std::uint64_t tokens_failed = 0;
  std::vector<TargetState> target_states{};  // by LabelId of the target
};

enum class MetricType : std::uint8_t { counter, gauge, histogram };

// One row of the table of all metrics, for the exporter and for documents.
struct MetricInfo {
  std::string_view name;  // whole, with `penstock_`, unit and `_total`
  MetricType type;
  std::string_view unit;    // "seconds", "bytes", or empty for counts
  std::string_view labels;  // names, with commas between them
  std::string_view help;    // one line
};
std::span<const MetricInfo> metric_table() noexcept;

// Media type of the text.
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

// Appends the sum over `shards` to `out`. At most 10,000 series: should the shards together know
// more, the rest is left out and their number shown as `penstock_series_omitted`.
void write_prometheus(std::span<const ShardMetrics* const> shards, const Labels& labels,
                      const ProcessMetrics& process, std::string& out);

}  // namespace penstock
