#include "summary.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace golden {
namespace {

using detail::at;

struct FinishWords {
  const char* hub;
  const char* chat;
  const char* anthropic;
  const char* responses;
  const char* gemini;
};

constexpr std::array finish_words{
    FinishWords{"stop", "stop", "end_turn", "completed", "STOP"},
    FinishWords{"stop_sequence", "stop", "stop_sequence", "completed", "STOP"},
    // The provider does not say which one; Anthropic's word needs the sequence beside it.
    FinishWords{"some_stop_sequence", "stop", "end_turn", "completed", "STOP"},
    FinishWords{"length", "length", "max_tokens", "incomplete max_output_tokens", "MAX_TOKENS"},
    FinishWords{"tool_calls", "tool_calls", "tool_use", "completed", "STOP"},
    FinishWords{"content_filter", "content_filter", "refusal", "incomplete content_filter",
                "SAFETY"},
};

std::string finish_word(Dialect client, std::string_view hub) {
  for (const FinishWords& words : finish_words) {
    if (hub != words.hub) continue;
    switch (client) {
      case Dialect::anthropic:
        return words.anthropic;
      case Dialect::openai_responses:
        return words.responses;
      case Dialect::gemini:
        return words.gemini;
      case Dialect::openai_completions:
        return hub == "tool_calls" ? "stop" : words.chat;
      default:
        return words.chat;
    }
  }
  return "no such word";
}

long number(const Tree* tree, const char* key) {
  const Tree* const found = at(tree, key);
  return found == nullptr ? 0 : std::atol(found->text.c_str());
}

std::string usage_line(Dialect client, const Tree& usage) {
  long input = 0;
  long cached = 0;
  long output = 0;
  switch (client) {
    case Dialect::anthropic:
      cached = number(&usage, "cache_read_input_tokens");
      input =
          number(&usage, "input_tokens") + cached + number(&usage, "cache_creation_input_tokens");
      output = number(&usage, "output_tokens");
      break;
    case Dialect::openai_responses:
      input = number(&usage, "input_tokens");
      cached = number(at(&usage, "input_tokens_details"), "cached_tokens");
      output = number(&usage, "output_tokens");
      break;
    case Dialect::gemini:
      input = number(&usage, "promptTokenCount");
      cached = number(&usage, "cachedContentTokenCount");
      output = number(&usage, "candidatesTokenCount") + number(&usage, "thoughtsTokenCount");
      break;
    default:
      input = number(&usage, "prompt_tokens");
      cached = number(at(&usage, "prompt_tokens_details"), "cached_tokens");
      output = number(&usage, "completion_tokens");
  }
  return "usage: input " + std::to_string(input) + " cached " + std::to_string(cached) +
         " output " + std::to_string(output);
}

std::string one_line(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\\n") : std::string(1, c);
  return out;
}

bool has_refusals(Dialect client) {
  return client == Dialect::openai_chat || client == Dialect::openai_responses;
}

// Items of a kind that is there may be cut into several blocks by the provider: joined per kind.
std::string joined(const Choice& choice, std::string_view kind) {
  std::string text;
  for (const Item& item : choice.items) {
    if (item.kind == kind) text += item.text;
  }
  return text;
}

}  // namespace

std::string write(const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::object: {
      std::string out = "{";
      for (std::size_t i = 0; i < tree.keys.size(); ++i) {
        out += (i == 0 ? "" : ",") + tree.keys[i] + ":" + write(tree.items[i]);
      }
      return out + "}";
    }
    case Tree::Kind::array: {
      std::string out = "[";
      for (std::size_t i = 0; i < tree.items.size(); ++i) {
        out += (i == 0 ? "" : ",") + write(tree.items[i]);
      }
      return out + "]";
    }
    case Tree::Kind::null:
      return "null";
    default:
      return tree.text;
  }
}

std::vector<std::string> differences(Dialect client, const std::vector<std::string>& says,
                                     const Reading& reading) {
  std::vector<std::string> out;
  const bool plain = client == Dialect::openai_completions;
  const auto found = reading.choices.find(0);
  const Choice choice = found == reading.choices.end() ? Choice() : found->second;
  std::vector<std::string> calls;
  for (const Item& item : choice.items) {
    if (item.kind == "call") calls.push_back("call: " + item.name + " " + write(item.arguments));
  }
  std::size_t call = 0;
  std::vector<std::string> kinds{"text", "thinking", "refusal"};
  for (const std::string& line : says) {
    const std::string kind = line.substr(0, line.find(':'));
    const std::string rest = line.substr(std::min(line.size(), kind.size() + 2));
    std::string got;
    if (kind == "finish") {
      got = choice.finish;
      if (got == finish_word(client, rest)) continue;
    } else if (kind == "usage") {
      got = usage_line(client, reading.usage);
      if (got == line) continue;
    } else if (kind == "call") {
      if (plain) continue;
      got = call < calls.size() ? calls[call] : "no call";
      ++call;
      if (got == line) continue;
    } else {
      if (plain && kind == "thinking") continue;
      // Dialects without a word for refusals say them as text.
      const bool said = kind == "refusal" && !has_refusals(client);
      got = kind + ": " + one_line(joined(choice, said ? "text" : kind));
      std::erase(kinds, said ? "text" : kind);
      if (got == line) continue;
    }
    out.push_back("expected <" + line + ">, got <" + got + ">");
  }
  if (!plain && call != calls.size()) out.push_back("more calls than expected");
  for (const std::string& kind : kinds) {
    const std::string text = joined(choice, kind);
    if (!text.empty()) out.push_back("unexpected " + kind + ": " + text);
  }
  return out;
}

}  // namespace golden
