#include "gateway/route_wish.h"

#include <doctest/doctest.h>

#include <string>

#include "gateway/extensions.h"
#include "small_config.h"

using namespace penstock;

namespace {

// In `second` the first target is at `other`, the second at `local`.
constexpr auto second = ModelIndex{1};

struct Wished {
  // Reads the value of `provider`.
  explicit Wished(std::string_view text) : body(text) {
    const auto root = document.read(body, json::Judge::request);
    REQUIRE(root.has_value());
    read = wish.read_provider(*root, *config, issue);
  }

  std::string refusal() const {
    if (read) return "none";
    CHECK(read.error().side == Side::client);
    CHECK_FALSE(issue.reason.empty());
    return std::string(describe(read.error().code).code) + " " + std::string(issue.param) +
           (issue.member.empty() ? "" : "." + std::string(issue.member));
  }

  // Names of the targets of `second`, as they are tried.
  std::string plan(std::size_t most = 3) {
    WishIssue why;
    const TargetMask left = wish.allowed(*config, config->at(second), why);
    if (left == 0) return std::string(why.param);
    Plan made;
    wish.add(*config, second, left, 0, most, made);
    std::string names;
    for (const TargetIndex target : made) {
      names += (names.empty() ? "" : " ") + config->at(target).upstream_model;
    }
    return names;
  }

  std::unique_ptr<Snapshot> config = test::small_config();
  std::string body;
  json::Document document;
  RouteWish wish;
  WishIssue issue;
  Result<> read;
};

std::string list_of(std::size_t count, const std::string& one) {
  std::string list = "[";
  for (std::size_t i = 0; i < count; ++i) list += (i ? "," : "") + one;
  return list + "]";
}

}  // namespace

TEST_CASE("route_wish/what_the_lists_leave") {
  CHECK(Wished("{}").plan() == "m2 m3");
  CHECK(Wished(R"({"only":["local"]})").plan() == "m3");
  CHECK(Wished(R"({"only":["local","other"]})").plan() == "m2 m3");
  CHECK(Wished(R"({"only":["loc\u0061l"]})").plan() == "m3");
  CHECK(Wished(R"({"ignore":["other"]})").plan() == "m3");
  CHECK(Wished(R"({"order":["local"]})").plan() == "m3 m2");
  CHECK(Wished(R"({"order":["local","other"]})").plan() == "m3 m2");
  CHECK(Wished(R"({"order":["local"]})").plan(1) == "m3");
  CHECK(Wished(R"({"order":["nowhere","local"]})").plan() == "m3 m2");
  CHECK(Wished(R"({"only":[],"ignore":[],"order":[]})").plan() == "m2 m3");
  CHECK(Wished(R"({"only":null,"sort":null,"allow_fallbacks":null})").plan() == "m2 m3");
}

TEST_CASE("route_wish/without_fallbacks") {
  CHECK(Wished(R"({"allow_fallbacks":true})").plan() == "m2 m3");
  CHECK(Wished(R"({"allow_fallbacks":false})").plan() == "m2");
  CHECK(Wished(R"({"allow_fallbacks":false,"order":["local"]})").plan() == "m3");
  CHECK(Wished(R"({"allow_fallbacks":false,"order":["local","other"]})").plan() == "m3 m2");
}

TEST_CASE("route_wish/nothing_is_left") {
  CHECK(Wished(R"({"only":["nowhere"]})").plan() == "provider.only");
  CHECK(Wished(R"({"ignore":["local","other"]})").plan() == "provider.ignore");
  CHECK(Wished(R"({"only":["local"],"ignore":["local"]})").plan() == "provider.ignore");
  CHECK(Wished(R"({"order":["nowhere"],"allow_fallbacks":false})").plan() == "provider.order");
}

TEST_CASE("route_wish/what_is_refused") {
  using namespace std::literals;
  CHECK(Wished(R"({"only":"local"})").refusal() == "invalid_value provider.only");
  CHECK(Wished(R"({"ignore":[1]})").refusal() == "invalid_value provider.ignore");
  CHECK(Wished(R"({"order":{}})").refusal() == "invalid_value provider.order");
  const std::string order = "{\"order\":" + list_of(NamedProviders::max, "\"local\"") + "}";
  CHECK(Wished(order).refusal() == "none");
  const std::string long_order = "{\"order\":" + list_of(NamedProviders::max + 1, "\"x\"") + "}";
  CHECK(Wished(long_order).refusal() == "invalid_value provider.order");
  CHECK(Wished(R"({"allow_fallbacks":"no"})").refusal() ==
        "invalid_value provider.allow_fallbacks");
  CHECK(Wished(R"({"require_parameters":1})").refusal() ==
        "invalid_value provider.require_parameters");
  for (const auto& [text, param] : {std::pair{R"({"sort":"price"})"sv, "sort"sv},
                                    {R"({"max_price":{}})", "max_price"},
                                    {R"({"data_collection":"deny"})", "data_collection"},
                                    {R"({"zdr":true})", "zdr"},
                                    {R"({"quantizations":["fp8"]})", "quantizations"}}) {
    CHECK(Wished(text).refusal() == "invalid_value provider." + std::string(param));
  }
  CHECK(Wished(R"({"data_collection":"allow","zdr":false})").refusal() == "none");
  CHECK(Wished(R"({"only":["local"],"colour":1})").refusal() == "unknown_field provider.colour");
}

TEST_CASE("route_wish/other_models") {
  const auto config = test::small_config();
  json::Document document;
  const auto asked = [&](std::string_view text, std::uint32_t key) {
    RouteWish wish;
    WishIssue issue;
    const auto root = document.read(text, json::Judge::request);
    REQUIRE(root.has_value());
    const Result<> read =
        wish.read_models(*root, "models", *config, KeyIndex{key}, ModelIndex{0}, issue);
    if (!read)
      return std::string(describe(read.error().code).code) + " " + std::string(issue.param);
    std::string found;
    for (std::size_t i = 0; i < wish.model_count; ++i)
      found += config->at(wish.models[i]).name + " ";
    return found;
  };
  CHECK(asked(R"([])", 0) == "");
  CHECK(asked(R"(["second","org/third"])", 0) == "second org/third ");
  CHECK(asked(R"(["first","second","second","first"])", 0) == "second ");
  CHECK(asked(R"(["second"])", 1) == "second ");
  CHECK(asked(R"(["second","org/third"])", 1) == "model_not_found models");
  CHECK(asked(R"(["nothing"])", 0) == "model_not_found models");
  CHECK(asked(R"([{"model":"second"}])", 0) == "invalid_value models");
  CHECK(asked(R"({"model":"second"})", 0) == "invalid_value models");
  CHECK(asked(list_of(9, "\"second\""), 0) == "invalid_value models");
  CHECK(asked("[\"" + std::string(2000, 'x') + "\"]", 0) == "invalid_value models");
}

TEST_CASE("route_wish/extensions_are_no_members") {
  const std::string body =
      R"({"provider":{},"model":"m","messages":[],"top_k":1,"tags":[],"provider_":2})";
  json::Scanner scanner;
  json::Facts facts;
  REQUIRE(scanner.request(body, {}, facts));
  json::Document document;
  const auto root = document.read(body, json::Judge::request);
  REQUIRE(root.has_value());
  std::vector<hub::Extra> extra;
  for (const json::View value : *root) extra.push_back({value.key(), value.raw()});
  forget_extensions(body, facts, extra);
  std::string left;
  for (const hub::Extra& one : extra) left += std::string(one.key) + " ";
  CHECK(left == "model messages top_k provider_ ");
}
