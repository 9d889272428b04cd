// What every request leaves behind: its line in the access log and its place in a histogram.
#include <benchmark/benchmark.h>

#include <array>

#include "penstock/telemetry.h"

using namespace penstock;

namespace {

void write_access_line(benchmark::State& state) {
  const LogName key("production");
  const LogName model("gpt-4o");
  const LogTarget target("openai/gpt-4o", "openai", "gpt-4o-2024-08-06");
  AccessRecord record;
  record.time_ns = 1'800'000'000'000'000'000;
  record.request_id = "req_0123456789abcdef0123456789abcdef";
  record.key = &key;
  record.endpoint = "chat.completions";
  record.model = &model;
  record.target = &target;
  record.status = 200;
  record.finish = "stop";
  record.attempts = 1;
  record.input_tokens = 9;
  record.output_tokens = 7;
  record.bytes_in = 1024;
  record.bytes_out = 600;
  record.duration = Duration::milliseconds(412);
  record.end = "complete";
  AccessLog log;
  std::array<char, access_line_max> room;
  for (auto _ : state) benchmark::DoNotOptimize(log.write(record, room));
}
BENCHMARK(write_access_line);

void record_in_histogram(benchmark::State& state) {
  ShardMetrics metrics;
  Duration duration = Duration::microseconds(1);
  for (auto _ : state) {
    metrics.request_duration.record(duration);
    duration = Duration{duration.ns % 1'000'000'007 + 997};
  }
}
BENCHMARK(record_in_histogram);

}  // namespace
