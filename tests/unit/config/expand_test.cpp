#include <doctest/doctest.h>

#include "config/section.h"

using namespace penstock::config;

namespace {

std::optional<std::string> some(std::string_view name) {
  if (name == "A") return "alpha";
  if (name == "EMPTY") return "";
  if (name == "NESTED") return "${A}";
  return std::nullopt;
}

}  // namespace

TEST_CASE("variables are replaced, once") {
  CHECK(expand("", some) == "");
  CHECK(expand("plain $ } text", some) == "plain $ } text");
  CHECK(expand("${A}", some) == "alpha");
  CHECK(expand("<${A}${A}>", some) == "<alphaalpha>");
  CHECK(expand("${A:-x}", some) == "alpha");
  CHECK(expand("${NONE:-x y}", some) == "x y");
  CHECK(expand("${NONE:-}", some) == "");
  CHECK(expand("${EMPTY}", some) == "");
  CHECK(expand("${EMPTY:-x}", some) == "x");
  CHECK(expand("${NESTED}", some) == "${A}");
  CHECK(expand("$${A}", some) == "${A}");
  CHECK(expand("$${A} ${A}", some) == "${A} alpha");
}

TEST_CASE("a variable that is not set is named") {
  const auto missing = expand("x${NONE}", some);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().find("NONE") != std::string::npos);
  for (const char* text : {"${", "${A", "${}", "${ A}", "${1A}", "${A-x}", "${:-x}"}) {
    CHECK_FALSE(expand(text, some));
  }
}

TEST_CASE("nearest word") {
  const std::vector<std::string_view> words{"address", "tls", "max_body", "max_inflight"};
  CHECK(nearest("adress", words) == "address");
  CHECK(nearest("tsl", words) == "tls");
  CHECK(nearest("tl", words) == "tls");
  CHECK(nearest("max_bdy", words) == "max_body");
  CHECK(nearest("maxinflight", words) == "max_inflight");
  CHECK(nearest("something_else", words) == std::nullopt);
  CHECK(nearest(std::string(10'000, 'a'), words) == std::nullopt);
  CHECK(nearest("a", {}) == std::nullopt);
}
