// Every recorded exchange with AI Studio and Vertex in this dialect.
#include "support/fixtures.h"

#include <algorithm>
#include <filesystem>

#include "dialect/gemini/count_tokens.h"
#include "exchange.h"
#include "request_text.h"

using namespace penstock;
using namespace test;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  for (const char* const provider : {"gemini", "vertex"}) {
    const auto folder = fixtures(provider);
    if (!folder) continue;
    for (const auto& entry : fs::directory_iterator(*folder)) {
      const std::string name = entry.path().filename();
      const bool other = name.find("raw-predict") != std::string::npos ||
                         name.starts_with("embed") || name.starts_with("count");
      if (entry.is_directory() && !other) found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  return found;
}

// The JSON texts of a stream, whatever framed them.
std::vector<std::string> chunks_of(const std::string& body) {
  std::vector<std::string> chunks;
  const bool sse = body.starts_with("data:");
  if (!sse && read_tree(body)) return {body};
  for (std::size_t at = 0; at < body.size();) {
    std::size_t end = body.find('\n', at);
    if (end == std::string::npos) end = body.size();
    std::string line = body.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.pop_back();
    if (sse) line = line.starts_with("data:") ? line.substr(5) : "";
    if (!line.empty()) chunks.push_back(line);
  }
  return chunks;
}

// The last figure of that name in the body.
std::uint64_t last_total(const std::string& body) {
  const auto key = body.rfind("\"totalTokenCount\"");
  if (key == std::string::npos) return 0;
  const auto digit = body.find_first_of("0123456789", key);
  return std::stoull(body.substr(digit));
}

bool is_error(const std::string& body) {
  const auto tree = read_tree(body);
  return tree && tree->find("error") != nullptr;
}

}  // namespace

TEST_CASE("gemini_fixtures/requests_are_read_and_come_back_equal") {
  int count = 0;
  for (const fs::path& path : cases()) {
    if (!fs::exists(path / "request.json")) continue;
    CAPTURE(path.string());
    const Asked asked(read_file(path / "request.json"));
    REQUIRE(asked.result);
    const bool vertex = path.string().find("/vertex/") != std::string::npos;
    const auto source = read_tree(read_file(path / "source.json"));
    REQUIRE(source);
    const Tree* name = source->find("model");
    const std::string target = name != nullptr ? name->text : "gemini-2.5-flash";
    const Written written = write(asked.request, model(target, vertex));
    REQUIRE_MESSAGE(written.result, written.losses.reason);
    CHECK(written.losses.dropped.empty());
    if (!vertex) {  // ids of calls do not go to Vertex
      const Asked again(written.text);
      REQUIRE(again.result);
      CHECK(request_text(again.request) == request_text(asked.request));
    }
    ++count;
  }
  MESSAGE("requests: " << count);
}

TEST_CASE("gemini_fixtures/answers_and_streams_fold_to_complete_answers") {
  int answers = 0;
  int errors = 0;
  for (const fs::path& path : cases()) {
    CAPTURE(path.string());
    const std::string body = read_file(path / "response.body");
    if (is_error(body)) {
      json::Document document;
      hub::ErrorNote note;
      gemini_table().read_error(400, *document.read(body, json::Judge::answer), note);
      CHECK_FALSE(note.message.empty());
      ++errors;
      continue;
    }
    const std::vector<std::string> chunks = chunks_of(body);
    const Told told = read_stream(chunks);
    CHECK(told.result);
    CHECK(told.answer().ended);
    const hub::Usage& usage = told.answer().usage;
    CHECK(usage.input_total() + usage.output_total() == last_total(body));
    for (const hub::AnswerChoice& choice : told.answer().choices) {
      CHECK(choice.finish != hub::Finish::none);
      for (const hub::AnswerPart& part : choice.parts) {
        for (const auto& cited : part.citations) CHECK(cited.end > cited.start);
        if (part.kind == hub::PartKind::tool_call) CHECK(part.text.starts_with("{"));
      }
    }
    // What is written for a client is read again as the same answer.
    const Written written = answered(told.answer(), {});
    const Told again = read_whole(written.text);
    CHECK(again.result);
    CHECK(again.answer().usage.input_total() == usage.input_total());
    CHECK(again.answer().usage.reasoning.value == usage.reasoning.value);
    REQUIRE(again.answer().choices.size() == told.answer().choices.size());
    for (std::size_t c = 0; c < told.answer().choices.size(); ++c) {
      const auto& before = told.answer().choices[c].parts;
      const auto& after = again.answer().choices[c].parts;
      if (told.answer().choices[c].finish == hub::Finish::content_filter) continue;
      REQUIRE(before.size() == after.size());
      for (std::size_t i = 0; i < before.size(); ++i) {
        CHECK(before[i].text == after[i].text);
        CHECK(before[i].signature == after[i].signature);
        CHECK(before[i].name == after[i].name);
        CHECK(before[i].id == after[i].id);
        CHECK(before[i].citations.size() == after[i].citations.size());
      }
    }
    ++answers;
  }
  MESSAGE("answers and streams: " << answers << ", errors: " << errors);
}

TEST_CASE("gemini_fixtures/count_tokens") {
  const auto folder = fixtures("gemini/count-tokens.plain");
  if (!folder) return;
  const std::string body = read_file(*folder / "request.json");
  json::Document document;
  hub::Request request;
  RequestIssue issue;
  CHECK(dialect::read_gemini_count_request(*document.read(body, json::Judge::request), request,
                                           issue));
  REQUIRE(request.messages.size() == 1);
  const std::string answer = read_file(*folder / "response.body");
  CHECK(dialect::read_gemini_count(*document.read(answer, json::Judge::answer)) > 0u);
}
