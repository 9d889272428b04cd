#include "composed.h"

#include <algorithm>

#include "dialects.h"
#include "support/json_tree.h"
#include "wire.h"

namespace golden {
namespace {

using namespace penstock;

const dialect::Quirks plain_quirks{};

std::string joined(const std::vector<Bytes>& names) {
  std::string out;
  for (const Bytes name : names) out += (out.empty() ? "" : ", ") + std::string(name);
  return out;
}

// The words of `a | b`.
std::vector<std::string> words_of(std::string_view list, std::string_view between = " | ") {
  std::vector<std::string> words;
  while (!list.empty()) {
    const auto bar = list.find(between);
    words.emplace_back(list.substr(0, bar));
    list.remove_prefix(bar == std::string_view::npos ? list.size() : bar + between.size());
  }
  return words;
}

// One of the spellings `a or b` stands in the text.
bool says(Bytes text, const std::string& spellings) {
  return std::ranges::any_of(words_of(spellings, " or "),
                             [&](const std::string& one) { return text.find(one) != Bytes::npos; });
}

}  // namespace

TargetTraits plain_target(Dialect provider) {
  TargetTraits target;
  target.model = target.base_model = provider == Dialect::anthropic ? "claude-sonnet-4-5-20250929"
                                     : provider == Dialect::bedrock
                                         ? "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
                                     : provider == Dialect::gemini ? "gemini-2.5-pro"
                                     : provider == Dialect::cohere ? "command-a-03-2025"
                                     : provider == Dialect::ollama ? "qwen3"
                                                                   : "gpt-5.1";
  target.quirks = &plain_quirks;
  return target;
}

Translated translate_case(const CaseFile& file, const TargetTraits& target, Dialect provider) {
  Translated out;
  translate::Workbench bench;
  hub::Request request;
  json::Composer text;
  dialect::Losses losses;
  dialect::RequestIssue issue;
  const std::string* const body = file.part("request");
  if (body == nullptr) {
    out.complaints.push_back("the case has no request");
    return out;
  }
  const Dialect client = dialect_named(file.field("client"));
  const auto read = translate::read_request(client, *body, bench, request, issue);
  if (!read) {
    out.complaints.push_back("the client's dialect refuses it: " + std::string(issue.param) + " " +
                             std::string(issue.reason));
    return out;
  }
  const auto written = translate::write_request(provider, request, target, text, losses);
  if (!losses.emulated.empty()) {
    out.verdict = Verdict::emulated;
    out.text += "emulated: " + joined(losses.emulated) + "\n";
  }
  if (!losses.dropped.empty()) {
    out.verdict = Verdict::dropped;
    out.text += "dropped: " + joined(losses.dropped) + "\n";
  }
  if (!written) {
    out.verdict = Verdict::refused;
    out.text = "refused: " + std::string(losses.refused) + ": " + std::string(losses.reason) + "\n";
    if (losses.refused.empty() || losses.reason.empty()) {
      out.complaints.push_back("refused without field or reason");
    }
    return out;
  }
  out.text += std::string(text.text()) + "\n";
  if (!test::read_tree(text.text())) out.complaints.push_back("no sound JSON:\n" + out.text);
  for (const std::string& word : words_of(file.field("keep"))) {
    const bool lost = !says(text.text(), word) &&
                      file.field("without_asking").find(name_of(provider)) == std::string::npos;
    if (lost && out.verdict == Verdict::pass) {
      out.complaints.push_back("<" + word + "> vanished without a word:\n" + out.text);
    }
  }
  return out;
}

Exchange composed_exchange(Dialect client, Dialect provider) {
  static const hub::Request request;
  return exchange(client, provider, plain_target(provider), request);
}

void update_cases() {
  for (CaseFile& file : read_cases("request")) {
    if (!translate::is_client_dialect(dialect_named(file.field("client")))) continue;
    for (const Dialect provider : provider_dialects()) {
      const Translated got = translate_case(file, plain_target(provider), provider);
      if (!got.text.empty()) file.set_part(name_of(provider), got.text);
    }
    write_case(file);
  }
}

}  // namespace golden
