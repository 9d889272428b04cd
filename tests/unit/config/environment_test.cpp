// Variables that become part of a secret leave the environment, and a later reading finds them.
#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "penstock/config.h"

using namespace penstock;
using namespace penstock::config;

namespace {

// The process's environment, replaced by these entries as long as it lives.
class Entries {
 public:
  explicit Entries(std::vector<std::string> entries) : texts_(std::move(entries)) {
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
    before_ = std::exchange(environ, pointers_.data());
  }
  Entries(const Entries&) = delete;
  Entries& operator=(const Entries&) = delete;
  ~Entries() { environ = before_; }

  // All bytes of the entries, as they lie there.
  std::string bytes() const {
    std::string all;
    for (const std::string& text : texts_) all.append(text).push_back('\n');
    return all;
  }
  bool holds(std::string_view text) const { return bytes().find(text) != std::string::npos; }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
  char** before_ = nullptr;
};

constexpr std::string_view file = R"(listen:
  data: {address: "127.0.0.1:${PORT}"}
  admin: {address: "127.0.0.1:0", tokens: ["${TOKEN}"]}
providers:
  one: {kind: openai-compatible, base_url: "http://127.0.0.1:1/v1", allow_private: true,
        keys: ["${KEY}", "${OTHER:-sk-default-0123456789}"], headers: {x-both: "${BOTH}"}}
  ${HIDDEN}
models:
  chat: {targets: [{provider: one, model: "${BOTH}-${KEY:-none}"}]}
keys:
  - {name: ci, secret: "${VIRTUAL}-${KEY}"}
)";

std::string with(std::string_view hidden) {
  std::string text(file);
  return text.replace(text.find("${HIDDEN}"), 9, hidden);
}

std::unique_ptr<Snapshot> loaded(KeptEnvironment& kept, const std::string& text) {
  auto result = load_text(text, "f", kept.options());
  if (!result) {
    for (const Mistake& mistake : result.error()) MESSAGE(to_string(mistake));
  }
  REQUIRE(result);
  return std::move(*result);
}

}  // namespace

TEST_CASE("environment: what is taken is overwritten, and stays readable here") {
  const Entries entries({"KEY=sk-value-1", "KEYS=sk-other", "XKEY=sk-third", "KEY=sk-again",
                         "EMPTY=", "BARE", "KE=sk-fourth"});
  KeptEnvironment kept;
  CHECK(kept.read("KEY") == "sk-value-1");
  CHECK(entries.holds("sk-value-1"));  // read only
  CHECK(kept.take("KEY") == "sk-value-1");
  for (int round = 0; round < 2; ++round) {
    CHECK(kept.read("KEY") == "sk-value-1");
    CHECK(kept.take("KEY") == "sk-value-1");
    CHECK(process_variable("KEY") == "");
    // Both entries of the name, and no other one.
    CHECK_FALSE(entries.holds("sk-value-1"));
    CHECK_FALSE(entries.holds("sk-again"));
    for (const char* other : {"KEY=", "KEYS=sk-other", "XKEY=sk-third", "KE=sk-fourth", "BARE"}) {
      CHECK(entries.holds(other));
    }
  }
  CHECK(kept.take("EMPTY") == "");
  CHECK(kept.take("BARE") == std::nullopt);
  CHECK(kept.take("NONE") == std::nullopt);
  CHECK(kept.read("NONE") == std::nullopt);
}

TEST_CASE("environment: a child gets nothing of what was taken") {
  REQUIRE(setenv("PENSTOCK_TEST_TAKEN", "sk-not-for-a-child", 1) == 0);
  REQUIRE(setenv("PENSTOCK_TEST_LEFT", "for-a-child", 1) == 0);
  KeptEnvironment kept;
  REQUIRE(kept.take("PENSTOCK_TEST_TAKEN") == "sk-not-for-a-child");
  std::FILE* child = popen("tr '\\0' '\\n' < /proc/self/environ", "r");
  REQUIRE(child != nullptr);
  std::string seen;
  std::array<char, 4096> bytes;
  while (const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), child)) {
    seen.append(bytes.data(), got);
  }
  CHECK(pclose(child) == 0);
  CHECK(seen.find("sk-not-for-a-child") == std::string::npos);
  CHECK(seen.find("PENSTOCK_TEST_LEFT=for-a-child") != std::string::npos);
  CHECK(unsetenv("PENSTOCK_TEST_TAKEN") == 0);
  CHECK(unsetenv("PENSTOCK_TEST_LEFT") == 0);
}

TEST_CASE("environment: a file takes what its secrets name, and can be read again") {
  const Entries entries({"PORT=8123", "TOKEN=admin-token-0123456789", "KEY=sk-key-0123456789",
                         "VIRTUAL=sk-virtual-0123456789", "BOTH=both-0123456789", "LATER=sk-later",
                         "UNUSED=sk-unused"});
  KeptEnvironment kept;
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    const auto snapshot = loaded(kept, with(""));
    CHECK(snapshot->data.address.port == 8123);
    CHECK(snapshot->admin->tokens[0].reveal() == "admin-token-0123456789");
    CHECK(snapshot->providers[0].keys[0].reveal() == "sk-key-0123456789");
    CHECK(snapshot->providers[0].keys[1].reveal() == "sk-default-0123456789");
    CHECK(snapshot->providers[0].headers[0].value.reveal() == "both-0123456789");
    // A place that is not secret finds the value as well, before and after.
    CHECK(snapshot->targets[0].upstream_model == "both-0123456789-sk-key-0123456789");
    for (const char* gone : {"admin-token", "sk-key", "sk-virtual", "both-"}) {
      CHECK_FALSE(entries.holds(gone));
    }
    CHECK(entries.holds("PORT=8123"));
    CHECK(entries.holds("LATER=sk-later"));
    CHECK(entries.holds("UNUSED=sk-unused"));
  }
  // A file that names one more, also when the file is refused for something else.
  const std::string more =
      "two: {kind: openai-compatible, base_url: \"http://127.0.0.1:1/v1\", allow_private: true, "
      "keys: [\"${LATER}\"]}";
  CHECK_FALSE(load_text(with(more) + "surprise: 1\n", "f", kept.options()));
  CHECK_FALSE(entries.holds("sk-later"));
  CHECK(loaded(kept, with(more))->providers[1].keys[0].reveal() == "sk-later");
  // What `check` does leaves everything where it is.
  CHECK_FALSE(load_text("keys: [{name: a, secret: \"${UNUSED}\"}]", "f"));
  CHECK(entries.holds("UNUSED=sk-unused"));
}
