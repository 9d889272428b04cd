// The resolver of one shard: a cache in front of the DNS thread. Not thread safe; the DNS thread is
// reached through it alone.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "net/dns_thread.h"
#include "penstock/driver.h"
#include "penstock/resolver.h"

namespace penstock {

class ShardResolver final : public Resolver {
 public:
  // Names kept at most. The names are the targets of the configuration, so this is plenty; past it
  // the one nearest to its end goes.
  static constexpr std::size_t names_max = 512;
  // What a record's time to live is clamped to.
  static constexpr Duration ttl_min = Duration::seconds(1);
  static constexpr Duration ttl_max = Duration::seconds(300);
  // How long a failure is remembered: that a name does not exist, and that servers did not work.
  static constexpr Duration absent_ttl = Duration::seconds(5);
  static constexpr Duration failed_ttl = Duration::seconds(1);
  // Addresses that have run out still serve while the servers do not work (RFC 8767 §5), that long;
  // one lookup waits for the failure, and for `stale_ttl` no other does.
  static constexpr Duration stale_max = Duration::seconds(600);
  static constexpr Duration stale_ttl = Duration::seconds(30);

  // Both must outlive this object.
  ShardResolver(Driver& driver, DnsThread& dns)
      : driver_(driver), dns_(dns), mailbox_(std::make_shared<DnsMailbox>(driver)) {}
  ~ShardResolver() override;

  void start(Lookup& lookup, std::string_view host, std::uint16_t port) override;
  void cancel(Lookup& lookup) override;
  // Takes finished answers and wakes who waited for them. The shard calls it once a turn; an answer
  // pokes the driver. One load when there is none.
  void poll();

  std::size_t names() const { return entries_.size(); }

 private:
  struct Entry {
    Result<Resolved> result;            // an error: remembered until `expires`
    Instant expires = {INT64_MIN};      // nothing is known before the first answer
    Instant refresh = {INT64_MIN};      // used after this: ask again, so that nobody waits
    Instant stale_until = {INT64_MIN};  // addresses serve until then if asking fails
    Lookup* waiting = nullptr;
    bool asked = false;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  void ask(Entries::iterator entry);
  void take(const DnsAnswer& answer);
  void make_room();

  Driver& driver_;
  DnsThread& dns_;
  std::shared_ptr<DnsMailbox> mailbox_;
  Entries entries_;
};

}  // namespace penstock
