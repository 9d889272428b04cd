// The program: takes its arguments apart and hands over. Nothing else happens here.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <memory>
#include <string>

#include "gateway/demo_provider.h"
#include "gateway/server.h"
#include "penstock/config.h"
#include "penstock/drivers.h"

namespace {

constexpr const char* demo_key = "sk-penstock-demo-0123456789";
constexpr const char* demo_limited_key = "sk-penstock-demo-limited-0123";

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

penstock::ServerOptions server_options() {
  penstock::ServerOptions options;
  options.version = PENSTOCK_VERSION;
  options.compiler = compiler();
  return options;
}

// The file to serve: the one named, or the first of the usual places.
std::string find_file(const std::string& named) {
  if (!named.empty()) return named;
  for (const char* place : {"./penstock.yaml", "/etc/penstock/penstock.yaml"}) {
    if (std::ifstream(place).good()) return place;
  }
  return {};
}

int serve(const std::string& named) {
  const std::string file = find_file(named);
  if (file.empty()) {
    std::fprintf(stderr,
                 "penstock: no configuration: name a file with -c, or put one at "
                 "./penstock.yaml or /etc/penstock/penstock.yaml\n");
    return 1;
  }
  penstock::ServerOptions options = server_options();
  // Secrets leave the environment with the first reading, before there is another thread.
  penstock::config::KeptEnvironment environment;
  options.load = [file, reads = environment.options()] {
    return penstock::config::load(file, reads);
  };
  return penstock::Server(std::move(options)).run();
}

std::string demo_configuration(const std::string& provider, const std::string& data,
                               const std::string& admin) {
  return "listen:\n  data: {address: " + data + "}\n  admin: {address: " + admin +
         ", tokens: [penstock-demo-admin-token]}\n"
         "shards: [0]\n"
         "providers:\n  demo: {kind: openai-compatible, base_url: http://" +
         provider +
         "/v1, allow_private: true}\n"
         "models:\n"
         "  demo-chat: {targets: [{provider: demo, model: demo-chat}]}\n"
         "  demo-slow: {targets: [{provider: demo, model: demo-slow}]}\n"
         "  demo-embedding: {targets: [{provider: demo, model: demo-embedding}]}\n"
         "keys:\n"
         "  - {name: demo, secret: " +
         std::string(demo_key) +
         "}\n"
         "  - {name: demo-limited, secret: " +
         std::string(demo_limited_key) +
         ", limits: {rpm: 3}}\n"
         "telemetry: {access_log: \"off\"}\n";
}

void greet(const std::string& data, const std::string& admin) {
  const std::string call = "curl -sSN http://" + data +
                           "/v1/chat/completions -H 'Authorization: "
                           "Bearer " +
                           demo_key + "' -H 'Content-Type: application/json' -d ";
  std::printf(
      "\nPenstock is up, with a scripted provider behind it. Paste one of these:\n\n"
      "  %s'{\"model\":\"demo-chat\",\"messages\":[{\"role\":\"user\",\"content\":"
      "\"Hello\"}]}'\n\n"
      "  %s'{\"model\":\"demo-chat\",\"stream\":true,\"messages\":[{\"role\":\"user\","
      "\"content\":\"Hello\"}]}'\n\n"
      "Key: %s   Metrics: curl -H 'Authorization: Bearer penstock-demo-admin-token' "
      "http://%s/metrics\nCtrl-C ends it.\n\n",
      call.c_str(), call.c_str(), demo_key, admin.c_str());
  std::fflush(stdout);
}

int demo(const std::string& data, const std::string& admin) {
  penstock::DemoProvider provider;
  const auto address = provider.start();
  if (!address) {
    std::fprintf(stderr, "penstock: %s\n", address.error().c_str());
    return 1;
  }
  penstock::ServerOptions options = server_options();
  options.load = [text = demo_configuration(*address, data, admin)] {
    return penstock::config::load_text(text, "demo");
  };
  options.started = greet;
  return penstock::Server(std::move(options)).run();
}

int check(const std::string& file) {
  const auto loaded = penstock::config::load(file);
  if (!loaded) {
    for (const auto& mistake : loaded.error()) {
      std::fprintf(stderr, "%s\n", penstock::config::to_string(mistake).c_str());
    }
    return 1;
  }
  for (const std::string& exposure : (*loaded)->exposures) {
    std::printf("exposure: %s\n", exposure.c_str());
  }
  std::printf("%s: valid: %zu models, %zu targets, %zu keys\n", file.c_str(),
              (*loaded)->models.size(), (*loaded)->targets.size(), (*loaded)->keys.size());
  return 0;
}

// What `io.kernel_tls: auto` has the kernel seal.
void print_kernel_tls() {
  using penstock::RecordCipher;
  const penstock::KernelTlsOffer& offer = penstock::kernel_tls_offer();
  std::printf("kernel TLS: %s%s%s%s\n", offer.any() ? "yes, for sending:" : "no",
              offer.has(RecordCipher::aes_128_gcm) ? " AES-128-GCM" : "",
              offer.has(RecordCipher::aes_256_gcm) ? " AES-256-GCM" : "",
              offer.has(RecordCipher::chacha20_poly1305) ? " ChaCha20-Poly1305" : "");
}

int version(bool features) {
  std::printf("penstock %s (%s)\n", PENSTOCK_VERSION, compiler().c_str());
  if (!features) return 0;
  const penstock::UringFeatures uring = penstock::probe_uring();
  const auto word = [](bool offered) { return offered ? "yes" : "no"; };
  std::printf("io_uring: %s%s%s\n", word(uring.available), uring.available ? "" : " ",
              uring.available ? "" : uring.refusal);
  std::printf("io_uring incremental buffers: %s\n", word(uring.incremental_buffers));
  std::printf("io_uring minimum wait: %s\n", word(uring.minimum_wait));
  std::printf("io_uring batched sends: %s\n", word(uring.batched_sends));
  std::printf("io_uring restrictions: %s\n", word(uring.restrictions));
  std::printf("backend that will be used: %s\n", uring.available ? "uring" : "epoll");
  print_kernel_tls();
  return 0;
}

// Takes the arguments apart. Throws only without memory, or on a mistake in the options above.
int run(int argc, char** argv) {
  CLI::App app(
      "Penstock: an LLM gateway that adds microseconds.\n"
      "One OpenAI-compatible endpoint in front of your model providers.",
      "penstock");
  app.require_subcommand(1);
  app.set_version_flag("--version,-V", "penstock " PENSTOCK_VERSION);
  app.footer("Start with: penstock demo");
  std::string file;
  std::string data = "127.0.0.1:8080";
  std::string admin = "127.0.0.1:8081";
  bool features = false;
  bool table = false;
  auto* serve_command = app.add_subcommand(
      "serve", "Run the gateway until SIGTERM; SIGHUP reloads its configuration");
  serve_command
      ->add_option("-c,--config", file,
                   "Configuration (default: ./penstock.yaml, /etc/penstock/penstock.yaml)")
      ->type_name("FILE");
  auto* demo_command = app.add_subcommand(
      "demo", "Run everything on this machine, without any account; Ctrl-C ends it");
  demo_command->add_option("--data-address", data, "Where clients connect")
      ->capture_default_str()
      ->type_name("ADDRESS:PORT");
  demo_command->add_option("--admin-address", admin, "Where metrics are")
      ->capture_default_str()
      ->type_name("ADDRESS:PORT");
  auto* check_command = app.add_subcommand(
      "check",
      "Judge a configuration without starting anything: prints every mistake; status 1 if any");
  check_command->add_option("file", file, "Configuration")->required()->type_name("FILE");
  auto* schema_command =
      app.add_subcommand("schema", "Print the JSON Schema of the configuration, for editors");
  schema_command->add_flag("--table", table, "A table of all settings for people instead");
  auto* version_command = app.add_subcommand("version", "Print the version");
  version_command->add_flag("--features", features,
                            "Also what the kernel offers and what will be used");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  if (*serve_command) return serve(file);
  if (*demo_command) return demo(data, admin);
  if (*check_command) return check(file);
  if (*schema_command) {
    const std::string text =
        table ? penstock::config::write_reference() : penstock::config::write_json_schema();
    std::fputs(text.c_str(), stdout);
    return 0;
  }
  if (*version_command) return version(features);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "penstock: internal error: %s\n", error.what());
    return 2;
  }
}
