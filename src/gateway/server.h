// The control side of the program: configuration, threads, signals, reload, drain. Everything that
// may block happens here, on the thread that called `run`.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/admin_plane.h"
#include "gateway/shard_thread.h"
#include "gateway/token_keeper.h"
#include "penstock/config.h"
#include "penstock/telemetry.h"

namespace penstock {

struct ServerOptions {
  std::string version;
  std::string compiler;
  // Reads the configuration, now and on every reload.
  std::function<config::Loaded()> load;
  // Called once when everything listens, with the addresses; for the demo.
  std::function<void(const std::string& data, const std::string& admin)> started;
};

class Server {
 public:
  explicit Server(ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // Starts, serves until SIGTERM or SIGINT, drains, stops. The exit status: 0, or 1 after one
  // sentence for each mistake on stderr. SIGHUP reloads. The caller must not have other threads
  // that take these signals.
  int run();

 private:
  bool start();
  bool read_configuration();
  bool open_sockets();
  bool start_shards();
  void announce(const char* listener, const std::string& address);
  void serve();
  void reload();
  void drain();
  std::string metrics_page();
  void refuse_start(const std::string& why);

  ServerOptions options_;
  EventLog events_;
  Process process_;
  std::shared_ptr<TlsTicketKeys> ticket_keys_;
  std::unique_ptr<DnsThread> dns_;
  TokenKeeper tokens_{events_};
  std::vector<unsigned> cpus_;
  std::vector<std::unique_ptr<ShardMetrics>> metrics_;
  std::vector<std::unique_ptr<LogRing>> rings_;
  std::vector<int> data_fds_;
  int admin_fd_ = -1;
  std::unique_ptr<LogWriter> log_writer_;
  std::vector<std::unique_ptr<ShardThread>> shards_;
  std::unique_ptr<AdminPlane> admin_;

  std::mutex generation_mutex_;
  std::shared_ptr<const Generation> generation_;  // the current one
  std::atomic<std::uint64_t> reloads_{0};
  std::atomic<std::uint64_t> reloads_refused_{0};
};

}  // namespace penstock
