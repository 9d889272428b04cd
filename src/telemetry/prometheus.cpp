#include "telemetry/prometheus.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "telemetry/metric_page.h"

namespace penstock {

// The one who may look into ShardMetrics.
struct MetricReader {
  static const SeriesTable& series(const ShardMetrics& m) { return m.series_; }
  static constexpr auto limited = &ShardMetrics::limited_;
  static constexpr auto parse_errors = &ShardMetrics::parse_errors_;
  static constexpr auto connections = &ShardMetrics::connections_;
  static constexpr auto backend = &ShardMetrics::backend_;
  static constexpr auto blocks_lent = &ShardMetrics::blocks_lent_;
  static constexpr auto frames_live = &ShardMetrics::frames_live_;
  static constexpr auto turns = &ShardMetrics::turns_;
  static constexpr auto enters = &ShardMetrics::enters_;
  static constexpr auto completions = &ShardMetrics::completions_;
  static constexpr auto sends = &ShardMetrics::sends_;
  static constexpr auto sends_batched = &ShardMetrics::sends_batched_;
  static constexpr auto sends_blocked = &ShardMetrics::sends_blocked_;
  static constexpr auto starved = &ShardMetrics::starved_;
  static constexpr auto sealed = &ShardMetrics::sealed_;
  static constexpr auto seal_refusals = &ShardMetrics::seal_refusals_;
  static constexpr auto overflows = &ShardMetrics::overflows_;
  static constexpr auto enters_refused = &ShardMetrics::enters_refused_;
  static constexpr auto accepts_shed = &ShardMetrics::accepts_shed_;
  static constexpr auto rebuilds = &ShardMetrics::rebuilds_;
};

namespace {

// Series of the table of series; all others are fixed, and fewer than 500.
constexpr std::size_t series_max = 9'500;

constexpr std::array all_bounds{
    MetricBound{1'000, "1e-06"},         MetricBound{2'500, "2.5e-06"},
    MetricBound{5'000, "5e-06"},         MetricBound{10'000, "1e-05"},
    MetricBound{25'000, "2.5e-05"},      MetricBound{50'000, "5e-05"},
    MetricBound{100'000, "0.0001"},      MetricBound{250'000, "0.00025"},
    MetricBound{500'000, "0.0005"},      MetricBound{1'000'000, "0.001"},
    MetricBound{2'500'000, "0.0025"},    MetricBound{5'000'000, "0.005"},
    MetricBound{10'000'000, "0.01"},     MetricBound{25'000'000, "0.025"},
    MetricBound{50'000'000, "0.05"},     MetricBound{100'000'000, "0.1"},
    MetricBound{250'000'000, "0.25"},    MetricBound{500'000'000, "0.5"},
    MetricBound{1'000'000'000, "1"},     MetricBound{2'500'000'000, "2.5"},
    MetricBound{5'000'000'000, "5"},     MetricBound{10'000'000'000, "10"},
    MetricBound{25'000'000'000, "25"},   MetricBound{50'000'000'000, "50"},
    MetricBound{100'000'000'000, "100"}, MetricBound{250'000'000'000, "250"},
    MetricBound{500'000'000'000, "500"},
};
static_assert(std::ranges::all_of(all_bounds,
                                  [](const MetricBound& b) {
                                    return buckets::upper_ns(buckets::of(b.ns)) == b.ns;
                                  }),
              "a bound must be the edge of a bucket, or its count is not exact");
constexpr std::span<const MetricBound> bounds_from(std::size_t first, std::size_t count) {
  return std::span(all_bounds).subspan(first, count);
}
constexpr auto overhead_bounds = bounds_from(0, 16);  // 1 µs to 100 ms
constexpr auto event_bounds = bounds_from(6, 16);     // 100 µs to 10 s
constexpr auto request_bounds = bounds_from(9, 18);   // 1 ms to 500 s

// A series as one shard has it.
struct Found {
  SeriesKey key;
  std::uint64_t value;
  const Histogram* histogram;

  std::uint64_t order() const { return key.packed(); }
};

// Everything a row's writer needs.
struct Export {
  std::span<const ShardMetrics* const> shards;
  const Labels& labels;
  const ProcessMetrics& process;
  MetricPage page;
  std::vector<Found> series;  // of all shards; equal keys side by side
  std::uint64_t omitted = 0;

  // Calls `visit` with the run of equal series, for each series of a family.
  template <class F>
  void each(Family family, F&& visit) const {
    for (std::size_t i = 0; i < series.size();) {
      std::size_t end = i + 1;
      while (end < series.size() && series[end].order() == series[i].order()) ++end;
      if (series[i].key.family == family) visit(std::span(series).subspan(i, end - i));
      i = end;
    }
  }
};

std::uint64_t sum(std::span<const Found> run) {
  std::uint64_t total = 0;
  for (const Found& f : run) total += f.value;
  return total;
}

// Two numbers without names would become the same line. A shard may be ahead of these labels for a
// moment after a reload; its new series then show on the next page.
bool is_named(SeriesKey key, const Labels& labels) {
  const auto known = [](std::uint16_t id, const LabelSet& set) {
    return LabelId{id} == LabelId::none || id < set.size();
  };
  if (key.family == Family::attempts) return known(key.a, labels.targets);
  return known(key.a, labels.models) && known(key.b, labels.providers);
}

void gather_series(Export& e) {
  for (const ShardMetrics* shard : e.shards) {
    MetricReader::series(*shard).each(
        [&e](SeriesKey key, std::uint64_t value, const Histogram* durations) {
          if (is_named(key, e.labels)) e.series.push_back({key, value, durations});
        });
  }
  std::ranges::sort(e.series, {}, &Found::order);
  std::size_t used = 0;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < e.series.size(); ++i) {
    const bool same = i > 0 && e.series[i].order() == e.series[i - 1].order();
    if (!same) {
      const std::size_t cost = e.series[i].histogram ? SeriesTable::histogram_cost : 1;
      if (e.omitted > 0 || used + cost > series_max) {
        ++e.omitted;
        continue;
      }
      used += cost;
    }
    if (e.omitted == 0) kept = i + 1;
  }
  e.series.resize(kept);
}

// -- Writers of rows.

using WriteRow = void (*)(const MetricInfo&, Export&);

// Sum over the shards of one cell.
template <auto member>
auto total_of(const Export& e) {
  decltype((e.shards[0]->*member).value()) total = 0;
  for (const ShardMetrics* shard : e.shards) total += (shard->*member).value();
  return total;
}

// A counter or gauge of each shard, added up.
template <auto member>
void plain(const MetricInfo& info, Export& e) {
  e.page.sample(info, {}, total_of<member>(e));
}

template <auto member, auto bounds>
void durations(const MetricInfo& info, Export& e) {
  HistogramSum total;
  for (const ShardMetrics* shard : e.shards) total.add(shard->*member);
  e.page.histogram(info, {}, total, *bounds);
}

void requests(const MetricInfo& info, Export& e) {
  e.each(Family::requests, [&](std::span<const Found> run) {
    const SeriesKey key = run[0].key;
    // A class is written 2xx.
    std::array<char, 3> status{'0', '0', '0'};
    if (key.c >= 100) {
      status = {static_cast<char>('0' + key.c / 100), static_cast<char>('0' + key.c / 10 % 10),
                static_cast<char>('0' + key.c % 10)};
    } else if (key.c > 0) {
      status = {static_cast<char>('0' + key.c), 'x', 'x'};
    }
    const std::string_view code =
        key.d == 0 ? std::string_view() : describe(static_cast<Code>(key.d - 1)).code;
    e.page.sample(info,
                  {{"model", e.labels.models.name(LabelId{key.a})},
                   {"provider", e.labels.providers.name(LabelId{key.b})},
                   {"status", std::string_view(status.data(), status.size())},
                   {"code", code}},
                  sum(run));
  });
}

void time_to_first_byte(const MetricInfo& info, Export& e) {
  e.each(Family::time_to_first_byte, [&](std::span<const Found> run) {
    HistogramSum total;
    for (const Found& f : run) total.add(*f.histogram);
    e.page.histogram(info,
                     {{"model", e.labels.models.name(LabelId{run[0].key.a})},
                      {"provider", e.labels.providers.name(LabelId{run[0].key.b})}},
                     total, request_bounds);
  });
}

void overhead(const MetricInfo& info, Export& e) {
  HistogramSum request;
  HistogramSum response;
  for (const ShardMetrics* shard : e.shards) {
    request.add(shard->overhead_request);
    response.add(shard->overhead_response);
  }
  e.page.histogram(info, {{"phase", "request"}}, request, overhead_bounds);
  e.page.histogram(info, {{"phase", "response"}}, response, overhead_bounds);
}

void tokens(const MetricInfo& info, Export& e) {
  static constexpr std::array<std::string_view, token_kinds> names{"input", "output", "cache_read",
                                                                   "cache_write", "reasoning"};
  e.each(Family::tokens, [&](std::span<const Found> run) {
    e.page.sample(info,
                  {{"model", e.labels.models.name(LabelId{run[0].key.a})},
                   {"provider", e.labels.providers.name(LabelId{run[0].key.b})},
                   {"kind", names[run[0].key.d]}},
                  sum(run));
  });
}

void attempts(const MetricInfo& info, Export& e) {
  static constexpr std::array<std::string_view, attempt_results> names{
      "ok",         "rejected",  "throttled", "failed",       "connect_failed",
      "tls_failed", "timed_out", "reset",     "bad_response", "cancelled"};
  e.each(Family::attempts, [&](std::span<const Found> run) {
    e.page.sample(
        info,
        {{"target", e.labels.targets.name(LabelId{run[0].key.a})}, {"result", names[run[0].key.d]}},
        sum(run));
  });
}

// Sum over the shards of one element of an array of cells.
template <auto member>
auto element(const Export& e, std::size_t i) {
  std::remove_cvref_t<decltype((e.shards[0]->*member)[0].value())> total = 0;
  for (const ShardMetrics* shard : e.shards) total += (shard->*member)[i].value();
  return total;
}

// Only pairs that occurred: most of them can not.
void limited(const MetricInfo& info, Export& e) {
  static constexpr std::array<std::string_view, limit_kinds> kinds{
      "rpm", "tpm", "concurrency", "budget", "session", "overload"};
  static constexpr std::array<std::string_view, limit_scopes> scopes{"key", "team", "model",
                                                                     "session", "process"};
  for (std::size_t i = 0; i < limit_kinds * limit_scopes; ++i) {
    const std::uint64_t total = element<MetricReader::limited>(e, i);
    if (total == 0) continue;
    e.page.sample(info, {{"kind", kinds[i / limit_scopes]}, {"scope", scopes[i % limit_scopes]}},
                  total);
  }
}

void connections(const MetricInfo& info, Export& e) {
  static constexpr std::array<std::string_view, connection_sides> sides{"client", "upstream"};
  static constexpr std::array<std::string_view, connection_states> states{"connecting", "active",
                                                                          "idle"};
  for (std::size_t i = 0; i < connection_sides * connection_states; ++i) {
    e.page.sample(
        info, {{"side", sides[i / connection_states]}, {"state", states[i % connection_states]}},
        element<MetricReader::connections>(e, i));
  }
}

void parse_errors(const MetricInfo& info, Export& e) {
  const std::vector<std::string_view>& names = e.labels.parse_reasons;
  std::uint64_t unnamed = 0;
  for (std::size_t i = 0; i < parse_reasons_max; ++i) {
    const std::uint64_t total = element<MetricReader::parse_errors>(e, i);
    if (i < names.size() && total > 0) {
      e.page.sample(info, {{"reason", names[i]}}, total);
    } else {
      unnamed += total;
    }
  }
  if (unnamed > 0) e.page.sample(info, {{"reason", "unnamed"}}, unnamed);
}

void target_state(const MetricInfo& info, Export& e) {
  const std::size_t count = std::min(e.process.target_states.size(), e.labels.targets.size());
  for (std::size_t i = 0; i < count; ++i) {
    e.page.sample(info, {{"target", e.labels.targets.name(static_cast<LabelId>(i))}},
                  static_cast<std::int64_t>(e.process.target_states[i]));
  }
}

void io_backend(const MetricInfo& info, Export& e) {
  for (std::size_t i = 0; i < backend_names.size(); ++i) {
    std::int64_t on_it = 0;
    for (const ShardMetrics* shard : e.shards) {
      on_it += (shard->*MetricReader::backend).value() == static_cast<std::int64_t>(i) + 1 ? 1 : 0;
    }
    if (on_it > 0) e.page.sample(info, {{"backend", backend_names[i]}}, on_it);
  }
}

void log_lines_dropped(const MetricInfo& info, Export& e) {
  std::uint64_t total = e.process.log_lines_dropped;
  for (const ShardMetrics* shard : e.shards) total += shard->log_lines_dropped.value();
  e.page.sample(info, {}, total);
}

void handshakes_held(const MetricInfo& info, Export& e) {
  e.page.sample(info, {{"result", "delayed"}}, total_of<&ShardMetrics::handshakes_delayed>(e));
  e.page.sample(info, {{"result", "refused"}}, total_of<&ShardMetrics::handshakes_refused>(e));
}

void failed_keys(const MetricInfo& info, Export& e) {
  const std::uint64_t limited = total_of<&ShardMetrics::failed_keys_limited>(e);
  e.page.sample(info, {{"limited", "yes"}}, limited);
  e.page.sample(info, {{"limited", "no"}}, total_of<&ShardMetrics::failed_keys>(e) - limited);
}

void config_reloads(const MetricInfo& info, Export& e) {
  e.page.sample(info, {{"result", "taken"}}, e.process.reloads);
  e.page.sample(info, {{"result", "refused"}}, e.process.reloads_refused);
}

void token_fetches(const MetricInfo& info, Export& e) {
  e.page.sample(info, {{"result", "granted"}}, e.process.tokens_granted);
  e.page.sample(info, {{"result", "failed"}}, e.process.tokens_failed);
}

void series_refused(const MetricInfo& info, Export& e) {
  std::uint64_t total = 0;
  for (const ShardMetrics* shard : e.shards) total += MetricReader::series(*shard).refused();
  e.page.sample(info, {}, total);
}

void series_omitted(const MetricInfo& info, Export& e) {
  e.page.sample(info, {}, e.omitted);
}

void build_info(const MetricInfo& info, Export& e) {
  e.page.sample(info, {{"version", e.process.version}, {"compiler", e.process.compiler}},
                std::int64_t{1});
}

// -- The table.

struct Row {
  MetricInfo info;
  WriteRow write;
};

using enum MetricType;
using R = MetricReader;
using S = ShardMetrics;

constexpr std::array rows{
    Row{{"penstock_requests_total", counter, "", "model,provider,status,code",
         "Requests answered. code is empty unless the gateway itself made the error."},
        requests},
    Row{{"penstock_request_duration_seconds", histogram, "seconds", "",
         "From the first byte of a request to the last byte of its answer."},
        durations<&S::request_duration, &request_bounds>},
    Row{{"penstock_time_to_first_byte_seconds", histogram, "seconds", "model,provider",
         "From the first byte of a request to the first byte of its answer."},
        time_to_first_byte},
    Row{{"penstock_inter_event_seconds", histogram, "seconds", "",
         "Between two writes of one stream to its client."},
        durations<&S::inter_event, &event_bounds>},
    Row{{"penstock_overhead_seconds", histogram, "seconds", "phase",
         "The gateway's own time in a request, without waits for client and provider."},
        overhead},
    Row{{"penstock_tokens_total", counter, "", "model,provider,kind",
         "Tokens as providers reported them."},
        tokens},
    Row{{"penstock_limited_total", counter, "", "kind,scope", "Requests refused by a limit."},
        limited},
    Row{{"penstock_attempts_total", counter, "", "target,result",
         "Requests sent to a target, by how they ended."},
        attempts},
    Row{{"penstock_target_state", gauge, "", "target",
         "2: takes requests, 1: takes one at a time to see, 0: set aside."},
        target_state},
    Row{{"penstock_streams_active", gauge, "", "", "Streamed answers under way."},
        plain<&S::streams_active>},
    Row{{"penstock_connections", gauge, "", "side,state", "Open connections."}, connections},
    Row{{"penstock_buffers_lent", gauge, "bytes", "",
         "Bytes of buffers that connections hold at this moment."},
        plain<R::blocks_lent>},
    Row{{"penstock_frames_live", gauge, "", "", "Coroutine frames in use."}, plain<R::frames_live>},
    Row{{"penstock_http_parse_errors_total", counter, "", "reason",
         "Messages refused because they break HTTP."},
        parse_errors},
    Row{{"penstock_upstream_excess_bytes_total", counter, "bytes", "",
         "Bytes that upstreams sent after the end of an answer."},
        plain<&S::upstream_excess_bytes>},
    Row{{"penstock_handshakes_held_total", counter, "", "result",
         "Handshakes of clients that did not begin at once: later, or not at all."},
        handshakes_held},
    Row{{"penstock_failed_keys_total", counter, "", "limited",
         "Requests without a good key; limited: their address had too many of them."},
        failed_keys},
    Row{{"penstock_log_lines_dropped_total", counter, "", "",
         "Access-log lines lost because the log's reader or disk was too slow or failed."},
        log_lines_dropped},
    Row{{"penstock_config_reloads_total", counter, "", "result",
         "Configurations offered after the start."},
        config_reloads},
    Row{{"penstock_token_fetches_total", counter, "", "result",
         "Requests for access tokens of service accounts."},
        token_fetches},
    Row{{"penstock_io_backend", gauge, "", "backend", "Shards on each kind of kernel interface."},
        io_backend},
    Row{{"penstock_io_turns_total", counter, "", "", "Turns of the shards' loops."},
        plain<R::turns>},
    Row{{"penstock_io_enters_total", counter, "", "",
         "System calls that waited for or submitted work."},
        plain<R::enters>},
    Row{{"penstock_io_completions_total", counter, "", "", "Operations the kernel completed."},
        plain<R::completions>},
    Row{{"penstock_io_sends_total", counter, "", "", "Writes to sockets."}, plain<R::sends>},
    Row{{"penstock_io_sends_batched_total", counter, "", "",
         "Writes that left with others at the end of a turn."},
        plain<R::sends_batched>},
    Row{{"penstock_io_sends_blocked_total", counter, "", "", "Writes that found the socket full."},
        plain<R::sends_blocked>},
    Row{{"penstock_io_receives_starved_total", counter, "", "",
         "Receives that found no free buffer."},
        plain<R::starved>},
    Row{{"penstock_io_overflows_total", counter, "", "", "Overflows of completion queues."},
        plain<R::overflows>},
    Row{{"penstock_io_enters_refused_total", counter, "", "",
         "System calls that the kernel was too short of memory or room for."},
        plain<R::enters_refused>},
    Row{{"penstock_io_accepts_shed_total", counter, "", "",
         "Connections closed unserved because the kernel was short of memory."},
        plain<R::accepts_shed>},
    Row{{"penstock_io_ring_rebuilds_total", counter, "", "",
         "Rings given up, with all they carried, because the kernel lost completions."},
        plain<R::rebuilds>},
    Row{{"penstock_io_kernel_tls_total", counter, "", "",
         "Connections whose TLS records the kernel seals."},
        plain<R::sealed>},
    Row{{"penstock_io_kernel_tls_refused_total", counter, "", "",
         "Connections for which the kernel refused to, and which are sealed here."},
        plain<R::seal_refusals>},
    Row{{"penstock_series_refused_total", counter, "", "",
         "Counts that were lost because a shard had its full number of series."},
        series_refused},
    Row{{"penstock_series_omitted", gauge, "", "",
         "Series left out of this page because it had its full number."},
        series_omitted},
    Row{{"penstock_build_info", gauge, "", "version,compiler", "1, labelled with the build."},
        build_info},
};

constexpr auto infos = [] {
  std::array<MetricInfo, rows.size()> all{};
  for (std::size_t i = 0; i < rows.size(); ++i) all[i] = rows[i].info;
  return all;
}();

}  // namespace

std::span<const MetricInfo> metric_table() noexcept {
  return infos;
}

void write_prometheus(std::span<const ShardMetrics* const> shards, const Labels& labels,
                      const ProcessMetrics& process, std::string& out) {
  Export e{shards, labels, process, MetricPage(out), {}, 0};
  gather_series(e);
  for (const Row& row : rows) {
    e.page.head(row.info);
    row.write(row.info, e);
  }
}

}  // namespace penstock
