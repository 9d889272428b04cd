#include <doctest/doctest.h>

#include "dialect/arguments.h"
#include "dialect/data_url.h"
#include "dialect/tool_id.h"

using namespace penstock;
using namespace penstock::dialect;

TEST_CASE("arguments/strings_and_objects") {
  json::Document document;
  const auto as_object = [&](hub::Arguments arguments) {
    json::Composer out;
    write_arguments_object(arguments, document, out);
    return std::string(out.text());
  };
  const auto as_string = [](hub::Arguments arguments) {
    json::Composer out;
    write_arguments_string(arguments, out);
    return std::string(out.text());
  };
  CHECK(as_object({R"({\"a\":\"x\\n\"})", true}) == R"({"a":"x\n"})");
  CHECK(as_object({R"({"a":1})", false}) == R"({"a":1})");
  CHECK(as_object({"", true}) == "{}");
  CHECK(as_object({"  ", true}) == "{}");
  CHECK(as_object({"null", true}) == "{}");
  CHECK(as_object({"{\\\"a\\\":", true}) == R"({"_raw":"{\"a\":"})");
  CHECK(as_object({"[1]", false}) == R"({"_raw":"[1]"})");
  CHECK(as_string({R"({"a":"x\n"})", false}) == R"("{\"a\":\"x\\n\"}")");
  CHECK(as_string({R"({\"a\":1})", true}) == R"("{\"a\":1}")");
  CHECK(as_string({"", false}) == "\"{}\"");
}

TEST_CASE("data_url/is_taken_apart") {
  const auto png = read_data_url("data:image/png;base64,AAAA");
  REQUIRE(png.has_value());
  CHECK(png->media_type == "image/png");
  CHECK(png->data == "AAAA");
  CHECK(png->source == hub::Source::base64);
  CHECK(read_data_url("data:image\\/png;base64,AA")->media_type == "image/png");
  CHECK(read_data_url("data:text/plain;charset=utf-8;base64,AA")->media_type == "text/plain");
  CHECK_FALSE(read_data_url("data:text/plain,hello").has_value());
  CHECK_FALSE(read_data_url("https://example.com/a.png").has_value());
  CHECK(is_data_url("data:,"));
  CHECK(kind_of_media("image/png") == hub::PartKind::image);
  CHECK(kind_of_media("application/pdf") == hub::PartKind::file);
}

TEST_CASE("tool_id/fits_the_rule_and_stays_the_same") {
  IdRoom first;
  IdRoom second;
  CHECK(fit_tool_id("call_abc", IdRule::word, 0, first) == "call_abc");
  const Bytes made = fit_tool_id("functions.get:0", IdRule::word, 0, first);
  CHECK(made == fit_tool_id("functions.get:0", IdRule::word, 5, second));
  CHECK(made.find_first_of(".:") == Bytes::npos);
  CHECK(made != fit_tool_id("functions.get:1", IdRule::word, 0, second));
  const Bytes nine = fit_tool_id("call_abc", IdRule::nine_letters, 0, first);
  CHECK(nine.size() == 9);
  CHECK(fit_tool_id("abcDEF123", IdRule::nine_letters, 0, second) == "abcDEF123");
  CHECK(fit_tool_id("", IdRule::any, 0, first) != fit_tool_id("", IdRule::any, 1, second));
}
