// Judges a composed answer: what every client dialect makes of it, streamed at all cuts and whole.
#pragma once

#include "case_file.h"
#include "findings.h"

namespace golden {

// Adds what is wrong to `findings`. How many ways there were: a stream, a whole body.
int judge_answer(const CaseFile& file, Dialect client, Findings& findings);

}  // namespace golden
