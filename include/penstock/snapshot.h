// The configuration as the program uses it: validated, immutable, with dense indices. A file is
// loaded (penstock/config.h), becomes one Snapshot, and every shard reads it through a pointer; a
// request keeps the one it began with. Nothing here changes after `load` returned it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "penstock/hash.h"
#include "penstock/kinds.h"
#include "penstock/secret.h"
#include "penstock/time.h"

namespace penstock {

// Positions in the vectors of a Snapshot. Only meaningful together with the snapshot they are of.
enum class ProviderIndex : std::uint16_t {};
enum class TargetIndex : std::uint16_t {};
enum class ModelIndex : std::uint16_t {};
enum class KeyIndex : std::uint32_t {};

// Most targets one model may have, and most attempts one request may make.
inline constexpr std::size_t model_targets_max = 32;
inline constexpr std::size_t attempts_max = 3;

// An address to listen on: an IP literal without brackets, and a port (0: the kernel's choice).
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};

// PEM files of a listener; they were readable and fitted each other when the file was loaded.
struct ListenTls {
  std::string certificate;
  std::string private_key;
  std::string client_ca;  // empty: clients need no certificate
};

struct DataListener {
  ListenAddress address;
  std::optional<ListenTls> tls;
};

// The admin listener exists only when the file names it, with at least one token.
struct AdminListener {
  ListenAddress address;
  std::vector<Secret> tokens;
};

// The four limits of an exchange with an upstream, all inside `total`.
struct UpstreamTimeouts {
  Duration connect;     // TCP connection made
  Duration first_byte;  // request sent to first byte of the answer
  Duration idle;        // between bytes of a started answer
  Duration total;       // the whole exchange, all attempts included
};

// `base_url`, taken apart. `path` begins with a slash and ends without one, or is empty.
struct BaseUrl {
  bool tls = true;
  std::string host;  // lower case, IP literals without brackets
  std::uint16_t port = 0;
  std::string path;
  bool host_is_ip = false;
  // The value of the Host field: IP literals with brackets, the port unless it is the default.
  std::string authority;
};

// A header that every request to a provider carries. Name and value were checked against
// RFC 9110 §5 and against the fields that the gateway writes itself. The value may be a credential.
struct StaticHeader {
  std::string name;
  Secret value;
};

// What requests to Bedrock are signed with.
struct AwsKeys {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;  // empty: none
};

// A Google service account: who signs for access tokens, and where they are made.
struct ServiceAccount {
  std::string client_email;
  std::string key_id;  // names the private key; may be empty
  Secret private_key;  // RSA, PEM
  std::string token_uri;
  BaseUrl token_url;  // the same, taken apart
};

struct Provider {
  std::string name;
  ProviderKind kind = ProviderKind::openai;
  BaseUrl base_url;
  std::vector<Secret> keys;  // sent as the kind's Auth says; empty: no such field
  std::optional<AwsKeys> aws;
  std::optional<ServiceAccount> service_account;
  std::string api_version;  // azure, anthropic, gemini, vertex; empty: the kind's own
  std::string region;       // vertex, bedrock
  std::string project;      // vertex; empty: express mode, with `keys`
  UpstreamTimeouts timeouts;
  std::uint32_t concurrency = 0;  // requests at once; 0: no limit
  std::vector<StaticHeader> headers;
  std::string ca;                   // PEM file of trusted roots; empty: the system's
  bool allow_private = false;       // may resolve to loopback, private and link-local addresses
  bool unsafe_skip_verify = false;  // loopback addresses only
};

// One upstream model that requests can be sent to.
struct Target {
  std::string name;  // "provider/model", for headers, logs and metrics
  ModelIndex model{};
  ProviderIndex provider{};
  std::string upstream_model;
  std::uint32_t weight = 1;
  // The model behind a deployment's name or an ARN; never empty.
  std::string base_model;
  // What the target is spoken to in for Service::chat.
  dialect::Dialect dialect = dialect::Dialect::openai_chat;
  // Written where the dialect demands a limit and the client set none; 0: by the model.
  std::uint32_t max_output_tokens = 0;
};

enum class Strategy : std::uint8_t { weighted, round_robin };

// A public alias. Its targets stand next to each other in Snapshot::targets.
struct Model {
  std::string name;
  TargetIndex first_target{};
  std::uint16_t target_count = 0;
  Strategy strategy = Strategy::weighted;
  std::uint32_t max_attempts = 2;  // 1 to attempts_max
  dialect::DropParams drop_params = dialect::DropParams::drop;
  dialect::PromptCache prompt_cache = dialect::PromptCache::off;
};

using KeyDigest = std::array<std::uint8_t, 32>;  // HMAC-SHA-256(pepper, key)

// A virtual key. The secret itself is not kept.
struct VirtualKey {
  std::string name;  // public: logs and metrics
  KeyDigest digest{};
  bool disabled = false;
  std::int64_t expires_s = 0;         // Unix time from which the key is dead; 0: never
  std::uint32_t rpm = 0;              // requests a minute; 0: no limit
  std::uint32_t concurrency = 0;      // requests at once; 0: no limit
  bool all_models = true;             // else `models` says which
  std::vector<std::uint64_t> models;  // bitmap by ModelIndex

  bool may_use(ModelIndex model) const {
    const auto i = static_cast<std::size_t>(model);
    return all_models || (i / 64 < models.size() && ((models[i / 64] >> (i % 64)) & 1) != 0);
  }
};

// What clients may do and how slowly. Names and meaning: docs/configuration.md.
struct ClientSettings {
  Duration handshake_timeout;
  Duration header_timeout;
  Duration body_timeout;
  std::uint64_t min_body_rate = 0;  // bytes a second, after the first 10 s
  Duration keepalive_timeout;
  Duration write_timeout;
  std::uint32_t max_requests_per_connection = 0;
};

struct UpstreamSettings {
  Duration dns_timeout;
  Duration tls_timeout;
  Duration keepalive_timeout;
  std::uint32_t max_idle_per_host = 0;
  std::uint64_t max_response_bytes = 0;  // of an answer that is not streamed
};

struct Limits {
  std::uint64_t max_body = 0;              // bytes
  std::uint64_t max_passthrough_body = 0;  // bytes of a form that is not held in memory
  std::uint32_t max_connections = 0;
  std::uint32_t max_connections_per_ip = 0;
  std::uint32_t max_inflight = 0;
  std::uint32_t max_handshakes_per_second = 0;
  std::uint32_t failed_keys_per_minute = 0;  // of one address
  std::uint64_t body_memory_total = 0;       // bytes of all buffered bodies of the process
};

struct DrainSettings {
  Duration delay;
  Duration timeout;
};

struct SseSettings {
  Duration heartbeat;  // silence towards the client after which a comment is sent; 0: never
  std::uint64_t max_event_bytes = 0;
};

enum class AccessLogTo : std::uint8_t { to_stdout, off, file };

struct TelemetrySettings {
  AccessLogTo access_log = AccessLogTo::to_stdout;
  std::string access_log_file;  // only for AccessLogTo::file
};

enum class IoBackend : std::uint8_t { automatic, uring, epoll };
enum class KernelTls : std::uint8_t { automatic, off };

struct Snapshot {
  DataListener data;
  std::optional<AdminListener> admin;
  bool core_dumps = false;
  std::vector<std::uint16_t> shard_cpus;  // one shard on each; empty: one for every usable CPU
  std::vector<Provider> providers;        // by ProviderIndex
  std::vector<Target> targets;            // by TargetIndex
  std::vector<Model> models;              // by ModelIndex
  std::vector<VirtualKey> keys;           // by KeyIndex
  Secret pepper;                          // 32 bytes; the key of all VirtualKey::digest
  ClientSettings client;
  UpstreamSettings upstream;
  Limits limits;
  DrainSettings drain;
  SseSettings sse;
  TelemetrySettings telemetry;
  IoBackend io_backend = IoBackend::automatic;
  bool io_spin = true;
  KernelTls io_kernel_tls = KernelTls::automatic;
  // Whole sentences about settings that an operator should know the risk of: every `unsafe_`
  // setting, private targets, listeners without TLS.
  std::vector<std::string> exposures;

  const Provider& at(ProviderIndex i) const { return providers[static_cast<std::size_t>(i)]; }
  const Target& at(TargetIndex i) const { return targets[static_cast<std::size_t>(i)]; }
  const Model& at(ModelIndex i) const { return models[static_cast<std::size_t>(i)]; }
  const VirtualKey& at(KeyIndex i) const { return keys[static_cast<std::size_t>(i)]; }

  // The alias of that name. No allocation.
  std::optional<ModelIndex> find_model(std::string_view name) const {
    const auto found = models_by_name.find(name);
    if (found == models_by_name.end()) return std::nullopt;
    return found->second;
  }

  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return static_cast<std::size_t>(hash_short(name, 0));  // only our own names are in the table
    }
  };
  std::unordered_map<std::string, ModelIndex, NameHash, std::equal_to<>> models_by_name;
};

}  // namespace penstock
