// Plain streams over simulated sockets: what arrives, what leaves, back-pressure, ends.
#include "penstock/stream.h"

#include <doctest/doctest.h>

#include "penstock/task.h"
#include "support/sim_pairs.h"

using namespace penstock;
using namespace penstock::test;

namespace {

std::string pattern(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

// Sends all of `text` from the far end while the stream takes what it takes.
std::string pour(SimPairs& pairs, Stream& stream, Bytes text, bool consume) {
  std::string got;
  for (int round = 0; round < 4000 && !text.empty(); ++round) {
    text.remove_prefix(pairs.peers[0]->send(text));
    pairs.driver.turn(Deadline::after(pairs.driver.now(), Duration::milliseconds(1)));
    if (!consume) continue;
    got += stream.readable();
    stream.consume(stream.readable().size());
  }
  return got;
}

// What is left of `text` when the stream, whose owner reads nothing, takes no more.
Bytes overfill(SimPairs& pairs, Bytes text) {
  for (int round = 0; round < 4000; ++round) {
    text.remove_prefix(pairs.peers[0]->send(text));
    pairs.driver.turn(Deadline::after(pairs.driver.now(), Duration::milliseconds(1)));
  }
  return text;
}

// Writes all of `left`, whenever there is room.
Task<> pump(Stream* to, Signal* signal, Bytes* left, int* wakes) {
  while (!left->empty()) {
    co_await signal->wait(Deadline::never());
    ++*wakes;
    const auto taken = to->write(std::span(left, 1));
    if (!taken) co_return;
    left->remove_prefix(*taken);
  }
}

}  // namespace

TEST_CASE("stream: what arrives is kept in order until it is consumed") {
  SimPairs pairs;
  const StreamPtr stream = pairs.stream();
  CHECK(stream->established());
  CHECK(stream->readable().empty());
  pairs.peers[0]->send("abc");
  pairs.pass();
  CHECK(stream->readable() == "abc");
  pairs.peers[0]->send("def");
  pairs.pass();
  CHECK(stream->readable() == "abcdef");
  stream->consume(2);
  CHECK(stream->readable() == "cdef");
  pairs.pass();
  CHECK(stream->readable() == "cdef");
  stream->consume(4);
  CHECK(stream->readable().empty());
  CHECK(stream->received_total() == 6);
}

TEST_CASE("stream: an owner that does not consume holds its peer back, and loses nothing") {
  SimPairs pairs;
  const StreamPtr stream = pairs.stream();
  stream->set_receive_max(1000);
  const std::string text = pattern(2'000'000);
  Bytes rest = text;
  for (int round = 0; round < 2000; ++round) {
    rest.remove_prefix(pairs.peers[0]->send(rest));
    pairs.driver.turn(Deadline::after(pairs.driver.now(), Duration::milliseconds(1)));
  }
  CHECK_FALSE(rest.empty());
  // One receive more than the limit may have been under way.
  CHECK(stream->readable().size() < 1000 + 2 * 65'536);
  std::string got(stream->readable());
  stream->consume(got.size());
  got += pour(pairs, *stream, rest, true);
  pairs.pass();
  got += stream->readable();
  CHECK(got == text);
}

TEST_CASE("stream: an abrupt peer's end is seen behind what nobody reads") {
  for (const bool abrupt : {false, true}) {
    CAPTURE(abrupt);
    SimPairs pairs;
    const StreamPtr stream = pairs.stream();
    stream->set_abrupt(abrupt);
    stream->set_receive_max(1000);
    const std::string text = pattern(400'000);
    const Bytes rest = overfill(pairs, text);
    REQUIRE_FALSE(rest.empty());
    CHECK_FALSE(stream->gone());
    pairs.peers[0]->finish();
    pairs.pass();
    CHECK(stream->gone() == abrupt);
    CHECK_FALSE(stream->broken());
    CHECK(Bytes(text).starts_with(stream->readable()));
  }
}

TEST_CASE("stream: an abrupt peer that stays is read on when there is room again") {
  SimPairs pairs;
  const StreamPtr stream = pairs.stream();
  stream->set_abrupt(true);
  stream->set_receive_max(1000);
  const std::string text = pattern(400'000);
  const Bytes rest = overfill(pairs, text);
  REQUIRE_FALSE(rest.empty());
  std::string got(stream->readable());
  stream->consume(got.size());
  got += pour(pairs, *stream, rest, true);
  pairs.pass();
  got += stream->readable();
  CHECK(got == text);
  CHECK_FALSE(stream->gone());
}

TEST_CASE("stream: pause stops reading, unpause goes on") {
  SimPairs pairs;
  const StreamPtr stream = pairs.stream();
  stream->pause();
  pairs.pass();
  pairs.peers[0]->send("abc");
  pairs.pass();
  CHECK(stream->readable().empty());
  stream->unpause();
  pairs.pass();
  CHECK(stream->readable() == "abc");
  // At once, before the end of the receive was told.
  stream->pause();
  stream->unpause();
  pairs.peers[0]->send("def");
  pairs.pass();
  CHECK(stream->readable() == "abcdef");
}

TEST_CASE("stream: what the socket does not take follows by itself") {
  SimPairs pairs;
  const StreamPtr stream = pairs.stream();
  const std::string text = pattern(1'000'000);
  const std::array<Bytes, 2> pieces{Bytes(text).substr(0, 7), Bytes(text).substr(7)};
  CHECK(stream->send(pieces));
  CHECK(stream->unsent() > 0);
  CHECK(stream->send("the end"));
  stream->finish_sending();
  pairs.peers[0]->listen();
  pairs.pass(Duration::seconds(60));
  CHECK(stream->unsent() == 0);
  CHECK(stream->sent_total() == text.size() + 7);
  CHECK(pairs.peers[0]->in == text + "the end");
  CHECK(pairs.peers[0]->ended);
  CHECK_FALSE(pairs.peers[0]->broken);
}

TEST_CASE("stream: write says what was taken, and wakes when there is room") {
  SimPairs pairs;
  const StreamPtr stream = pairs.stream();
  const std::string text = pattern(1'000'000);
  Bytes rest = text;
  const auto first = stream->write(std::span(&rest, 1));
  REQUIRE(first);
  CHECK(*first > 0);
  CHECK(*first < text.size());
  CHECK(stream->unsent() == 0);
  rest.remove_prefix(*first);
  pairs.peers[0]->listen();
  int wakes = 0;
  Spawner spawner;
  spawner.spawn(pump(stream.get(), &pairs.signal, &rest, &wakes));
  pairs.pass(Duration::seconds(60));
  CHECK(rest.empty());
  CHECK(wakes > 0);
  CHECK(pairs.peers[0]->in == text);
}

TEST_CASE("stream: an orderly end leaves the bytes before it") {
  SimPairs pairs;
  const StreamPtr stream = pairs.stream();
  pairs.peers[0]->send("last words");
  pairs.peers[0]->finish();
  pairs.pass();
  CHECK(stream->ended());
  CHECK(stream->gone());
  CHECK_FALSE(stream->broken());
  CHECK(stream->readable() == "last words");
  // The other direction is open.
  CHECK(stream->send("answer"));
  pairs.peers[0]->listen();
  pairs.pass();
  CHECK(pairs.peers[0]->in == "answer");
}

TEST_CASE("stream: a reset breaks it for both directions") {
  SimPairs pairs;
  const StreamPtr stream = pairs.stream();
  pairs.peers[0]->close(CloseHow::reset);
  pairs.pass();
  CHECK(stream->broken());
  CHECK_FALSE(stream->tls_failed());
  const auto sent = stream->send("x");
  REQUIRE_FALSE(sent);
  CHECK(sent.error().code == Code::reset);
  const Bytes bytes = "x";
  CHECK_FALSE(stream->write(std::span(&bytes, 1)));
}

TEST_CASE("stream: letting go closes as asked, whatever is under way") {
  for (const CloseHow how : {CloseHow::orderly, CloseHow::reset}) {
    SimPairs pairs;
    StreamPtr stream = pairs.stream();
    pairs.peers[0]->listen();
    stream->set_close(how);
    stream.reset();
    pairs.pass();
    CHECK(pairs.peers[0]->ended == (how == CloseHow::orderly));
    CHECK(pairs.peers[0]->broken == (how == CloseHow::reset));
  }
  SimPairs pairs;
  StreamPtr stream = pairs.stream();
  const std::string text = pattern(1'000'000);
  CHECK(stream->send(text));
  CHECK(pairs.driver.blocks().lent_bytes() > 0);
  stream.reset();  // with bytes that never left; SimPairs checks that nothing is left
  CHECK(pairs.driver.blocks().lent_bytes() == 0);
}

namespace {

constexpr SimFaults all_batched{.batched_send = 1000};

}  // namespace

TEST_CASE("stream: what is sent in one turn keeps its order, and the end comes behind it") {
  SimPairs pairs(1, all_batched);
  const StreamPtr stream = pairs.stream();
  pairs.peers[0]->listen();
  CHECK(stream->send(Bytes("one ")));
  CHECK(stream->sending());
  CHECK(stream->unsent() == 0);
  CHECK(stream->send(Bytes("two ")));
  const Bytes three = "three";
  CHECK(stream->write(std::span(&three, 1)).value() == 0);  // its turn comes with a wake-up
  stream->finish_sending();
  pairs.pass();
  CHECK_FALSE(stream->sending());
  CHECK(pairs.peers[0]->in == "one two ");
  CHECK(pairs.peers[0]->ended);
}

TEST_CASE("stream: letting go sends what the turn was given, and then closes") {
  SimPairs pairs(1, all_batched);
  StreamPtr stream = pairs.stream();
  pairs.peers[0]->listen();
  CHECK(stream->send(Bytes("the last words")));
  stream.reset();
  pairs.pass();
  CHECK(pairs.peers[0]->in == "the last words");
  CHECK(pairs.peers[0]->ended);
}

TEST_CASE("stream: a writer whose turn did not come is woken, with no other event") {
  SimPairs pairs(1, all_batched);
  const StreamPtr stream = pairs.stream();
  pairs.peers[0]->listen();
  Spawner spawner;
  std::string text = "behind it";
  Bytes left = text;
  int wakes = 0;
  CHECK(stream->send(Bytes("before ")));
  CHECK(stream->write(std::span(&left, 1)).value() == 0);
  spawner.spawn(pump(stream.get(), &pairs.signal, &left, &wakes));
  pairs.pass();
  CHECK(left.empty());
  CHECK(wakes == 1);
  CHECK(pairs.peers[0]->in == "before behind it");
}

TEST_CASE("stream: sending wakes nobody who does not wait for it") {
  SimPairs pairs(1, all_batched);
  const StreamPtr stream = pairs.stream();
  Spawner spawner;
  std::string text;
  Bytes left = "x";
  int wakes = 0;
  spawner.spawn(pump(stream.get(), &pairs.signal, &left, &wakes));
  CHECK(stream->send(Bytes("an answer")));
  pairs.pass();
  CHECK(wakes == 0);
  pairs.signal.wake();
  pairs.pass();
}

TEST_CASE("stream: what a dead connection did not take is there for another one") {
  SimFaults faults = all_batched;
  SimPairs pairs(1, faults);
  const StreamPtr stream = pairs.stream();
  const std::uint64_t before = stream->sent_total();
  pairs.peers[0]->send("an answer");
  pairs.pass();
  faults.stale_send = 1000;
  pairs.driver.set_faults(faults);
  CHECK(stream->send(Bytes("a request, ")));
  CHECK(stream->send(Bytes("and its body")));
  CHECK(stream->untaken().empty());  // nothing is known yet
  pairs.pass();
  CHECK(stream->broken());
  CHECK(stream->refuses());
  CHECK(stream->sent_total() == before);
  CHECK(stream->untaken() == "a request, and its body");
}

TEST_CASE("stream: a stream that is not batched is told of a break at once") {
  SimFaults faults = all_batched;
  SimPairs pairs(1, faults);
  const StreamPtr stream = pairs.stream();
  stream->set_batched(false);
  CHECK(stream->send(Bytes("x")));
  CHECK_FALSE(stream->sending());
  faults.reset = 1000;
  pairs.driver.set_faults(faults);
  CHECK_FALSE(stream->send(Bytes("y")));
  CHECK(stream->refuses());
  CHECK(stream->untaken().empty());
}

TEST_CASE("stream: without memory a send is refused, and what arrives breaks the stream") {
  SimPairs pairs(1, {}, 4096);
  const StreamPtr stream = pairs.stream();
  const std::string text = pattern(1'000'000);
  const auto sent = stream->send(text);
  REQUIRE_FALSE(sent);
  CHECK(sent.error().code == Code::refused);
  const StreamPtr other = pairs.stream();
  for (int i = 0; i < 100; ++i) {
    pairs.peers[1]->send(Bytes(text).substr(0, 500));
    pairs.pass(Duration::milliseconds(1));
  }
  CHECK(other->broken());
}

TEST_CASE("stream: bytes come through whole under every fault that breaks nothing") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    SimFaults faults = SimFaults::swarm(seed);
    faults.reset = faults.stale_send = faults.peer_death = faults.out_of_descriptors =
        faults.last_accept = 0;
    faults.refuse_connect = faults.blackhole_connect = faults.clock_jump = 0;
    faults.lost_completions = 0;
    SimPairs pairs(seed, faults);
    const StreamPtr stream = pairs.stream();
    stream->set_receive_max(700);
    stream->set_abrupt(seed % 2 == 0);  // its peer ends only when all was read
    pairs.peers[0]->listen();
    const std::string text = pattern(5000);
    CHECK(stream->send(text));
    stream->finish_sending();
    Bytes rest = text;
    std::string got;
    for (int round = 0; round < 20'000 && got.size() < text.size(); ++round) {
      rest.remove_prefix(pairs.peers[0]->send(rest));
      if (round % 3 == 0) {
        got += stream->readable().substr(0, 900);
        stream->consume(std::min<std::size_t>(stream->readable().size(), 900));
      }
      if (round % 11 == 0) stream->pause();
      if (round % 11 == 4) stream->unpause();
      pairs.driver.turn(Deadline::after(pairs.driver.now(), Duration::milliseconds(5)));
    }
    CHECK(got == text);
    CHECK(pairs.driver.run_until([&] { return pairs.peers[0]->ended; }, Duration::seconds(300)));
    CHECK(pairs.peers[0]->in == text);
  }
}
