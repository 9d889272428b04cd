// Makes requests of all sorts from a seed, as a dialect's client might write them. What a dialect
// has no word for is left out by the `Words` it is made with.
#pragma once

#include <cstdint>
#include <random>

#include "penstock/hub.h"

namespace golden {

// What the dialect that is to carry the request knows.
struct Words {
  bool top_k = true;
  bool seed = true;
  bool penalties = true;
  bool n = true;
  bool logprobs = true;
  bool stop = true;
  bool signatures = true;  // thinking with a signature
  bool tool_errors = true;
  bool tool_images = true;
  bool strict = true;
  bool always_strict = false;
  bool json_object = true;
  bool schema_name = true;
  bool effort = true;
  bool budget = true;
  bool parallel = true;
  bool cache_marks = true;
  bool developer = true;
  bool metadata = true;
  bool user = true;
  bool tool_ids = true;
  bool format_with_tools = true;
  bool demands_limit = false;  // of the output
  penstock::hub::Issuer issuer = penstock::hub::Issuer::none;
};

void make_request(std::uint32_t seed, const Words& words, penstock::hub::Request& out);

}  // namespace golden
