#include <doctest/doctest.h>

#include <algorithm>

#include "files.h"
#include "penstock/config.h"

using namespace penstock;
using namespace penstock::config;

namespace {

// A small file that is right; tests put lines before it or change parts of it.
constexpr std::string_view good = R"(providers:
  local: {kind: openai-compatible, base_url: "http://127.0.0.1:8000/v1", allow_private: true}
models:
  chat: {targets: [{provider: local, model: m}]}
keys:
  - {name: ci, secret: sk-penstock-0123456789}
)";

LoadOptions options() {
  LoadOptions result;
  result.environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "SECRET") return "hidden-value-0123456789";
    if (name == "PORT") return "9090";
    return std::nullopt;
  };
  result.now_s = 1'800'000'000;
  result.memory_bytes = 1'000'000'000;
  return result;
}

std::unique_ptr<Snapshot> loaded(std::string_view text) {
  auto result = load_text(text, "f", options());
  if (!result) {
    for (const Mistake& mistake : result.error()) MESSAGE(to_string(mistake));
  }
  REQUIRE(result);
  return std::move(*result);
}

std::vector<Mistake> mistakes_of(std::string_view text) {
  auto result = load_text(text, "f", options());
  REQUIRE_FALSE(result);
  REQUIRE_FALSE(result.error().empty());
  return std::move(result.error());
}

// The text with its first `from` replaced by `to`.
std::string changed(std::string_view text, std::string_view from, std::string_view to) {
  std::string result(text);
  const std::size_t at = result.find(from);
  REQUIRE(at != std::string::npos);
  return result.replace(at, from.size(), to);
}

// The only mistake of `text`.
Mistake mistake_of(std::string_view text) {
  auto mistakes = mistakes_of(text);
  for (std::size_t i = 1; i < mistakes.size(); ++i) MESSAGE(to_string(mistakes[i]));
  CHECK(mistakes.size() == 1);
  return mistakes[0];
}

bool says(const Mistake& mistake, std::string_view part) {
  return mistake.what.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("load: a small file and its defaults") {
  const auto snapshot = loaded(good);
  CHECK(snapshot->data.address.host == "0.0.0.0");
  CHECK(snapshot->data.address.port == 8080);
  CHECK_FALSE(snapshot->data.tls);
  CHECK_FALSE(snapshot->admin);
  CHECK(snapshot->shard_cpus.empty());
  REQUIRE(snapshot->providers.size() == 1);
  const Provider& provider = snapshot->providers[0];
  CHECK(provider.kind == ProviderKind::openai_compatible);
  CHECK(name_of(provider.kind) == "openai-compatible");
  CHECK(provider.base_url.path == "/v1");
  CHECK(provider.keys.empty());
  CHECK(provider.timeouts.connect == Duration::seconds(3));
  CHECK(provider.timeouts.first_byte == Duration::seconds(120));
  CHECK(provider.timeouts.idle == Duration::seconds(60));
  CHECK(provider.timeouts.total == Duration::seconds(600));
  CHECK(provider.concurrency == 0);
  const auto chat = snapshot->find_model("chat");
  REQUIRE(chat);
  CHECK_FALSE(snapshot->find_model("chat2"));
  CHECK(snapshot->at(*chat).max_attempts == 2);
  CHECK(snapshot->at(*chat).target_count == 1);
  const Target& target = snapshot->at(snapshot->at(*chat).first_target);
  CHECK(target.name == "local/m");
  CHECK(target.upstream_model == "m");
  REQUIRE(snapshot->keys.size() == 1);
  CHECK(snapshot->keys[0].all_models);
  CHECK(snapshot->keys[0].rpm == 0);
  CHECK(snapshot->keys[0].digest ==
        digest_key(snapshot->pepper.reveal(), "sk-penstock-0123456789"));
  CHECK(snapshot->pepper.size() == 32);
  CHECK(snapshot->limits.max_body == 32 * 1024 * 1024);
  CHECK(snapshot->limits.max_passthrough_body == 512 * 1024 * 1024);
  CHECK(snapshot->limits.max_inflight == 4096);
  CHECK(snapshot->limits.max_handshakes_per_second == 2000);
  CHECK(snapshot->limits.failed_keys_per_minute == 20);
  CHECK_FALSE(snapshot->core_dumps);
  CHECK(snapshot->limits.body_memory_total == 250'000'000);
  CHECK(snapshot->client.keepalive_timeout == Duration::seconds(75));
  CHECK(snapshot->client.min_body_rate == 1024);
  CHECK(snapshot->upstream.max_idle_per_host == 64);
  CHECK(snapshot->drain.timeout == Duration::seconds(30));
  CHECK(snapshot->sse.heartbeat == Duration::seconds(15));
  CHECK(snapshot->sse.max_event_bytes == 16 * 1024 * 1024);
  CHECK(snapshot->telemetry.access_log == AccessLogTo::to_stdout);
  CHECK(snapshot->io_backend == IoBackend::automatic);
  CHECK(snapshot->io_spin);
  CHECK(snapshot->io_kernel_tls == KernelTls::automatic);
  CHECK(snapshot->exposures.size() == 2);
}

TEST_CASE("load: each loading has its own pepper") {
  CHECK(loaded(good)->keys[0].digest != loaded(good)->keys[0].digest);
}

TEST_CASE("load: many settings at once") {
  const auto snapshot = loaded(R"(
listen:
  data: {address: "[::1]:${PORT}"}
  admin: {tokens: ["${SECRET}"]}
shards: [0, 3]
providers:
  a: {kind: openai, keys: ["${SECRET}", "k2"], timeouts: {connect: 1s, total: 30s},
      limits: {concurrency: 7}, headers: {X-Team: "blue ${PORT}"}}
  b: {kind: groq, keys: [k], base_url: "https://proxy.example/groq/"}
models:
  one:
    strategy: round_robin
    retry: {max_attempts: 3}
    targets: [{provider: b, model: "meta/llama"}, {provider: a, model: gpt}]
  two: {targets: [{provider: a, model: gpt, weight: 5}]}
keys:
  - {name: k1, secret: "${SECRET}", models: [two], expires: 2027-01-01, limits: {rpm: 60, concurrency: 2}}
  - {name: k2, secret: another-secret-0123, disabled: true}
limits: {max_body: 1MiB, body_memory_total: 64MiB, max_handshakes_per_second: 7,
         failed_keys_per_minute: 3}
debug: {core_dumps: true}
timeouts: {first_byte: 5s, total: 1m}
sse: {heartbeat: off}
drain: {delay: 5s, timeout: 0s}
telemetry: {access_log: /var/log/penstock.log}
io: {backend: epoll, spin: false, kernel_tls: off}
)");
  CHECK(snapshot->data.address.host == "::1");
  CHECK(snapshot->data.address.port == 9090);
  REQUIRE(snapshot->admin);
  CHECK(snapshot->admin->address.port == 8081);
  CHECK(snapshot->admin->tokens[0].reveal() == "hidden-value-0123456789");
  CHECK(snapshot->shard_cpus == std::vector<std::uint16_t>{0, 3});
  const Provider& a = snapshot->providers[0];
  CHECK(a.keys[1].reveal() == "k2");
  CHECK(a.base_url.host == "api.openai.com");
  CHECK(a.timeouts.connect == Duration::seconds(1));
  CHECK(a.timeouts.first_byte == Duration::seconds(5));
  CHECK(a.timeouts.idle == Duration::seconds(30));  // never longer than the whole
  CHECK(a.timeouts.total == Duration::seconds(30));
  CHECK(a.concurrency == 7);
  REQUIRE(a.headers.size() == 1);
  CHECK(a.headers[0].name == "X-Team");
  CHECK(a.headers[0].value.reveal() == "blue 9090");
  CHECK(snapshot->providers[1].base_url.path == "/groq");
  CHECK(snapshot->providers[1].timeouts.total == Duration::seconds(60));
  const Model& one = snapshot->models[0];
  CHECK(one.strategy == Strategy::round_robin);
  CHECK(one.max_attempts == 3);
  CHECK(one.target_count == 2);
  CHECK(snapshot->targets[0].name == "b/meta/llama");
  CHECK(snapshot->targets[0].provider == ProviderIndex{1});
  CHECK(snapshot->models[1].first_target == TargetIndex{2});
  CHECK(snapshot->targets[2].weight == 5);
  CHECK(snapshot->targets[2].model == ModelIndex{1});
  const VirtualKey& key = snapshot->keys[0];
  CHECK_FALSE(key.may_use(ModelIndex{0}));
  CHECK(key.may_use(ModelIndex{1}));
  CHECK(key.expires_s == 1'798'761'600);
  CHECK(key.rpm == 60);
  CHECK(key.concurrency == 2);
  CHECK(snapshot->keys[1].disabled);
  CHECK(snapshot->limits.body_memory_total == 64 * 1024 * 1024);
  CHECK(snapshot->sse.heartbeat == Duration{});
  CHECK(snapshot->drain.delay == Duration::seconds(5));
  CHECK(snapshot->drain.timeout == Duration{});
  CHECK(snapshot->telemetry.access_log_file == "/var/log/penstock.log");
  CHECK(snapshot->io_backend == IoBackend::epoll);
  CHECK_FALSE(snapshot->io_spin);
  CHECK(snapshot->io_kernel_tls == KernelTls::off);
  CHECK(snapshot->limits.max_handshakes_per_second == 7);
  CHECK(snapshot->limits.failed_keys_per_minute == 3);
  CHECK(snapshot->core_dumps);
  REQUIRE(snapshot->exposures.size() == 1);
  CHECK(snapshot->exposures[0].starts_with("debug.core_dumps"));
}

TEST_CASE("load: all mistakes at once, in the order of the file") {
  const auto mistakes = mistakes_of(R"(listen: {data: {adress: "x"}}
shards: 4
providers: {p: {kind: opnai}, q: {kind: openai, keys: [k], region: us}}
models: {m: {strategy: cheapest, targets: [{provider: r, model: x, weight: 0}], fallbacks: [n]}}
keys: [{name: a b, secret: short, models: [mm], expires: soon}]
teams: {}
)");
  std::vector<std::string> paths;
  for (const Mistake& mistake : mistakes) paths.push_back(mistake.path);
  CHECK(paths == std::vector<std::string>{
                     "listen.data.adress", "shards", "providers.p.kind", "providers.q.region",
                     "models.m.strategy", "models.m.targets[0].provider",
                     "models.m.targets[0].weight", "models.m.fallbacks", "keys[0].name",
                     "keys[0].secret", "keys[0].models", "keys[0].expires", "teams"});
  CHECK(std::ranges::is_sorted(
      mistakes, {}, [](const Mistake& m) { return std::pair(m.mark.line, m.mark.column); }));
  CHECK(to_string(mistakes[0]) ==
        "f:1:17: listen.data.adress: is not a setting; did you mean 'address'?");
  CHECK(says(mistakes[2], "did you mean 'openai'?"));
  CHECK(says(mistakes[3], "is a setting of kind vertex or bedrock"));
  CHECK(says(mistakes[4], "'cheapest' is not available in this version"));
  CHECK(says(mistakes[7], "not available in this version"));
  CHECK(says(mistakes[10], "did you mean 'm'?"));
}

TEST_CASE("load: what is required") {
  for (const char* text : {"", "{}", "providers: {}\nmodels: {}\nkeys: []\n"}) {
    const auto mistakes = mistakes_of(text);
    CHECK(mistakes.size() == 3);
    for (const Mistake& mistake : mistakes) CHECK(says(mistake, "missing"));
  }
  CHECK(mistake_of(changed(good, "kind: openai-compatible, ", "")).path == "providers.local.kind");
  CHECK(mistake_of(changed(good, "base_url: \"http://127.0.0.1:8000/v1\", ", "")).path ==
        "providers.local.base_url");
  CHECK(mistake_of(changed(good, "name: ci, ", "")).path == "keys[0].name");
  CHECK(mistake_of(changed(good, ", secret: sk-penstock-0123456789", "")).path == "keys[0].secret");
  CHECK(mistake_of(changed(good, "targets: [{provider: local, model: m}]", "")).path ==
        "models.chat.targets");
  CHECK(mistake_of(
            changed(good, "openai-compatible, base_url: \"http://127.0.0.1:8000/v1\"", "openai"))
            .path == "providers.local.keys");
  CHECK(mistake_of(std::string(good) + "listen: {admin: {}}\n").path == "listen.admin.tokens");
}

TEST_CASE("load: wrong shapes") {
  CHECK(mistakes_of("[]").size() >= 1);
  CHECK(mistakes_of("text").size() >= 1);
  CHECK(mistake_of(std::string(good) + "limits: 5\n").path == "limits");
  CHECK(mistake_of(std::string(good) + "limits: {max_body: [1]}\n").path == "limits.max_body");
  CHECK(mistake_of(std::string(good) + "limits: {max_body: {a: 1}}\n").path == "limits.max_body");
  CHECK(
      mistake_of(changed(good, "targets: [{provider: local, model: m}]", "targets: local")).path ==
      "models.chat.targets");
  CHECK(mistake_of(changed(good, "allow_private: true", "allow_private: true, keys: k")).path ==
        "providers.local.keys");
}

TEST_CASE("load: providers") {
  const auto with = [](std::string_view extra) {
    return changed(good, "allow_private: true", extra);
  };
  CHECK(says(mistake_of(with("allow_private: false")), "plain http"));
  CHECK(says(mistake_of(changed(with("allow_private: false"), "http:", "https:")),
             "private address"));
  CHECK(mistake_of(
            changed(with("unsafe_skip_verify: true, allow_private: true"), "127.0.0.1", "10.0.0.1"))
            .path == "providers.local.unsafe_skip_verify");
  CHECK(loaded(with("unsafe_skip_verify: true, allow_private: true"))->exposures.size() == 3);
  CHECK(mistake_of(with("allow_private: true, ca: /none")).path == "providers.local.ca");
  CHECK(mistake_of(with("allow_private: true, keys: [\"a b\"]")).path == "providers.local.keys[0]");
  CHECK(mistake_of(with("allow_private: true, keys: [\"\"]")).path == "providers.local.keys[0]");
  CHECK(mistake_of(with("allow_private: true, policy: {zdr: true}")).path ==
        "providers.local.policy");
  CHECK(mistake_of(with("allow_private: true, timeouts: {idle: 11m}")).path ==
        "providers.local.timeouts.idle");
  const auto named = mistakes_of(changed(good, "  local:", "  \"lo cal\":"));
  REQUIRE(named.size() == 2);
  CHECK(named[0].path == "providers.lo cal");
  CHECK(named[1].path == "models.chat.targets[0].provider");
}

TEST_CASE("load: static headers") {
  const auto path_with = [](const std::string& header) {
    return mistake_of(changed(good, "allow_private: true",
                              "allow_private: true, headers: {" + header + "}"))
        .path;
  };
  CHECK(path_with("Host: x") == "providers.local.headers.Host");
  CHECK(path_with("AUTHORIZATION: x") == "providers.local.headers.AUTHORIZATION");
  CHECK(path_with("\"a b\": x") == "providers.local.headers.a b");
  CHECK(path_with("\"\": x") == "providers.local.headers.");
  CHECK(path_with("X: \"a\\r\\nY: b\"") == "providers.local.headers.X");
  CHECK(path_with("X: \"\"") == "providers.local.headers.X");
  CHECK(path_with("X: \" a\"") == "providers.local.headers.X");
  CHECK(path_with("X: 1, x: 2") == "providers.local.headers.x");
}

TEST_CASE("load: models") {
  const auto with = [](std::string_view name) { return changed(good, "chat:", name); };
  for (const char* name : {"\"a b\":", "\"a\\\"b\":", "a:floor:", "a:nitro:", "-a:"}) {
    CHECK(mistakes_of(with(name)).size() == 1);
  }
  CHECK(loaded(with("\"a/b:c\":")));
  CHECK(mistake_of(changed(changed(good, "{targets:", "{strategy: round_robin, targets:"),
                           "model: m", "model: m, weight: 2"))
            .path == "models.chat.targets[0].weight");
  std::string many;
  for (std::size_t i = 0; i <= model_targets_max; ++i) many += "{provider: local, model: m}, ";
  CHECK(mistake_of(changed(good, "{provider: local, model: m}", many)).path ==
        "models.chat.targets");
}

TEST_CASE("load: keys") {
  const std::string two = std::string(good) + "  - {name: ci, secret: sk-penstock-0123456789}\n";
  const auto mistakes = mistakes_of(two);
  REQUIRE(mistakes.size() == 2);
  CHECK(mistakes[0].path == "keys[1].name");
  CHECK(mistakes[1].path == "keys[1].secret");
  CHECK(mistake_of(changed(good, "sk-penstock-0123456789", "fifteen-letters")).path ==
        "keys[0].secret");
  CHECK(mistake_of(changed(good, "sk-penstock-0123456789", std::string(257, 'x'))).path ==
        "keys[0].secret");
  CHECK(mistake_of(changed(good, "name: ci", "name: ci, budget: {amount: 5usd}")).path ==
        "keys[0].budget");
  CHECK(mistake_of(changed(good, "name: ci", "name: ci, limits: {rpm: 0}")).path ==
        "keys[0].limits.rpm");
}

TEST_CASE("load: a file with 200 wrong keys reports 100 mistakes") {
  std::string text(good);
  for (int i = 0; i < 200; ++i) text += "  - {name: n" + std::to_string(i) + ", secret: x}\n";
  CHECK(mistakes_of(text).size() == mistakes_max);
}

TEST_CASE("load: secrets and variables never stand in a mistake") {
  const TemporaryFolder folder;
  const std::string file = folder.write("s", "file-secret-value with blanks");
  for (const std::string& text : {
           changed(good, "sk-penstock-0123456789", "\"${SECRET} ${SECRET}\""),
           changed(good, "sk-penstock-0123456789", "file:" + file),
           changed(good, "http://127.0.0.1:8000/v1", "https://u:${SECRET}@host"),
           std::string(good) + "timeouts: {connect: \"${SECRET}\"}\n",
           std::string(good) + "shards: \"${SECRET}\"\n",
           std::string(good) + "io: {backend: \"${SECRET}\"}\n",
           std::string(good) + "listen: {data: {address: \"${SECRET}\"}}\n",
       }) {
    for (const Mistake& mistake : mistakes_of(text)) {
      CHECK_FALSE(says(mistake, "hidden-value"));
      CHECK_FALSE(says(mistake, "file-secret"));
    }
  }
}

TEST_CASE("load: secrets from files") {
  const TemporaryFolder folder;
  const std::string file = folder.write("s", "sk-from-a-file-0123\n");
  const auto snapshot = loaded(changed(good, "sk-penstock-0123456789", "file:" + file));
  CHECK(snapshot->keys[0].digest == digest_key(snapshot->pepper.reveal(), "sk-from-a-file-0123"));
}

TEST_CASE("load: from a file") {
  const TemporaryFolder folder;
  CHECK(load(folder.write("ok.yaml", good), options()));
  for (const std::string& path : {folder.path() + "/none.yaml", folder.path()}) {
    const auto result = load(path, options());
    REQUIRE_FALSE(result);
    REQUIRE(result.error().size() == 1);
    CHECK(result.error()[0].file == path);
  }
}

TEST_CASE("load: settings that exclude each other") {
  CHECK(mistake_of(std::string(good) + "limits: {max_body: 64MiB, body_memory_total: 32MiB}\n")
            .path == "limits.body_memory_total");
  CHECK(mistake_of(std::string(good) + "timeouts: {idle: 2m, total: 1m}\n").path ==
        "timeouts.idle");
  CHECK(mistake_of(std::string(good) +
                   "listen: {data: {address: \"127.0.0.1:80\"}, admin: {address: "
                   "\"127.0.0.1:80\", tokens: [\"${SECRET}\"]}}\n")
            .path == "listen.admin.address");
  CHECK(mistake_of(std::string(good) + "telemetry: {access_log: relative.log}\n").path ==
        "telemetry.access_log");
  CHECK(mistake_of(std::string(good) + "shards: [0, 0]\n").path == "shards");
  CHECK(mistake_of(std::string(good) + "shards: []\n").path == "shards");
}
