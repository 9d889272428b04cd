// Listeners, limits, timeouts and the other settings of the whole process.
#include <algorithm>

#include "config/build.h"
#include "config/tls_files.h"

namespace penstock::config {
namespace {

std::optional<ListenTls> read_tls(const Reading& reading, const Section& data) {
  if (!data.has("tls")) return std::nullopt;
  const Section section = data.section("tls");
  ListenTls tls{section.text("certificate"), section.text("private_key"),
                section.text("client_ca")};
  if (tls.certificate.empty() || tls.private_key.empty()) return std::nullopt;
  const TlsFindings findings = check_tls_files(tls, reading.now_s);
  if (findings.certificate) section.mistake("certificate", *findings.certificate);
  if (findings.private_key) section.mistake("private_key", *findings.private_key);
  if (findings.client_ca) section.mistake("client_ca", *findings.client_ca);
  return tls;
}

void read_tokens(const Section& admin, AdminListener& listener) {
  listener.tokens = admin.secrets("tokens");
  const auto too_short = [](const Secret& token) { return token.size() < secret_size_min; };
  if (std::ranges::any_of(listener.tokens, too_short)) {
    admin.mistake("tokens",
                  "has a token of less than 16 characters; make one with: openssl rand -hex 24");
  }
}

void build_access_log(const Section& root, Snapshot& snapshot) {
  const Section telemetry = root.section("telemetry");
  const std::string log = telemetry.text("access_log");
  TelemetrySettings& settings = snapshot.telemetry;
  if (log == "stdout") {
    settings.access_log = AccessLogTo::to_stdout;
  } else if (log == "off") {
    settings.access_log = AccessLogTo::off;
  } else if (log.starts_with('/') && !log.ends_with('/')) {
    settings.access_log = AccessLogTo::file;
    settings.access_log_file = log;
  } else if (!log.empty()) {
    telemetry.mistake("access_log", "must be stdout, off or the absolute path of a file");
  }
}

void build_client(const Section& root, ClientSettings& client) {
  const Section section = root.section("client");
  const auto time = [&](std::string_view name) {
    return section.duration(name).value_or(Duration{});
  };
  client.handshake_timeout = time("handshake_timeout");
  client.header_timeout = time("header_timeout");
  client.body_timeout = time("body_timeout");
  client.min_body_rate = section.size("min_body_rate");
  client.keepalive_timeout = time("keepalive_timeout");
  client.write_timeout = time("write_timeout");
  client.max_requests_per_connection = section.count("max_requests_per_connection");
}

void build_upstream(const Section& root, UpstreamSettings& upstream) {
  const Section section = root.section("upstream");
  const auto time = [&](std::string_view name) {
    return section.duration(name).value_or(Duration{});
  };
  upstream.dns_timeout = time("dns_timeout");
  upstream.tls_timeout = time("tls_timeout");
  upstream.keepalive_timeout = time("keepalive_timeout");
  upstream.max_idle_per_host = section.count("max_idle_per_host");
  upstream.max_response_bytes = section.size("max_response_bytes");
}

}  // namespace

void build_listeners(Reading& reading, const Section& root, Snapshot& snapshot) {
  const Section listen = root.section("listen");
  const Section data = listen.section("data");
  snapshot.data.address = data.address("address").value_or(ListenAddress{});
  snapshot.data.tls = read_tls(reading, data);
  snapshot.shard_cpus = root.cpus("shards");
  if (!listen.has("admin")) return;
  const Section admin = listen.section("admin");
  AdminListener& listener = snapshot.admin.emplace();
  listener.address = admin.address("address").value_or(ListenAddress{});
  read_tokens(admin, listener);
  const ListenAddress& a = snapshot.data.address;
  const ListenAddress& b = listener.address;
  if (a.port != 0 && a.port == b.port && a.host == b.host) {
    admin.mistake("address", "is the data plane's address too; give it another port");
  }
}

void build_limits(const Section& root, Snapshot& snapshot) {
  const Section section = root.section("limits");
  Limits& limits = snapshot.limits;
  limits.max_body = section.size("max_body");
  limits.max_passthrough_body = section.size("max_passthrough_body");
  limits.max_connections = section.count("max_connections");
  limits.max_connections_per_ip = section.count("max_connections_per_ip");
  limits.max_inflight = section.count("max_inflight");
  limits.max_handshakes_per_second = section.count("max_handshakes_per_second");
  limits.failed_keys_per_minute = section.count("failed_keys_per_minute");
  limits.body_memory_total = section.size("body_memory_total");
  if (limits.body_memory_total < limits.max_body) {
    section.mistake("body_memory_total",
                    "is " + write_size(limits.body_memory_total) +
                        ", less than one body of limits.max_body; raise it or lower max_body");
  }
  build_client(root, snapshot.client);
  build_upstream(root, snapshot.upstream);
  const Section drain = root.section("drain");
  snapshot.drain.delay = drain.duration("delay").value_or(Duration{});
  snapshot.drain.timeout = drain.duration("timeout").value_or(Duration{});
  const Section sse = root.section("sse");
  snapshot.sse.heartbeat = sse.duration("heartbeat").value_or(Duration{});
  snapshot.sse.max_event_bytes = sse.size("max_event_bytes");
  const Section io = root.section("io");
  snapshot.io_backend = static_cast<IoBackend>(io.choice("backend").value_or(0));
  snapshot.io_spin = io.flag("spin");
  snapshot.io_kernel_tls = static_cast<KernelTls>(io.choice("kernel_tls").value_or(0));
  build_access_log(root, snapshot);
  snapshot.core_dumps = root.section("debug").flag("core_dumps");
}

UpstreamTimeouts read_timeouts(const Section& timeouts, const UpstreamTimeouts& base) {
  UpstreamTimeouts result;
  result.total = timeouts.duration("total").value_or(base.total);
  // One that the file does not set is never longer than the whole; one that it sets must fit.
  const auto inside = [&](std::string_view name, Duration fallback) {
    const Duration value = timeouts.duration(name).value_or(fallback);
    if (timeouts.has(name) && value > result.total) {
      timeouts.mistake(name, "is longer than total (" + write_duration(result.total) +
                                 "); lower it or raise total");
    }
    return std::min(value, result.total);
  };
  result.connect = inside("connect", base.connect);
  result.first_byte = inside("first_byte", base.first_byte);
  result.idle = inside("idle", base.idle);
  return result;
}

namespace {

std::string written(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

}  // namespace

void state_exposures(Snapshot& snapshot) {
  auto& exposures = snapshot.exposures;
  if (!snapshot.data.tls && !is_loopback(snapshot.data.address.host)) {
    exposures.push_back("listen.data: plain HTTP on " + written(snapshot.data.address) +
                        ": keys and answers can be read on the network. Set listen.data.tls, or "
                        "listen on loopback behind something that speaks TLS.");
  }
  if (snapshot.admin && !is_loopback(snapshot.admin->address.host)) {
    exposures.push_back("listen.admin: plain HTTP on " + written(snapshot.admin->address) +
                        ": admin tokens can be read on the network. Listen on loopback.");
  }
  if (snapshot.core_dumps) {
    exposures.push_back(
        "debug.core_dumps: core files and tracing processes show credentials and prompts.");
  }
  for (const Provider& provider : snapshot.providers) {
    const std::string name = "providers." + provider.name;
    if (provider.unsafe_skip_verify) {
      exposures.push_back(name + ".unsafe_skip_verify: the certificate of " +
                          provider.base_url.host +
                          " is not verified: whoever answers there gets keys and prompts.");
    }
    if (provider.allow_private) {
      exposures.push_back(name +
                          ".allow_private: requests may go to loopback, private and "
                          "link-local addresses" +
                          (provider.base_url.tls ? "." : ", without TLS."));
    }
  }
}

}  // namespace penstock::config
