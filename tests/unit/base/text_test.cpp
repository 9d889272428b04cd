#include "penstock/text.h"

#include <doctest/doctest.h>

#include <string>

using namespace penstock;

TEST_CASE("text/every_size_is_copied_and_nothing_behind_it") {
  for (std::size_t size = 0; size < 200; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i * 7 % 26);
    std::string room(size + 8, '#');
    char* const behind = put(room.data(), Bytes(text));
    CHECK(behind == room.data() + size);
    CHECK(room == text + "########");
  }
}

TEST_CASE("text/nothing_may_be_nowhere") {
  char room = '#';
  CHECK(put(&room, Bytes()) == &room);
  CHECK(room == '#');
}

TEST_CASE("text/literals_and_numbers") {
  std::string room(64, '#');
  char* at = put(room.data(), "Content-Length: ");
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{9}, std::uint64_t{10},
                                     std::uint64_t{18'446'744'073'709'551'615u}}) {
    at = put(put(at, number), " ");
  }
  CHECK(Bytes(room.data(), static_cast<std::size_t>(at - room.data())) ==
        "Content-Length: 0 9 10 18446744073709551615 ");
}

TEST_CASE("text/numbers_of_every_length") {
  std::string room(decimal_digits_max, '#');
  const auto written = [&](std::uint64_t number) {
    return std::string(room.data(), put(room.data(), number));
  };
  for (std::uint64_t number = 0; number < 20'100; ++number) {
    REQUIRE(written(number) == std::to_string(number));
  }
  for (std::uint64_t power = 10; power < 10'000'000'000'000'000'000u; power *= 10) {
    for (const std::uint64_t number : {power - 1, power, power + 1, power * 10 / 3, power * 7}) {
      CHECK(written(number) == std::to_string(number));
    }
  }
}
