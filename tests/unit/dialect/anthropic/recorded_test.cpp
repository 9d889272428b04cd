// Recorded traffic of Anthropic's API, and of Claude on Vertex and Bedrock, where it is there.
#include "dialect/anthropic/request_reader.h"
#include "message_machine.h"
#include "penstock/base64.h"
#include "support/fixtures.h"

using namespace penstock;
using namespace test;
namespace fs = std::filesystem;

namespace {

struct Case {
  fs::path folder;
  std::string name;
  Tree source;

  std::string file(const char* which) const { return read_file(folder / which); }
};

std::vector<Case> cases_of(const std::string& provider, std::string_view having) {
  std::vector<Case> out;
  const auto root = fixtures(provider);
  if (!root) return out;
  for (const auto& entry : fs::directory_iterator(*root)) {
    const std::string name = entry.path().filename().string();
    if (name.find(having) == std::string::npos) continue;
    const auto source = read_tree(read_file(entry.path() / "source.json"));
    if (source) out.push_back({entry.path(), provider + "/" + name, *source});
  }
  return out;
}

std::vector<Case> all_cases() {
  std::vector<Case> out = cases_of("anthropic", "");
  for (auto& each : cases_of("vertex", "raw-predict")) out.push_back(std::move(each));
  for (auto& each : cases_of("bedrock", "invoke")) {
    const std::string model = word(each.source, "model");
    // claude-instant's answers are those of an older interface.
    if (model.find("claude-") != std::string::npos && model.find("instant") == std::string::npos)
      out.push_back(each);
  }
  return out;
}

std::string text_of(const hub::Part& part);

std::string list_of(const std::vector<hub::Part>& parts) {
  std::string out;
  for (const hub::Part& part : parts) out += text_of(part);
  return out;
}

std::string text_of(const hub::Part& part) {
  std::string out = "[" + std::to_string(static_cast<int>(part.kind)) + "|" +
                    std::to_string(static_cast<int>(part.cache)) + "|" +
                    std::to_string(part.is_error);
  for (const Bytes each : {part.text, part.id, part.name, part.arguments.bytes, part.signature,
                           part.media.media_type, part.media.data, part.media.name})
    out.append("|").append(each);
  return out + list_of(part.content) + "]";
}

std::string prompt_of(const hub::Request& request) {
  std::string out;
  for (const hub::Message& message : request.messages) {
    if (message.parts.size() == 1 && message.parts[0].kind == hub::PartKind::text &&
        message.parts[0].text.empty())
      continue;  // refused there, so never written
    out += std::to_string(static_cast<int>(message.role)) + list_of(message.parts) + "\n";
  }
  for (const hub::Tool& tool : request.tools) {
    out.append(tool.name).append("|").append(tool.description).append("|").append(tool.schema);
    out += std::to_string(static_cast<int>(tool.kind)) +
           std::to_string(static_cast<int>(tool.cache)) + "\n";
  }
  return out;
}

std::string steering_of(const hub::Request& request) {
  std::string out;
  for (const Bytes each : {request.temperature, request.top_p, request.user, request.service_tier,
                           request.format.schema, request.tool_choice.name})
    out.append(each).append("|");
  for (const Bytes each : request.stop) out.append(each).append("|");
  out += std::to_string(request.max_output_tokens.value_or(-1)) + "|" +
         std::to_string(static_cast<int>(request.tool_choice.mode)) + "|" +
         std::to_string(static_cast<int>(request.reasoning.effort)) + "|" +
         std::to_string(request.reasoning.budget.value_or(-9)) + "|" +
         std::to_string(static_cast<int>(request.cache)) + "|" +
         std::to_string(request.parallel_tool_calls.value_or(true));
  return out;
}

void read_body(const std::string& body, json::Document& document, hub::Request& out) {
  const auto root = document.read(body, json::Judge::request);
  REQUIRE(root.has_value());
  dialect::RequestIssue issue;
  const bool has_model = (*root)["model"].exists();
  const auto read = dialect::anthropic::read_body(*root, {.model = has_model}, out, issue);
  INFO(issue.param, " ", issue.reason);
  REQUIRE(read.has_value());
}

void go_round(const std::string& body, const dialect::TargetTraits& to, bool whole_blocks) {
  json::Document first_document;
  json::Document second_document;
  hub::Request first;
  hub::Request second;
  read_body(body, first_document, first);
  const std::string prompt = prompt_of(first);
  const std::string steering = steering_of(first);
  if (!whole_blocks) {  // every block written from what the hub holds of it
    for (hub::Message& message : first.messages) {
      for (hub::Part& part : message.parts) {
        if (part.kind != hub::PartKind::opaque) part.raw = {};
      }
    }
  }
  const Written written = write(first, to);
  REQUIRE(written.ok);
  CHECK(written.losses.dropped.empty());
  CHECK(read_tree(written.body).has_value());
  read_body(written.body, second_document, second);
  CHECK(prompt_of(second) == prompt);
  CHECK(steering_of(second) == steering);
  CHECK((second.stream == first.stream || to.in_bedrock_invoke));
}

// The payloads of an AWS event stream, taken apart by hand: total length, length of the headers,
// checksum, headers, payload, checksum.
std::vector<std::string> invoke_events(const std::string& body) {
  std::vector<std::string> out;
  const auto number = [&body](std::size_t at) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
      value = value * 256 + static_cast<unsigned char>(body[at + i]);
    return value;
  };
  for (std::size_t at = 0; at + 16 <= body.size(); at += number(at)) {
    const std::size_t headers = number(at + 4);
    const auto frame = read_tree(body.substr(at + 12 + headers, number(at) - headers - 16));
    REQUIRE(frame.has_value());
    std::string event;
    REQUIRE(dialect::decode_base64(word(*frame, "bytes"), event));
    out.push_back(std::move(event));
  }
  return out;
}

std::vector<std::string> events_of(const Case& recorded) {
  const std::string framing = word(recorded.source, "framing");
  const std::string body = recorded.file("response.body");
  std::vector<std::string> out;
  if (framing == "aws-eventstream") return invoke_events(body);
  if (framing == "sse") {
    // The last event of one recording has no blank line behind it.
    for (const Message& event : read_events(body + "\n\n")) out.push_back(event.data);
    return out;
  }
  std::size_t begin = 0;
  while (begin < body.size()) {
    const std::size_t end = std::min(body.find('\n', begin), body.size());
    if (end > begin) out.push_back(body.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

bool is_packed(const std::string& body) {
  return body.starts_with("\x1F\x8B");
}

// What was read must come out again the same, streamed and whole.
void write_again(const hub::Answer& answer, const Client& client) {
  const MachineReport report = client.report();
  CHECK(report.fault == "");
  hub::Fold streamed;
  CHECK(read_stream(report.data, streamed));
  CHECK(describe(streamed.answer()) == describe(answer));
  json::Composer body;
  table().write_answer(answer, {}, body);
  hub::Fold whole;
  REQUIRE(read_tree(body.text()).has_value());
  CHECK(read_whole(std::string(body.text()), whole));
  // The arguments of a call that was cut are no JSON and are wrapped in a whole answer.
  if (answer.choices[0].finish == hub::Finish::length) return;
  CHECK(describe(whole.answer()) == describe(answer));
}

}  // namespace

TEST_CASE("anthropic_recorded/requests_come_back_as_they_were") {
  int ran = 0;
  for (const Case& recorded : all_cases()) {
    const std::string body = recorded.file("request.json");
    if (body.empty()) continue;
    const auto tree = read_tree(body);
    if (!tree || tree->find("messages") == nullptr || tree->find("max_tokens") == nullptr) continue;
    CAPTURE(recorded.name);
    const std::string model = word(recorded.source, "model");
    dialect::TargetTraits to = target(model);
    to.on_vertex = recorded.name.starts_with("vertex");
    to.in_bedrock_invoke = recorded.name.starts_with("bedrock");
    go_round(body, to, true);
    go_round(body, to, false);
    ++ran;
  }
  MESSAGE("recorded requests: ", ran);
  if (fixtures("anthropic")) CHECK(ran >= 30);
}

TEST_CASE("anthropic_recorded/answers_are_read_to_their_end") {
  int whole = 0;
  int streamed = 0;
  for (const Case& recorded : all_cases()) {
    const std::string body = recorded.file("response.body");
    const auto tree = is_packed(body) ? std::nullopt : read_tree(body);
    const std::string endpoint = word(recorded.source, "endpoint");
    if (is_packed(body) || endpoint == "models") continue;
    CAPTURE(recorded.name);
    hub::Fold fold;
    Client client;
    Both both(fold, client);
    if (tree && word(*tree, "type") == "message") {
      ++whole;
      CHECK(read_whole(body, both));
    } else if (!tree) {
      ++streamed;
      const bool read = read_stream(events_of(recorded), both);
      // A second answer spliced into the first is none.
      const bool spliced = recorded.name.find("spliced") != std::string::npos;
      CHECK(read == !spliced);
      if (!read) continue;
    } else {
      continue;  // an error
    }
    CHECK(fold.answer().ended);
    CHECK(fold.answer().choices.size() == 1);
    CHECK(fold.answer().choices.at(0).finish != hub::Finish::none);
    CHECK(fold.answer().choices.at(0).finish != hub::Finish::other);
    CHECK(fold.answer().usage.input.present);
    CHECK(fold.answer().usage.output.present);
    write_again(fold.answer(), client);
  }
  MESSAGE("recorded answers: ", whole, " whole, ", streamed, " streamed");
  if (fixtures("anthropic")) CHECK(whole + streamed >= 35);
}

TEST_CASE("anthropic_recorded/errors_are_understood") {
  int ran = 0;
  for (const Case& recorded : all_cases()) {
    const std::string body = recorded.file("response.body");
    const auto status = static_cast<std::uint16_t>(
        std::strtoul(recorded.file("response.status").c_str(), nullptr, 10));
    if (status < 400) continue;
    CAPTURE(recorded.name);
    json::Document document;
    const auto root = document.read(body, json::Judge::answer);
    REQUIRE(root.has_value());
    hub::ErrorNote note;
    table().read_error(status, *root, note);
    CHECK_FALSE(note.message.empty());
    if (status == 401) CHECK(note.kind == hub::ErrorKind::authentication);
    if (status == 404) CHECK(note.kind == hub::ErrorKind::model_not_found);
    if (status == 400) CHECK(note.kind == hub::ErrorKind::context_length);
    ++ran;
  }
  MESSAGE("recorded errors: ", ran);
}
