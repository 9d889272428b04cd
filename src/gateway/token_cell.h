// The access token of one provider with a Google service account: the keeper's thread puts it here,
// shards read it. A generation owns its cells; the cell of an unchanged account passes on to the
// next generation, with its token.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
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
  // -- From any thread.

  // Another number for each token; 0: there was none yet.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  // The newest one, good or not; null: there was none yet. Takes a lock: shards have a TokenReader.
  std::shared_ptr<const GrantedToken> latest() const;
  // Why there is none: upstream_unavailable, or upstream_auth_failed when the endpoint refuses the
  // account.
  Code why_missing() const { return why_missing_.load(std::memory_order_relaxed); }
  // The provider refused the token of that version before its end: somebody revoked it.
  void doubt(std::uint64_t version) const { doubted_.store(version, std::memory_order_relaxed); }

  // -- The keeper's.

  // The newest token is the one that was refused.
  bool doubted() const {
    const std::uint64_t doubted = doubted_.load(std::memory_order_relaxed);
    return doubted != 0 && doubted == version();
  }

  void grant(std::shared_ptr<const GrantedToken> token);
  void note_failure(bool refused) {
    why_missing_.store(refused ? Code::upstream_auth_failed : Code::upstream_unavailable,
                       std::memory_order_relaxed);
  }

 private:
  const TokenSource source_;
  mutable std::mutex mutex_;
  std::shared_ptr<const GrantedToken> token_;
  std::atomic<std::uint64_t> version_ = 0;
  mutable std::atomic<std::uint64_t> doubted_ = 0;  // a version; all that shards write
  std::atomic<Code> why_missing_ = Code::upstream_unavailable;
};

// One shard's look at a cell: a lock is taken once for each new token, otherwise one number is
// read. (std::atomic<std::shared_ptr> would do without, but GCC 12's lets go of its bit with
// relaxed order, which is a race.)
class TokenReader {
 public:
  // `cell` may be null: the provider has no service account, and nothing is asked.
  explicit TokenReader(std::shared_ptr<const TokenCell> cell) : cell_(std::move(cell)) {}

  // Null when there is no token, or none that is still good.
  std::shared_ptr<const GrantedToken> at(Instant now);
  Code why_missing() const { return cell_->why_missing(); }
  // The token that `at` gave last was refused by the provider.
  void doubt() const { cell_->doubt(seen_); }

 private:
  std::shared_ptr<const TokenCell> cell_;
  std::shared_ptr<const GrantedToken> held_;
  std::uint64_t seen_ = 0;
};

using TokenCells = std::vector<std::shared_ptr<TokenCell>>;  // by ProviderIndex; null: no account

// The cells of a configuration. before: those of the one it follows; cells of providers whose name
// and account are the same are taken over.
TokenCells make_token_cells(const Snapshot& snapshot,
                            std::span<const std::shared_ptr<TokenCell>> before);

}  // namespace penstock
