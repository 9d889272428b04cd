// The admin listener: metrics and health. Its own thread and driver, so that nothing asked here
// costs a request of the data plane anything.
#pragma once

#include <atomic>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "gateway/process.h"
#include "penstock/drivers.h"
#include "penstock/net.h"
#include "penstock/snapshot.h"
#include "penstock/task.h"

namespace penstock {

class AdminPlane {
 public:
  // What it needs of the control side, called on the admin thread.
  struct Sources {
    std::function<std::string()> metrics;                       // the Prometheus page
    std::function<std::shared_ptr<const Snapshot>()> snapshot;  // the current one: its tokens
  };

  AdminPlane(Process& process, Sources sources) : process_(process), sources_(std::move(sources)) {}
  AdminPlane(const AdminPlane&) = delete;
  AdminPlane& operator=(const AdminPlane&) = delete;
  ~AdminPlane() { stop(); }

  // Takes over a listening socket and starts the thread.
  std::expected<void, std::string> start(int listener);
  void stop();

 private:
  struct Request;
  void run();
  Task<> serve(int fd);
  std::string answer(const Request& request);
  bool authorized(const Request& request);

  Process& process_;
  Sources sources_;
  std::unique_ptr<EpollDriver> driver_;
  Spawner spawner_;
  int listener_fd_ = -1;
  unsigned connections_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace penstock
