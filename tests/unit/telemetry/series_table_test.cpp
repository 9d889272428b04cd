#include "telemetry/series_table.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <thread>

#include "telemetry/labels.h"
#include "telemetry/shard_metrics.h"

using namespace penstock;

TEST_CASE("series_table/counts_by_key_like_a_map") {
  SeriesTable table;
  std::map<std::uint64_t, std::uint64_t> expected;
  std::mt19937_64 random(1);
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    const SeriesKey key{Family::requests, static_cast<std::uint16_t>(random() % 20),
                        static_cast<std::uint16_t>(random() % 5),
                        static_cast<std::uint16_t>(random() % 10),
                        static_cast<std::uint8_t>(random() % 4)};
    table.counter(key).add(i % 3 + 1);
    expected[key.packed()] += i % 3 + 1;
  }
  std::map<std::uint64_t, std::uint64_t> found;
  table.each([&found](SeriesKey key, std::uint64_t value, const Histogram* histogram) {
    CHECK(histogram == nullptr);
    CHECK(found.emplace(key.packed(), value).second);
  });
  CHECK(found == expected);
  CHECK(table.refused() == 0);
}

TEST_CASE("series_table/keys_unpack_to_what_they_were") {
  const SeriesKey key{Family::time_to_first_byte, 0xFFFF, 0x1234, 0xABCD, 0xEF};
  const SeriesKey back = SeriesKey::unpacked(key.packed());
  CHECK(back.family == key.family);
  CHECK(back.a == key.a);
  CHECK(back.b == key.b);
  CHECK(back.c == key.c);
  CHECK(back.d == key.d);
}

TEST_CASE("series_table/past_the_cap_series_are_refused_and_counted") {
  SeriesTable table(100);
  for (unsigned round = 0; round < 2; ++round) {
    for (unsigned i = 0; i < 1'000; ++i) {
      table.counter({Family::tokens, static_cast<std::uint16_t>(i), 0, 0, 0}).add();
    }
  }
  std::size_t series = 0;
  table.each([&series](SeriesKey, std::uint64_t value, const Histogram*) {
    ++series;
    CHECK(value == 2);  // those that exist go on counting
  });
  CHECK(series == 100);
  CHECK(table.refused() == 1'800);
  // A refused histogram can be recorded into, and nobody sees it.
  table.histogram({Family::time_to_first_byte, 1, 1, 0, 0}).record({5});
  CHECK(table.refused() == 1'801);
}

TEST_CASE("series_table/a_million_different_names_stay_bounded") {
  SeriesTable table;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    table
        .counter({Family::requests, static_cast<std::uint16_t>(i),
                  static_cast<std::uint16_t>(i >> 16), 200, 0})
        .add();
  }
  std::size_t series = 0;
  table.each([&series](SeriesKey, std::uint64_t, const Histogram*) { ++series; });
  CHECK(series == 9'500);
  CHECK(table.refused() == 1'000'000 - 9'500);
}

TEST_CASE("series_table/histograms_have_a_bound_of_their_own") {
  SeriesTable table;
  for (std::uint16_t i = 0; i < 400; ++i) {
    table.histogram({Family::time_to_first_byte, i, 0, 0, 0}).record({1'000'000});
  }
  std::size_t histograms = 0;
  table.each([&histograms](SeriesKey, std::uint64_t, const Histogram* histogram) {
    REQUIRE(histogram != nullptr);
    CHECK(histogram->sum_ns() == 1'000'000);
    ++histograms;
  });
  CHECK(histograms == SeriesTable::histograms_max);
  CHECK(table.refused() == 400 - SeriesTable::histograms_max);
}

TEST_CASE("series_table/a_reader_on_another_thread_sees_only_finished_series") {
  SeriesTable table;
  std::thread writer([&table] {
    for (int round = 0; round < 20; ++round) {
      for (std::uint16_t i = 0; i < 200; ++i) {
        table.counter({Family::requests, i, 0, 0, 0}).add();
        table.histogram({Family::time_to_first_byte, i, 0, 0, 0}).record({1'000});
      }
    }
  });
  for (int look = 0; look < 50; ++look) {
    table.each([](SeriesKey key, std::uint64_t value, const Histogram* histogram) {
      CHECK((histogram != nullptr) == (key.family == Family::time_to_first_byte));
      if (histogram) {
        CHECK(histogram->sum_ns() <= 20'000);
      } else {
        CHECK(value <= 20);
      }
    });
  }
  writer.join();
}

TEST_CASE("labels/numbers_stay_with_their_names_and_end") {
  LabelSet set;
  const LabelId a = set.add("a");
  const LabelId b = set.add("b");
  CHECK(set.add("a") == a);
  CHECK(a != b);
  CHECK(set.name(b) == "b");
  CHECK(set.name(LabelId::none).empty());
  CHECK(set.name(LabelId{77}).empty());
  for (int i = 0; i < 5'000; ++i) set.add("name" + std::to_string(i));
  CHECK(set.size() == LabelSet::names_max);
  CHECK(set.name(set.add("one more")) == "other");
  CHECK(set.add("one more") == set.add("yet one more"));
}

TEST_CASE("labels/statuses_are_shown_or_rounded_to_their_class") {
  CHECK(status_label(200) == 200);
  CHECK(status_label(429) == 429);
  CHECK(status_label(499) == 499);
  CHECK(status_label(529) == 529);
  CHECK(status_label(418) == 4);
  CHECK(status_label(599) == 5);
  CHECK(status_label(0) == 0);
  CHECK(status_label(99) == 0);
  CHECK(status_label(600) == 0);
  CHECK(status_label(70'000) == 0);
}
