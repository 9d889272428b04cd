#include <doctest/doctest.h>

#include <string>

#include "penstock/provider.h"
#include "support/json_tree.h"

using namespace penstock;

namespace {

// What is shown of `body`, and the body it points into.
struct Shown {
  explicit Shown(std::string text, const Snapshot& snapshot = {}) : body(std::move(text)) {
    json::Scanner scanner;
    json::AnswerFacts facts;
    REQUIRE(scanner.answer(body, facts));
    error = read_upstream_error(body, facts, snapshot);
  }
  Shown(const Shown&) = delete;
  Shown& operator=(const Shown&) = delete;
  std::string body;
  UpstreamError error;
};

std::string with_message(const std::string& message) {
  return R"({"error":{"message":")" + message + R"("}})";
}

// Whether the text is the content of a JSON string: no torn escape, pair or UTF-8 sequence.
bool whole(Bytes content) {
  return ::test::TreeReader::read("\"" + std::string(content) + "\"").has_value();
}

}  // namespace

TEST_CASE("upstream_error: the usual form") {
  const Shown shown(
      R"({"error":{"message":"no \"quota\"","type":"insufficient_quota","param":"messages[0].role","code":"c-1.2"}})");
  CHECK(shown.error.message == R"(no \"quota\")");
  CHECK(shown.error.type == "insufficient_quota");
  CHECK(shown.error.param == "messages[0].role");
  CHECK(shown.error.code == "c-1.2");
}

TEST_CASE("upstream_error: other forms") {
  CHECK(Shown(R"({"error":"plain words"})").error.message == "plain words");
  CHECK(Shown(R"({"error":{"message":"m","code":503}})").error.code == "503");
  const Shown empty(R"({"error":{"message":null,"type":null,"param":null,"code":null}})");
  CHECK(empty.error.message.empty());
  CHECK(empty.error.type.empty());
  CHECK(empty.error.code.empty());
  CHECK(Shown(R"({"detail":"something else"})").error.message.empty());
}

TEST_CASE("upstream_error: only plain tokens of at most 64 characters pass") {
  const std::string longest(64, 'a');
  const auto type_of = [](const std::string& type) {
    const Shown shown(R"({"error":{"message":"m","type":")" + type + "\"}}");
    return std::string(shown.error.type);
  };
  CHECK(type_of(longest) == longest);
  CHECK(type_of(longest + "a").empty());
  CHECK(type_of("two words").empty());
  CHECK(type_of("<b>").empty());
  CHECK(type_of("a\\u0062").empty());
  CHECK(type_of("").empty());
}

TEST_CASE("upstream_error: a message is cut at 2 KiB, never inside a character") {
  constexpr std::size_t most = UpstreamError::message_bytes_max;
  // Each kind of unit, shifted so that the cut falls on each of its bytes.
  for (const std::string unit : {"a", "\\n", "\\u00e9", "\\ud83d\\ude00", "\xc3\xa9",
                                 "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\\\\", "\\\""}) {
    for (std::size_t shift = 0; shift <= 12; ++shift) {
      std::string message(shift, 'x');
      while (message.size() < most + 40) message += unit;
      const Shown shown(with_message(message));
      const Bytes cut = shown.error.message;
      CAPTURE(unit);
      CAPTURE(shift);
      CHECK(cut.size() <= most);
      CHECK(cut.size() + unit.size() > most);
      CHECK(message.starts_with(cut));
      CHECK(whole(cut));
    }
  }
  const std::string exact(most, 'x');
  CHECK(Shown(with_message(exact)).error.message == exact);
}

TEST_CASE("upstream_error: a mixture, at every length") {
  std::string unit = "a\\u00e9\xe2\x82\xac\\ud83d\\ude00\\n\xf0\x9f\x98\x80";
  std::string message;
  while (message.size() < UpstreamError::message_bytes_max + 100) message += unit;
  for (std::size_t drop = 0; drop < unit.size(); ++drop) {
    std::string shifted(drop, 'x');
    shifted += message;
    const Shown shown(with_message(shifted));
    CHECK(whole(shown.error.message));
    CHECK(shown.error.message.size() + 12 > UpstreamError::message_bytes_max);
  }
}

TEST_CASE("upstream_error: a credential of the operator is never shown, whole or cut") {
  Snapshot snapshot;
  snapshot.providers.resize(2);
  snapshot.providers[0].keys.emplace_back("sk-secret-key-of-the-operator");
  snapshot.providers[1].headers.push_back({"x-auth", Secret("header-secret")});
  CHECK(holds_secret("see sk-secret-key-of-the-operator.", snapshot));
  CHECK(holds_secret("header-secret", snapshot));
  CHECK_FALSE(holds_secret("sk-secret-key-of-another", snapshot));
  CHECK_FALSE(holds_secret("", snapshot));

  const Shown plain(R"({"error":{"message":"bad key","type":"auth","code":"c","param":"p"}})",
                    snapshot);
  CHECK(plain.error.message == "bad key");
  CHECK(plain.error.type == "auth");
  const Shown echoed(
      R"({"error":{"message":"m","type":"header-secret","code":"sk-secret-key-of-the-operator","param":"p"}})",
      snapshot);
  CHECK(echoed.error.message == "m");
  CHECK(echoed.error.type.empty());
  CHECK(echoed.error.code.empty());
  CHECK(echoed.error.param == "p");
  for (std::size_t shift = 0; shift < UpstreamError::message_bytes_max + 10; ++shift) {
    const Shown shown(with_message(std::string(shift, 'x') + "sk-secret-key-of-the-operator"),
                      snapshot);
    REQUIRE(shown.error.message.empty());
  }
}
