#include "gateway/process.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace penstock {

PeerCounts::Key PeerCounts::key_of(const Address& peer) {
  Key key{};
  if (peer.family() == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer.storage);
    key[10] = key[11] = 0xff;  // the mapped form, so that both families share one table
    std::memcpy(key.data() + 12, &v4.sin_addr, 4);
  } else if (peer.family() == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer.storage);
    std::memcpy(key.data(), &v6.sin6_addr, IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) ? 16 : 8);
  }
  return key;
}

std::size_t PeerCounts::Hash::operator()(const Key& key) const noexcept {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(key.data()), key.size()});
}

bool PeerCounts::add(const Key& peer, std::uint32_t limit) {
  const std::scoped_lock lock(mutex_);
  std::uint32_t& count = counts_[peer];
  if (limit != 0 && count >= limit) return false;
  ++count;
  return true;
}

void PeerCounts::remove(const Key& peer) {
  const std::scoped_lock lock(mutex_);
  const auto found = counts_.find(peer);
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

}  // namespace penstock
