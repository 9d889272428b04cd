#include "gateway/server.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "penstock/drivers.h"
#include "penstock/net.h"

namespace penstock {
namespace {

// Descriptors that are not connections: rings, logs, timers, the control side.
constexpr rlim_t spare_descriptors = 256;
// After the drain's limit every request has got its in-band error; what is left then is a defect.
constexpr Duration stop_limit = Duration::seconds(5);

std::vector<unsigned> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<unsigned> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return {0};
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

sigset_t control_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGUSR1}) sigaddset(&set, number);
  return set;
}

// The next signal, or 0 after `most`.
int next_signal(Duration most) {
  const sigset_t set = control_signals();
  const timespec wait{most.ns / 1'000'000'000, most.ns % 1'000'000'000};
  const int number = sigtimedwait(&set, nullptr, &wait);
  return number > 0 ? number : 0;
}

// Takes all descriptors the system gives. Returns how many client connections they carry: each may
// need a second one upstream, and a half of them usually does.
std::uint32_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return UINT32_MAX;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur <= spare_descriptors) return 1;
  const auto most = (limit.rlim_cur - spare_descriptors) * 2 / 3;
  return static_cast<std::uint32_t>(std::min<rlim_t>(most, UINT32_MAX));
}

// Memory of this process holds credentials: no core file, no reading by others of the same user.
void protect_memory() {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
// What the configuration says of it. Otherwise the limit stands beside the flag, for what may set
// the flag again; the flag beside the limit, since a handler that the kernel pipes cores to ignores
// it.
void judge_core_dumps(bool wanted) {
  if (wanted) {
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return;
  }
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

bool same_listeners(const Snapshot& a, const Snapshot& b) {
  const auto same = [](const ListenAddress& x, const ListenAddress& y) {
    return x.host == y.host && x.port == y.port;
  };
  return same(a.data.address, b.data.address) && a.admin.has_value() == b.admin.has_value() &&
         (!a.admin || same(a.admin->address, b.admin->address)) && a.shard_cpus == b.shard_cpus &&
         a.data.tls.has_value() == b.data.tls.has_value();
}

}  // namespace

Server::Server(ServerOptions options)
    : options_(std::move(options)), ticket_keys_(std::make_shared<TlsTicketKeys>()) {}

Server::~Server() {
  for (const auto& shard : shards_) shard->stop();
  for (const auto& shard : shards_) shard->join();
}

int Server::run() {
  const sigset_t set = control_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);  // threads inherit it: signals come to `next_signal`
  signal(SIGPIPE, SIG_IGN);
  protect_memory();
  process_.connections_max.store(raise_descriptor_limit());
  if (!start()) return 1;
  serve();
  drain();
  return 0;
}

void Server::refuse_start(const std::string& why) {
  std::fprintf(stderr, "penstock: %s\n", why.c_str());
}

// -- Start: everything is judged and opened before the first connection is taken --

bool Server::start() {
  if (!read_configuration() || !open_sockets()) return false;
  DnsOptions dns;
  dns.timeout = generation_->snapshot->upstream.dns_timeout;
  auto started = DnsThread::start(dns);
  if (!started) {
    refuse_start(started.error());
    return false;
  }
  dns_ = std::move(*started);
  tokens_.keep(generation_->tokens);
  if (!start_shards()) return false;
  const std::string data = bound_address(data_fds_.front());
  std::string admin;
  if (admin_fd_ >= 0) {
    admin = bound_address(admin_fd_);
    admin_ = std::make_unique<AdminPlane>(
        process_, AdminPlane::Sources{[this] { return metrics_page(); },
                                      [this] {
                                        const std::scoped_lock lock(generation_mutex_);
                                        return std::shared_ptr<const Snapshot>(
                                            generation_, generation_->snapshot.get());
                                      }});
    const auto up = admin_->start(admin_fd_);
    if (!up) {
      refuse_start(up.error());
      return false;
    }
  }
  process_.ready.store(true);
  announce("data", data);
  if (admin_fd_ >= 0) announce("admin", admin);
  if (options_.started) options_.started(data, admin);
  return true;
}

bool Server::read_configuration() {
  auto loaded = options_.load();
  if (!loaded) {
    for (const config::Mistake& mistake : loaded.error()) {
      std::fprintf(stderr, "%s\n", config::to_string(mistake).c_str());
    }
    return false;
  }
  auto generation = Generation::make(std::move(*loaded), nullptr, ticket_keys_);
  if (!generation) {
    refuse_start(generation.error());
    return false;
  }
  generation_ = *generation;
  judge_core_dumps(generation_->snapshot->core_dumps);
  const std::uint32_t most = process_.connections_max.load();
  if (generation_->snapshot->limits.max_connections > most) {
    events_.write(Level::warning, "connections_limited",
                  {{"configured", generation_->snapshot->limits.max_connections},
                   {"possible", most},
                   {"text",
                    "the limit of open files allows no more: raise it (LimitNOFILE, "
                    "ulimit -n)"}});
  }
  for (const std::string& exposure : generation_->snapshot->exposures) {
    events_.write(Level::warning, "exposure", {{"text", exposure}});
  }
  cpus_.assign(generation_->snapshot->shard_cpus.begin(), generation_->snapshot->shard_cpus.end());
  if (cpus_.empty()) cpus_ = usable_cpus();
  return true;
}

// One listening socket for each shard on the same address. Only when shard i runs on CPU i can the
// kernel steer by CPU.
bool Server::open_sockets() {
  const Snapshot& config = *generation_->snapshot;
  ListenAddress address = config.data.address;
  bool in_order = true;
  for (std::size_t i = 0; i < cpus_.size(); ++i) in_order = in_order && cpus_[i] == i;
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    const bool last = i + 1 == cpus_.size();
    const unsigned steer = last && in_order ? static_cast<unsigned>(cpus_.size()) : 0;
    const auto fd = open_listener(address.host, address.port, steer);
    if (!fd) {
      refuse_start("listen.data.address: cannot listen on " + address.host + ":" +
                   std::to_string(address.port) + ": " + std::strerror(errno));
      return false;
    }
    data_fds_.push_back(*fd);
    if (address.port == 0) {
      const std::string bound = bound_address(*fd);
      address.port = static_cast<std::uint16_t>(std::stoi(bound.substr(bound.rfind(':') + 1)));
    }
  }
  if (!config.admin) return true;
  const auto fd = open_listener(config.admin->address.host, config.admin->address.port, 0);
  if (!fd) {
    refuse_start("listen.admin.address: cannot listen on " + config.admin->address.host + ":" +
                 std::to_string(config.admin->address.port) + ": " + std::strerror(errno));
    return false;
  }
  admin_fd_ = *fd;
  return true;
}

bool Server::start_shards() {
  const Snapshot& config = *generation_->snapshot;
  const std::size_t count = cpus_.size();
  const bool logging = config.telemetry.access_log != AccessLogTo::off;
  for (std::size_t i = 0; i < count; ++i) {
    metrics_.push_back(std::make_unique<ShardMetrics>());
    if (logging) rings_.push_back(std::make_unique<LogRing>(metrics_.back()->log_lines_dropped));
  }
  if (logging) {
    std::vector<LogRing*> rings;
    for (const auto& ring : rings_) rings.push_back(ring.get());
    log_writer_ = std::make_unique<LogWriter>(rings, config.telemetry.access_log_file, events_);
    if (const int error = log_writer_->start(); error != 0) {
      refuse_start("telemetry.access_log: cannot open " + config.telemetry.access_log_file + ": " +
                   std::strerror(error));
      return false;
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    ShardThreadOptions options;
    options.index = static_cast<unsigned>(i);
    options.cpu = cpus_[i];
    options.backend = config.io_backend;
    options.spin = config.io_spin;
    options.block_limit_bytes =
        config.limits.body_memory_total == 0 ? SIZE_MAX : config.limits.body_memory_total / count;
    options.connections = config.limits.max_connections;
    options.listener = data_fds_[i];
    shards_.push_back(std::make_unique<ShardThread>(options, process_, *dns_, *metrics_[i],
                                                    logging ? rings_[i].get() : nullptr));
    auto epoch = Epoch::make(generation_);
    if (!epoch) {
      refuse_start(epoch.error());
      return false;
    }
    const auto started = shards_.back()->start(std::move(*epoch));
    if (!started) {
      refuse_start(started.error());
      return false;
    }
  }
  const ShardThread& first = *shards_.front();
  if (Bytes(first.refusal()).empty()) {
    events_.write(Level::info, "io_backend", {{"backend", first.backend()}});
  } else {
    events_.write(Level::warning, "io_backend",
                  {{"backend", first.backend()}, {"io_uring_refused", first.refusal()}});
  }
  return true;
}

void Server::announce(const char* listener, const std::string& address) {
  events_.write(Level::info, "listening", {{"listener", listener}, {"address", Bytes(address)}});
}

// -- While it runs --

void Server::serve() {
  for (;;) {
    switch (next_signal(Duration::seconds(3600))) {
      case SIGTERM:
      case SIGINT:
        return;
      case SIGHUP:
        if (log_writer_) log_writer_->reopen();
        reload();
        break;
      default:
        break;
    }
  }
}

// A complete new generation, or none: a bad file changes nothing.
void Server::reload() {
  const auto refuse = [&](const std::string& why) {
    reloads_refused_.fetch_add(1);
    events_.write(Level::error, "reload_refused", {{"reason", Bytes(why)}});
  };
  auto loaded = options_.load();
  if (!loaded) {
    for (const config::Mistake& mistake : loaded.error()) refuse(config::to_string(mistake));
    return;
  }
  if (!same_listeners(**loaded, *generation_->snapshot)) {
    refuse("listen and shards cannot change while the program runs: start a new one");
    return;
  }
  auto next = Generation::make(std::move(*loaded), generation_.get(), ticket_keys_);
  if (!next) {
    refuse(next.error());
    return;
  }
  std::vector<std::unique_ptr<Epoch>> epochs;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    auto epoch = Epoch::make(*next);
    if (!epoch) {
      refuse(epoch.error());
      return;
    }
    epochs.push_back(std::move(*epoch));
  }
  {
    const std::scoped_lock lock(generation_mutex_);
    generation_ = *next;
  }
  for (std::size_t i = 0; i < shards_.size(); ++i) shards_[i]->adopt(std::move(epochs[i]));
  tokens_.keep(generation_->tokens);
  reloads_.fetch_add(1);
  events_.write(Level::info, "reloaded",
                {{"models", generation_->snapshot->models.size()},
                 {"keys", generation_->snapshot->keys.size()}});
}

std::string Server::metrics_page() {
  std::shared_ptr<const Generation> generation;
  {
    const std::scoped_lock lock(generation_mutex_);
    generation = generation_;
  }
  std::vector<const ShardMetrics*> shards;
  for (const auto& metrics : metrics_) shards.push_back(metrics.get());
  ProcessMetrics process;
  process.version = options_.version;
  process.compiler = options_.compiler;
  process.log_lines_dropped = log_writer_ ? log_writer_->lines_dropped() : 0;
  process.reloads = reloads_.load();
  process.reloads_refused = reloads_refused_.load();
  process.tokens_granted = tokens_.granted();
  process.tokens_failed = tokens_.failed();
  process.target_states.assign(generation->labels->targets.size(), TargetState::up);
  std::string page;
  write_prometheus(shards, *generation->labels, process, page);
  return page;
}

// -- The end --

// Not ready → (delay) → no new connections → running requests end → threads end. A second signal
// skips the waiting.
void Server::drain() {
  const DrainSettings settings = generation_->snapshot->drain;
  events_.write(Level::info, "draining", {{"timeout_ms", settings.timeout.ms()}});
  process_.ready.store(false);
  bool hurry = settings.delay.ns > 0 && next_signal(settings.delay) != 0;
  const Instant begun = monotonic_now();
  const Instant hard = hurry ? begun : begun + settings.timeout;
  for (const auto& shard : shards_) shard->drain(Deadline{hard});
  const auto drained = [&] {
    return std::ranges::all_of(shards_, [](const auto& shard) { return shard->drained(); });
  };
  while (!drained() && monotonic_now() < hard + stop_limit) {
    const int number = next_signal(Duration::milliseconds(5));
    if ((number == SIGTERM || number == SIGINT) && !hurry) {
      hurry = true;
      for (const auto& shard : shards_) shard->drain(Deadline{monotonic_now()});
    }
  }
  for (const auto& shard : shards_) shard->stop();
  for (const auto& shard : shards_) shard->join();
  tokens_.stop();
  if (admin_) admin_->stop();
  if (log_writer_) log_writer_->stop();
  events_.write(Level::info, "stopped");
}

}  // namespace penstock
