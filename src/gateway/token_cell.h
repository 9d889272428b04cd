// The access token of one provider with a Google service account: the keeper's thread puts it here,
// shards read it. A generation owns its cells; the cell of an unchanged account passes on to the
// next generation, with its token.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "penstock/error.h"
#include "penstock/secret.h"
#include "penstock/snapshot.h"
#include "penstock/time.h"

namespace penstock {

struct GrantedToken {
  Secret token;
  Instant ends;
};

// How a token is asked for: what of a provider's configuration matters to it.
struct TokenSource {
  std::string provider;  // its name, for people
  ServiceAccount account;
  std::string ca;  // PEM file of the roots that the endpoint is proven by; empty: the system's
  bool allow_private = false;  // the endpoint may have an address that is not public

  // `provider` has a service account.
  explicit TokenSource(const Provider& provider);
  bool is_of(const Provider& provider) const;
};

class TokenCell {
 public:
  explicit TokenCell(const Provider& provider) : source_(provider) {}

  const TokenSource& source() const { return source_; }
  // From any thread. Null when there is none, or none that is still good.
  std::shared_ptr<const GrantedToken> at(Instant now) const;
  // Why there is none: upstream_unavailable, or upstream_auth_failed when the endpoint refuses the
  // account.
  Code why_missing() const { return why_missing_.load(std::memory_order_relaxed); }

  // -- The keeper's.
  void grant(std::shared_ptr<const GrantedToken> token);
  void note_failure(bool refused) {
    why_missing_.store(refused ? Code::upstream_auth_failed : Code::upstream_unavailable,
                       std::memory_order_relaxed);
  }

 private:
  const TokenSource source_;
  std::atomic<std::shared_ptr<const GrantedToken>> token_;
  std::atomic<Code> why_missing_ = Code::upstream_unavailable;
};

using TokenCells = std::vector<std::shared_ptr<TokenCell>>;  // by ProviderIndex; null: no account

// The cells of a configuration. before: those of the one it follows; cells of providers whose name
// and account are the same are taken over.
TokenCells make_token_cells(const Snapshot& snapshot,
                            std::span<const std::shared_ptr<TokenCell>> before);

}  // namespace penstock
