#include "penstock/blocks.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace penstock;

namespace {

std::string letters(std::size_t bytes, std::size_t from = 0) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) {
    text.push_back(static_cast<char>('a' + (from + i) * 7 % 26));
  }
  return text;
}

}  // namespace

TEST_CASE("blocks: sizes by powers of two, above them exact, all accounted") {
  BlockPool pool;
  std::size_t capacity = 0;
  struct Case {
    std::size_t asked, given;
  };
  for (const Case c :
       {Case{1, 512}, Case{512, 512}, Case{513, 1024}, Case{65'535, 65'536}, Case{65'536, 65'536},
        Case{65'537, 65'537}, Case{131'072, 131'072}, Case{20'000'001, 20'000'001}}) {
    CAPTURE(c.asked);
    char* block = pool.take(c.asked, capacity);
    REQUIRE(block != nullptr);
    CHECK(capacity == c.given);
    CHECK(pool.lent_bytes() == c.given);
    for (std::size_t i = 0; i < block_padding; ++i) CHECK(block[capacity + i] == 0);
    std::memset(block, 'x', capacity);
    pool.give(block, capacity);
    CHECK(pool.lent_bytes() == 0);
  }
}

TEST_CASE("blocks: small ones are used again, and only a bounded number is kept") {
  BlockPool pool;
  std::size_t capacity = 0;
  char* block = pool.take(4000, capacity);
  pool.give(block, capacity);
  CHECK(pool.take(4096, capacity) == block);
  pool.give(block, capacity);
  std::vector<char*> many;
  for (int i = 0; i < 64; ++i) many.push_back(pool.take(65'536, capacity));
  CHECK(pool.lent_bytes() == 64 * 65'536);
  for (char* each : many) pool.give(each, 65'536);
  CHECK(pool.lent_bytes() == 0);
}

TEST_CASE("blocks: the limit bounds what is lent, whatever the rounding") {
  BlockPool pool(3000);
  std::size_t capacity = 0;
  CHECK(pool.take(3001, capacity) == nullptr);
  CHECK(pool.take(2049, capacity) == nullptr);  // a block of 4096
  char* first = pool.take(2000, capacity);
  REQUIRE(first != nullptr);
  CHECK(capacity == 2048);
  CHECK(pool.take(600, capacity) == nullptr);
  char* second = pool.take(500, capacity);
  REQUIRE(second != nullptr);
  CHECK(pool.lent_bytes() == 2560);
  CHECK(pool.take(1, capacity) == nullptr);
  pool.give(second, 512);
  pool.give(first, 2048);
  CHECK(pool.lent_bytes() == 0);
  BlockPool none(0);
  CHECK(none.take(1, capacity) == nullptr);
}

TEST_CASE("buffer: empty holds nothing") {
  BlockPool pool;
  Buffer buffer(pool);
  CHECK(buffer.empty());
  CHECK(buffer.capacity() == 0);
  CHECK(buffer.append(""));
  CHECK(buffer.capacity() == 0);
  buffer.release();
  CHECK(pool.lent_bytes() == 0);
}

TEST_CASE("buffer: grows by doubling, keeps its bytes, and the last one gives the memory back") {
  BlockPool pool;
  Buffer buffer(pool);
  std::string expected;
  std::vector<std::size_t> capacities;
  while (buffer.size() < 300'000) {
    const std::string piece = letters(1000, expected.size());
    REQUIRE(buffer.append(piece));
    expected += piece;
    if (capacities.empty() || capacities.back() != buffer.capacity()) {
      capacities.push_back(buffer.capacity());
    }
    REQUIRE(pool.lent_bytes() == buffer.capacity());
  }
  CHECK(capacities == std::vector<std::size_t>{1024, 2048, 4096, 8192, 16'384, 32'768, 65'536,
                                               131'072, 262'144, 524'288});
  CHECK(buffer.view() == expected);
  buffer.consume(299'999);
  CHECK(buffer.view() == expected.substr(299'999));
  buffer.consume(1);
  CHECK(pool.lent_bytes() == 0);
}

TEST_CASE("buffer: consumed room in front is used before it grows") {
  BlockPool pool;
  Buffer buffer(pool);
  REQUIRE(buffer.append(letters(512)));
  buffer.consume(400);
  REQUIRE(buffer.append(letters(300, 512)));
  CHECK(buffer.capacity() == 512);
  CHECK(buffer.view() == letters(412, 400));
  // Fewer consumed than held: moved into a larger block instead.
  buffer.consume(12);
  REQUIRE(buffer.append(letters(200, 812)));
  CHECK(buffer.capacity() == 1024);
  CHECK(buffer.view() == letters(600, 412));
}

TEST_CASE("buffer: room and commit") {
  BlockPool pool;
  Buffer buffer(pool);
  REQUIRE(buffer.reserve(10));
  CHECK(buffer.room_bytes() == 512);
  std::memcpy(buffer.room(), "abc", 3);
  buffer.commit(3);
  CHECK(buffer.view() == "abc");
  CHECK(buffer.room_bytes() == 509);
}

TEST_CASE("buffer: at the limit it grows by what is needed, then refuses and stays whole") {
  BlockPool pool(512 * 1024);
  Buffer buffer(pool);
  REQUIRE(buffer.append(letters(200'000)));
  CHECK(buffer.capacity() == 200'000);
  // Doubling would need 400 000 beside the 200 000; 210 000 fit.
  REQUIRE(buffer.append(letters(10'000, 200'000)));
  CHECK(buffer.capacity() == 210'000);
  const auto refused = buffer.append(letters(150'000));
  REQUIRE(!refused);
  CHECK(refused.error().code == Code::refused);
  CHECK(buffer.view() == letters(210'000));
  CHECK(pool.lent_bytes() == 210'000);
}

TEST_CASE("buffer: moves leave the source empty") {
  BlockPool pool;
  Buffer first(pool);
  REQUIRE(first.append("first"));
  Buffer second(std::move(first));
  CHECK(second.view() == "first");
  Buffer third(pool);
  REQUIRE(third.append("third"));
  third = std::move(second);
  CHECK(third.view() == "first");
  CHECK(pool.lent_bytes() == 512);
  Buffer& same = third;
  third = std::move(same);
  CHECK(third.view() == "first");
}

TEST_CASE("buffer against a string, at random") {
  std::mt19937 random(3);
  BlockPool pool(200'000);
  {
    std::vector<Buffer> buffers;
    for (int i = 0; i < 8; ++i) buffers.emplace_back(pool);
    std::vector<std::string> expected(8);
    int refusals = 0;
    for (int step = 0; step < 20'000; ++step) {
      const std::size_t i = random() % 8;
      switch (random() % 4) {
        case 0:
        case 1: {
          const std::string piece = letters(random() % 3000, static_cast<std::size_t>(step));
          const auto done = buffers[i].append(piece);
          if (done) expected[i] += piece;
          refusals += !done;
          break;
        }
        case 2: {
          const std::size_t bytes = random() % (expected[i].size() + 1);
          buffers[i].consume(bytes);
          expected[i].erase(0, bytes);
          break;
        }
        default:
          if (random() % 8 == 0) {
            buffers[i].release();
            expected[i].clear();
          }
          break;
      }
      REQUIRE(buffers[i].view() == expected[i]);
      REQUIRE(pool.lent_bytes() <= 200'000);
    }
    CHECK(pool.lent_bytes() > 0);
    CHECK(refusals >= 0);
  }
  CHECK(pool.lent_bytes() == 0);
}
