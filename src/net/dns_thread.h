// The one thread that asks the network for names, for all shards. It owns c-ares (whose types do
// not leave the .cpp file) and its own poll loop; a shard hands it a name and finds the answer in
// its mailbox, after a poke. Caching is the shards' part (shard_resolver.h).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/driver.h"
#include "penstock/resolver.h"
#include "penstock/time.h"

namespace penstock {

struct DnsAnswer {
  enum class Outcome : std::uint8_t {
    found,
    absent,     // the name does not exist or has no address: DNS says so
    failed,     // the servers do not work, or refuse
    timed_out,  // no server answered in time
    refused,    // the thread has too many questions, or is stopping
  };
  std::string host;
  Outcome outcome = Outcome::failed;
  Resolved resolved{};  // without ports
  Duration ttl{};       // the smallest of the records; 0 for the hosts file
};

// Where a shard's answers wait for it. Shared by the shard and the questions under way, so that
// either may go first.
class DnsMailbox {
 public:
  explicit DnsMailbox(Driver& driver) : driver_(&driver) {}

  // From any thread. Pokes the shard when the box was empty.
  void put(DnsAnswer answer);
  // On the shard's thread. Costs one load when there is nothing.
  std::vector<DnsAnswer> take();
  // The shard ends: no more pokes.
  void close();

 private:
  std::atomic<bool> filled_ = false;
  std::mutex mutex_;
  std::vector<DnsAnswer> answers_;
  Driver* driver_;
};

struct DnsOptions {
  // "address:port,…" instead of the system's resolv.conf; then no search domains either.
  std::string servers;
  // After which a question is answered with timed_out (upstream.dns_timeout).
  Duration timeout = Duration::seconds(2);
  // Names under way at once; past that questions are refused.
  std::size_t pending_max = 1024;
};

class DnsThread {
 public:
  // The error is a sentence for people.
  static std::expected<std::unique_ptr<DnsThread>, std::string> start(
      const DnsOptions& options = {});
  DnsThread(const DnsThread&) = delete;
  DnsThread& operator=(const DnsThread&) = delete;
  // Stops: what is under way is answered with refused.
  ~DnsThread();

  // From any thread: asks for the addresses of a name; exactly one answer comes to `to`, and after
  // one that timed out perhaps a late one. The same name asked for by several shards at once is one
  // question to the network.
  void ask(std::string_view host, const std::shared_ptr<DnsMailbox>& to);

 private:
  class Loop;
  explicit DnsThread(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace penstock
