// When access tokens are fetched, on a clock of the test's own; and which tokens a new
// configuration takes over.
#include "gateway/token_schedule.h"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>

#include "gateway/token_cell.h"

using namespace penstock;

namespace {

constexpr Instant start{1'000'000'000'000};

constexpr Instant after(std::int64_t ms) {
  return start + Duration::milliseconds(ms);
}

Provider account(std::string name, std::string email, std::string key) {
  Provider provider;
  provider.name = std::move(name);
  provider.kind = ProviderKind::vertex;
  provider.service_account.emplace();
  provider.service_account->client_email = std::move(email);
  provider.service_account->private_key = Secret(key);
  provider.service_account->token_uri = "https://oauth2.googleapis.com/token";
  return provider;
}

std::shared_ptr<const GrantedToken> token(Bytes text, Instant ends) {
  return std::make_shared<const GrantedToken>(Secret(text), ends);
}

}  // namespace

TEST_CASE("token_schedule/the_first_fetch_is_due_at_once") {
  CHECK(TokenSchedule(start).due() == start);
}

TEST_CASE("token_schedule/a_token_is_renewed_when_four_fifths_of_its_lifetime_are_over") {
  TokenSchedule schedule(start);
  CHECK(schedule.granted(start, Duration::seconds(3600)) == after(3'600'000));
  CHECK(schedule.due() == after(2'880'000));
  // The lifetime counts from the asking, however long the answer took.
  CHECK(schedule.granted(after(2'880'000), Duration::seconds(100)) == after(2'980'000));
  CHECK(schedule.due() == after(2'960'000));
}

TEST_CASE("token_schedule/an_endpoint_with_tiny_lifetimes_is_not_hammered") {
  TokenSchedule schedule(start);
  CHECK(schedule.granted(start, Duration::seconds(1)) == after(1'000));
  CHECK(schedule.due() == after(1'000));
}

TEST_CASE("token_schedule/pauses_after_failures_double_up_to_a_minute") {
  TokenSchedule schedule(start);
  Instant now = start;
  for (const std::int64_t seconds : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    CHECK(schedule.failed(now) == Duration::seconds(seconds));
    CHECK(schedule.due() == now + Duration::seconds(seconds));
    now = schedule.due();
  }
}

TEST_CASE("token_schedule/a_success_ends_the_growth_of_the_pauses") {
  TokenSchedule schedule(start);
  for (int i = 0; i < 9; ++i) schedule.failed(start);
  schedule.granted(after(5'000), Duration::seconds(3600));
  CHECK(schedule.failed(after(2'900'000)) == Duration::seconds(1));
}

TEST_CASE("token_schedule/a_token_that_is_refused_is_replaced_early_once_a_minute") {
  TokenSchedule schedule(start);
  schedule.granted(start, Duration::seconds(3600));
  schedule.doubted(after(1'000));
  CHECK(schedule.due() == after(1'000));
  schedule.doubted(after(1'500));  // told again meanwhile
  CHECK(schedule.due() == after(1'000));
  schedule.granted(after(2'000), Duration::seconds(3600));
  CHECK(schedule.due() == after(2'882'000));
  // The new one is refused as well.
  schedule.doubted(after(2'100));
  CHECK(schedule.due() == after(62'000));
  schedule.granted(after(62'000), Duration::seconds(3600));
  schedule.doubted(after(90'000));
  CHECK(schedule.due() == after(122'000));
  // One that lives shorter is renewed at its time.
  schedule.granted(after(122'000), Duration::seconds(10));
  schedule.doubted(after(122'100));
  CHECK(schedule.due() == after(130'000));
}

TEST_CASE("token_schedule/a_doubt_does_not_shorten_the_pause_after_a_failure") {
  TokenSchedule schedule(start);
  schedule.granted(start, Duration::seconds(3600));
  schedule.doubted(after(1'000));
  CHECK(schedule.failed(after(1'000)) == Duration::seconds(1));
  schedule.doubted(after(1'100));
  CHECK(schedule.due() == after(2'000));
  CHECK(schedule.failed(after(2'000)) == Duration::seconds(2));
  schedule.doubted(after(2'100));
  CHECK(schedule.due() == after(4'000));
}

TEST_CASE("token_cell/only_the_newest_token_is_doubted") {
  const auto cell = std::make_shared<TokenCell>(account("google", "a@p", "key"));
  TokenReader reader(cell);
  reader.doubt();
  CHECK_FALSE(cell->doubted());  // there is none
  cell->grant(token("t1", after(10)));
  CHECK(reader.at(start));
  CHECK_FALSE(cell->doubted());
  reader.doubt();
  CHECK(cell->doubted());
  cell->grant(token("t2", after(10)));
  CHECK_FALSE(cell->doubted());
  reader.doubt();  // of the old one, by a shard that has not seen the new one
  CHECK_FALSE(cell->doubted());
}

TEST_CASE("token_cell/a_token_serves_until_it_ends_and_not_longer") {
  const auto cell = std::make_shared<TokenCell>(account("google", "a@p", "key"));
  TokenReader reader(cell);
  CHECK(reader.at(start) == nullptr);
  cell->grant(token("t1", after(10)));
  REQUIRE(reader.at(after(9)) != nullptr);
  CHECK(reader.at(after(9))->token.reveal() == "t1");
  CHECK(reader.at(after(10)) == nullptr);
  // Whoever holds an old one keeps it alive.
  const auto held = reader.at(start);
  cell->grant(token("t2", after(20)));
  CHECK(held->token.reveal() == "t1");
  CHECK(reader.at(after(10))->token.reveal() == "t2");
  CHECK(cell->version() == 2);
}

TEST_CASE("token_cell/shards_read_while_tokens_are_granted") {
  const auto cell = std::make_shared<TokenCell>(account("google", "a@p", "key"));
  constexpr int tokens = 2'000;
  std::atomic<int> wrong = 0;
  const auto read = [&] {
    TokenReader reader(cell);
    std::string last;
    while (last != "t" + std::to_string(tokens)) {
      const auto now = reader.at(start);
      if (!now) continue;
      const std::string text(now->token.reveal());
      // Never an older one again.
      if (text.size() < last.size() || (text.size() == last.size() && text < last)) ++wrong;
      last = text;
    }
  };
  std::thread one(read);
  std::thread two(read);
  for (int i = 1; i <= tokens; ++i) cell->grant(token("t" + std::to_string(i), after(10)));
  one.join();
  two.join();
  CHECK(wrong == 0);
}

TEST_CASE("token_cell/why_there_is_no_token_is_known") {
  TokenCell cell(account("google", "a@p", "key"));
  CHECK(cell.why_missing() == Code::upstream_unavailable);
  cell.note_failure(true);
  CHECK(cell.why_missing() == Code::upstream_auth_failed);
  cell.note_failure(false);
  CHECK(cell.why_missing() == Code::upstream_unavailable);
}

TEST_CASE("token_cell/an_unchanged_account_keeps_its_cell_in_the_next_configuration") {
  Snapshot before;
  before.providers.push_back(account("one", "a@p", "key"));
  before.providers.push_back(Provider());
  before.providers.push_back(account("two", "b@p", "key"));
  const TokenCells first = make_token_cells(before, {});
  REQUIRE(first.size() == 3);
  CHECK(first[1] == nullptr);
  CHECK(first[0] != first[2]);

  Snapshot same;
  same.providers.push_back(account("two", "b@p", "key"));
  same.providers.push_back(account("one", "a@p", "another key"));
  same.providers.push_back(account("three", "a@p", "key"));
  const TokenCells next = make_token_cells(same, first);
  REQUIRE(next.size() == 3);
  CHECK(next[0] == first[2]);
  CHECK(next[1] != first[0]);  // a new key: a new token
  CHECK(next[2] != first[0]);

  Snapshot elsewhere;
  elsewhere.providers.push_back(account("one", "a@p", "key"));
  elsewhere.providers.back().ca = "/etc/other.pem";
  CHECK(make_token_cells(elsewhere, first)[0] != first[0]);
  elsewhere.providers.back().ca.clear();
  CHECK(make_token_cells(elsewhere, first)[0] == first[0]);
  elsewhere.providers.back().service_account->token_uri = "https://other/token";
  CHECK(make_token_cells(elsewhere, first)[0] != first[0]);
}
