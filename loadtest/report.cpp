// Output of the load client: one JSON object for scripts, a short table for people.

#include <arpa/inet.h>

#include <cstdio>

#include "load.h"

namespace penstock::loadtest {

namespace {

constexpr double ns_per_us = 1e3;
constexpr double ns_per_s = 1e9;

double per(double amount, double by) {
  return by > 0 ? amount / by : 0.0;
}

unsigned long long wide(std::uint64_t value) {
  return value;
}

void histogram_json(std::FILE* file, const char* name, const Histogram& h) {
  std::fprintf(file,
               "  \"%s\": {\"count\": %llu, \"mean\": %.3f, \"p50\": %.3f, \"p90\": %.3f, "
               "\"p99\": %.3f, \"p999\": %.3f, \"max\": %.3f},\n",
               name, wide(h.count()), h.mean_ns() / ns_per_us, h.quantile_ns(0.5) / ns_per_us,
               h.quantile_ns(0.9) / ns_per_us, h.quantile_ns(0.99) / ns_per_us,
               h.quantile_ns(0.999) / ns_per_us, h.max_ns() / ns_per_us);
}

void histogram_row(std::FILE* file, const char* name, const Histogram& h) {
  if (h.count() == 0) return;
  std::fprintf(file, "%-18s p50 %9.1f  p90 %9.1f  p99 %9.1f  p99.9 %9.1f  max %9.1f us\n", name,
               h.quantile_ns(0.5) / ns_per_us, h.quantile_ns(0.9) / ns_per_us,
               h.quantile_ns(0.99) / ns_per_us, h.quantile_ns(0.999) / ns_per_us,
               h.max_ns() / ns_per_us);
}

}  // namespace

void print_json(std::FILE* file, const Plan& plan, const Results& r) {
  const double cpu_s = static_cast<double>(r.proxy.cpu_ns) / ns_per_s;
  const auto requests = static_cast<double>(r.requests);
  const auto events = static_cast<double>(r.events);
  std::fprintf(file, "{\n  \"model\": \"%s\", \"stream\": %s, \"connections\": %zu,\n",
               plan.model.c_str(), plan.stream ? "true" : "false", plan.connections);
  std::fprintf(file, "  \"rate_per_s\": %.1f, \"window_s\": %.6f,\n", plan.rate_per_s, r.window_s);
  std::fprintf(file, "  \"requests\": %llu, \"events\": %llu, \"bytes_in\": %llu,\n",
               wide(r.requests), wide(r.events), wide(r.bytes_in));
  std::fprintf(file, "  \"requests_per_s\": %.1f, \"events_per_s\": %.1f,\n",
               per(requests, r.window_s), per(events, r.window_s));
  std::fprintf(file, "  \"requests_per_cpu_s\": %.1f, \"events_per_cpu_s\": %.1f,\n",
               per(requests, cpu_s), per(events, cpu_s));
  std::fprintf(file, "  \"cpu_us_per_request\": %.4f, \"cpu_us_per_event\": %.4f,\n",
               per(cpu_s * 1e6, requests), per(cpu_s * 1e6, events));
  histogram_json(file, "latency_us", r.latency);
  histogram_json(file, "first_event_us", r.first_event);
  histogram_json(file, "transit_us", r.transit);
  histogram_json(file, "gap_us", r.gap);
  std::fprintf(file,
               "  \"errors\": {\"connect\": %llu, \"closed\": %llu, \"broken\": %llu, "
               "\"status\": %llu, \"body\": %llu, \"events\": %llu, \"total\": %llu},\n",
               wide(r.errors.connect), wide(r.errors.closed), wide(r.errors.broken),
               wide(r.errors.status), wide(r.errors.body), wide(r.errors.events),
               wide(r.errors.total()));
  std::fprintf(file, "  \"waiting\": %llu, \"oldest_waiting_s\": %.3f,\n", wide(r.waiting),
               r.oldest_waiting_s);
  std::fprintf(file,
               "  \"proxy\": {\"processes\": %zu, \"cpu_s\": %.6f, \"stat_user_s\": %.2f, "
               "\"stat_system_s\": %.2f, \"switches\": %lld, \"run_wait_share\": %.5f,\n",
               r.proxy_processes, cpu_s, r.proxy.user_s, r.proxy.system_s,
               static_cast<long long>(r.proxy.switches),
               per(static_cast<double>(r.run_wait_ns) / ns_per_s, r.window_s));
  std::fprintf(file,
               "    \"resident_before\": %lld, \"resident_after\": %lld, "
               "\"anonymous_before\": %lld, \"anonymous_after\": %lld},\n",
               static_cast<long long>(r.memory_before.resident_bytes),
               static_cast<long long>(r.memory_after.resident_bytes),
               static_cast<long long>(r.memory_before.anonymous_bytes),
               static_cast<long long>(r.memory_after.anonymous_bytes));
  std::fprintf(file, "  \"foreign_share\": %.5f\n}\n", r.foreign_share);
}

void print_table(std::FILE* file, const Plan& plan, const Results& r) {
  const double cpu_s = static_cast<double>(r.proxy.cpu_ns) / ns_per_s;
  std::fprintf(file, "%s, %zu connections, %s, %.2f s\n", plan.model.c_str(), plan.connections,
               plan.hold ? "held" : (plan.rate_per_s > 0 ? "open loop" : "closed loop"),
               r.window_s);
  std::fprintf(file, "requests           %llu (%.0f/s)   events %llu (%.0f/s)   errors %llu\n",
               wide(r.requests), per(static_cast<double>(r.requests), r.window_s), wide(r.events),
               per(static_cast<double>(r.events), r.window_s), wide(r.errors.total()));
  histogram_row(file, "latency", r.latency);
  histogram_row(file, "first event", r.first_event);
  histogram_row(file, "event transit", r.transit);
  histogram_row(file, "between events", r.gap);
  if (plan.proxy == 0) return;
  std::fprintf(file,
               "proxy              %.3f CPU-s (%.0f requests, %.0f events per CPU-s), waited for "
               "its CPU %.1f %%\n",
               cpu_s, per(static_cast<double>(r.requests), cpu_s),
               per(static_cast<double>(r.events), cpu_s),
               100 * per(static_cast<double>(r.run_wait_ns) / ns_per_s, r.window_s));
  std::fprintf(file, "proxy memory       %.1f MiB before, %.1f MiB after",
               static_cast<double>(r.memory_before.resident_bytes) / 1048576.0,
               static_cast<double>(r.memory_after.resident_bytes) / 1048576.0);
  if (plan.hold) {
    std::fprintf(
        file, ", %.0f bytes per connection",
        per(static_cast<double>(r.memory_after.resident_bytes - r.memory_before.resident_bytes),
            static_cast<double>(plan.connections)));
  }
  std::fprintf(file, "\n");
  if (r.foreign_share >= 0) {
    std::fprintf(file, "this CPU           %.1f %% used by others\n", 100 * r.foreign_share);
  }
}

}  // namespace penstock::loadtest
