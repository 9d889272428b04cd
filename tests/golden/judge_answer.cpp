#include "judge_answer.h"

#include "composed.h"
#include "dialects.h"
#include "summary.h"
#include "wire.h"

namespace golden {
namespace {

void judge_stream(const CaseFile& file, Dialect client, const std::string& body,
                  const std::vector<std::string>& says, Findings& findings) {
  const Exchange pair = composed_exchange(client, dialect_named(file.field("provider")));
  const std::string where = file.name + " -> " + name_of(client) + " (stream)";
  const Outcome once = replay_stream(pair, body, cut_nowhere(body));
  std::vector<Cuts> all{cut_everywhere(body), cut_randomly(body, 7, 5), cut_randomly(body, 8, 90)};
  for (const Cuts& cuts : all) {
    if (replay_stream(pair, body, cuts) != once) findings.add(where, "the output depends on cuts");
  }
  const Reading reading = read_stream(client, once.output);
  findings.add_all(where, reading.complaints);
  const std::string end = file.field("end");
  if (end == "cut") {
    if (once.good || once.told_error || reading.complete) findings.add(where, "cut, but finished");
  } else if (end == "error") {
    if (!once.told_error || !once.good) findings.add(where, "the error is not seen");
    if (reading.complete) findings.add(where, "a failed stream looks finished");
    if (once.started && !reading.error) findings.add(where, "the error is not told");
    if (once.started == (file.field("started") == "no")) findings.add(where, "started is wrong");
  } else {
    if (!once.good || !reading.complete) findings.add(where, "the stream is not finished");
    findings.add_all(where, differences(client, says, reading));
  }
}

void judge_whole(const CaseFile& file, Dialect client, const std::string& body,
                 const std::vector<std::string>& says, Findings& findings) {
  const Exchange pair = composed_exchange(client, dialect_named(file.field("provider")));
  const std::string where = file.name + " -> " + name_of(client);
  const Outcome done = replay_whole(pair, body);
  if (!done.good) return findings.add(where, "the answer was refused");
  const Reading whole = read_whole(client, done.output);
  findings.add_all(where, whole.complaints);
  findings.add_all(where, differences(client, says, whole));
  const Outcome stream = replay_whole_as_stream(pair, body);
  const Reading streamed = read_stream(client, stream.output);
  findings.add_all(where + " (as a stream)", streamed.complaints);
  findings.add_all(where + " (as a stream)", differences(client, says, streamed));
}

}  // namespace

int judge_answer(const CaseFile& file, Dialect client, Findings& findings) {
  const Dialect provider = dialect_named(file.field("provider"));
  const std::string* const lines = file.part("says");
  const auto says = lines == nullptr ? std::vector<std::string>() : lines_of(*lines);
  int ways = 0;
  if (const std::string* const stream = file.part("stream")) {
    const std::string body = framed(provider, lines_of(*stream), file.field("terminator") != "no");
    judge_stream(file, client, body, says, findings);
    ++ways;
  }
  if (const std::string* const whole = file.part("whole")) {
    judge_whole(file, client, *whole, says, findings);
    ++ways;
  }
  return ways;
}

}  // namespace golden
