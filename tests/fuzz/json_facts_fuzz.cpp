// JSON bodies: the strict judgement agrees with a second reader; a request that is accepted keeps
// its tree through a splice, apart from the edits; a sound object is always readable as an answer.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "penstock/json.h"
#include "support/json_tree.h"
#include "support/spliced_tree.h"

namespace {

using namespace penstock;

void check(bool holds) {
  if (!holds) std::abort();
}

void splice(json::Scanner& scanner, std::string_view body, const json::Facts& facts, bool sound,
            const json::RequestRules& rules, const json::RequestEdits& edits) {
  json::SpliceScratch scratch;
  Gather out;
  check(json::splice_request(body, facts, edits, scratch, out).has_value());
  std::string text;
  for (const Bytes piece : out.pieces()) text += piece;
  json::Facts again;
  check(scanner.request(text, rules, again).has_value());
  check(again.cut_count == 0 && again.messages == facts.messages && again.stream == facts.stream);
  if (!edits.model.empty()) check(again.model_name(text) == edits.model);
  if (edits.include_usage && facts.stream) check(again.include_usage);
  if (sound) check(test::same_members(*test::read_tree(text), test::edited(body, edits)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static json::Scanner scanner;
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto tree = test::read_tree(body);
  check(scanner.validate(body, true).has_value() == tree.has_value());
  const bool object = tree && tree->kind == test::Tree::Kind::object;
  check(scanner.validate(body).has_value() == object);
  json::AnswerFacts answer;
  const bool answered = scanner.answer(body, answer).has_value();
  if (object) check(answered);
  for (const auto endpoint :
       {json::Endpoint::chat, json::Endpoint::completions, json::Endpoint::embeddings}) {
    json::RequestRules rules;
    rules.endpoint = endpoint;
    rules.model_required = size % 2 == 0;
    json::Facts facts;
    if (!scanner.request(body, rules, facts)) continue;
    splice(scanner, body, facts, object, rules, {});
    splice(scanner, body, facts, object, rules, {.model = "target-1", .include_usage = true});
  }
  return 0;
}
