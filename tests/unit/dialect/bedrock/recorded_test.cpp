// Every recorded exchange with Bedrock: what Converse really sends must be read whole, with its
// finish, its usage and its calls.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "dialect/bedrock/table.h"
#include "events_text.h"
#include "penstock/event_stream.h"
#include "support/fixtures.h"
#include "support/json_tree.h"

using namespace penstock;
using namespace penstock::dialect;

namespace {

struct Recorded {
  std::string name;
  std::string endpoint;
  std::string framing;
  std::string model;
  std::string body;
  std::uint16_t status = 200;
  std::vector<std::string> features;

  bool has(const std::string& feature) const {
    return std::ranges::find(features, feature) != features.end();
  }
};

std::vector<Recorded> all_recorded() {
  std::vector<Recorded> out;
  const auto folder = test::fixtures("bedrock");
  if (!folder) return out;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const auto source = test::read_tree(test::read_file(entry.path() / "source.json"));
    REQUIRE(source);
    Recorded& made = out.emplace_back();
    made.name = entry.path().filename().string();
    made.endpoint = source->find("endpoint")->text;
    made.framing = source->find("framing")->text;
    made.model = source->find("model")->text;
    made.body = test::read_file(entry.path() / "response.body");
    const std::string status = test::read_file(entry.path() / "response.status");
    if (!status.empty()) made.status = static_cast<std::uint16_t>(std::stoi(status));
    for (const test::Tree& feature : source->find("features")->items)
      made.features.push_back(feature.text);
  }
  return out;
}

hub::Finish finish_of(const Recorded& recorded) {
  using hub::Finish;
  if (recorded.has("finish:end_turn")) return Finish::stop;
  if (recorded.has("finish:tool_use")) return Finish::tool_calls;
  if (recorded.has("finish:max_tokens")) return Finish::length;
  if (recorded.has("finish:guardrail_intervened")) return Finish::content_filter;
  return recorded.has("tool-call") ? Finish::tool_calls : Finish::stop;
}

// What holds of every whole answer.
void judge(const Recorded& recorded, const test::EventsText& seen, std::uint64_t total) {
  CAPTURE(recorded.name);
  const auto count = [&](const char* start) {
    return std::ranges::count_if(seen.lines,
                                 [&](const std::string& line) { return line.starts_with(start); });
  };
  CHECK(count("begin") == 1);
  CHECK(count("finish ") == 1);
  CHECK(count("usage") == 1);
  CHECK(count("error") == 0);
  CHECK(count("open ") == count("close "));
  CHECK(seen.lines.back() == "end");
  CHECK(seen.finish == finish_of(recorded));
  CHECK(seen.usage.input_total() + seen.usage.output_total() == total);
  CHECK((count("open ") > 0) == (seen.finish == hub::Finish::tool_calls));
  CHECK(count("text ") + count("open ") > 0);
  if (recorded.has("redacted-thinking")) CHECK(count("redacted anthropic E") > 0);
  if (recorded.has("citations")) CHECK(count("citation ") > 0);
  if (recorded.has("cache-hit")) CHECK(seen.usage.cache_read.value > 0);
  if (recorded.has("cache-write")) CHECK(seen.usage.cache_write() > 0);
}

std::uint64_t total_of(json::View usage) {
  return static_cast<std::uint64_t>(usage["totalTokens"].integer().value_or(0));
}

}  // namespace

TEST_CASE("bedrock_recorded/whole_answers_and_errors") {
  int answers = 0;
  int errors = 0;
  json::Document document;
  for (const Recorded& recorded : all_recorded()) {
    if (recorded.framing != "json") continue;
    CAPTURE(recorded.name);
    const auto body = document.read(recorded.body, json::Judge::answer);
    REQUIRE(body);
    if (recorded.status >= 400) {
      hub::ErrorNote note;
      bedrock_table().read_error(recorded.status, *body, note);
      CHECK_FALSE(note.message.empty());
      CHECK(note.kind == (recorded.status == 403 ? hub::ErrorKind::authentication
                                                 : hub::ErrorKind::model_not_found));
      ++errors;
    } else if (recorded.endpoint == "converse") {
      test::EventsText seen;
      const TargetTraits target{.model = recorded.model, .base_model = recorded.model};
      CHECK(bedrock_table().read_answer(*body, target, seen));
      judge(recorded, seen, total_of((*body)["usage"]));
      ++answers;
    }
  }
  MESSAGE("recorded Converse answers: " << answers << ", errors: " << errors);
  if (test::fixtures("bedrock")) CHECK((answers == 10 && errors == 5));
}

TEST_CASE("bedrock_recorded/streams") {
  int ran = 0;
  json::Document document;
  for (const Recorded& recorded : all_recorded()) {
    if (recorded.endpoint != "converse-stream" || recorded.framing != "aws-eventstream") continue;
    CAPTURE(recorded.name);
    const TargetTraits target{.model = recorded.model, .base_model = recorded.model};
    const auto reader = bedrock_table().stream_reader(target);
    test::EventsText seen;
    std::uint64_t total = 0;
    sse::EventStreamFramer framer;
    framer.feed(recorded.body);
    for (sse::EventFrame frame; *framer.next(frame);) {
      CHECK_FALSE(reader->done());
      const auto data = document.read(frame.payload, json::Judge::answer);
      REQUIRE(data);
      if (frame.event_type == "metadata") total = total_of((*data)["usage"]);
      CHECK(reader->frame(frame.name(), *data, seen));
    }
    CHECK(framer.finish());
    CHECK(reader->done());
    CHECK(reader->finish(seen));
    judge(recorded, seen, total);
    ++ran;
  }
  MESSAGE("recorded Converse streams: " << ran);
  if (test::fixtures("bedrock")) CHECK(ran == 9);
}

// One event per line, each an object with one member that is named as the frame would be.
TEST_CASE("bedrock_recorded/streams_without_frames") {
  int ran = 0;
  json::Document document;
  for (const Recorded& recorded : all_recorded()) {
    if (recorded.framing != "json-lines") continue;
    const auto reader = bedrock_table().stream_reader({});
    test::EventsText seen;
    std::uint64_t total = 0;
    for (std::size_t from = 0; from < recorded.body.size();) {
      const std::size_t end = std::min(recorded.body.find('\n', from), recorded.body.size());
      const auto line =
          document.read(Bytes(recorded.body).substr(from, end - from), json::Judge::answer);
      REQUIRE(line);
      from = end + 1;
      const json::View event = *line->begin();
      if (event.key_is("metadata")) total = total_of(event["usage"]);
      CHECK(reader->frame(event.key(), event, seen));
    }
    CHECK(reader->finish(seen));
    judge(recorded, seen, total);
    ++ran;
  }
  MESSAGE("recorded Converse streams without frames: " << ran);
  if (test::fixtures("bedrock")) CHECK(ran == 1);
}
