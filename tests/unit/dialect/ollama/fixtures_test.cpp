// Ollama's recorded answers of the native chat API, streamed and whole, and errors.
#include "support/fixtures.h"

#include <filesystem>

#include "replay.h"

using namespace test;

namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

void judge_events(const std::string& name, const EventText& events) {
  CHECK(events.mistake == "");
  CHECK(holds(events.lines, "\nusage "));
  CHECK(events.lines.ends_with("\nend\n"));
  if (holds(name, "length")) CHECK(holds(events.lines, "\nfinish length\n"));
  if (holds(name, "thinking")) CHECK(holds(events.lines, "\nthinking "));
  if (holds(name, "structured") || holds(name, "text")) CHECK(holds(events.lines, "\ntext "));
  if (holds(name, "tool-call") || holds(name, "with-tools")) {
    CHECK(holds(events.lines, "\ntool_close 0\n"));
    CHECK(holds(events.lines, "\nfinish tool_calls\n"));
  }
  if (holds(name, "parallel") || holds(name, "with-tools"))
    CHECK(holds(events.lines, "\ntool_close 1\n"));
}

void judge_error(const std::string& body, std::uint16_t status) {
  json::Document document;
  const auto data = document.read(body, json::Judge::answer);
  REQUIRE(data.has_value());
  hub::ErrorNote note;
  ollama_table().read_error(status, *data, note);
  CHECK_FALSE(note.message.empty());
  CHECK(note.kind ==
        (status == 404 ? hub::ErrorKind::model_not_found : hub::ErrorKind::authentication));
}

}  // namespace

TEST_CASE("ollama_fixtures/every_recorded_native_chat") {
  const auto folder = fixtures("ollama");
  if (!folder) {
    MESSAGE("no fixtures: skipped");
    return;
  }
  int streams = 0;
  int answers = 0;
  int errors = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    const std::string body = read_file(entry.path() / "response.body");
    const std::string status = read_file(entry.path() / "response.status");
    if (holds(name, "error")) {
      judge_error(body, static_cast<std::uint16_t>(std::stoi(status)));
      ++errors;
    } else if (name.starts_with("api-chat-stream") || name.starts_with("response-only")) {
      const auto got = replay(body);
      CHECK(got.whole);
      judge_events(name, got.events);
      ++streams;
    } else if (name.starts_with("api-chat.")) {
      judge_events(name, read_whole(body));
      ++answers;
    }
  }
  MESSAGE(streams << " streams, " << answers << " whole answers, " << errors << " errors");
  CHECK(streams >= 6);
  CHECK(answers >= 6);
  CHECK(errors >= 2);
}
