// The recorded exchanges of providers that speak this dialect.
#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

#include "driving.h"
#include "support/fixtures.h"

using namespace penstock;
using namespace test;
namespace fs = std::filesystem;

namespace {

// The folders of all recorded exchanges on the path of this dialect.
std::vector<fs::path> recorded() {
  std::vector<fs::path> found;
  for (const char* provider : {"openai", "azure", "xai"}) {
    const auto folder = fixtures(provider);
    if (!folder) continue;
    for (const auto& entry : fs::directory_iterator(*folder)) {
      if (!fs::exists(entry.path() / "source.json")) continue;
      const std::string source = read_file(entry.path() / "source.json");
      if (source.find("\"responses\"") != std::string::npos) found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

// The data of a stream's events, whether they stand in frames or line by line.
std::vector<std::string> frames_of(const std::string& body) {
  std::vector<std::string> frames;
  if (body.starts_with('{')) {
    std::istringstream lines(body);
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty()) frames.push_back(line);
    }
  } else {
    for (const Message& message : read_events(body + "\n\n")) frames.push_back(message.data);
  }
  return frames;
}

bool is_stream(const std::string& body) {
  return !body.starts_with("{\n") && (body.find("event: ") != std::string::npos ||
                                      body.find("\"type\":\"response.") != std::string::npos);
}

// The answer in a few lines: what a client must find again.
std::string summary(const hub::Answer& answer) {
  std::string out;
  if (answer.choices.empty()) return out;
  for (const hub::AnswerPart& part : answer.choices.front().parts) {
    out += std::to_string(static_cast<int>(part.kind)) + " " + part.id + " " + part.name + " " +
           part.text + (part.signature.empty() ? " " : " signed ") +
           std::to_string(part.citations.size()) + "\n";
  }
  return out + std::to_string(answer.usage.input_total()) + " " +
         std::to_string(answer.usage.output_total());
}

// What the terminal event of a stream says the answer was.
std::string last_response(const std::vector<std::string>& frames) {
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
    json::Document document;
    const auto root = document.read(*frame, json::Judge::answer);
    REQUIRE(root.has_value());
    if ((*root)["response"]) return std::string((*root)["response"].raw());
  }
  return {};
}

// An answer as the client of this dialect gets it, read again.
std::string written_and_read(const hub::Answer& answer) {
  const std::string text = write_answer(answer, context_of());
  REQUIRE(read_tree(text).has_value());
  json::Document document;
  const auto root = document.read(text, json::Judge::answer);
  REQUIRE(root.has_value());
  Events again;
  REQUIRE(responses().read_answer(*root, {}, again).has_value());
  std::string texts;
  for (const hub::AnswerPart& part : again.fold.answer().choices.front().parts) {
    if (part.kind == hub::PartKind::text || part.kind == hub::PartKind::tool_call)
      texts += part.name + " " + part.text + "\n";
  }
  return texts;
}

}  // namespace

TEST_CASE("responses_recorded/requests_are_read_and_written_again") {
  int count = 0;
  for (const fs::path& folder : recorded()) {
    if (!fs::exists(folder / "request.json")) continue;
    CAPTURE(folder);
    ++count;
    const std::string body = read_file(folder / "request.json");
    const Read first(body);
    CHECK_FALSE(first.error.has_value());
    CHECK(first.request.stateful.empty());
    const Written written = write_request(first.request);
    CHECK_FALSE(written.error.has_value());
    CHECK(written.losses.dropped.empty());
    const Read second(written.text);
    CHECK_FALSE(second.error.has_value());
    const Written again = write_request(second.request);
    CHECK(again.text == written.text);
    // What both know is as the client had it.
    const Tree before = tree(body);
    const Tree after = tree(written.text);
    for (const std::string key : {"tools", "tool_choice", "temperature", "max_output_tokens",
                                  "parallel_tool_calls", "service_tier", "store", "stream"}) {
      if (const Tree* const value = before.find(key); value != nullptr)
        CHECK_MESSAGE((key == "stream" || sorted(at(after, key)) == sorted(*value)), key);
    }
    const Tree input = at(before, "input");
    if (input.kind == Tree::Kind::array)
      CHECK(at(after, "input").items.size() == input.items.size());
  }
  MESSAGE("recorded requests: " << count);
}

TEST_CASE("responses_recorded/answers_and_streams_are_read_to_a_complete_fold") {
  int answers = 0;
  int streams = 0;
  int errors = 0;
  for (const fs::path& folder : recorded()) {
    CAPTURE(folder);
    const std::string body = read_file(folder / "response.body");
    if (folder.filename().string().find("error-4") != std::string::npos) {
      ++errors;
      json::Document document;
      const auto root = document.read(body, json::Judge::answer);
      REQUIRE(root.has_value());
      hub::ErrorNote note;
      responses().read_error(400, *root, note);
      CHECK_FALSE(note.message.empty());
      const bool key = note.kind == hub::ErrorKind::authentication;
      CHECK((key || note.kind == hub::ErrorKind::model_not_found));
      continue;
    }
    Events whole;
    json::Document document;
    std::string text = body;
    if (is_stream(body)) {
      ++streams;
      std::vector<std::string> frames = frames_of(body);
      const StreamRead read(frames);
      CHECK(read.ok);
      if (read.events.fold.answer().error) {
        ++errors;
        CHECK(*read.events.fold.answer().error == hub::ErrorKind::quota);
        CHECK(read.events.lines.size() == 1);
        continue;
      }
      // Some recordings hold the streams of two turns, one behind the other.
      const bool two = std::count_if(frames.begin(), frames.end(), [](const std::string& frame) {
                         return frame.find("\"response.created\"") != std::string::npos;
                       }) > 1;
      CHECK(read.complete);
      CHECK(read.events.fold.answer().ended);
      CHECK(read.events.lines.back() == "end");
      if (two) continue;
      text = last_response(frames);
      const auto root = document.read(text, json::Judge::answer);
      REQUIRE(root.has_value());
      REQUIRE(responses().read_answer(*root, {}, whole).has_value());
      if (folder.filename().string().find("github-copilot") == std::string::npos &&
          folder.filename().string().find("incomplete") == std::string::npos)
        CHECK(summary(read.events.fold.answer()) == summary(whole.fold.answer()));
    } else {
      ++answers;
      const auto root = document.read(text, json::Judge::answer);
      REQUIRE(root.has_value());
      REQUIRE(responses().read_answer(*root, {}, whole).has_value());
    }
    const hub::Answer& answer = whole.fold.answer();
    CHECK(answer.ended);
    REQUIRE_FALSE(answer.choices.empty());
    CHECK_FALSE(answer.choices.front().parts.empty());
    CHECK_FALSE(answer.id.empty());
    std::string texts;
    for (const hub::AnswerPart& part : answer.choices.front().parts) {
      if (part.kind == hub::PartKind::text || part.kind == hub::PartKind::tool_call)
        texts += part.name + " " + part.text + "\n";
    }
    CHECK(written_and_read(answer) == texts);
  }
  MESSAGE("recorded answers: " << answers << ", streams: " << streams << ", errors: " << errors);
}
