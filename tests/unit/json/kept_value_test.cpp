#include "penstock/kept_value.h"

#include <doctest/doctest.h>

#include <string>

using namespace penstock;
using json::KeptValue;

namespace {

std::string kept(const std::string& value) {
  KeptValue one;
  one.keep("{\"before\":1}");
  one.keep(value);
  return std::string(one.text());
}

std::string merged(const std::string& first, const std::string& later) {
  KeptValue one;
  one.keep(first);
  one.merge(later);
  return std::string(one.text());
}

}  // namespace

TEST_CASE("kept_value/as_it_stood") {
  CHECK(kept(R"({"prompt_tokens":11,"details":{"cached":4}})") ==
        R"({"prompt_tokens":11,"details":{"cached":4}})");
  CHECK(kept(R"({"a": 1, "b": "x y"})") == R"({"a": 1, "b": "x y"})");
  CHECK(kept("{\"a\":\"\xc3\xa9\"}") == "{\"a\":\"\xc3\xa9\"}");
  CHECK(kept("").empty());
}

TEST_CASE("kept_value/on_one_line") {
  CHECK(kept("{\r\n  \"a\": 1,\n\t\"b\": {\n    \"c\": [1,\n 2]\n  }\n}") ==
        R"({"a": 1,"b": {"c": [1,2]}})");
  CHECK(kept("\n{}\n") == "{}");
  CHECK(kept("{\"a\":\t1}") == R"({"a":1})");
}

TEST_CASE("kept_value/not_what_is_too_large_or_escaped") {
  const auto sized = [](std::size_t bytes) {
    return "{\"a\":\"" + std::string(bytes - 8, 'x') + "\"}";
  };
  CHECK(kept(sized(KeptValue::bytes_max)).size() == KeptValue::bytes_max);
  CHECK(kept(sized(KeptValue::bytes_max + 1)).empty());
  const std::string indented = "{\n" + std::string(3000, ' ') + "\"a\":1}";
  CHECK(kept(indented) == "{\"a\":1}");
  CHECK(kept("{\n" + sized(KeptValue::bytes_max)).empty());
  CHECK(kept(std::string(100'000, '\n')).empty());
  CHECK(kept(R"({"a":"\u0041"})").empty());
}

TEST_CASE("kept_value/later_members_win") {
  CHECK(merged("", R"({"a":1})") == R"({"a":1})");
  CHECK(merged(R"({"a":1,"b":2})", R"({"b":3,"c":4})") == R"({"a":1,"b":3,"c":4})");
  CHECK(merged(R"({"a":1,"b":2})", R"({"a":null,"b":0})") == R"({"a":1,"b":0})");
  CHECK(merged(R"({"a":null})", R"({"a":null,"b":null})") == R"({"a":null,"b":null})");
  CHECK(merged(R"({"a":1})", "{}") == R"({"a":1})");
  CHECK(merged(R"({"a":1})", "7") == "7");
  CHECK(merged(R"({"a":1})", R"({"b":"\n"})").empty());
  CHECK(merged(R"({"a":1})", "{\n\"b\":\n2}") == R"({"a":1,"b":2})");
  CHECK(merged("{\"a\":\"" + std::string(1000, 'x') + "\"}",
               "{\"b\":\"" + std::string(1000, 'y') + "\"}")
            .empty());
}

TEST_CASE("kept_value/words_are_told_from_names") {
  const auto words = [](const std::string& value) {
    KeptValue one;
    one.keep(value);
    return one.has_words();
  };
  for (const char* const none : {"", "{}", "7", R"({"a":1,"b":{"c":null,"d":[1,true,{"e":2}]}})",
                                 "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": 2\n  }\n}"}) {
    CAPTURE(none);
    CHECK_FALSE(words(none));
  }
  for (const char* const some :
       {R"({"a":"x"})", R"({"a": "x"})", R"({"a":["x"]})", R"({"a":[ "x"]})", R"("x")",
        R"({"a":1,"b":[1,2,{"c":"x"}]})", R"([1,"x"])", R"({"a":"x" })"}) {
    CAPTURE(some);
    CHECK(words(some));
  }
  for (std::size_t before = 0; before < 70; ++before) {  // at every place of a block
    const std::string head = "{" + std::string(before, ' ') + "\"a\":";
    CHECK(words(head + "\"x\"}"));
    CHECK_FALSE(words(head + "10}"));
  }
}
