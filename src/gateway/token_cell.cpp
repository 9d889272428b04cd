#include "gateway/token_cell.h"

#include <algorithm>

namespace penstock {
namespace {

ServiceAccount copy_of(const ServiceAccount& account) {
  return {account.client_email, account.key_id, account.private_key.copy(), account.token_uri,
          account.token_url};
}

}  // namespace

TokenSource::TokenSource(const Provider& of)
    : provider(of.name),
      account(copy_of(*of.service_account)),
      ca(of.ca),
      allow_private(of.allow_private) {}

bool TokenSource::is_of(const Provider& other) const {
  if (!other.service_account) return false;
  const ServiceAccount& theirs = *other.service_account;
  return provider == other.name && ca == other.ca && allow_private == other.allow_private &&
         account.client_email == theirs.client_email && account.key_id == theirs.key_id &&
         account.token_uri == theirs.token_uri &&
         account.private_key.reveal() == theirs.private_key.reveal();
}

std::shared_ptr<const GrantedToken> TokenCell::latest() const {
  const std::scoped_lock lock(mutex_);
  return token_;
}

void TokenCell::grant(std::shared_ptr<const GrantedToken> token) {
  const std::scoped_lock lock(mutex_);
  token_.swap(token);  // the old one dies with its last reader
  version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const GrantedToken> TokenReader::at(Instant now) {
  if (const std::uint64_t version = cell_->version(); version != seen_) {
    held_ = cell_->latest();
    seen_ = version;
  }
  return held_ && now < held_->ends ? held_ : nullptr;
}

TokenCells make_token_cells(const Snapshot& snapshot,
                            std::span<const std::shared_ptr<TokenCell>> before) {
  TokenCells cells;
  for (const Provider& provider : snapshot.providers) {
    if (!provider.service_account) {
      cells.push_back(nullptr);
      continue;
    }
    const auto same = std::ranges::find_if(
        before, [&](const auto& cell) { return cell && cell->source().is_of(provider); });
    cells.push_back(same == before.end() ? std::make_shared<TokenCell>(provider) : *same);
  }
  return cells;
}

}  // namespace penstock
