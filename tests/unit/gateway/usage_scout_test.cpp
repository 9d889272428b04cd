#include "gateway/usage_scout.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace penstock;

namespace {

std::string found(std::string_view stream) {
  UsageScout scout;
  scout.feed(stream);
  return std::string(scout.found());
}

const std::string usage = R"({"total_tokens":7,"note":"a \"b\" }","input_tokens":5,"x":[{"y":1}]})";

std::string image_stream() {
  return "event: image_generation.partial_image\ndata: {\"b64_json\":\"" + std::string(5000, 'A') +
         "\",\"type\":\"image_generation.partial_image\"}\n\n"
         ": a comment\n\n"
         "event: image_generation.completed\ndata: {\"type\":\"image_generation.completed\","
         "\"b64_json\":\"" +
         std::string(9000, 'B') + "\",\"nested\":{\"usage\":{\"no\":1}},\"usage\": " + usage +
         ",\"size\":\"1x1\"}\n\n";
}

}  // namespace

TEST_CASE("usage_scout/the_member_at_the_top") {
  CHECK(found("data: {\"usage\":{\"a\":1}}\n\n") == "{\"a\":1}");
  CHECK(found("data:{\"type\":\"x\",\"usage\":{}}\n\n") == "{}");
  CHECK(found("data: { \"usage\" : {\"a\": 1 } }\n\n") == "{\"a\": 1 }");
  CHECK(found("event: usage\ndata: {\"usage\":{\"a\":1}}\n\n") == "{\"a\":1}");
  CHECK(found(image_stream()) == usage);
}

TEST_CASE("usage_scout/what_is_none") {
  for (const char* const stream :
       {"data: {\"usage\":null}\n\n", "data: {\"usage\":[{\"a\":1}]}\n\n", "data: [DONE]\n\n",
        "data: {\"usage\":\"{\\\"a\\\":1}\"}\n\n", "data: {\"usage_\":{\"a\":1}}\n\n",
        "data: {\"usag\":{\"a\":1}}\n\n", "data: {\"\\u0075sage\":{\"a\":1}}\n\n",
        "data: {\"x\":\"usage\",\"y\":{\"a\":1}}\n\n", "data: {\"x\":{\"usage\":{\"a\":1}}}\n\n",
        "data: [\"usage\",{\"a\":1}]\n\n", "date: {\"usage\":{\"a\":1}}\n\n",
        "{\"usage\":{\"a\":1}}\n\n", "data: {\"usage\":{\"a\":1\n\n",
        "data: {\"usage\",{\"a\":1}}\n\n", "data: }}}]]{\"usage\":1,{}\n\n", "",
        "data: {\"usage\":7,\"b\":{\"a\":1}}\n\n"}) {
    CAPTURE(stream);
    CHECK(found(stream).empty());
  }
}

TEST_CASE("usage_scout/the_last_one_counts") {
  const std::string first = "data: {\"usage\":{\"a\":1}}\n\n";
  CHECK(found(first + "data: {\"usage\":{\"a\":2}}\n\n") == "{\"a\":2}");
  CHECK(found(first + "data: {\"usage\":null}\n\ndata: [DONE]\n\n") == "{\"a\":1}");
  CHECK(found(first + "data: {\"usage\":{\"a\":") == "{\"a\":1}");
  // An event that breaks off does not spoil the next one.
  CHECK(found("data: {\"x\":\"\n\n" + first) == "{\"a\":1}");
}

TEST_CASE("usage_scout/lines_of_all_kinds") {
  CHECK(found("data: {\"usage\":\r\ndata: {\"a\":1}\r\ndata: }\r\n\r\n") == "{\"a\":1}");
  CHECK(found("data: {\"usage\":\rdata: {\"a\":1}\rdata: }\r\r") == "{\"a\":1}");
  CHECK(found("data: {\"x\":[\r\rdata: {\"usage\":{\"a\":1}}\n\n") == "{\"a\":1}");
}

TEST_CASE("usage_scout/not_more_than_its_bound") {
  const auto sized = [](std::size_t bytes) {
    return "{\"a\":\"" + std::string(bytes - 8, 'x') + "\"}";
  };
  const auto in = [](const std::string& value) { return "data: {\"usage\":" + value + "}\n\n"; };
  CHECK(found(in(sized(UsageScout::bytes_max))).size() == UsageScout::bytes_max);
  CHECK(found(in(sized(UsageScout::bytes_max + 1))).empty());
  CHECK(found(in("{}") + in(sized(100'000))).empty());
  CHECK(found(in(sized(100'000)) + in("{}")) == "{}");
  CHECK(found("data: " + std::string(100'000, '[') + "\n\n" + in("{}")) == "{}");
}

TEST_CASE("usage_scout/cut_anywhere") {
  const std::string small = "event: x\r\ndata: {\"u\":\"\\\"\",\"usage\":" + usage + "}\r\n\r\n";
  for (std::size_t one = 0; one <= small.size(); ++one) {
    for (std::size_t two = one; two <= small.size(); two += 7) {
      UsageScout scout;
      scout.feed(std::string_view(small).substr(0, one));
      scout.feed(std::string_view(small).substr(one, two - one));
      scout.feed(std::string_view(small).substr(two));
      REQUIRE(scout.found() == usage);
    }
  }
  const std::string large = image_stream();
  UsageScout scout;
  for (const char& c : large) scout.feed({&c, 1});
  CHECK(scout.found() == usage);
}

TEST_CASE("usage_scout/any_bytes") {
  constexpr std::string_view alphabet = "data: {}[]\",:\\\r\nusage1";
  std::mt19937 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 60, ' ');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    UsageScout cut;
    const std::size_t at = random() % (text.size() + 1);
    cut.feed(std::string_view(text).substr(0, at));
    cut.feed(std::string_view(text).substr(at));
    REQUIRE(cut.found() == found(text));
  }
}
