// A listener over both kernel drivers when descriptors run out and when its operation ends.
#include "net/listener.h"

#include <sys/resource.h>

#include <deque>

#include "runtime/loopback.h"

using namespace penstock;
using namespace penstock::test;

namespace {

struct Taken {
  std::vector<int> fds;
  static void take(void* context, int fd) { static_cast<Taken*>(context)->fds.push_back(fd); }
};

// The process may open no more descriptors than it has.
class NoDescriptors {
 public:
  NoDescriptors() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const int lowest_free = ::dup(0);
    ::close(lowest_free);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(lowest_free);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

bool told_to_leave(const Peer& peer) {
  char byte;
  return ::recv(peer.fd, &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

}  // namespace

PENSTOCK_DRIVER_TEST(
    "listener: without descriptors the oldest waiting client is told, then it rests") {
  const auto driver = Under::make();
  if (!driver) return;
  test::Listener socket;
  Taken taken;
  penstock::Listener listener(*driver, ::dup(socket.fd), &Taken::take, &taken);
  std::deque<Peer> peers;
  for (int i = 0; i < 3; ++i) peers.emplace_back(socket.port);
  {
    const NoDescriptors none;
    listener.start();
    REQUIRE(run_until(*driver, [&] { return told_to_leave(peers[0]); }));
    const auto enters = driver->counters().enters;
    const Instant start = driver->clock();
    REQUIRE(run_until(*driver, [&] { return told_to_leave(peers[1]); }));
    CHECK((driver->clock() - start).ms() >= 40);  // a pause between two of them
    CHECK(driver->counters().enters - enters < 20);
    CHECK(taken.fds.empty());
  }
  REQUIRE(run_until(*driver, [&] { return taken.fds.size() == 1; }));  // the third one, by itself
  peers.emplace_back(socket.port);
  REQUIRE(run_until(*driver, [&] { return taken.fds.size() == 2; }));
  listener.close();
  REQUIRE(run_until(*driver, [&] { return listener.closed(); }));
  for (const int fd : taken.fds) driver->close_socket(fd, CloseHow::orderly);
}

namespace {

// Ends every accept with an error of the test's choice.
class EndingDriver final : public Driver {
 public:
  EndingDriver() : Driver(Instant{0}, SIZE_MAX) {}
  int error = 0;
  int submitted = 0;

  Result<int> open_socket(int) override { return fail(Code::refused); }
  void close_socket(int fd, CloseHow) override { ::close(fd); }
  void shutdown_send(int) override {}
  long send(int, std::span<const Bytes>) override { return -1; }
  void submit(Op& op) override {
    op.state = Op::State::pending;
    op_ = &op;
    ++submitted;
  }
  void cancel(Op&) override { error = -ECANCELED; }
  Instant clock() const override { return time_; }
  void poke() override {}
  const char* name() const override { return "ending"; }

 private:
  void wait_and_dispatch(Instant until) override {
    if (!op_) time_ = std::max(time_, until);
    refresh_now();
    if (!op_) return;
    Op& op = *std::exchange(op_, nullptr);
    op.state = Op::State::idle;
    op.complete(op, error);
  }
  void recycle() override {}
  Op* op_ = nullptr;
  Instant time_{0};
};

}  // namespace

TEST_CASE("listener: an error of one connection is passed over, another one makes a pause") {
  struct Row {
    int error;
    bool at_once;
  };
  for (const Row row : {Row{ECONNABORTED, true}, Row{EPROTO, true}, Row{EPERM, true},
                        Row{EBADR, true}, Row{EMFILE, false}, Row{ENFILE, false},
                        Row{ENOMEM, false}, Row{ENOBUFS, false}, Row{EINVAL, false}}) {
    CAPTURE(row.error);
    EndingDriver driver;
    driver.error = -row.error;
    Taken taken;
    test::Listener socket;
    penstock::Listener listener(driver, ::dup(socket.fd), &Taken::take, &taken);
    listener.start();
    for (int turn = 0; turn < 10; ++turn) driver.turn({Instant{0}});
    CHECK((driver.submitted == 11) == row.at_once);
    // The pauses grow from 50 to 500 ms: some 4 in a second, not a circle.
    if (!row.at_once) {
      const int before = driver.submitted;
      const Instant end = driver.clock() + Duration::seconds(10);
      while (driver.clock() < end) driver.turn(Deadline{end});
      CHECK(driver.submitted - before > 15);
      CHECK(driver.submitted - before < 30);
    }
    driver.error = 0;
    listener.close();
    while (!listener.closed()) driver.turn({driver.clock() + Duration::seconds(1)});
    for (const int fd : taken.fds) ::close(fd);
  }
}
