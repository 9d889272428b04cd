// A second reader of event streams for the tests, and ways to run the framer over cut texts.
#pragma once

#include <algorithm>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/sse.h"

namespace test {

struct Message {
  std::string name;
  std::string data;
  bool operator==(const Message&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Message& m) {
    return out << '[' << m.name << "] " << m.data;
  }
};
using Messages = std::vector<Message>;

// Reads a whole stream line by line, after the letter of WHATWG HTML §9.2.6.
inline Messages read_events(std::string_view text) {
  Messages out;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::string data;
  std::string name;
  while (true) {
    const auto end = text.find_first_of("\r\n");
    if (end == std::string_view::npos) return out;  // an unfinished line is none
    const std::string line(text.substr(0, end));
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
    if (line.empty()) {
      if (!data.empty()) out.push_back({name, data.substr(0, data.size() - 1)});
      data.clear();
      name.clear();
      continue;
    }
    const auto colon = line.find(':');
    const std::string field = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.erase(0, 1);
    if (field == "data") data += value + "\n";
    if (field == "event") name = value;
  }
}

// Feeds chunks, each from a buffer of its own that is gone afterwards. What must not be (an error,
// a raw event that is not canonical) shows as one more message.
inline Messages frame(const std::vector<std::string>& chunks) {
  using namespace penstock;
  Messages out;
  sse::Framer framer;
  for (const std::string& chunk : chunks) {
    const std::string own = chunk;
    framer.feed(own);
    for (;;) {
      sse::Event event;
      const auto more = framer.next(event);
      if (!more) out.push_back({"", "framer: the stream is refused"});
      if (!more || !*more) break;
      out.push_back({std::string(event.name), std::string(event.data)});
      if (event.canonical()) {
        std::string again = event.name.empty() ? "" : "event: " + std::string(event.name) + "\n";
        again += "data: " + std::string(event.data) + "\n\n";
        if (event.raw != again) out.push_back({"raw event", std::string(event.raw)});
      }
    }
  }
  return out;
}

inline std::vector<std::string> cut_randomly(std::string_view text, std::mt19937& random,
                                             std::size_t largest) {
  std::vector<std::string> chunks;
  while (!text.empty()) {
    const std::size_t bytes = std::min<std::size_t>(1 + random() % largest, text.size());
    chunks.emplace_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return chunks;
}

inline std::vector<std::string> bytewise(std::string_view text) {
  std::vector<std::string> chunks;
  for (const char c : text) chunks.emplace_back(1, c);
  return chunks;
}

}  // namespace test
