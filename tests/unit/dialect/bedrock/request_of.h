// Short ways to compose requests of the hub and to see what is written for them.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

#include "dialect/bedrock/table.h"
#include "support/json_tree.h"

namespace test {

namespace hub = penstock::hub;

inline constexpr penstock::Bytes sonnet_45 = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
inline constexpr penstock::Bytes opus_5 = "global.anthropic.claude-opus-5-5";
inline constexpr penstock::Bytes sonnet_4 = "anthropic.claude-sonnet-4-20250514-v1:0";
inline constexpr penstock::Bytes nova_2 = "us.amazon.nova-2-lite-v1:0";
inline constexpr penstock::Bytes llama = "meta.llama3-3-70b-instruct-v1:0";
inline constexpr penstock::Bytes mistral = "mistral.mistral-large-3-675b-instruct";
inline constexpr penstock::Bytes gpt_oss = "openai.gpt-oss-120b-1:0";

inline hub::Part text(penstock::Bytes text) {
  hub::Part part;
  part.text = text;
  return part;
}
inline hub::Part thinking(penstock::Bytes text, penstock::Bytes signature, hub::Issuer issuer) {
  hub::Part part{.kind = hub::PartKind::thinking, .issuer = issuer};
  part.text = text;
  part.signature = signature;
  return part;
}
inline hub::Part call(penstock::Bytes id, penstock::Bytes name, penstock::Bytes arguments) {
  hub::Part part{.kind = hub::PartKind::tool_call};
  part.id = id;
  part.name = name;
  part.arguments = {.bytes = arguments, .in_string = false};
  return part;
}
inline hub::Part result(penstock::Bytes id, penstock::Bytes said) {
  hub::Part part{.kind = hub::PartKind::tool_result};
  part.id = id;
  part.content.push_back(text(said));
  return part;
}
inline hub::Part media(hub::PartKind kind, hub::Source source, penstock::Bytes type,
                       penstock::Bytes data, penstock::Bytes name = {}) {
  hub::Part part{.kind = kind};
  part.media.source = source;
  part.media.media_type = type;
  part.media.data = data;
  part.media.name = name;
  return part;
}
inline void say(hub::Request& request, hub::Role role, std::vector<hub::Part> parts) {
  hub::Message& message = request.messages.emplace_back();
  message.role = role;
  message.parts = std::move(parts);
}
inline void offer(hub::Request& request, penstock::Bytes name) {
  hub::Tool& tool = request.tools.emplace_back();
  tool.name = name;
  tool.schema = R"({"type":"object","properties":{"q":{"type":"string"}}})";
}

struct Written {
  bool done = false;
  Tree body{};
  std::string text{};
  penstock::dialect::Losses losses{};

  bool dropped(penstock::Bytes field) const { return has(losses.dropped, field); }
  bool emulated(penstock::Bytes field) const { return has(losses.emulated, field); }
  // A member reached by keys and places: "messages", "0", "content".
  template <class... Keys>
  const Tree* at(Keys... keys) const {
    const Tree* tree = &body;
    for (const std::string_view key : {std::string_view(keys)...}) {
      if (tree == nullptr) return nullptr;
      if (tree->kind != Tree::Kind::array) {
        tree = tree->find(key);
        continue;
      }
      const auto place = static_cast<std::size_t>(std::stoul(std::string(key)));
      tree = place < tree->items.size() ? &tree->items[place] : nullptr;
    }
    return tree;
  }
  // The same as text; "-" when it is not there.
  template <class... Keys>
  std::string word(Keys... keys) const {
    const Tree* const tree = at(keys...);
    return tree != nullptr ? tree->text : "-";
  }

 private:
  static bool has(const std::vector<penstock::Bytes>& list, penstock::Bytes field) {
    for (const penstock::Bytes each : list) {
      if (each == field) return true;
    }
    return false;
  }
};

inline Written written(const hub::Request& request, penstock::dialect::TargetTraits target) {
  Written out;
  penstock::json::Composer composer;
  const auto wrote =
      penstock::dialect::bedrock_table().write_request(request, target, composer, out.losses);
  out.done = wrote.has_value();
  if (!out.done) {
    CHECK(wrote.error() ==
          penstock::Error{penstock::Code::unsupported_by_target, penstock::Side::client});
    CHECK_FALSE(out.losses.refused.empty());
    CHECK_FALSE(out.losses.reason.empty());
    return out;
  }
  REQUIRE(composer.fits());
  out.text = composer.text();
  const auto tree = read_tree(out.text);
  CAPTURE(out.text);
  REQUIRE(tree);
  out.body = *tree;
  return out;
}
inline Written written(const hub::Request& request, penstock::Bytes model = sonnet_45) {
  return written(request, {.model = model, .base_model = model});
}
inline bool same(const Tree* tree, const char* json) {
  const auto expected = read_tree(json);
  REQUIRE(expected);
  return tree != nullptr && *tree == *expected;
}

}  // namespace test
