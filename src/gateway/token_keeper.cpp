#include "gateway/token_keeper.h"

#include <curl/curl.h>
#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <ctime>

#include "penstock/provider.h"

namespace penstock {
namespace {

Instant monotonic_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return {t.tv_sec * 1'000'000'000 + t.tv_nsec};
}

// Nothing is due. How long a token that a provider refuses may stay unnoticed: shards note it and
// wake nobody.
constexpr Duration idle_wait = Duration::seconds(1);

bool serves(const TokenCell& cell, Instant now) {
  const auto token = cell.latest();
  return token && now < token->ends;
}

}  // namespace

void TokenKeeper::keep(const TokenCells& cells) {
  const bool any = std::ranges::any_of(cells, [](const auto& cell) { return cell != nullptr; });
  if (!any && !thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    next_ = cells;
  }
  if (thread_.joinable()) return loop_->wake();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  loop_.emplace();
  thread_ = std::thread([this] {
    sigset_t all;  // signals are the control thread's
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    run();
  });
  pthread_setname_np(thread_.native_handle(), "penstock-tokens");
}

void TokenKeeper::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  loop_->wake();
  thread_.join();
}

void TokenKeeper::run() {
  while (!stopping_.load()) {
    take_cells();
    look_for_doubts();
    const Instant now = monotonic_now();
    for (const auto& entry : entries_) {
      if (!entry->fetch && entry->schedule.due() <= now) begin(*entry);
    }
    loop_->turn(until_due());
    for (const auto& entry : entries_) {
      if (entry->fetch && entry->fetch->done()) finish(*entry);
    }
  }
  for (const auto& entry : entries_) {
    if (entry->fetch) loop_->give_up(*entry->fetch);
  }
  entries_.clear();
}

void TokenKeeper::take_cells() {
  std::optional<TokenCells> cells;
  {
    const std::scoped_lock lock(mutex_);
    cells.swap(next_);
  }
  if (!cells) return;
  std::vector<std::unique_ptr<Entry>> kept;
  for (auto& cell : *cells) {
    if (!cell) continue;
    const auto same =
        std::ranges::find_if(entries_, [&](const auto& e) { return e && e->cell == cell; });
    kept.push_back(same == entries_.end() ? std::make_unique<Entry>(cell, monotonic_now())
                                          : std::move(*same));
  }
  for (const auto& entry : entries_) {
    if (entry && entry->fetch) loop_->give_up(*entry->fetch);
  }
  entries_ = std::move(kept);
}

// Tokens that a provider refuses before their end are replaced early.
void TokenKeeper::look_for_doubts() {
  for (const auto& entry : entries_) {
    const TokenCell& cell = *entry->cell;
    if (entry->fetch || !cell.doubted()) continue;
    entry->schedule.doubted(monotonic_now());
    if (entry->doubted == cell.version()) continue;
    entry->doubted = cell.version();
    const Duration wait = entry->schedule.due() - monotonic_now();
    events_.write(Level::warning, "token_refused",
                  {{"provider", Bytes(cell.source().provider)},
                   {"fetch_ms", std::max<std::int64_t>(wait.ms(), 0)}});
  }
}

Duration TokenKeeper::until_due() const {
  const Instant now = monotonic_now();
  Instant soonest = now + idle_wait;
  for (const auto& entry : entries_) {
    if (!entry->fetch) soonest = std::min(soonest, entry->schedule.due());
  }
  // Rounded up: a wait that ends too early would only be one turn for nothing.
  return soonest + Duration::milliseconds(1) - now;
}

void TokenKeeper::begin(Entry& entry) {
  entry.asked = monotonic_now();
  auto body = write_token_request(entry.cell->source().account, std::time(nullptr));
  if (!body) return fail(entry, "the private key cannot sign", 0, true);
  entry.fetch = std::make_unique<TokenFetch>(entry.cell->source(), std::move(*body));
  loop_->begin(*entry.fetch);
}

void TokenKeeper::finish(Entry& entry) {
  const std::unique_ptr<TokenFetch> fetch = std::move(entry.fetch);
  if (fetch->status() == 0) return fail(entry, fetch->failure(), 0, false);
  auto token = read_token_answer(fetch->status(), fetch->answer());
  if (!token) {
    const bool refused = token.error().code == Code::upstream_auth_failed;
    return fail(entry, refused ? "refused" : "no sound answer", fetch->status(), refused);
  }
  const Instant ends = entry.schedule.granted(entry.asked, Duration::seconds(token->lifetime_s));
  entry.cell->grant(std::make_shared<const GrantedToken>(std::move(token->token), ends));
  entry.cell->note_failure(false);
  granted_.fetch_add(1, std::memory_order_relaxed);
  if (entry.failing) {
    events_.write(
        Level::info, "token_granted",
        {{"provider", Bytes(entry.cell->source().provider)}, {"lifetime_s", token->lifetime_s}});
  }
  entry.failing = false;
}

void TokenKeeper::fail(Entry& entry, const char* why, std::uint16_t status, bool refused) {
  const Instant now = monotonic_now();
  const Duration pause = entry.schedule.failed(now);
  entry.cell->note_failure(refused);
  entry.failing = true;
  failed_.fetch_add(1, std::memory_order_relaxed);
  events_.write(Level::error, "token_failed",
                {{"provider", Bytes(entry.cell->source().provider)},
                 {"reason", why},
                 {"status", status},
                 {"serving", serves(*entry.cell, now)},
                 {"retry_ms", pause.ms()}});
}

}  // namespace penstock
