// What the scripted sides of a simulated gateway know of each other. Every request carries a tag,
// and everything a provider says about it repeats the tag, so that a byte in the wrong place shows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/task.h"
#include "runtime/sim_driver.h"

namespace penstock::test {

constexpr int gateway_port = 8080;
constexpr int provider_ports[] = {9001, 9002};
constexpr Duration patience = Duration::seconds(400);

// One arrival of a request at a provider.
struct Arrival {
  int pieces = 0;     // of a stream: events with content
  bool done = false;  // of a stream: its terminal event was among what was sent
  std::string whole;  // the body of an answer that is not streamed
};
// A request as the test knows it, by tag.
struct Known {
  std::vector<Arrival> arrivals;
  int attempts = -1;  // as the answer's head told; -1: none did
};

// What the scripted sides do beyond answering well, in 1/1000; all 0 in a calm world.
struct Habits {
  unsigned provider_misbehaves = 0;
  unsigned client_leaves = 0;
  unsigned client_malformed = 0;
  unsigned client_slow = 0;
  unsigned name_fails = 0;
};

struct World {
  World(SimDriver& d, Spawner& s) : driver(d), spawner(s) {}

  SimDriver& driver;
  Spawner& spawner;
  Habits habits;
  bool calm = false;               // nothing may go wrong: every request must succeed
  bool prompt = false;             // and nothing may take long
  std::vector<Known> requests;     // by tag
  std::vector<std::string> wrong;  // what must not have happened
  int succeeded = 0;               // answers with 200 that were complete
  int refused = 0;                 // complete answers with another status
  int cut = 0;                     // answers that ended before their end

  SimRandom& random() { return driver.random(); }
  void report(std::uint64_t tag, const std::string& what) {
    wrong.push_back("request " + std::to_string(tag) + ": " + what);
  }
};

inline std::string tag_text(std::uint64_t tag) {
  return "tag-" + std::to_string(tag) + ".";
}

// Accepts until stopped, and starts a task for each connection.
class Port : public AcceptOp {
 public:
  using Serve = Task<> (*)(World* world, int fd);
  Port(World& world, int number, Serve serve) : AcceptOp(&on_accept), world_(world), serve_(serve) {
    fd = world.driver.listen(number);
    world.driver.submit(*this);
  }
  void stop() {
    stopping_ = true;
    world_.driver.cancel(*this);
  }
  void close() { world_.driver.close_socket(fd, CloseHow::orderly); }

 private:
  static void on_accept(Op& op, int result) {
    auto& self = static_cast<Port&>(op);
    if (result >= 0) self.world_.spawner.spawn(self.serve_(&self.world_, result));
    if (!op.pending() && !self.stopping_) self.world_.driver.submit(self);
  }
  World& world_;
  Serve serve_;
  bool stopping_ = false;
};

// gateway_provider.cpp: a provider's side of one connection.
Task<> serve_provider(World* world, int fd);
// The canary: a provider that answers with the tag of another request now and then.
Task<> serve_confused_provider(World* world, int fd);

}  // namespace penstock::test
