// What OpenSSL takes from the heap for our sessions: per idle connection, and per record.
#include <doctest/doctest.h>
#include <malloc.h>
#include <openssl/crypto.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "tls_pair.h"

namespace penstock::test {
namespace {

std::atomic<long> allocations;
std::atomic<long> held_bytes;

void* counted_malloc(std::size_t bytes, const char*, int) {
  void* block = std::malloc(bytes);
  ++allocations;
  held_bytes += static_cast<long>(malloc_usable_size(block));
  return block;
}
void counted_free(void* block, const char*, int) {
  if (!block) return;
  held_bytes -= static_cast<long>(malloc_usable_size(block));
  std::free(block);
}
void* counted_realloc(void* block, std::size_t bytes, const char*, int) {
  const long before = block ? static_cast<long>(malloc_usable_size(block)) : 0;
  void* moved = std::realloc(block, bytes);
  ++allocations;
  held_bytes += static_cast<long>(moved ? malloc_usable_size(moved) : 0) - before;
  return moved;
}

// OpenSSL takes other functions only before it has allocated anything, so this runs before main.
const bool counting =
    CRYPTO_set_mem_functions(&counted_malloc, &counted_realloc, &counted_free) == 1;

TEST_CASE("an idle session holds less than 26 KiB") {
  REQUIRE(counting);
  const TlsWorld world;
  constexpr int pairs = 50;
  {
    TlsPair warm = world.pair();
    warm.run();
  }
  std::vector<std::unique_ptr<TlsPair>> open;
  const long before = held_bytes;
  for (int i = 0; i < pairs; ++i) {
    open.push_back(std::make_unique<TlsPair>(world.client, world.server,
                                             TlsPeer{.host = "a.test", .port = 443}));
    open.back()->run();
    TlsPair::say(open.back()->client, "request");
    TlsPair::say(open.back()->server, "answer");
    open.back()->run();
    REQUIRE(open.back()->established());
  }
  const long both = held_bytes;
  for (auto& pair : open) pair->client.session.reset();
  const long servers = (held_bytes - before) / pairs;
  const long clients = (both - held_bytes) / pairs;
  INFO("bytes held by OpenSSL per idle session: server " << servers << ", client " << clients);
  CHECK(servers < 26 * 1024);
  CHECK(clients < 26 * 1024);
}

TEST_CASE("records cost a fixed few allocations, all of them OpenSSL's own") {
  REQUIRE(counting);
  const TlsWorld world;
  TlsPair pair = world.pair();
  pair.run();
  const std::string event(200, 'x');
  const auto seal = [&](int records) {
    const long before = allocations;
    for (int i = 0; i < records; ++i) TlsPair::say(pair.server, event);
    return allocations - before;
  };
  const auto open = [&](int records) {
    const std::string bytes(pair.server.cipher.view());
    pair.server.cipher.consume(bytes.size());
    const long before = allocations;
    REQUIRE(pair.client.session->receive(bytes, pair.client.plain, pair.client.cipher));
    CHECK(pair.client.plain.size() == event.size() * static_cast<std::size_t>(records));
    pair.client.plain.release();
    return allocations - before;
  };
  seal(1);
  open(1);
  const long held = held_bytes;
  for (const int records : {1, 20}) {
    const long sealed = seal(records);
    const long opened = open(records);
    INFO("OpenSSL allocations for " << records << " records: sealing " << sealed << ", opening "
                                    << opened);
    CHECK(sealed <= 6 * records);
    CHECK(opened <= 2 * records);
  }
  CHECK(held_bytes == held);  // nothing stays
}

}  // namespace
}  // namespace penstock::test
