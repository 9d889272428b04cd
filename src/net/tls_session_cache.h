// TLS sessions with upstreams that may be resumed: a resumed handshake costs half a full one and
// brings the identity that was verified then. One cache per client context, so per shard and per
// verification settings; within it by host, port and server name. Not thread safe.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "net/tls_handles.h"

namespace penstock {

class TlsSessionCache {
 public:
  // Kept for one key at most: as many connections as are commonly opened at once.
  static constexpr std::size_t per_key_max = 4;

  // `keys_max` bounds the keys; the one unused for longest goes first. 0: nothing is kept.
  explicit TlsSessionCache(std::size_t keys_max) : keys_max_(keys_max) {}

  // Keeps a session; the oldest of the key goes when it has `per_key_max`.
  void put(const std::string& key, SslSessionPtr session);
  // Takes the newest usable session out, so that no TLS 1.3 ticket is ever used twice (RFC 8446
  // appendix C.4). Sessions past their lifetime, or whose certificate has expired, are dropped.
  // Null when there is none.
  SslSessionPtr take(const std::string& key);
  std::size_t keys() const { return entries_.size(); }

 private:
  struct Entry {
    std::list<SslSessionPtr> sessions;  // newest first
    std::list<const std::string*>::iterator used;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  void drop(Entries::iterator entry);

  Entries entries_;
  std::list<const std::string*> by_use_;  // most recent first; points at the keys of `entries_`
  std::size_t keys_max_;
};

}  // namespace penstock
