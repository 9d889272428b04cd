// The writer of Prometheus text lines (exposition format 0.0.4): values and escapes, no knowledge
// of what is counted.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "telemetry/histogram.h"
#include "telemetry/prometheus.h"

namespace penstock {

struct MetricLabel {
  std::string_view name;
  std::string_view value;  // any bytes; an empty one is left out, which means the same
};

// A bound of a histogram as Prometheus clients print it.
struct MetricBound {
  std::int64_t ns;
  std::string_view text;  // in seconds
};

class MetricPage {
 public:
  explicit MetricPage(std::string& out) : out_(out) {}

  // The HELP and TYPE lines, before the metric's samples.
  void head(const MetricInfo& info);
  void sample(const MetricInfo& info, std::initializer_list<MetricLabel> labels,
              std::uint64_t value);
  void sample(const MetricInfo& info, std::initializer_list<MetricLabel> labels,
              std::int64_t value);
  // Bucket lines for `bounds` and +Inf, then sum and count.
  void histogram(const MetricInfo& info, std::initializer_list<MetricLabel> labels,
                 const HistogramSum& values, std::span<const MetricBound> bounds);

 private:
  void name_and_labels(const MetricInfo& info, std::string_view suffix,
                       std::initializer_list<MetricLabel> labels, std::string_view bound = {});
  void label(const MetricLabel& label, bool& first);
  void number(std::uint64_t value);

  std::string& out_;
};

}  // namespace penstock
