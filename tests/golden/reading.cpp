#include "reading.h"

#include <cstdlib>

namespace golden {

std::string Reading::all(std::string_view kind) const {
  std::string joined;
  for (const auto& [index, choice] : choices) {
    for (const Item& item : choice.items) {
      if (item.kind == kind) joined += item.text;
    }
  }
  return joined;
}

Reading read_whole(Dialect client, std::string_view body) {
  const auto tree = test::read_tree(body);
  if (!tree || tree->kind != Tree::Kind::object) {
    Reading broken;
    broken.complain("the body is no sound JSON object");
    return broken;
  }
  switch (client) {
    case Dialect::openai_chat:
      return detail::chat_whole(*tree);
    case Dialect::openai_completions:
      return detail::completions_whole(*tree);
    case Dialect::openai_responses:
      return detail::responses_whole(*tree);
    case Dialect::anthropic:
      return detail::anthropic_whole(*tree);
    case Dialect::gemini:
      return detail::gemini_whole(*tree);
    default:
      std::abort();
  }
}

Reading read_stream(Dialect client, std::string_view stream) {
  switch (client) {
    case Dialect::openai_chat:
      return detail::chat_stream(stream, false);
    case Dialect::openai_completions:
      return detail::chat_stream(stream, true);
    case Dialect::openai_responses:
      return detail::responses_stream(stream);
    case Dialect::anthropic:
      return detail::anthropic_stream(stream);
    case Dialect::gemini:
      return detail::gemini_stream(stream);
    default:
      std::abort();
  }
}

namespace detail {

const Tree* at(const Tree* tree, std::string_view key) {
  if (tree == nullptr || tree->kind != Tree::Kind::object) return nullptr;
  const Tree* const found = tree->find(key);
  return found == nullptr || found->kind == Tree::Kind::null ? nullptr : found;
}

std::string text_of(const Tree* tree, std::string_view key) {
  const Tree* const found = at(tree, key);
  return found != nullptr && found->kind == Tree::Kind::string ? found->text : std::string();
}

bool is(const Tree* tree, Tree::Kind kind) {
  return tree != nullptr && tree->kind == kind;
}

Tree parsed(std::string_view json) {
  auto tree = test::read_tree(json);
  if (tree) return *std::move(tree);
  return {.kind = Tree::Kind::string, .text = std::string(json)};
}

Item& last(Choice& choice, std::string_view kind) {
  if (choice.items.empty() || choice.items.back().kind != kind) {
    choice.items.emplace_back().kind = kind;
  }
  return choice.items.back();
}

}  // namespace detail
}  // namespace golden
