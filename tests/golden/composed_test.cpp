// The suite's own cases: requests with what each provider dialect is to get, answers with what they
// say. `says` is one expectation for all client dialects, streamed and whole.
#include "composed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "case_file.h"
#include "compatibility.h"
#include "dialects.h"
#include "findings.h"
#include "judge_answer.h"
#include "support/fixtures.h"
#include "support/json_tree.h"
#include "wire.h"

namespace golden {
namespace {

// The two texts say the same: both no JSON and equal, or the same tree line by line.
bool same(const std::string& expected, const std::string& got) {
  const auto a = lines_of(expected);
  const auto b = lines_of(got);
  return std::ranges::equal(a, b, [](const std::string& x, const std::string& y) {
    const auto left = test::read_tree(x);
    return x == y || (left && left == test::read_tree(y));
  });
}

}  // namespace

TEST_CASE("composed/every_dialect_has_its_sides") {
  CHECK(client_dialects() == std::vector{Dialect::openai_chat, Dialect::openai_completions,
                                         Dialect::openai_responses, Dialect::anthropic,
                                         Dialect::gemini});
  CHECK(provider_dialects().size() >= 7);
}

TEST_CASE("composed/requests_become_what_each_provider_takes") {
  Findings findings;
  int cases = 0;
  for (const CaseFile& file : read_cases("request")) {
    if (!penstock::translate::is_client_dialect(dialect_named(file.field("client")))) continue;
    for (const Dialect provider : provider_dialects()) {
      const Translated got = translate_case(file, plain_target(provider), provider);
      const std::string where = file.name + " => " + name_of(provider);
      findings.add_all(where, got.complaints);
      const std::string* const expected = file.part(name_of(provider));
      if (expected == nullptr) {
        findings.add(where, "no expectation; got\n" + got.text);
      } else if (!same(*expected, got.text)) {
        findings.add(where, "expected\n" + *expected + "got\n" + got.text);
      }
      ++cases;
    }
  }
  MESSAGE("requests: ", cases);
  findings.judge();
}

TEST_CASE("composed/answers_say_the_same_in_every_client_dialect") {
  Findings findings;
  int cases = 0;
  for (const CaseFile& file : read_cases("answer")) {
    if (!penstock::translate::is_provider_dialect(dialect_named(file.field("provider")))) continue;
    for (const Dialect client : client_dialects()) {
      cases += judge_answer(file, client, findings);
    }
  }
  MESSAGE("answers: ", cases);
  findings.judge();
}

TEST_CASE("composed/the_table_of_compatibility_is_up_to_date") {
  const bool same = test::read_file(compatibility_path()) == compatibility_table();
  CHECK(same);  // else: run this program with --table
}

}  // namespace golden
