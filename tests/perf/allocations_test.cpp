// In steady state a shard takes nothing from the heap: not for a request on connections that are
// kept, not for a streamed event, wherever the reads cut it.
#include "allocations.h"

#include <doctest/doctest.h>

#include <memory>

#include "loop.h"

using namespace penstock;
using namespace penstock::test;

namespace {

constexpr int requests = 1000;
constexpr int streams = 20;  // of ScriptedProvider::events each: 1000 events

void ask_whole(Client& client) {
  const std::string answer = client.ask(false);
  REQUIRE(answer.starts_with("HTTP/1.1 200 "));
  REQUIRE(answer.ends_with("\"total_tokens\":11}}"));
}

void ask_stream(Client& client) {
  const std::string answer = client.ask(true);
  REQUIRE(answer.starts_with("HTTP/1.1 200 "));
  int events = 0;
  for (std::size_t at = 0; (at = answer.find("\"content\":\"word ", at)) != std::string::npos;
       ++at) {
    ++events;
  }
  REQUIRE(events == ScriptedProvider::events);
  REQUIRE(answer.find("data: [DONE]\n\n") != std::string::npos);
  REQUIRE(answer.ends_with("0\r\n\r\n"));
}

// What the shard took from the heap while `ask` ran `times` times, after it had run often enough
// for every pool to be filled.
std::uint64_t taken(CountedShard& shard, Client& client, void (*ask)(Client&), int times) {
  for (int i = 0; i < times; ++i) ask(client);
  const std::uint64_t before = shard.allocations();
  for (int i = 0; i < times; ++i) ask(client);
  return shard.allocations() - before;
}

void check(IoBackend backend) {
  ScriptedProvider provider;
  CountedShard shard(backend, provider.port());
  if (!shard.runs()) {
    MESSAGE("skipped: the kernel refuses io_uring");
    return;
  }
  Client client(shard.port());
  ask_whole(client);
  CHECK(shard.allocations() > 0);  // a first request fills pools: the counter sees this thread
  CHECK(taken(shard, client, &ask_whole, requests) == 0);
  CHECK(taken(shard, client, &ask_stream, streams) == 0);
  provider.cut_events = true;
  CHECK(taken(shard, client, &ask_stream, streams) == 0);
}

}  // namespace

TEST_CASE("the counter counts") {
  std::atomic<std::uint64_t> counter{0};
  count_allocations_into(&counter);
  const auto one = std::make_unique<std::string>(100, 'x');
  count_allocations_into(nullptr);
  CHECK(counter.load() == 2);
  CHECK(one->size() == 100);
}

TEST_CASE("no allocation for a request or an event: io_uring") {
  check(IoBackend::uring);
}
TEST_CASE("no allocation for a request or an event: epoll") {
  check(IoBackend::epoll);
}
