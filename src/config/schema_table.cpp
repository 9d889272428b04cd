// The rows. Defaults and bounds are decided here and nowhere else.
#include <array>

#include "config/schema.h"
#include "penstock/kinds.h"

namespace penstock::config {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t s = 1'000 * ms;
constexpr std::int64_t minute = 60 * s;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t KiB = 1024;
constexpr std::int64_t MiB = 1024 * KiB;
constexpr std::int64_t GiB = 1024 * MiB;

constexpr Row section(std::string_view path, std::string_view about, bool required = false) {
  return {.path = path, .kind = Kind::section, .about = about, .required = required};
}
constexpr Row required(std::string_view path, Kind kind, std::string_view about) {
  return {.path = path, .kind = kind, .about = about, .required = true};
}
constexpr Row optional(std::string_view path, Kind kind, std::string_view about,
                       std::string_view fallback = {}) {
  return {.path = path, .kind = kind, .about = about, .fallback = fallback};
}
constexpr Row bounded(std::string_view path, Kind kind, std::string_view fallback, std::int64_t low,
                      std::int64_t high, std::string_view about) {
  return {
      .path = path, .kind = kind, .about = about, .fallback = fallback, .low = low, .high = high};
}
constexpr Row choice(std::string_view path, std::string_view fallback, std::string_view choices,
                     std::string_view later, std::string_view about) {
  return {.path = path,
          .kind = Kind::choice,
          .about = about,
          .fallback = fallback,
          .required = fallback.empty(),
          .choices = choices,
          .later = later};
}
constexpr Row later(std::string_view path) {
  return {.path = path, .kind = Kind::later, .about = "Not available in this version: refused."};
}

// Not a constant: the words of `kind` come from the table of kinds.
const std::array rows{
    section("listen", "Where the gateway listens."),
    section("listen.data", "The data plane: what clients call."),
    optional("listen.data.address", Kind::address, "IP address and port of the data plane.",
             "0.0.0.0:8080"),
    section("listen.data.tls", "TLS of the data plane; absent: plain HTTP."),
    required("listen.data.tls.certificate", Kind::path,
             "PEM file with the certificate and its chain."),
    required("listen.data.tls.private_key", Kind::path,
             "PEM file with the private key, not readable by others."),
    optional("listen.data.tls.client_ca", Kind::path,
             "PEM file of the authorities that clients' certificates must come from; absent: "
             "clients need no certificate."),
    section("listen.admin", "The admin plane; absent: there is none."),
    optional("listen.admin.address", Kind::address, "IP address and port of the admin plane.",
             "127.0.0.1:8081"),
    required("listen.admin.tokens", Kind::secrets,
             "Bearer tokens of the admin plane, at least 16 characters each."),
    optional("shards", Kind::cpus, "One shard runs on each of these CPUs.", "auto"),

    required("providers", Kind::named, "Where requests can be sent, by name."),
    choice("providers.*.kind", {}, kind_words(), {},
           "What the provider is: decides its address, its dialect and its quirks."),
    optional("providers.*.base_url", Kind::url,
             "Origin and path before what the kind adds; absent: the kind's own. Plain `http` and "
             "private addresses need `allow_private`."),
    optional("providers.*.keys", Kind::secrets,
             "Credentials, sent as the kind demands: most as `Authorization: Bearer`."),
    optional("providers.*.api_version", Kind::text,
             "Kinds azure (`v1`, `preview` or a date; absent: `v1`), anthropic (a date), gemini "
             "(absent: `v1beta`) and vertex (absent: `v1`)."),
    optional("providers.*.region", Kind::text,
             "Kinds bedrock and vertex: where the models are; vertex also `global`, `us`, `eu`."),
    optional("providers.*.project", Kind::text, "Kind vertex: id of the Google Cloud project."),
    optional("providers.*.service_account", Kind::key_file,
             "Kind vertex: `file:/path` of a service account's key in JSON form."),
    optional("providers.*.access_key_id", Kind::secret,
             "Kind bedrock: requests are signed with this AWS key; `keys` holds a Bedrock API key "
             "instead."),
    optional("providers.*.secret_access_key", Kind::secret, "Kind bedrock: the AWS key's secret."),
    optional("providers.*.session_token", Kind::secret,
             "Kind bedrock: of temporary AWS credentials."),
    section("providers.*.timeouts", "Overrides of `timeouts` for this provider."),
    bounded("providers.*.timeouts.connect", Kind::duration, {}, ms, 5 * minute,
            "As `timeouts.connect`."),
    bounded("providers.*.timeouts.first_byte", Kind::duration, {}, ms, 24 * hour,
            "As `timeouts.first_byte`."),
    bounded("providers.*.timeouts.idle", Kind::duration, {}, ms, 24 * hour, "As `timeouts.idle`."),
    bounded("providers.*.timeouts.total", Kind::duration, {}, ms, 24 * hour,
            "As `timeouts.total`."),
    section("providers.*.limits", "Limits of what is sent to this provider."),
    bounded("providers.*.limits.concurrency", Kind::count, {}, 1, 1'000'000,
            "Requests at once, over all shards; absent: no limit."),
    later("providers.*.limits.rpm"),
    later("providers.*.limits.tpm"),
    later("providers.*.on_disconnect"),
    optional("providers.*.headers", Kind::headers, "Headers added to every request."),
    optional("providers.*.ca", Kind::path,
             "PEM file of trusted authorities; absent: the system's."),
    optional("providers.*.allow_private", Kind::flag,
             "The provider may be at a loopback, private or link-local address, and be spoken to "
             "over plain HTTP.",
             "false"),
    optional("providers.*.unsafe_skip_verify", Kind::flag,
             "Do not verify the certificate; loopback addresses only.", "false"),
    later("providers.*.policy"),

    required("models", Kind::named, "The models that clients see, by name."),
    required("models.*.targets", Kind::list, "The upstream models that serve it, 1 to 32."),
    required("models.*.targets[].provider", Kind::name, "A name under `providers`."),
    required("models.*.targets[].model", Kind::text, "The model's name at that provider."),
    bounded("models.*.targets[].weight", Kind::count, "1", 1, 1'000'000,
            "Share of the requests, relative to the other targets; strategy `weighted` only."),
    choice("models.*.targets[].api", "auto", "auto|chat|responses|messages", {},
           "API to call the target by: OpenAI's chat completions or responses, Anthropic's "
           "messages, as far as the kind has them; `auto`: the kind's own."),
    optional("models.*.targets[].base_model", Kind::text,
             "The model behind a deployment's name or an ARN; absent: as `model`."),
    bounded("models.*.targets[].max_output_tokens", Kind::count, {}, 1, 10'000'000,
            "Limit of the output where the API demands one and the client set none; absent: by "
            "the model."),
    choice("models.*.strategy", "weighted", "weighted|round_robin",
           "least_latency|least_busy|cheapest|fastest|classifier|sticky",
           "How the first target is picked."),
    section("models.*.retry", "What happens when a target fails before its answer began."),
    bounded("models.*.retry.max_attempts", Kind::count, "2", 1, 3,
            "Attempts for one request, the first included."),
    later("models.*.retry.budget"),
    later("models.*.retry.backoff"),
    choice("models.*.drop_params", "drop", "drop|error", {},
           "What becomes of a parameter that the target cannot take: dropped and named in "
           "`X-Gateway-Dropped-Params`, or an error."),
    choice("models.*.prompt_cache", "off", "off|auto", {},
           "`auto` marks the stable begin of a prompt for the provider's cache where the provider "
           "wants marks."),
    later("models.*.fallbacks"),
    later("models.*.limits"),
    later("models.*.price"),
    later("models.*.cache"),
    later("models.*.sample"),
    later("models.*.tiers"),

    required("keys", Kind::list, "The virtual keys that clients present."),
    required("keys[].name", Kind::name, "The public name: logs and metrics."),
    required("keys[].secret", Kind::secret, "What the client sends, at least 16 characters."),
    optional("keys[].models", Kind::names, "Models the key may use; absent: all."),
    optional("keys[].expires", Kind::date, "From then on the key is refused; absent: never."),
    optional("keys[].disabled", Kind::flag, "Refuse the key for now.", "false"),
    section("keys[].limits", "Limits of this key, over all shards."),
    bounded("keys[].limits.rpm", Kind::count, {}, 1, 10'000'000,
            "Requests a minute: so many at once, then refilled evenly; absent: no limit."),
    bounded("keys[].limits.concurrency", Kind::count, {}, 1, 1'000'000,
            "Requests at once; absent: no limit."),
    later("keys[].limits.tpm"),
    later("keys[].team"),
    later("keys[].budget"),

    section("limits", "What the process takes on."),
    bounded("limits.max_body", Kind::size, "32MiB", KiB, GiB, "Largest request body."),
    bounded("limits.max_passthrough_body", Kind::size, "512MiB", KiB, 1024 * GiB,
            "Largest form that is passed through: audio, images, files."),
    bounded("limits.max_connections", Kind::count, "10000", 1, 10'000'000,
            "Client connections, over all shards."),
    bounded("limits.max_connections_per_ip", Kind::count, "1024", 1, 10'000'000,
            "Client connections from one address, over all shards."),
    bounded("limits.max_inflight", Kind::count, "4096", 1, 10'000'000,
            "Requests past authentication, over all shards."),
    bounded(
        "limits.max_handshakes_per_second", Kind::count, "2000", 1, 1'000'000,
        "TLS handshakes that clients may begin in a second, over all shards; the others wait, at "
        "most half of `client.handshake_timeout`. Half of a shard's time is their limit, too."),
    bounded("limits.failed_keys_per_minute", Kind::count, "20", 1, 1'000'000,
            "Requests without a good key from one address; beyond that each of them costs its "
            "connection. Good keys from that address are not concerned."),
    later("limits.max_header_bytes"),
    later("limits.max_header_lines"),
    later("limits.max_target_bytes"),
    bounded("limits.body_memory_total", Kind::memory, "25%", MiB, 1024 * GiB,
            "Memory for all buffered bodies; a percentage is of the memory limit of the process."),
    later("limits.memory"),
    later("limits.memory_soft"),
    later("limits.memory_hard"),
    later("limits.stream_buffer_bytes"),

    section("timeouts", "How long an upstream may take; each is inside `total`."),
    bounded("timeouts.connect", Kind::duration, "3s", ms, 5 * minute, "TCP connection made."),
    bounded("timeouts.first_byte", Kind::duration, "120s", ms, 24 * hour,
            "Request sent to first byte of the answer."),
    bounded("timeouts.idle", Kind::duration, "60s", ms, 24 * hour,
            "Between bytes of a started answer."),
    bounded("timeouts.total", Kind::duration, "10m", ms, 24 * hour,
            "The whole exchange, all attempts included."),

    section("client", "How slow a client may be."),
    bounded("client.handshake_timeout", Kind::duration, "10s", ms, 5 * minute,
            "TLS handshake, from the accepted connection."),
    bounded("client.header_timeout", Kind::duration, "10s", ms, 5 * minute,
            "First byte of a request head to its end."),
    bounded("client.body_timeout", Kind::duration, "30s", ms, hour,
            "Silence while a request body arrives."),
    bounded("client.min_body_rate", Kind::size, "1KiB", 1, GiB,
            "Bytes a second that a body must arrive with after its first 10 seconds."),
    bounded("client.keepalive_timeout", Kind::duration, "75s", ms, 24 * hour,
            "Idle between requests."),
    bounded("client.write_timeout", Kind::duration, "30s", ms, hour,
            "No progress writing to the client; then it counts as gone."),
    bounded("client.max_requests_per_connection", Kind::count, "10000", 1, 1'000'000'000,
            "Then the connection is closed after the answer."),

    section("upstream", "Connections to providers."),
    bounded("upstream.dns_timeout", Kind::duration, "2s", ms, minute, "One name lookup."),
    bounded("upstream.tls_timeout", Kind::duration, "5s", ms, 5 * minute, "One TLS handshake."),
    bounded("upstream.keepalive_timeout", Kind::duration, "50s", ms, hour,
            "Idle connections are closed then."),
    bounded("upstream.max_idle_per_host", Kind::count, "64", 0, 100'000,
            "Idle connections kept for one provider by one shard."),
    bounded("upstream.max_response_bytes", Kind::size, "64MiB", KiB, 16 * GiB,
            "Largest answer that is not a stream."),

    section("drain", "What happens on SIGTERM."),
    bounded("drain.delay", Kind::duration, "0s", 0, 10 * minute,
            "Not ready, but still accepting: the interval of the load balancer's check."),
    bounded("drain.timeout", Kind::duration, "30s", 0, 24 * hour,
            "How long requests in progress may still run."),

    section("sse", "Streams of server-sent events."),
    bounded("sse.heartbeat", Kind::off_duration, "15s", 100 * ms, hour,
            "Silence on a started stream after which a comment is sent."),
    bounded("sse.max_event_bytes", Kind::size, "16MiB", KiB, 64 * MiB, "Largest single event."),

    section("telemetry", "What the gateway tells about itself."),
    optional("telemetry.access_log", Kind::log,
             "One JSON line for each request: `stdout`, `off` or the absolute path of a file.",
             "stdout"),
    later("telemetry.otlp"),
    later("telemetry.alerts"),

    section("io", "How the gateway speaks to the kernel."),
    choice("io.backend", "auto", "auto|uring|epoll", {},
           "`auto` takes io_uring where the kernel allows it; `uring` makes its absence an error."),
    optional(
        "io.spin", Kind::flag,
        "A shard that serves a few busy connections looks for work up to 20 us before it sleeps: "
        "less latency for more CPU time. Only with io_uring.",
        "true"),
    choice("io.kernel_tls", "auto", "auto|off", {},
           "`auto` lets the kernel seal what is sent over TLS 1.3, where it can."),

    section("debug", "For those who look for a defect."),
    optional("debug.core_dumps", Kind::flag,
             "Leave core files possible, and let processes of the same user trace this one. Both "
             "show credentials and prompts.",
             "false"),

    later("teams"),
    later("prices"),
    later("store"),
    later("fleet"),
    later("journal"),
};

}  // namespace

std::span<const Row> schema_rows() {
  return rows;
}

}  // namespace penstock::config
