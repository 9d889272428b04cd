#include "net/tls_session_cache.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdint>
#include <ctime>

namespace penstock {
namespace {

bool usable(SSL_SESSION* session) {
  if (SSL_SESSION_is_resumable(session) == 0) return false;
  const std::int64_t age_s = std::time(nullptr) - SSL_SESSION_get_time(session);
  if (age_s < 0 || age_s >= SSL_SESSION_get_timeout(session)) return false;
  X509* certificate = SSL_SESSION_get0_peer(session);
  return certificate && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

}  // namespace

void TlsSessionCache::put(const std::string& key, SslSessionPtr session) {
  if (keys_max_ == 0) return;
  auto [entry, added] = entries_.try_emplace(key);
  if (added) {
    by_use_.push_front(&entry->first);
    entry->second.used = by_use_.begin();
  } else {
    by_use_.splice(by_use_.begin(), by_use_, entry->second.used);
  }
  auto& sessions = entry->second.sessions;
  sessions.push_front(std::move(session));
  if (sessions.size() > per_key_max) sessions.pop_back();
  if (entries_.size() > keys_max_) drop(entries_.find(*by_use_.back()));
}

SslSessionPtr TlsSessionCache::take(const std::string& key) {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, entry->second.used);
  SslSessionPtr found;
  auto& sessions = entry->second.sessions;
  while (!found && !sessions.empty()) {
    if (usable(sessions.front().get())) found = std::move(sessions.front());
    sessions.pop_front();
  }
  if (sessions.empty()) drop(entry);
  return found;
}

void TlsSessionCache::drop(Entries::iterator entry) {
  by_use_.erase(entry->second.used);
  entries_.erase(entry);
}

}  // namespace penstock
