// Recorded traffic through the translation: every request of a client dialect to every provider
// dialect, every provider's answer to every client dialect.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "dialects.h"
#include "findings.h"
#include "penstock/kinds.h"
#include "penstock/translate.h"
#include "reading.h"
#include "recordings.h"
#include "replay.h"
#include "summary.h"

namespace {

using namespace golden;
using namespace penstock;

const dialect::Quirks plain_quirks{};

dialect::TargetTraits traits_of(const Recording& recording) {
  dialect::TargetTraits traits;
  traits.model = traits.base_model =
      recording.model.empty() ? Bytes("the-model") : Bytes(recording.model);
  traits.quirks = &plain_quirks;
  for (const KindFacts& kind : all_kinds()) {
    if (kind.name == recording.provider) traits.quirks = &kind.quirks;
  }
  traits.on_vertex = recording.on_vertex;
  traits.in_bedrock_invoke = recording.in_bedrock_invoke;
  return traits;
}

bool is_good_answer(const Recording& recording) {
  return recording.status < 300 && recording.dialect != Dialect::openai_completions &&
         translate::is_provider_dialect(recording.dialect);
}

bool serves(Dialect client, const Recording& recording) {
  const bool one_choice = client == Dialect::anthropic || client == Dialect::openai_responses;
  // A client that cannot declare a custom tool gets no call of one.
  const bool custom = recording.name.find("custom-tool") != std::string::npos;
  if (custom && client != Dialect::openai_responses && client != Dialect::openai_chat) return false;
  return !one_choice || !recording.shows("n>1");
}

// What the answer says, by the provider's own reader and the fold. Dialects without a word for
// refusals say them as text.
std::string folded_text(const hub::Answer& answer, bool with_refusals) {
  std::string text;
  for (const auto& choice : answer.choices) {
    for (const auto& part : choice.parts) {
      const bool said = part.kind == hub::PartKind::refusal && with_refusals;
      if (part.kind == hub::PartKind::text || said) json::append_unescaped(part.text, text);
    }
  }
  return text;
}

void compare_with_fold(const Exchange& exchange, const Reading& reading, const hub::Answer& answer,
                       const std::string& where, Findings& findings) {
  const bool refusals =
      exchange.client != Dialect::openai_chat && exchange.client != Dialect::openai_responses;
  if (reading.all("text") != folded_text(answer, refusals)) {
    findings.add(where, "the text is not what the provider said");
  }
  if (exchange.client == Dialect::openai_completions) return;
  std::vector<const Item*> calls;
  for (const auto& [index, choice] : reading.choices) {
    for (const Item& item : choice.items) {
      if (item.kind == "call") calls.push_back(&item);
    }
  }
  std::size_t at = 0;
  for (const auto& choice : answer.choices) {
    for (const auto& part : choice.parts) {
      if (part.kind != hub::PartKind::tool_call) continue;
      if (at >= calls.size()) return findings.add(where, "a tool call is missing");
      const std::string arguments = json::unescaped(part.text);
      const Tree expected = detail::parsed(arguments.empty() ? "{}" : arguments);
      const bool object = expected.kind == Tree::Kind::object;
      if (calls[at]->name != json::unescaped(part.name) ||
          (object && calls[at]->arguments != expected)) {
        findings.add(where, "a tool call is not what the provider said");
      }
      ++at;
    }
  }
  if (at != calls.size()) findings.add(where, "there are more tool calls than the provider made");
}

// The same in any order.
bool same_members(const Tree& a, const Tree& b) {
  if (a.kind != Tree::Kind::object || a.keys.size() != b.keys.size()) return a == b;
  return std::ranges::all_of(a.keys, [&](const std::string& key) {
    const Tree* const other = b.find(key);
    return other != nullptr && same_members(*a.find(key), *other);
  });
}

// Arguments that the limit of the output cut off are no JSON; what stands for them in a whole
// answer is not asked.
void forget_cut_arguments(Reading& streamed, Reading& whole) {
  for (auto& [index, choice] : streamed.choices) {
    Choice& other = whole.choices[index];
    if (choice.items.size() != other.items.size()) continue;
    for (std::size_t i = 0; i < choice.items.size(); ++i) {
      if (choice.items[i].kind != "call" || choice.items[i].arguments.kind == Tree::Kind::object) {
        continue;
      }
      choice.items[i].arguments = other.items[i].arguments = Tree();
    }
  }
}

// Chat has no order between reasoning, text and calls: one of each in a whole message.
void forget_order(Reading& reading) {
  for (auto& [index, choice] : reading.choices) {
    std::vector<Item> items;
    for (const char* kind : {"thinking", "text", "refusal"}) {
      const auto of_kind = [&](const Item& item) { return item.kind == kind; };
      if (std::ranges::none_of(choice.items, of_kind)) continue;
      items.emplace_back().kind = kind;
      for (const Item& item : choice.items) {
        if (of_kind(item)) items.back().text += item.text;
      }
    }
    for (Item& item : choice.items) {
      if (item.kind == "call") items.push_back(std::move(item));
    }
    choice.items = std::move(items);
  }
}

void compare(const std::string& where, Reading streamed, Reading whole, Findings& findings) {
  if (where.ends_with("openai_chat")) {
    forget_order(streamed);
    forget_order(whole);
  }
  forget_cut_arguments(streamed, whole);
  if (streamed.choices != whole.choices) findings.add(where, "streamed and whole answers differ");
  if (!same_members(streamed.usage, whole.usage)) {
    findings.add(where,
                 "streamed usage " + write(streamed.usage) + ", whole " + write(whole.usage));
  }
  if (streamed.model != whole.model) findings.add(where, "streamed and whole model differ");
}

void check_stream(const Exchange& exchange, const Recording& recording, Findings& findings) {
  const std::string where = recording.name + " -> " + name_of(exchange.client);
  const Outcome once = replay_stream(exchange, recording.body, cut_nowhere(recording.body));
  std::vector<Cuts> all{cut_everywhere(recording.body)};
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    all.push_back(cut_randomly(recording.body, seed, seed == 1 ? 7 : 400));
  }
  for (const Cuts& cuts : all) {
    if (replay_stream(exchange, recording.body, cuts) != once) {
      findings.add(where, "the output depends on where the input is cut");
    }
  }
  const Reading streamed = read_stream(exchange.client, once.output);
  findings.add_all(where, streamed.complaints);
  if (!once.good) {
    if (streamed.complete) findings.add(where, "a broken stream looks finished");
    // Streams that no provider's own client would take either.
    if (!recording.shows("odd-order")) findings.add(where, "the stream was refused");
    return;
  }
  if (once.told_error) {
    if (once.started && !streamed.error) findings.add(where, "an error of the stream is not told");
    if (streamed.complete) findings.add(where, "a failed stream looks finished");
    if (!once.started && !once.output.empty()) findings.add(where, "output before the start");
    return;
  }
  if (!streamed.complete || streamed.error) findings.add(where, "the stream is not finished");
  const Outcome folded = replay_stream_as_whole(exchange, recording.body);
  if (!folded.good) return findings.add(where, "the fold was refused");
  const Reading whole = read_whole(exchange.client, folded.output);
  findings.add_all(where + " (fold)", whole.complaints);
  compare(where, streamed, whole, findings);
  Folded answer;
  fold_stream(exchange, recording.body, answer);
  compare_with_fold(exchange, streamed, answer.fold.answer(), where, findings);
}

void check_whole(const Exchange& exchange, const Recording& recording, Findings& findings) {
  const std::string where = recording.name + " -> " + name_of(exchange.client);
  const Outcome done = replay_whole(exchange, recording.body);
  const Outcome stream = replay_whole_as_stream(exchange, recording.body);
  if (done.told_error) {
    if (!stream.told_error) findings.add(where, "the stream does not tell the error");
    return;
  }
  if (!done.good || !stream.good) return findings.add(where, "the answer was refused");
  const Reading whole = read_whole(exchange.client, done.output);
  findings.add_all(where, whole.complaints);
  const Reading streamed = read_stream(exchange.client, stream.output);
  findings.add_all(where + " (streamed)", streamed.complaints);
  if (whole.complete != streamed.complete || whole.error != streamed.error ||
      whole.complete == whole.error) {
    findings.add(where, "the answer is not finished");
  }
  compare(where, streamed, whole, findings);
  Folded answer;
  fold_whole(exchange, recording.body, answer);
  compare_with_fold(exchange, whole, answer.fold.answer(), where, findings);
}

void check_error(Dialect client, const Recording& recording, Findings& findings) {
  const std::string where = recording.name + " -> " + name_of(client);
  translate::Workbench bench;
  hub::ErrorNote note;
  translate::read_error(recording.dialect, static_cast<std::uint16_t>(recording.status),
                        recording.body, bench, note);
  if (note.message.empty()) findings.add(where, "the error has no words");
  json::Composer out;
  translate::write_error(client, note, out);
  const auto tree = test::read_tree(out.text());
  const auto* const error = tree ? detail::at(&*tree, "error") : nullptr;
  // Anthropic's words for a model that is not there begin with "model: ".
  if (error == nullptr ||
      !detail::text_of(error, "message").ends_with(json::unescaped(note.message))) {
    findings.add(where, "the client's error does not say what the provider said: " +
                            std::string(out.text()));
  }
}

// A request that the client's dialect refuses must say why; one that the provider refused as well
// may be refused.
void check_request(const Recording& recording, Dialect provider, Findings& findings) {
  const std::string where = recording.name + " => " + name_of(provider);
  translate::Workbench bench;
  hub::Request request;
  json::Composer out;
  dialect::Losses losses;
  dialect::RequestIssue issue;
  dialect::TargetTraits target;
  target.model = target.base_model = "the-model";
  target.quirks = &plain_quirks;
  const auto done = translate::translate_request(recording.dialect, provider, recording.request,
                                                 target, bench, request, out, losses, issue);
  if (!done && done.error().code == Code::unsupported_by_target) {
    if (losses.refused.empty() || losses.reason.empty()) findings.add(where, "refused, no reason");
    return;
  }
  if (!done) {
    // Mistral's word for a forced tool is no word of OpenAI's; what the model of the request cannot
    // do is refused with a reason.
    const bool stated = !issue.param.empty() && (!issue.reason.empty() || recording.status == 400);
    const bool foreign =
        recording.provider == "mistral" || recording.dialect == Dialect::openai_completions;
    if (!stated || (recording.status != 400 && !foreign)) {
      findings.add(where, "the request was refused: " + std::string(issue.param) + " " +
                              std::string(issue.reason));
    }
    return;
  }
  const auto tree = test::read_tree(out.text());
  if (!tree || tree->kind != Tree::Kind::object)
    return findings.add(where, "no sound JSON: " + std::string(out.text()));
  const auto& table = dialect::dialect_of(provider);
  // A value the provider refused goes on as it was: a server may know more than we do.
  if (table.read_request == nullptr || recording.status == 400) return;
  hub::Request again;
  if (!translate::read_request(provider, out.text(), bench, again, issue)) {
    return findings.add(where, "our own request cannot be read: " + std::string(issue.param));
  }
}

}  // namespace

TEST_CASE("recorded/every_request_to_every_provider_dialect") {
  Findings findings;
  int cases = 0;
  for (const Recording& recording : recordings().cases) {
    const bool client = translate::is_client_dialect(recording.dialect);
    // Vertex and InvokeModel have the model in the address, which no client of ours writes.
    const bool in_body =
        !recording.in_bedrock_invoke && !recording.endpoint.ends_with("raw-predict");
    if (!client || recording.request.empty() || !in_body) continue;
    for (const Dialect provider : provider_dialects()) {
      check_request(recording, provider, findings);
      ++cases;
    }
  }
  MESSAGE("requests translated: ", cases);
  findings.judge();
}

TEST_CASE("recorded/every_answer_to_every_client_dialect") {
  Findings findings;
  int streams = 0;
  int wholes = 0;
  for (const Recording& recording : recordings().cases) {
    if (!is_good_answer(recording)) continue;
    hub::Request request;
    const auto traits = traits_of(recording);
    for (const Dialect client : client_dialects()) {
      if (!serves(client, recording)) continue;
      const Exchange pair = exchange(client, recording.dialect, traits, request);
      if (recording.stream) {
        check_stream(pair, recording, findings);
        ++streams;
      } else {
        check_whole(pair, recording, findings);
        ++wholes;
      }
    }
  }
  MESSAGE("streams replayed: ", streams, ", whole answers: ", wholes);
  findings.judge();
}

TEST_CASE("recorded/every_error_to_every_client_dialect") {
  Findings findings;
  int cases = 0;
  for (const auto* list : {&recordings().cases, &recordings().others}) {
    for (const Recording& recording : *list) {
      if (recording.status < 400 || !translate::is_provider_dialect(recording.dialect)) continue;
      for (const Dialect client : client_dialects()) {
        check_error(client, recording, findings);
        ++cases;
      }
    }
  }
  MESSAGE("errors translated: ", cases);
  findings.judge();
}

// Each is replayed, or goes through a small hub, or must be refused; or somebody says why not.
TEST_CASE("recorded/none_is_left_out_without_a_reason") {
  const Recordings& all = recordings();
  std::string reasons;
  for (const Recording& recording : all.left_out) {
    INFO(recording.name);
    CHECK_FALSE(recording.why.empty());
    reasons += "\n  " + recording.name + ": " + recording.why;
  }
  const std::size_t ran = all.cases.size() + all.others.size();
  MESSAGE("recordings that ran: ", ran, ", left out: ", all.left_out.size(), reasons);
  CHECK(ran + all.left_out.size() == all.indexed);
}

// An API that we do not speak, taken for the one we do at that provider, is refused in words and
// never looks like an answer.
TEST_CASE("recorded/no_foreign_api_passes_for_a_known_one") {
  Findings findings;
  int cases = 0;
  for (const Recording& recording : recordings().others) {
    if (recording.work != Work::foreign) continue;
    if (recording.dialect == Dialect::anthropic) {
      translate::Workbench bench;
      hub::Request request;
      dialect::RequestIssue issue;
      const bool read =
          translate::read_request(recording.dialect, recording.request, bench, request, issue)
              .has_value();
      if (read || issue.param.empty()) findings.add(recording.name, "the request is not refused");
    }
    const hub::Request asked;
    for (const Dialect client : client_dialects()) {
      const Exchange pair = exchange(client, recording.dialect, traits_of(recording), asked);
      const std::string where = recording.name + " -> " + name_of(client);
      const Outcome done = recording.stream
                               ? replay_stream(pair, recording.body, cut_nowhere(recording.body))
                               : replay_whole(pair, recording.body);
      if (done.good) findings.add(where, "taken for an answer: " + done.output);
      if (recording.stream && read_stream(client, done.output).complete) {
        findings.add(where, "a stream of another API looks finished");
      }
      ++cases;
    }
  }
  MESSAGE("answers of other APIs refused: ", cases);
  findings.judge();
}
