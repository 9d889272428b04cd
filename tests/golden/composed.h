// Composed cases run through the translation; shared by the tests, `--update` and `--table`.
#pragma once

#include <string>
#include <vector>

#include "case_file.h"
#include "replay.h"

namespace golden {

// How a target took a request.
enum class Verdict : std::uint8_t { pass, emulated, dropped, refused };

struct Translated {
  Verdict verdict = Verdict::pass;
  std::string text;  // as a part of a case file: losses first, then the body
  std::vector<std::string> complaints;
};

// A target that speaks `provider`, with a model that can do most there.
TargetTraits plain_target(Dialect provider);
// What a target gets of a case's request. Complaints name what is wrong whatever was expected: no
// sound JSON, no reason, a `keep` of the case that is neither there nor reported as lost.
// `without_asking` names the dialects that do what is asked for anyway.
Translated translate_case(const CaseFile& file, const TargetTraits& target, Dialect provider);

Exchange composed_exchange(Dialect client, Dialect provider);

// Writes the expected parts of the request cases anew.
void update_cases();

}  // namespace golden
