// A request written to a dialect and read back is the same in every field that the dialect knows.
#include <doctest/doctest.h>

#include "composed.h"
#include "dialects.h"
#include "findings.h"
#include "hub_equality.h"
#include "penstock/translate.h"
#include "request_maker.h"

namespace golden {
namespace {

using namespace penstock;

Words words_of(Dialect dialect) {
  Words words;
  switch (dialect) {
    case Dialect::openai_chat:
      words.top_k = words.signatures = words.tool_errors = words.tool_images = false;
      words.budget = words.cache_marks = false;
      break;
    case Dialect::openai_responses:
      words.top_k = words.signatures = words.tool_errors = words.budget = words.cache_marks = false;
      words.seed = words.penalties = words.n = words.logprobs = words.stop = false;
      words.always_strict = true;  // what is not strict must say so there
      break;
    case Dialect::anthropic:
      words.seed = words.penalties = words.n = words.logprobs = words.effort = false;
      words.json_object = words.schema_name = words.developer = words.metadata = false;
      words.demands_limit = true;
      words.issuer = hub::Issuer::anthropic;
      break;
    case Dialect::gemini:
      words.signatures = words.tool_errors = words.strict = words.schema_name = false;
      words.parallel = words.cache_marks = words.metadata = words.user = words.effort = false;
      words.tool_images = words.format_with_tools = false;
      break;
    default:
      break;
  }
  return words;
}

void check(Dialect dialect, std::uint32_t seed, Findings& findings) {
  const std::string where = name_of(dialect) + " seed " + std::to_string(seed);
  hub::Request made;
  make_request(seed, words_of(dialect), made);
  translate::Workbench bench;
  json::Composer text;
  dialect::Losses losses;
  const auto written = translate::write_request(dialect, made, plain_target(dialect), text, losses);
  if (!written) return findings.add(where, "refused: " + std::string(losses.refused));
  for (const Bytes field : losses.dropped) findings.add(where, "dropped " + std::string(field));
  hub::Request again;
  dialect::RequestIssue issue;
  const auto read = translate::read_request(dialect, text.text(), bench, again, issue);
  if (!read)
    return findings.add(
        where, "cannot be read back: " + std::to_string(static_cast<int>(read.error().code)) + " " +
                   std::string(issue.param) + "\n" + std::string(text.text()));
  for (const std::string& field : different_fields(made, again)) {
    // What was not said is written as false: it would mean true there.
    if (field == "store" && dialect == Dialect::openai_responses) continue;
    findings.add(where, field);
  }
}

}  // namespace

TEST_CASE("round_trip/what_a_dialect_knows_comes_back") {
  Findings findings;
  int cases = 0;
  for (const Dialect dialect : client_dialects()) {
    if (!translate::is_provider_dialect(dialect) || dialect == Dialect::openai_completions)
      continue;
    for (std::uint32_t seed = 1; seed <= 500; ++seed, ++cases) check(dialect, seed, findings);
  }
  MESSAGE("requests sent there and back: ", cases);
  findings.judge();
}

}  // namespace golden
