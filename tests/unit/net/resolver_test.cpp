// Names to addresses, against a scripted server on loopback.
#include "penstock/resolver.h"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dns_server.h"
#include "net/dns_thread.h"
#include "net/shard_resolver.h"
#include "still_driver.h"

namespace penstock::test {
namespace {

struct Rig {
  explicit Rig(Duration timeout = Duration::seconds(2)) {
    dns = *DnsThread::start({.servers = server.address(), .timeout = timeout});
    resolver.emplace(driver, *dns);
  }
  // Turns until the lookup is done.
  const Result<Resolved>& wait(Lookup& lookup) {
    while (!lookup.done()) {
      REQUIRE(driver.wait_for_poke());
      resolver->poll();
    }
    return lookup.result();
  }
  std::string ask(std::string_view host) {
    Lookup lookup(signal);
    resolver->start(lookup, host, 443);
    return text(wait(lookup));
  }
  static std::string text(const Result<Resolved>& result) {
    if (!result) return std::string(describe(result.error().code).code);
    std::string out;
    for (std::size_t i = 0; i < result->count; ++i) {
      const Address& address = result->addresses[i];
      out += (i ? " " : "") + std::string(to_text(address).view());
      CHECK(address.port() == 443);
    }
    return out;
  }

  DnsServer server;
  StillDriver driver;
  Signal signal{driver};
  std::unique_ptr<DnsThread> dns;
  std::optional<ShardResolver> resolver;
};

const std::string failed(describe(Code::dns_failed).code);

TEST_CASE("literals and what is no name never reach DNS") {
  Rig rig;
  for (auto [host, expected] :
       {std::pair{"192.0.2.7", "192.0.2.7"}, {"2001:db8::7", "2001:db8::7"}, {"[::1]", "::1"}}) {
    Lookup lookup(rig.signal);
    rig.resolver->start(lookup, host, 443);
    REQUIRE(lookup.done());
    CHECK(Rig::text(lookup.result()) == expected);
  }
  const std::string long_label(64, 'a');
  for (const std::string& host :
       {std::string(), std::string("a..b"), std::string(".a"), std::string("a b"),
        std::string("a/b"), std::string("a\0b", 3), std::string("127.1"), std::string("0x7f000001"),
        std::string("2130706433"), std::string("1.2.3.4.5"), std::string("fe80::1%lo"),
        long_label + ".test", std::string(254, 'a'), std::string("ünïcode.test")}) {
    Lookup lookup(rig.signal);
    rig.resolver->start(lookup, host, 443);
    REQUIRE(lookup.done());
    CHECK(Rig::text(lookup.result()) == failed);
  }
  CHECK(rig.resolver->names() == 0);
}

TEST_CASE("localhost is known without a server") {
  Rig rig;
  const std::string found = rig.ask("localhost");
  CHECK(found.find("127.0.0.1") != std::string::npos);
  CHECK(rig.server.asked("localhost") == 0);
}

TEST_CASE("both families, in turns, and through an alias") {
  Rig rig;
  rig.server.set("two.test", {.v4 = {"127.0.0.2", "127.0.0.3", "127.0.0.4"}, .v6 = {}});
  CHECK(rig.ask("two.test") == "127.0.0.2 127.0.0.3 127.0.0.4");
  CHECK(rig.ask("TWO.test") == "127.0.0.2 127.0.0.3 127.0.0.4");  // the same name, from the cache
  CHECK(rig.server.asked("two.test") == 1);

  rig.server.set("mixed.test",
                 {.v4 = {"127.0.0.2", "127.0.0.3"}, .v6 = {"2001:db8::1", "2001:db8::2"}});
  Lookup lookup(rig.signal);
  rig.resolver->start(lookup, "mixed.test", 443);
  const auto& mixed = rig.wait(lookup);
  REQUIRE(mixed.has_value());
  REQUIRE(mixed->count == 4);
  CHECK(mixed->addresses[0].family() != mixed->addresses[1].family());
  CHECK(mixed->addresses[1].family() != mixed->addresses[2].family());
  CHECK(mixed->addresses[2].family() != mixed->addresses[3].family());

  rig.server.set("alias.test", {.v4 = {"127.0.0.9"}, .v6 = {}, .alias = "real.test"});
  CHECK(rig.ask("alias.test") == "127.0.0.9");

  DnsServer::Zone many{.v4 = {}, .v6 = {}};
  for (int i = 1; i <= 12; ++i) many.v4.push_back("127.0.1." + std::to_string(i));
  rig.server.set("many.test", many);
  Lookup bounded(rig.signal);
  rig.resolver->start(bounded, "many.test", 443);
  CHECK(rig.wait(bounded)->count == 8);
}

TEST_CASE("answers live as long as they say, within limits") {
  Rig rig;
  rig.server.set("a.test", {.v4 = {"127.0.0.2"}, .v6 = {}, .ttl_s = 60});
  CHECK(rig.ask("a.test") == "127.0.0.2");
  rig.server.set("a.test", {.v4 = {"127.0.0.3"}, .v6 = {}, .ttl_s = 60});
  rig.driver.pass(Duration::seconds(44));
  CHECK(rig.ask("a.test") == "127.0.0.2");
  CHECK(rig.server.asked("a.test") == 1);

  SUBCASE("used in its last quarter: asked again behind the back of whoever uses it") {
    rig.driver.pass(Duration::seconds(2));
    CHECK(rig.ask("a.test") == "127.0.0.2");
    REQUIRE(rig.driver.wait_for_poke());
    rig.resolver->poll();
    CHECK(rig.ask("a.test") == "127.0.0.3");
    CHECK(rig.server.asked("a.test") == 2);
  }
  SUBCASE("past its end: the new answer is waited for") {
    rig.driver.pass(Duration::seconds(17));
    CHECK(rig.ask("a.test") == "127.0.0.3");
  }
  SUBCASE("zero is a second, a day is five minutes") {
    rig.server.set("zero.test", {.v4 = {"127.0.0.4"}, .v6 = {}, .ttl_s = 0});
    CHECK(rig.ask("zero.test") == "127.0.0.4");
    rig.driver.pass(Duration::milliseconds(700));
    CHECK(rig.ask("zero.test") == "127.0.0.4");
    CHECK(rig.server.asked("zero.test") == 1);
    rig.server.set("day.test", {.v4 = {"127.0.0.5"}, .v6 = {}, .ttl_s = 86'400});
    CHECK(rig.ask("day.test") == "127.0.0.5");
    rig.driver.pass(Duration::seconds(301));
    rig.server.set("day.test", {.v4 = {"127.0.0.6"}, .v6 = {}});
    CHECK(rig.ask("day.test") == "127.0.0.6");
  }
}

TEST_CASE("a name that does not exist is remembered for a while") {
  Rig rig;
  CHECK(rig.ask("none.test") == failed);
  CHECK(rig.ask("none.test") == failed);
  CHECK(rig.server.asked("none.test") == 1);
  rig.server.set("none.test", {.v4 = {"127.0.0.2"}, .v6 = {}});
  rig.driver.pass(Duration::seconds(6));
  CHECK(rig.ask("none.test") == "127.0.0.2");
  // A name without addresses is the same to us.
  rig.server.set("empty.test", {.v4 = {}, .v6 = {}});
  CHECK(rig.ask("empty.test") == failed);
}

TEST_CASE("servers that do not work: known addresses serve on, others fail") {
  Rig rig(Duration::milliseconds(200));
  rig.server.set("a.test", {.v4 = {"127.0.0.2"}, .v6 = {}, .ttl_s = 10});
  CHECK(rig.ask("a.test") == "127.0.0.2");
  rig.server.set("a.test", {.v4 = {}, .v6 = {}, .silent = true});
  rig.driver.pass(Duration::seconds(20));
  CHECK(rig.ask("a.test") == "127.0.0.2");
  const int asked = rig.server.asked("a.test");
  CHECK(rig.ask("a.test") == "127.0.0.2");
  CHECK(rig.server.asked("a.test") == asked);
  rig.driver.pass(Duration::seconds(700));
  CHECK(rig.ask("a.test") == std::string(describe(Code::timed_out).code));

  rig.server.set("b.test", {.v4 = {}, .v6 = {}, .code = 2});
  CHECK(rig.ask("b.test") == failed);
  // That a name is gone is an answer, not a failure.
  rig.server.set("c.test", {.v4 = {"127.0.0.4"}, .v6 = {}, .ttl_s = 10});
  CHECK(rig.ask("c.test") == "127.0.0.4");
  rig.server.set("c.test", {.v4 = {}, .v6 = {}, .code = 3});
  rig.driver.pass(Duration::seconds(20));
  CHECK(rig.ask("c.test") == failed);
}

TEST_CASE("a silent server is given up in time, and a late answer is still good") {
  Rig rig(Duration::milliseconds(150));
  rig.server.set("slow.test", {.v4 = {"127.0.0.2"}, .v6 = {}, .silent = true});
  const auto before = std::chrono::steady_clock::now();
  CHECK(rig.ask("slow.test") == std::string(describe(Code::timed_out).code));
  const auto took = std::chrono::steady_clock::now() - before;
  CHECK(took >= std::chrono::milliseconds(100));
  CHECK(took < std::chrono::milliseconds(1500));
  rig.server.set("slow.test", {.v4 = {"127.0.0.2"}, .v6 = {}});
  rig.driver.pass(Duration::seconds(2));
  CHECK(rig.ask("slow.test") == "127.0.0.2");
}

TEST_CASE("equal lookups are one question, and any of them may be given up") {
  Rig rig;
  rig.server.set("a.test", {.v4 = {"127.0.0.2"}, .v6 = {}, .delay_ms = 50});
  std::vector<std::unique_ptr<Lookup>> lookups;
  for (int i = 0; i < 5; ++i) {
    lookups.push_back(std::make_unique<Lookup>(rig.signal));
    rig.resolver->start(*lookups.back(), "a.test", 443);
    CHECK(lookups.back()->pending());
  }
  rig.resolver->cancel(*lookups[0]);
  rig.resolver->cancel(*lookups[4]);
  lookups[2].reset();  // dying is giving up
  CHECK_FALSE(lookups[0]->pending());
  CHECK_FALSE(lookups[0]->done());
  CHECK(Rig::text(rig.wait(*lookups[1])) == "127.0.0.2");
  CHECK(lookups[3]->done());
  CHECK_FALSE(lookups[0]->done());
  CHECK_FALSE(lookups[4]->done());
  CHECK(rig.server.asked("a.test") == 1);
  // A cancelled one may ask again.
  rig.resolver->start(*lookups[0], "a.test", 443);
  CHECK(lookups[0]->done());
}

TEST_CASE("an answer for nobody is kept") {
  Rig rig;
  rig.server.set("a.test", {.v4 = {"127.0.0.2"}, .v6 = {}, .delay_ms = 20});
  {
    Lookup lookup(rig.signal);
    rig.resolver->start(lookup, "a.test", 443);
  }
  REQUIRE(rig.driver.wait_for_poke());
  rig.resolver->poll();
  CHECK(rig.ask("a.test") == "127.0.0.2");
  CHECK(rig.server.asked("a.test") == 1);
}

TEST_CASE("too many questions at once are refused") {
  Rig rig;
  rig.dns = nullptr;
  rig.resolver.reset();
  rig.dns = *DnsThread::start({.servers = rig.server.address(), .pending_max = 4});
  rig.resolver.emplace(rig.driver, *rig.dns);
  std::vector<std::unique_ptr<Lookup>> lookups;
  for (int i = 0; i < 12; ++i) {
    const std::string host = "silent" + std::to_string(i) + ".test";
    rig.server.set(host, {.v4 = {}, .v6 = {}, .silent = true});
    lookups.push_back(std::make_unique<Lookup>(rig.signal));
    rig.resolver->start(*lookups.back(), host, 443);
  }
  int refused = 0;
  for (auto& lookup : lookups) {
    const auto& result = rig.wait(*lookup);
    REQUIRE_FALSE(result.has_value());
    refused += result.error().code == Code::refused ? 1 : 0;
  }
  CHECK(refused >= 4);
}

TEST_CASE("either side may end first while questions are under way") {
  Rig rig;
  rig.server.set("silent.test", {.v4 = {}, .v6 = {}, .silent = true});
  SUBCASE("the shard") {
    {
      Lookup lookup(rig.signal);
      rig.resolver->start(lookup, "silent.test", 443);
    }
    rig.resolver.reset();
    rig.dns.reset();
  }
  SUBCASE("the DNS thread") {
    Lookup lookup(rig.signal);
    rig.resolver->start(lookup, "silent.test", 443);
    rig.dns.reset();
    CHECK(Rig::text(rig.wait(lookup)) == std::string(describe(Code::refused).code));
  }
}

TEST_CASE("two shards ask at the same time") {
  Rig rig;
  for (int i = 0; i < 50; ++i) {
    rig.server.set("n" + std::to_string(i) + ".test",
                   {.v4 = {"127.0.2." + std::to_string(i + 1)}, .v6 = {}});
  }
  const auto shard = [&rig](int* correct) {
    StillDriver driver;
    Signal signal(driver);
    ShardResolver resolver(driver, *rig.dns);
    for (int i = 0; i < 50; ++i) {
      Lookup lookup(signal);
      resolver.start(lookup, "n" + std::to_string(i) + ".test", 80);
      while (!lookup.done() && driver.wait_for_poke()) resolver.poll();
      if (!lookup.done() || !lookup.result()) continue;
      const auto text = to_text(lookup.result()->addresses[0]);
      *correct += text.view() == "127.0.2." + std::to_string(i + 1) ? 1 : 0;
    }
  };
  int first = 0;
  int second = 0;
  std::thread other(shard, &first);
  shard(&second);
  other.join();
  CHECK(first == 50);
  CHECK(second == 50);
}

TEST_CASE("bad servers are refused with a sentence") {
  const auto started = DnsThread::start({.servers = "not an address"});
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().find("not an address") != std::string::npos);
}

}  // namespace
}  // namespace penstock::test
