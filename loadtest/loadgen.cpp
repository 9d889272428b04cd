// penstock-loadgen: load client for a gateway or proxy that speaks the OpenAI chat API. Sends
// requests, checks every answer, measures latency and what the proxy's processes used.

#include <arpa/inet.h>
#include <sys/resource.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "load.h"
#include "machine.h"
#include "options.h"

namespace {

using namespace penstock::loadtest;

constexpr const char* usage =
    "penstock-loadgen: load client\n"
    "  --target=IP:PORT     where to send (IPv4)\n"
    "  --model=NAME         model in the request, for the mock a script (mock-whole-600)\n"
    "  --stream             ask for a stream; --include-usage also for the usage event\n"
    "  --key=SECRET         sent as bearer token\n"
    "  --path=PATH          /v1/chat/completions\n"
    "  --body-bytes=N       size of the request's body (1024)\n"
    "  --connections=N      (1)\n"
    "  --rate=R             open loop of R requests/s; without: closed loop\n"
    "  --requests=N         end after N answers\n"
    "  --ramp=S             begin the connections spread over S seconds\n"
    "  --warmup=S --duration=S   before, and length of, the measured window (1, 3)\n"
    "  --hold               one request per connection, then wait --duration: memory\n"
    "  --expect-bytes=N --expect-events=N   of every answer\n"
    "  --proxy-pid=N        measure the CPU and memory of this process and its descendants\n"
    "  --mock-pid=N         the process that shares this CPU\n"
    "  --cpu=N              bind to this CPU\n"
    "  --spin               never sleep; share the CPU by yielding; keep processors awake\n"
    "  --json=FILE          write the result there; '-' writes it to stdout\n"
    "Exit status: 0 when every answer was right, 1 otherwise, 2 for a wrong option.\n";

[[noreturn]] void refuse(const char* sentence) {
  std::fprintf(stderr, "%s\n%s", sentence, usage);
  std::exit(2);
}

sockaddr_in parse_target(const std::string& text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const std::size_t colon = text.find(':');
  unsigned port = 0;
  if (colon == std::string::npos ||
      std::from_chars(text.data() + colon + 1, text.data() + text.size(), port).ec != std::errc{} ||
      port > 65535 || inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1) {
    refuse("--target needs an address and a port, for example 127.0.0.1:8080.");
  }
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

Plan parse_plan(Options& options) {
  Plan plan;
  plan.target = parse_target(std::string(options.text("target", "")));
  plan.model = options.text("model", "mock-whole-600");
  plan.stream = options.flag("stream");
  plan.include_usage = options.flag("include-usage");
  plan.key = options.text("key", "");
  plan.path = options.text("path", plan.path);
  plan.body_bytes = static_cast<std::size_t>(options.number("body-bytes", 1024));
  plan.connections = static_cast<std::size_t>(options.number("connections", 1));
  plan.rate_per_s = options.number("rate", 0);
  plan.requests = static_cast<std::uint64_t>(options.number("requests", 0));
  plan.ramp_s = options.number("ramp", 0);
  plan.warmup_s = options.number("warmup", 1);
  plan.duration_s = options.number("duration", 3);
  plan.hold = options.flag("hold");
  plan.expect_bytes = static_cast<std::size_t>(options.number("expect-bytes", 0));
  plan.expect_events = static_cast<std::uint64_t>(options.number("expect-events", 0));
  plan.spin = options.flag("spin");
  plan.proxy = options.integer("proxy-pid", 0);
  plan.mock = options.integer("mock-pid", 0);
  return plan;
}

// Connections need descriptors: takes all that the system allows.
void raise_descriptor_limit(std::size_t connections) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < connections + 64) {
    std::fprintf(stderr,
                 "%zu connections need more descriptors than the limit of %llu allows; "
                 "raise it with ulimit -n.\n",
                 connections, static_cast<unsigned long long>(limit.rlim_cur));
    std::exit(2);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options(argc, argv, usage);
  const Plan plan = parse_plan(options);
  const int cpu = options.integer("cpu", 1024);
  const std::string json(options.text("json", ""));
  options.refuse_unknown();
  if (plan.connections == 0) refuse("--connections needs at least 1.");

  raise_descriptor_limit(plan.connections);
  bound_lifetime(static_cast<unsigned>(plan.warmup_s + plan.duration_s) + 120);
  if (cpu < 1024 && !pin_to_cpu(cpu)) {
    std::fprintf(stderr, "Cannot bind to CPU %d; name one that this process may use.\n", cpu);
    return 2;
  }
  AwakeProcessors awake(plan.spin);
  Load load(plan);
  const Results& results = load.run();

  if (json == "-") {
    print_json(stdout, plan, results);
  } else {
    print_table(stdout, plan, results);
    if (!json.empty()) {
      std::FILE* file = std::fopen(json.c_str(), "we");
      if (file == nullptr) {
        std::perror("Cannot write the --json file");
        return 2;
      }
      print_json(file, plan, results);
      std::fclose(file);
    }
  }
  return results.errors.total() == 0 ? 0 : 1;
}
