// Every recorded exchange of a server that speaks chat completions: the request is read, the answer
// read to its end, an error recognised.
#include "support/fixtures.h"

#include <filesystem>

#include "replay.h"

using namespace test;

namespace {

namespace fs = std::filesystem;

struct Counted {
  int requests = 0;
  int streams = 0;
  int answers = 0;
  int errors = 0;
};

constexpr Quirks xai{.usage_needs_sum = true};
constexpr Quirks perplexity{.terminator = false};

const Quirks& quirks_of(const std::string& provider) {
  if (provider == "xai") return xai;
  if (provider == "perplexity") return perplexity;
  return plain_quirks;
}

// Cases that are written down as lines of data, without framing.
std::string data_lines(const std::string& body, bool terminated) {
  if (body.starts_with('{')) return body + (terminated ? "\n[DONE]\n" : "\n");
  std::string out;
  for (const Message& message : read_events(body + "\n\n")) out += message.data + '\n';
  return out;
}

bool is_chat(const std::string& name) {
  if (name.starts_with("chat-completions")) return true;
  for (const char* part :
       {"azure-model-router", "stream-max-tokens", "mistral-", "stream-reasoning-model",
        "moonshotai", "xai-tool-call", "anthropic-fallback"}) {
    if (name.starts_with("response-only.") && holds(name, part)) return true;
  }
  return false;
}

void judge_request(const fs::path& folder) {
  const Asked asked(read_file(folder / "request.json"));
  CHECK_MESSAGE(asked.result.has_value(), asked.issue.param);
  CHECK_FALSE(asked.request.messages.empty());
  // And written again, for the very same kind of server.
  const Sent sent = send(asked.request);
  CHECK_MESSAGE(sent.good, sent.refused);
  CHECK(sent.dropped == "");
}

void judge_stream(const std::string& name, const std::string& provider, const std::string& body) {
  const bool lines = body.starts_with('{');
  const bool one_choice = !holds(body, R"("index":1,"delta")") && !holds(name, "choices");
  const auto got = replay(data_lines(body, lines), quirks_of(provider), one_choice);
  CHECK(got.whole);
  if (holds(name, "error-in-stream")) {
    CHECK(holds(got.events.lines, "\nerror "));
    CHECK_FALSE(holds(got.events.lines, "\nfinish "));
    return;
  }
  CHECK(holds(got.events.lines, "\nfinish "));
  CHECK(got.events.lines.ends_with("\nend\n"));
  CHECK_FALSE(holds(got.events.lines, "finish other"));
  if (holds(name, "tool-call")) CHECK(holds(got.events.lines, "\nfinish tool_calls"));
  if (holds(name, "tool-call")) CHECK(holds(got.events.lines, "\ntool_close 0\n"));
  if (holds(name, "parallel") && one_choice) CHECK(holds(got.events.lines, "\ntool_open 1 "));
  if (holds(name, ".length")) CHECK(holds(got.events.lines, "\nfinish length"));
  if (holds(name, "thinking") || holds(name, "reasoning"))
    CHECK(holds(got.events.lines, "\nthinking "));
  if (holds(name, "citations")) CHECK(holds(got.events.lines, "\ncitation "));
  if (holds(name, "logprobs")) CHECK(holds(got.events.lines, "\nlogprobs [{"));
  if (holds(name, "refusal")) CHECK(holds(got.events.lines, "\nrefusal "));
  if (holds(name, "cache-hit")) CHECK(holds(got.events.lines, " cache_read "));
}

void judge_answer(const std::string& name, const std::string& provider, const std::string& body) {
  const auto got = read_whole(body, quirks_of(provider), !holds(name, "choices"));
  CHECK(holds(got.lines, "\nfinish "));
  CHECK(holds(got.lines, "\nusage input "));
  CHECK(got.lines.ends_with("\nend\n"));
  if (holds(name, "tool-call")) CHECK(holds(got.lines, "\nfinish tool_calls"));
  if (holds(name, "parallel-calls.tool-call")) CHECK(holds(got.lines, "\ntool_open 1 "));
  if (holds(name, ".length")) CHECK(holds(got.lines, "\nfinish length"));
  if (holds(name, "logprobs")) CHECK(holds(got.lines, "\nlogprobs [{"));
}

void judge_error(const std::string& body, std::uint16_t status) {
  json::Document document;
  const auto data = document.read(body, json::Judge::answer);
  hub::ErrorNote note;
  chat().read_error(status, data ? *data : json::View(), note);
  CHECK_FALSE(note.message.empty());
  if (status == 401) CHECK(note.kind == hub::ErrorKind::authentication);
  if (status == 404) CHECK(note.kind == hub::ErrorKind::model_not_found);
  if (status == 429) CHECK(note.kind == hub::ErrorKind::rate_limit);
}

void judge_case(const std::string& provider, const fs::path& folder, Counted& count) {
  const std::string name = folder.filename().string();
  CAPTURE(provider);
  CAPTURE(name);
  const std::string body = read_file(folder / "response.body");
  const std::string status = read_file(folder / "response.status");
  const bool good = status.empty() || status == "200\n";
  if (good && fs::exists(folder / "request.json")) {
    judge_request(folder);
    ++count.requests;
  }
  if (body.starts_with("\x1f\x8b")) return;  // compressed
  if (!good) {
    judge_error(body, static_cast<std::uint16_t>(std::stoi(status)));
    ++count.errors;
  } else if (holds(name, "-stream") || name.starts_with("response-only")) {
    judge_stream(name, provider, body);
    ++count.streams;
  } else {
    judge_answer(name, provider, body);
    ++count.answers;
  }
}

}  // namespace

TEST_CASE("chat_fixtures/every_recorded_exchange") {
  Counted count;
  for (const char* provider :
       {"openai", "azure", "groq", "mistral", "deepseek", "xai", "openrouter", "together",
        "perplexity", "cerebras", "moonshot", "llamacpp", "ollama", "openai-compatible"}) {
    const auto folder = fixtures(provider);
    if (!folder) {
      MESSAGE("no fixtures: skipped");
      return;
    }
    for (const auto& entry : fs::directory_iterator(*folder)) {
      if (is_chat(entry.path().filename().string())) judge_case(provider, entry.path(), count);
    }
  }
  MESSAGE(count.requests << " requests, " << count.streams << " streams, " << count.answers
                         << " whole answers, " << count.errors << " errors");
  CHECK(count.requests >= 60);
  CHECK(count.streams >= 40);
  CHECK(count.answers >= 35);
  CHECK(count.errors >= 12);
}
