#include "net/shard_resolver.h"

#include <algorithm>
#include <utility>

namespace penstock {
namespace {

std::unexpected<Error> failure(Code code) {
  return fail(code, Side::upstream, Retry::if_unsent);
}

// A name as DNS takes it (RFC 1123 §2.1, with underscores), in lower case; empty if it is none.
std::string name_of(std::string_view host) {
  std::string name(host);
  std::size_t label = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    char& c = name[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (fits && ++label <= 63) continue;
    if (c != '.' || label == 0) return {};
    label = 0;
  }
  if (name.empty() || name.size() - (label == 0 ? 1 : 0) > 253 || looks_numeric(name)) return {};
  return name;
}

Result<Resolved> with_port(const Result<Resolved>& result, std::uint16_t port) {
  Result<Resolved> copy = result;
  if (copy) {
    for (std::size_t i = 0; i < copy->count; ++i) copy->addresses[i].set_port(port);
  }
  return copy;
}

Code code_of(DnsAnswer::Outcome outcome) {
  switch (outcome) {
    case DnsAnswer::Outcome::timed_out:
      return Code::timed_out;
    case DnsAnswer::Outcome::refused:
      return Code::refused;
    default:
      return Code::dns_failed;
  }
}

}  // namespace

ShardResolver::~ShardResolver() {
  mailbox_->close();
  for (auto& [name, entry] : entries_) PENSTOCK_ASSERT(entry.waiting == nullptr);
}

void ShardResolver::start(Lookup& lookup, std::string_view host, std::uint16_t port) {
  lookup.begin(*this);
  lookup.port = port;
  if (const auto literal = parse_ip(host, port)) {
    Resolved resolved;
    resolved.addresses[0] = *literal;
    resolved.count = 1;
    lookup.finish(resolved);
    return;
  }
  const std::string name = name_of(host);
  if (name.empty()) {
    lookup.finish(failure(Code::dns_failed));
    return;
  }
  auto entry = entries_.find(name);
  if (entry == entries_.end()) {
    make_room();
    entry = entries_.try_emplace(name).first;
  }
  Entry& known = entry->second;
  const Instant now = driver_.now();
  const bool fresh = now < known.expires;
  if (fresh) {
    lookup.finish(with_port(known.result, port));
    if (now < known.refresh) return;
  } else {
    lookup.slot = &known;
    lookup.next = std::exchange(known.waiting, &lookup);
  }
  ask(entry);
}

void ShardResolver::ask(Entries::iterator entry) {
  if (std::exchange(entry->second.asked, true)) return;
  dns_.ask(entry->first, mailbox_);
}

void ShardResolver::cancel(Lookup& lookup) {
  if (!lookup.pending()) return;
  Lookup** at = &static_cast<Entry*>(lookup.slot)->waiting;
  while (*at && *at != &lookup) at = &(*at)->next;
  PENSTOCK_ASSERT(*at == &lookup);
  *at = lookup.next;
  lookup.abandon();
}

void ShardResolver::poll() {
  for (const DnsAnswer& answer : mailbox_->take()) take(answer);
}

void ShardResolver::take(const DnsAnswer& answer) {
  const auto found = entries_.find(answer.host);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  entry.asked = false;
  const Instant now = driver_.now();
  if (answer.outcome == DnsAnswer::Outcome::found) {
    const Duration ttl = std::clamp(answer.ttl, ttl_min, ttl_max);
    entry.result = answer.resolved;
    entry.expires = now + ttl;
    entry.refresh = now + Duration{ttl.ns / 4 * 3};
    entry.stale_until = entry.expires + stale_max;
  } else if (answer.outcome == DnsAnswer::Outcome::absent || now >= entry.stale_until) {
    const bool absent = answer.outcome == DnsAnswer::Outcome::absent;
    entry.result = failure(code_of(answer.outcome));
    entry.expires = now + (absent ? absent_ttl : failed_ttl);
    entry.refresh = Instant::never();  // a failure is not asked for again before it has run out
    entry.stale_until = {INT64_MIN};
  } else {
    // The servers do not work: the addresses go on serving, and are asked for again soon.
    entry.expires = std::max(entry.expires, now + stale_ttl);
    entry.refresh = now + failed_ttl;
  }
  Lookup* waiting = std::exchange(entry.waiting, nullptr);
  while (waiting) {
    Lookup* const lookup = std::exchange(waiting, waiting->next);
    lookup->finish(with_port(entry.result, lookup->port));
  }
}

// Drops the entry nearest to its end among those that nobody waits for.
void ShardResolver::make_room() {
  if (entries_.size() < names_max) return;
  auto victim = entries_.end();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->second.waiting) continue;
    if (victim == entries_.end() || entry->second.expires < victim->second.expires) victim = entry;
  }
  if (victim != entries_.end()) entries_.erase(victim);
}

}  // namespace penstock
