// Runs texts through Ollama's row of the table, for its tests.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "dialect/ollama/table.h"
#include "support/hub_events.h"

namespace test {

using namespace penstock;
using namespace penstock::dialect;

// The events of a stream that is given as its lines.
struct Replayed {
  EventText events;
  bool whole = false;  // every line was taken and the end was orderly
};

inline Replayed replay(std::string_view lines) {
  Replayed out;
  json::Document document;
  const auto reader = ollama_table().stream_reader({});
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    if (line.empty()) continue;
    const auto data = document.read(line, json::Judge::answer);
    REQUIRE(data.has_value());
    if (!reader->frame("", *data, out.events)) return out;
  }
  out.whole = reader->finish(out.events).has_value();
  return out;
}

inline EventText read_whole(std::string_view body) {
  EventText out;
  json::Document document;
  const auto data = document.read(body, json::Judge::answer);
  REQUIRE(data.has_value());
  REQUIRE(ollama_table().read_answer(*data, {}, out).has_value());
  CHECK(out.mistake == "");
  return out;
}

}  // namespace test
