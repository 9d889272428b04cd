// What the demo's provider says: a small, believable OpenAI chat and embeddings API. Pure.
#pragma once

#include <string>
#include <vector>

#include "penstock/bytes.h"
#include "penstock/json.h"
#include "penstock/time.h"

namespace penstock {

// One answer: after `first`, its parts come `gap` apart.
struct DemoAnswer {
  std::uint16_t status = 200;
  bool stream = false;
  Duration first;                  // until the first part
  Duration gap;                    // between parts
  std::vector<std::string> parts;  // events with their blank line, or one body
};

// path: behind `/v1`. The model decides the timing: `demo-slow` thinks for 10 s.
DemoAnswer demo_answer(Bytes path, Bytes body, json::Scanner& scanner);

}  // namespace penstock
