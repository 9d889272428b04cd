#include "wire.h"

#include <array>
#include <cstdint>

#include "support/json_tree.h"

namespace golden {
namespace {

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xFFFF'FFFF;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB8'8320 : 0);
  }
  return ~crc;
}

void append_number(std::string& out, std::size_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift & 0xFF));
  }
}

// {"messageStart":{…}} as a frame of that type.
std::string bedrock_frame(const std::string& payload) {
  const auto tree = test::read_tree(payload);
  const std::string name = tree && !tree->keys.empty() ? tree->keys.front() : "";
  const auto from = payload.find('{', payload.find(':'));
  const auto to = payload.rfind('}');
  const std::string inner = from < to ? payload.substr(from, to - from) : std::string("{}");
  if (name.ends_with("Exception")) {
    return aws_frame({{":exception-type", name},
                      {":content-type", "application/json"},
                      {":message-type", "exception"}},
                     inner);
  }
  return aws_frame(
      {{":event-type", name}, {":content-type", "application/json"}, {":message-type", "event"}},
      inner);
}

}  // namespace

std::string aws_frame(const std::vector<std::pair<std::string, std::string>>& headers,
                      std::string_view payload) {
  std::string head;
  for (const auto& [name, value] : headers) {
    append_number(head, name.size(), 1);
    head += name;
    append_number(head, 7, 1);
    append_number(head, value.size(), 2);
    head += value;
  }
  std::string out;
  append_number(out, 16 + head.size() + payload.size(), 4);
  append_number(out, head.size(), 4);
  append_number(out, crc32(out), 4);
  out += head;
  out += payload;
  append_number(out, crc32(out), 4);
  return out;
}

std::string framed(Dialect provider, const std::vector<std::string>& payloads, bool terminate) {
  std::string out;
  bool done = false;
  for (const std::string& payload : payloads) {
    switch (provider) {
      case Dialect::bedrock:
        out += bedrock_frame(payload);
        break;
      case Dialect::ollama:
        out += payload + "\n";
        break;
      case Dialect::anthropic:
      case Dialect::openai_responses: {
        const auto tree = test::read_tree(payload);
        const test::Tree* const type = tree ? tree->find("type") : nullptr;
        if (type != nullptr) out += "event: " + type->text + "\n";
        out += "data: " + payload + "\n\n";
        break;
      }
      default:
        out += "data: " + payload + "\n\n";
    }
    done = payload == "[DONE]";
  }
  const bool terminated = provider == Dialect::openai_chat ||
                          provider == Dialect::openai_completions || provider == Dialect::cohere;
  if (terminate && terminated && !done) out += "data: [DONE]\n\n";
  return out;
}

std::vector<std::string> elements_of(std::string_view array) {
  std::vector<std::string> elements;
  int depth = 0;
  bool quoted = false;
  bool escaped = false;
  for (const char c : array) {
    if (!quoted && c == '{' && depth++ == 0) elements.emplace_back();
    if (depth == 0 || c == '\n' || c == '\r') continue;
    elements.back() += c;
    if (c == '"' && !escaped) quoted = !quoted;
    escaped = quoted && c == '\\' && !escaped;
    if (!quoted && c == '}') --depth;
  }
  return elements;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.emplace_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace golden
