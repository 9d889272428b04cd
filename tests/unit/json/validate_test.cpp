#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "json/text.h"
#include "penstock/json.h"
#include "support/fixtures.h"
#include "support/json_tree.h"

using namespace penstock;
using json::Scanner;

namespace {

bool accepted(Scanner& scanner, std::string_view text) {
  return scanner.validate(text, true).has_value();
}

}  // namespace

TEST_CASE("validate/public_vectors") {
  const auto folder = test::fixtures("vectors/json");
  if (!folder) {
    MESSAGE("vectors/json not found: own cases only");
    return;
  }
  Scanner scanner;
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string name = entry.path().filename().string();
    if (name == "source.json") continue;
    ++seen;
    CAPTURE(name);
    const std::string text = test::read_file(entry.path());
    // Of the cases a reader may decide, those about numbers too large for an integer or too small
    // for a double are accepted; infinities, lone surrogates, other encodings and BOMs are not.
    const bool free_accepted =
        name == "i_number_double_huge_neg_exp.json" || name == "i_number_real_underflow.json" ||
        name == "i_number_too_big_neg_int.json" || name == "i_number_too_big_pos_int.json" ||
        name == "i_number_very_big_negative_int.json";
    const bool duplicate = name.starts_with("y_object_duplicated_key");
    const bool expected = (name[0] == 'y' && !duplicate) || free_accepted;
    CHECK(accepted(scanner, text) == expected);
    if (name[0] != 'i') CHECK(test::read_tree(text).has_value() == expected);
  }
  CHECK(seen >= 100);
}

TEST_CASE("validate/limits_and_strictness") {
  Scanner scanner;
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  CHECK(accepted(scanner, nested(64)));
  CHECK_FALSE(accepted(scanner, nested(65)));
  CHECK_FALSE(accepted(scanner, std::string(3'000'000, '[')));
  CHECK_FALSE(accepted(scanner, ""));
  CHECK_FALSE(accepted(scanner, "  \n"));
  CHECK_FALSE(accepted(scanner, "\xEF\xBB\xBF{}"));
  CHECK_FALSE(accepted(scanner, "{} {}"));
  CHECK_FALSE(accepted(scanner, "{}x"));
  CHECK_FALSE(accepted(scanner, "[1\"a\"]"));
  CHECK_FALSE(accepted(scanner, "[\"a\"1]"));
  CHECK_FALSE(accepted(scanner, "[\"a\"\"b\"]"));
  CHECK_FALSE(accepted(scanner, "[truex]"));
  CHECK_FALSE(accepted(scanner, "[true\"\"]"));
  CHECK_FALSE(accepted(scanner, R"({"a":[{"b":1,"\u0062":2}]})"));
  CHECK(scanner.validate(R"({"a":[{"b":1,"\u0062":2}]})").error().code == Code::duplicate_field);
  CHECK(accepted(scanner, R"({"a":{"b":1},"b":2,"c":{"b":1}})"));
  CHECK_FALSE(accepted(scanner, R"(["\ud800"])"));
  CHECK_FALSE(accepted(scanner, R"(["\udc00\ud800"])"));
  CHECK(accepted(scanner, R"(["\uD83D\ude00"])"));
  CHECK_FALSE(accepted(scanner, "[1e999]"));
  CHECK(accepted(scanner, "[1e-999]"));
  CHECK(accepted(scanner, "[0e999]"));
  CHECK(accepted(scanner, "[" + std::string(64, '9') + "]"));
  CHECK_FALSE(accepted(scanner, "[" + std::string(65, '9') + "]"));
  CHECK_FALSE(scanner.validate("[]").has_value());
  CHECK(scanner.validate(" {} ").has_value());
}

// Every sequence of a few tokens, as a whole text, as what a request passes on and as what an
// answer holds: the walk has a path of its own for members, elements, and keys next to commas.
TEST_CASE("validate/all_short_sequences_of_tokens_as_the_second_reader") {
  constexpr std::string_view tokens = "{}[],:\"1 ";
  constexpr std::size_t longest = 5;
  Scanner scanner;
  std::size_t different = 0;
  std::size_t sound = 0;
  std::string sequence;
  const auto judge = [&] {
    std::string text;
    for (const char token : sequence) {
      text += token;
      // Keys differ, so that an answer, which may hold one twice, is judged alike.
      if (token == '"') text += static_cast<char>('a' + text.size()) + std::string("\"");
    }
    const auto agrees = [&](const std::string& whole, bool accepted) {
      const bool right = test::read_tree(whole).has_value();
      sound += right;
      different += accepted != right;
    };
    agrees(text, scanner.validate(text, true).has_value());
    const std::string passed = R"({"model":"m","x":{"y":)" + text + "}}";
    json::Facts facts;
    agrees(passed, scanner.request(passed, {.endpoint = json::Endpoint::other}, facts).has_value());
    const std::string held = R"({"id":)" + text + "}";
    json::AnswerFacts answer;
    agrees(held, scanner.answer(held, answer).has_value());
  };
  const auto extend = [&](const auto& self) -> void {
    judge();
    if (sequence.size() == longest) return;
    for (const char token : tokens) {
      sequence += token;
      self(self);
      sequence.pop_back();
    }
  };
  extend(extend);
  CHECK(different == 0);
  CHECK(sound > 400);
}

TEST_CASE("validate/members_and_values_are_bounded") {
  Scanner scanner;
  const auto object = [](std::size_t members) {
    std::string text = "{";
    for (std::size_t i = 0; i < members; ++i) {
      text += (i != 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":0";
    }
    return text + "}";
  };
  CHECK(scanner.validate(object(10'000)).has_value());
  CHECK_FALSE(scanner.validate(object(10'001)).has_value());
  // Twice the same key among many.
  std::string twice = object(5'000);
  twice.replace(twice.find("\"k77\""), 5, "\"k78\"");
  CHECK(scanner.validate(twice).error().code == Code::duplicate_field);

  const auto texts = [](std::size_t count) {
    std::string text = "[\"\"";
    for (std::size_t i = 1; i < count; ++i) text += ",\"\"";
    return text + "]";
  };
  CHECK(scanner.validate(texts(99'999), true).has_value());
  CHECK_FALSE(scanner.validate(texts(100'001), true).has_value());
}

TEST_CASE("validate/agrees_with_a_second_reader_on_mutated_texts") {
  const std::string seeds[] = {
      R"({"a":[1,-2.5e+3,0],"b":"x\n\u00e9\ud83d\ude00","c":{"d":null,"e":[true,false]}})",
      "[\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\",{},[],\"\\\\\\\"\"]",
      R"( { "k" : [ { } , [ [ ] ] ] , "l" : 1E-7 } )"};
  const std::string alphabet = "{}[]:,\"\\/ntrue-+.0123eE u0dD8fl\x80\xC3\xE2\xF0\x01\t\n";
  Scanner scanner;
  std::mt19937 random(7);
  int good = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text = seeds[random() % 3];
    for (unsigned changes = random() % 4; changes > 0; --changes) {
      const std::size_t place = random() % text.size();
      const char with = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          text[place] = with;
          break;
        case 1:
          text.insert(place, 1, with);
          break;
        default:
          text.erase(place, 1);
          break;
      }
    }
    const bool expected = test::read_tree(text).has_value();
    good += expected;
    if (accepted(scanner, text) == expected) continue;
    CAPTURE(text);
    CHECK(accepted(scanner, text) == expected);
  }
  CHECK(good > 1'000);
}

TEST_CASE("validate/never_reads_past_the_end") {
  // The text ends where a page that may not be touched begins.
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const map =
      mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(map != MAP_FAILED);
  char* const fence = static_cast<char*>(map) + page;
  REQUIRE(mprotect(fence, page, PROT_NONE) == 0);
  Scanner scanner;
  const std::string whole =
      R"({"model":"m","n":[1,22,true,null,"x\u0041"],"f":false,"s":"\ud83d\ude00"})";
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    char* const start = fence - size;
    std::memcpy(start, whole.data(), size);
    CHECK(accepted(scanner, {start, size}) == (size == whole.size()));
  }
  for (const std::string text : {"1", "tru", "true", "-", "0.", "\"a\"", "\"a", "[1", "nul"}) {
    char* const start = fence - text.size();
    std::memcpy(start, text.data(), text.size());
    CHECK(accepted(scanner, {start, text.size()}) == test::read_tree(text).has_value());
  }
  munmap(map, 2 * page);
}

TEST_CASE("validate/utf8") {
  CHECK(json::valid_utf8(""));
  CHECK(json::valid_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  CHECK_FALSE(json::valid_utf8("\xC0\x80"));
  CHECK_FALSE(json::valid_utf8("\xED\xA0\x80"));
  CHECK_FALSE(json::valid_utf8("\xF4\x90\x80\x80"));
  CHECK_FALSE(json::valid_utf8("\xE2\x82"));
}

TEST_CASE("text/utf8_characters_one_by_one") {
  // Every lead and second byte with good tails, against the bulk check.
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      for (std::size_t size = 1; size <= 4; ++size) {
        const std::string text =
            std::string{static_cast<char>(first), static_cast<char>(second), '\x80', '\x80'}.substr(
                0, size);
        const auto c = json::decode_utf8(text.data(), text.data() + text.size());
        const bool whole = c.bytes == size;
        if (whole != (json::valid_utf8(text) && c.bytes == size)) CHECK(false);
        if (size > 1 && json::valid_utf8(text) && first >= 0xC0 && c.bytes == 0) CHECK(false);
      }
    }
  }
}
