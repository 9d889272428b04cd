#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "penstock/json_writer.h"
#include "support/json_tree.h"

using namespace penstock;
using json::Writer;

TEST_CASE("writer/values_and_commas") {
  std::array<char, 512> room;
  Writer writer(room);
  writer.begin_object().key("a").begin_array().integer(-3).unsigned_integer(7).boolean(true);
  writer.null().begin_object().end_object().begin_array().end_array().end_array();
  writer.key("b").string("x").key("c").raw("[1]").end_object();
  CHECK(writer.fits());
  CHECK(writer.text() == R"({"a":[-3,7,true,null,{},[]],"b":"x","c":[1]})");
}

TEST_CASE("writer/decimals") {
  const auto text = [](std::int64_t value, unsigned places) {
    std::array<char, 64> room;
    Writer writer(room);
    writer.decimal(value, places);
    return std::string(writer.text());
  };
  CHECK(text(1250, 3) == "1.25");
  CHECK(text(0, 12) == "0");
  CHECK(text(5, 12) == "0.000000000005");
  CHECK(text(-1'000'000'000'000, 12) == "-1");
  CHECK(text(-1, 1) == "-0.1");
  CHECK(text(42, 0) == "42");
  CHECK(text(std::numeric_limits<std::int64_t>::min(), 18) == "-9.223372036854775808");
}

TEST_CASE("writer/strings_are_safe_for_a_line") {
  std::array<char, 512> room;
  Writer writer(room);
  writer.string("\"\\\b\f\n\r\t\x01\x7f\xC2\x85\xE2\x80\xA8\xE2\x80\xA9\xC3\xA9\xFF\xC3(");
  CHECK(writer.text() ==
        "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f\\u0085\\u2028\\u2029\xC3\xA9\\ufffd\\ufffd(\"");
  for (int c = 0; c < 256; ++c) {
    Writer one(room);
    one.string(std::string(3, static_cast<char>(c)));
    const auto tree = test::read_tree(one.text());
    REQUIRE(tree);
    if (c < 0x80) CHECK(tree->text == std::string(3, static_cast<char>(c)));
  }
}

TEST_CASE("writer/cuts_between_characters_and_marks_it") {
  std::array<char, 64> room;
  Writer writer(room);
  writer.begin_array().string("abcdef", 3).string("abc", 3).string("a\xE2\x82\xAC", 3).end_array();
  CHECK(writer.text() == "[\"abc\xE2\x80\xA6\",\"abc\",\"a\xE2\x80\xA6\"]");
}

TEST_CASE("writer/says_when_it_does_not_fit") {
  for (std::size_t size = 0; size <= 12; ++size) {
    std::array<char, 16> room;
    room.fill('#');
    Writer writer(std::span<char>(room).first(size));
    writer.begin_object().key("a").string("bcd").end_object();
    CHECK(writer.fits() == (size >= 11));
    CHECK(writer.text().size() <= size);
    for (std::size_t i = size; i < room.size(); ++i) CHECK(room[i] == '#');
  }
}

TEST_CASE("writer/a_value_over_several_lines_is_put_on_one") {
  json::Composer composer;
  composer.keep_on_one_line();
  composer.verbatim("data: ").begin_array().raw("{\r\n \"a\": 1\n}").raw("2").end_array();
  composer.verbatim("\n\n");
  CHECK(composer.text() == "data: [{   \"a\": 1 },2]\n\n");
}
