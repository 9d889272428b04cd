// Cohere's recorded answers, streamed and whole, and errors.
#include "support/fixtures.h"

#include <filesystem>

#include "replay.h"
#include "support/sse_events.h"

using namespace test;

namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// The events of a recorded stream: SSE, or one line of data per event.
std::string data_lines(const std::string& body) {
  if (body.starts_with('{')) return body;
  std::string out;
  for (const Message& message : read_events(body)) out += message.data + '\n';
  return out;
}

void judge_stream(const std::string& name, const std::string& body) {
  const auto got = replay(data_lines(body));
  CHECK(got.whole);
  CHECK(got.events.mistake == "");
  if (holds(name, ".error")) {
    CHECK(holds(got.events.lines, "error INVALID_TOOL_GENERATION"));
    return;
  }
  CHECK(holds(got.events.lines, "\nfinish "));
  CHECK(holds(got.events.lines, "\nusage input "));
  CHECK(got.events.lines.ends_with("\nend\n"));
  if (holds(name, "citations")) CHECK(holds(got.events.lines, "\ncitation "));
  if (holds(name, "thinking") || holds(name, "reasoning"))
    CHECK(holds(got.events.lines, "\nthinking "));
  if (holds(name, "tool-call")) CHECK(holds(got.events.lines, "\ntool_delta 0 {}\n"));
  if (holds(name, "cache-hit")) CHECK(holds(got.events.lines, " cache_read "));
}

void judge_answer(const std::string& name, const std::string& body) {
  const auto got = read_whole(body);
  CHECK(holds(got.lines, "\nusage input "));
  CHECK(got.lines.ends_with("\nend\n"));
  if (holds(name, "tool-call") || holds(name, "null-args")) {
    CHECK(holds(got.lines, "\ntool_open 0 "));
    CHECK(holds(got.lines, "\nfinish tool_calls\n"));
  }
  if (holds(name, "parallel")) CHECK(holds(got.lines, "\ntool_close 1\n"));
  if (holds(name, "citations")) CHECK(holds(got.lines, "\ncitation 34-39 "));
  if (holds(name, "image")) CHECK(holds(got.lines, "usage input 34 cache_read 0 input_image 259"));
}

void judge_error(const std::string& name, const std::string& body, std::uint16_t status) {
  json::Document document;
  const auto data = document.read(body, json::Judge::answer);
  REQUIRE(data.has_value());
  hub::ErrorNote note;
  cohere_table().read_error(status, *data, note);
  CHECK_FALSE(note.message.empty());
  CHECK_FALSE(note.request_id.empty());
  if (status == 400) CHECK(note.kind == hub::ErrorKind::context_length);
  if (status == 401) CHECK(note.kind == hub::ErrorKind::authentication);
  if (status == 404) CHECK(note.kind == hub::ErrorKind::model_not_found);
  CHECK_MESSAGE(status != 0, name);
}

}  // namespace

TEST_CASE("cohere_fixtures/every_recorded_chat") {
  const auto folder = fixtures("cohere");
  if (!folder) {
    MESSAGE("no fixtures: skipped");
    return;
  }
  int streams = 0;
  int answers = 0;
  int errors = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string name = entry.path().filename().string();
    // Version 1 of the API is not served; rerank and embeddings are not chat.
    if (name.starts_with("v1-") || name.starts_with("rerank")) continue;
    CAPTURE(name);
    const std::string body = read_file(entry.path() / "response.body");
    const std::string status = read_file(entry.path() / "response.status");
    if (!status.empty() && status != "200\n") {
      judge_error(name, body, static_cast<std::uint16_t>(std::stoi(status)));
      ++errors;
    } else if (holds(name, "-stream") || holds(name, "empty-tool") || holds(name, "reasoning")) {
      judge_stream(name, body);
      ++streams;
    } else {
      judge_answer(name, body);
      ++answers;
    }
  }
  MESSAGE(streams << " streams, " << answers << " whole answers, " << errors << " errors");
  CHECK(streams >= 8);
  CHECK(answers >= 8);
  CHECK(errors >= 3);
}
