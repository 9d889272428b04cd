// Everything one shard counts. Only the shard's thread writes; the exporter reads from another one
// and adds the shards up. What each is called and means: the table in prometheus.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "penstock/driver.h"
#include "penstock/error.h"
#include "penstock/frames.h"
#include "telemetry/histogram.h"
#include "telemetry/labels.h"
#include "telemetry/metric.h"
#include "telemetry/series_table.h"

namespace penstock {

enum class TokenKind : std::uint8_t { input, output, cache_read, cache_write, reasoning };
inline constexpr std::size_t token_kinds = 5;

// How an attempt on a target ended.
enum class AttemptResult : std::uint8_t {
  ok,              // an answer below 400 that was relayed to its end
  rejected,        // 4xx other than 429: the request was at fault
  throttled,       // 429
  failed,          // 5xx
  connect_failed,  // no connection, or no address
  tls_failed,
  timed_out,
  reset,         // the connection broke
  bad_response,  // an answer that could not be used
  cancelled,     // the client left, or the gateway stopped
};
inline constexpr std::size_t attempt_results = 10;

// `X-Gateway-Limit-Kind` and `-Scope`.
enum class LimitKind : std::uint8_t { rpm, tpm, concurrency, budget, session, overload };
inline constexpr std::size_t limit_kinds = 6;
enum class LimitScope : std::uint8_t { key, team, model, session, process };
inline constexpr std::size_t limit_scopes = 5;

enum class ConnectionSide : std::uint8_t { client, upstream };
inline constexpr std::size_t connection_sides = 2;
enum class ConnectionState : std::uint8_t {
  connecting,  // until TCP and TLS are made
  active,      // in a request
  idle,        // kept for the next one
};
inline constexpr std::size_t connection_states = 3;

// Values of `io_backend{backend}`, by Driver::name().
inline constexpr std::array<std::string_view, 3> backend_names{"uring", "epoll", "sim"};

// Numbers of the parser's reasons must be below this; higher ones are counted at the last.
inline constexpr std::size_t parse_reasons_max = 96;

class alignas(64) ShardMetrics {
 public:
  ShardMetrics() = default;
  // With a lower cap on series, for tests.
  explicit ShardMetrics(std::size_t series_max) : series_(series_max) {}
  ShardMetrics(const ShardMetrics&) = delete;
  ShardMetrics& operator=(const ShardMetrics&) = delete;

  // -- With labels from configuration. `none` where a request got no model or no provider.

  // Answered requests. `status` is what the client got (499: it left before); statuses outside a
  // fixed list are counted as their class. `code` is the gateway's own error, if it was one.
  Counter& requests(LabelId model, LabelId provider, unsigned status,
                    std::optional<Code> code) noexcept;
  Counter& tokens(LabelId model, LabelId provider, TokenKind kind) noexcept;
  Counter& attempts(LabelId target, AttemptResult result) noexcept;
  Histogram& time_to_first_byte(LabelId model, LabelId provider) noexcept;

  // -- With labels from closed sets.

  Counter& limited(LimitKind kind, LimitScope scope) noexcept {
    return limited_[static_cast<std::size_t>(kind) * limit_scopes +
                    static_cast<std::size_t>(scope)];
  }
  Counter& parse_errors(std::size_t reason) noexcept {
    return parse_errors_[reason < parse_reasons_max ? reason : parse_reasons_max - 1];
  }
  Gauge& connections(ConnectionSide side, ConnectionState state) noexcept {
    return connections_[static_cast<std::size_t>(side) * connection_states +
                        static_cast<std::size_t>(state)];
  }

  // -- Without labels.

  Histogram request_duration;   // first byte of the request to last byte of the answer
  Histogram inter_event;        // between two writes of a stream to the client
  Histogram overhead_request;   // OverheadClock::request
  Histogram overhead_response;  // OverheadClock::response
  Gauge streams_active;
  Counter upstream_excess_bytes;
  Counter handshakes_delayed;   // of clients, to keep their rate and their share of the shard
  Counter handshakes_refused;   // ... because their turn would have come too late
  Counter failed_keys;          // requests without a good key
  Counter failed_keys_limited;  // of them, beyond what their address may have
  Counter log_lines_dropped;    // handed to the shard's LogRing

  // Copies what the runtime counts: the driver's numbers, lent block bytes, live frames. On the
  // shard's thread, once a turn or less often.
  void observe(Driver& driver, const FrameArena& frames) noexcept;

 private:
  friend struct MetricReader;  // the exporter

  SeriesTable series_;
  std::array<Counter, limit_kinds * limit_scopes> limited_;
  std::array<Counter, parse_reasons_max> parse_errors_;
  std::array<Gauge, connection_sides * connection_states> connections_;
  Gauge blocks_lent_;
  Gauge frames_live_;
  Gauge backend_;  // 0: not observed yet, else 1 + position in backend_names
  Gauge turns_;
  Gauge enters_;
  Gauge completions_;
  Gauge sends_;
  Gauge sends_batched_;
  Gauge sends_blocked_;
  Gauge starved_;
  Gauge overflows_;
  Gauge enters_refused_;
  Gauge accepts_shed_;
  Gauge rebuilds_;
  Gauge sealed_;
  Gauge seal_refusals_;
};

// The status as its label says it: itself when in the fixed list, else its class (1 to 5), else 0.
std::uint16_t status_label(unsigned status) noexcept;

}  // namespace penstock
