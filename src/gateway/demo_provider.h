// The provider of `penstock demo`: a real HTTP server on loopback with a script instead of a model.
#pragma once

#include <atomic>
#include <expected>
#include <memory>
#include <string>
#include <thread>

#include "penstock/drivers.h"
#include "penstock/http.h"
#include "penstock/json.h"
#include "penstock/net.h"
#include "penstock/task.h"

namespace penstock {

struct DemoAnswer;

class DemoProvider {
 public:
  DemoProvider() = default;
  DemoProvider(const DemoProvider&) = delete;
  DemoProvider& operator=(const DemoProvider&) = delete;
  ~DemoProvider();

  // Listens on a free port of 127.0.0.1. `host:port`, or a sentence for people.
  std::expected<std::string, std::string> start();

 private:
  void run();
  Task<> serve(int fd);
  Task<bool> read_request(Stream& stream, Signal& signal, std::string& path, std::string& body);
  Task<bool> send_answer(Stream& stream, Signal& signal, const DemoAnswer& answer);
  Task<bool> rest(Stream& stream, Signal& signal, Duration time);

  std::unique_ptr<EpollDriver> driver_;
  Spawner spawner_;
  json::Scanner scanner_;
  http::RequestHead head_;
  int listener_fd_ = -1;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace penstock
