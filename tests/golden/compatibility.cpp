#include "compatibility.h"

#include <map>
#include <vector>

#include "composed.h"
#include "dialects.h"
#include "findings.h"
#include "judge_answer.h"
#include "penstock/kinds.h"

namespace golden {
namespace {

using namespace penstock;

// One column: a provider's dialect with its departures.
struct Column {
  std::string title;
  Dialect dialect;
  TargetTraits target;
};

std::vector<Column> dialect_columns() {
  std::vector<Column> columns;
  for (const Dialect dialect : provider_dialects()) {
    if (dialect == Dialect::openai_completions) continue;
    columns.push_back({name_of(dialect), dialect, plain_target(dialect)});
  }
  return columns;
}

// The kinds that are served in OpenAI's chat dialect, beside OpenAI.
std::vector<Column> chat_columns() {
  std::vector<Column> columns;
  for (const KindFacts& kind : all_kinds()) {
    if (kind.chat != Dialect::openai_chat || !translate::is_provider_dialect(kind.chat)) continue;
    if (kind.name == "openai") continue;
    Column& column =
        columns.emplace_back(std::string(kind.name), kind.chat, plain_target(kind.chat));
    column.target.quirks = &kind.quirks;
  }
  return columns;
}

std::string cell(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::emulated:
      return "emulated";
    case Verdict::dropped:
      return "dropped";
    case Verdict::refused:
      return "**refused**";
  }
  return "";
}

std::string header(const std::string& first, const std::vector<Column>& columns) {
  std::string names = "| " + first + " |";
  std::string rule = "|---|";
  for (const Column& column : columns) {
    names += " " + column.title + " |";
    rule += "---|";
  }
  return names + "\n" + rule + "\n";
}

// The first line of a translation that is none of its body: what was lost or refused.
std::string loss_of(const Translated& translated) {
  std::string loss;
  std::string_view text = translated.text;
  while (!text.starts_with('{') && !text.empty()) {
    const auto end = text.find('\n');
    loss += (loss.empty() ? "" : "; ") + std::string(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return loss;
}

std::string request_table(const std::vector<CaseFile>& cases) {
  const auto columns = dialect_columns();
  std::string out = header("request", columns);
  std::string gaps;
  for (const CaseFile& file : cases) {
    out += "| " + file.field("feature") + " |";
    for (const Column& column : columns) {
      const Translated got = translate_case(file, column.target, column.dialect);
      out += " " + cell(got.verdict) + " |";
      if (got.verdict == Verdict::pass) continue;
      gaps += "| " + file.field("feature") + " | " + column.title + " | " + loss_of(got) + " |\n";
    }
    out += "\n";
  }
  return out + "\n### Every gap\n\n| feature | target | what happens |\n|---|---|---|\n" + gaps;
}

// Where a kind takes less, or more, than OpenAI itself.
std::string quirk_table(const std::vector<CaseFile>& cases) {
  std::string out = "| provider | feature | what happens |\n|---|---|---|\n";
  const TargetTraits openai = plain_target(Dialect::openai_chat);
  for (const Column& column : chat_columns()) {
    bool any = false;
    for (const CaseFile& file : cases) {
      const Translated got = translate_case(file, column.target, column.dialect);
      const Translated usual = translate_case(file, openai, Dialect::openai_chat);
      if (got.verdict == usual.verdict && loss_of(got) == loss_of(usual)) continue;
      out += "| " + column.title + " | " + file.field("feature") + " | " +
             (got.verdict == Verdict::pass ? "pass" : loss_of(got)) + " |\n";
      any = true;
    }
    if (!any) out += "| " + column.title + " | all | as OpenAI |\n";
  }
  return out;
}

std::string answer_table() {
  const auto columns = dialect_columns();
  // feature -> provider -> cell
  std::map<std::string, std::map<Dialect, std::string>> rows;
  for (const CaseFile& file : read_cases("answer")) {
    Findings findings;
    for (const Dialect client : client_dialects()) judge_answer(file, client, findings);
    std::string& at = rows[file.field("feature")][dialect_named(file.field("provider"))];
    if (!findings.empty()) at = "**differs**";
    if (at.empty()) at = "pass";
  }
  std::string out = header("answer", columns);
  for (const auto& [feature, by_provider] : rows) {
    out += "| " + feature + " |";
    for (const Column& column : columns) {
      const auto found = by_provider.find(column.dialect);
      out += " " + (found == by_provider.end() ? "" : found->second) + " |";
    }
    out += "\n";
  }
  return out;
}

constexpr std::string_view opening =
    R"(# Compatibility

Made by the golden suite (`golden --table`) from its composed cases; the suite fails when this file is not what it would
write. Requests are written in the client dialect that can say most about a feature and translated to each dialect a
provider can be spoken to in:

* **pass**: the target gets it in its own form.
* **emulated**: the target gets something else that does the same.
* **dropped**: the target cannot take it; it is named in `X-Gateway-Dropped-Params`, or refused with `drop_params: error`.
* **refused**: the client gets a 400 that names the field, since leaving it out would change the meaning.

)";

}  // namespace

std::filesystem::path compatibility_path() {
  return std::filesystem::path(PENSTOCK_SOURCE_ROOT) / "docs" / "compatibility.md";
}

std::string compatibility_table() {
  const auto requests = read_cases("request");
  return std::string(opening) + "## Requests\n\n" + request_table(requests) +
         "\n## OpenAI-like providers\n\nOnly where they differ from what stands above for "
         "openai_chat.\n\n" +
         quirk_table(requests) +
         "\n## Answers\n\nEach case is read by every client dialect, streamed (whole, byte by "
         "byte, at "
         "random cuts) and not; all say the same.\nNo entry: the provider has no such thing.\n\n" +
         answer_table();
}

}  // namespace golden
