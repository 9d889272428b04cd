#include "telemetry/json_text.h"

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>

#include "json_reader.h"

using namespace penstock;

namespace {

// A value as it comes back from a line that holds it.
std::string written(std::string_view value) {
  std::array<char, 600> room{};
  JsonText text(room);
  text.string(value);
  return std::string(text.text());
}

std::string read_back(std::string_view value) {
  const std::string line = "{\"v\":" + written(value) + "}\n";
  const auto object = FlatReader::read(line);
  REQUIRE_MESSAGE(object, line);
  return object->at("v").substr(1);
}

}  // namespace

TEST_CASE("json_text/ordinary_text_stays_as_it_is") {
  CHECK(written("") == "\"\"");
  CHECK(written("gpt-5.6") == "\"gpt-5.6\"");
  CHECK(written("grüße, 世界 🙂 and more") == "\"grüße, 世界 🙂 and more\"");
}

TEST_CASE("json_text/what_json_or_a_terminal_reads_as_a_command_is_escaped") {
  CHECK(written("a\"b\\c") == R"("a\"b\\c")");
  CHECK(written("one\ntwo\r\tthree") == R"("one\ntwo\r\tthree")");
  CHECK(written(std::string_view("\0\x1b[31m\x7f", 7)) == R"("\u0000\u001b[31m\u007f")");
  CHECK(written("\xC2\x80\xC2\x9F\xC2\xA0") == "\"\\u0080\\u009f\xC2\xA0\"");
  CHECK(written("\u2028\u2029\u202E\u2066") == R"("\u2028\u2029\u202e\u2066")");
}

TEST_CASE("json_text/bytes_that_are_not_utf8_are_replaced") {
  const std::string r = "\xEF\xBF\xBD";
  CHECK(written("\xFF") == "\"" + r + "\"");
  CHECK(written("\xC0\xAF") == "\"" + r + r + "\"");                  // overlong
  CHECK(written("\xED\xA0\x80x") == "\"" + r + r + r + "x\"");        // a surrogate
  CHECK(written("\xF4\x90\x80\x80") == "\"" + r + r + r + r + "\"");  // past U+10FFFF
  CHECK(written("ab\xE2\x82") == "\"ab" + r + r + "\"");              // cut
}

TEST_CASE("json_text/every_byte_at_every_place_of_a_word_comes_back") {
  for (int c = 0; c < 0x80; ++c) {
    for (std::size_t at = 0; at < 37; ++at) {
      std::string value(37, 'x');
      value[at] = static_cast<char>(c);
      CAPTURE(c);
      CAPTURE(at);
      CHECK(read_back(value) == value);
    }
  }
}

TEST_CASE("json_text/a_long_string_is_cut_between_characters_and_marked") {
  for (const std::string unit : {"a", "ü", "世", "🙂", "\x01", "\"", "\xFF"}) {
    std::string value;
    while (value.size() < 1'000'000) value += unit;
    const std::string text = written(value);
    CHECK(text.size() <= field_bytes_max + 2);
    CHECK(text.size() > field_bytes_max - 10);
    CHECK(text.ends_with("…\""));
    const std::string back = read_back(value);
    const std::string shown = back.substr(0, back.size() - 3);
    if (unit != "\xFF") CHECK(value.starts_with(shown));
  }
  const std::string fits(field_bytes_max - 3, 'a');
  CHECK(written(fits) == "\"" + fits + "\"");
}

TEST_CASE("json_text/any_bytes_make_valid_json") {
  std::mt19937_64 random(7);
  const std::string_view spice = "\"\\\n\x7f\xE2\x80\xA8\xC2\x85\xF0\x9F\x99\x82\xEDz";
  for (int round = 0; round < 20'000; ++round) {
    std::string value(random() % 64, ' ');
    for (char& c : value) {
      const auto r = random();
      c = (r & 1) != 0 ? spice[(r >> 8) % spice.size()] : static_cast<char>(r >> 8);
    }
    read_back(value);
  }
}

TEST_CASE("json_text/milliseconds_have_three_digits_behind_the_point") {
  const auto ms = [](std::int64_t ns) {
    std::array<char, 64> room{};
    JsonText text(room);
    text.milliseconds(ns);
    return std::string(text.text());
  };
  CHECK(ms(0) == "0.000");
  CHECK(ms(-5) == "0.000");
  CHECK(ms(1'234'567) == "1.234");
  CHECK(ms(60'000'050'000) == "60000.050");
}
